"""What cannot be traced: one line names the module, the line of code, and what to do instead."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
import torch
from torch import Tensor, nn

import taso
from taso.frontends.aten.writer import UnsupportedError


class Branches(nn.Module):
    """Its argument is not called self: a module is found as the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(this, x: Tensor) -> Tensor:  # noqa: N805  # pyright: ignore[reportSelfClsParameterName]
        y = this.linear(x)
        return y * 2 if y.sum() > 0 else y


def fail(_: Tensor) -> NoReturn:
    raise KeyError("a mistake of the author's")


def differentiate(x: Tensor) -> Tensor:
    return torch.func.grad(lambda y: (y * y).sum())(x)


x = torch.randn(3, 4)
LINE = r" at \S*test_trace_errors.py:\d+ `.+`"
CASES: list[tuple[str, Any, Any, str]] = [
    (
        "branch",
        nn.Sequential(nn.ReLU(), nn.Sequential(Branches())),
        x,
        rf"trace the program \(in module '1.0'\){LINE}: control flow, or a number, depends on "
        r"the data of a tensor; choose with torch.where. torch.compile\(model, backend=\"taso\"\)",
    ),
    ("number", lambda x: x.sum().item(), x, 'number of a tensor\'s data. .*backend="taso"'),
    ("index", lambda x: x[int(x.argmax())], x, f"{LINE}: control flow, or a number, depends"),
    (
        "shapes_in_a_module_of_torch",
        nn.Sequential(nn.Linear(5, 2)),
        x,
        r"trace the program \(in module '0'\): .* same reduction dim",
    ),
    ("shapes", lambda x: x @ x, x, f"trace the program{LINE}: .* same reduction dim"),
    ("structure", nn.Linear(4, 2), ([1, 2],), "TypeError: linear.* must be Tensor, not list"),
    ("mistake", fail, x, f'{LINE}: KeyError: "a mistake of the author\'s"'),
    ("output", lambda x: {1, 2}, x, "Found <class 'set'> in output, .* register a pytree for it.$"),
    ("gradient", differentiate, x, "cannot decompose the program.*: "),
    ("sparse", lambda x: torch.sparse.mm(torch.eye(3).to_sparse(), x), x, "torch.sparse_coo. "),
    ("complex", lambda x: torch.fft.rfft(x).abs(), x, "complex64. torch.compile"),
]


@pytest.mark.parametrize(
    ("program", "inputs", "message"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_one_line_names_the_place(program: Callable[..., Any], inputs: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as raised:
        taso.compile(program, inputs)
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is not None
