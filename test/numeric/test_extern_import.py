"""PyTorch programs with ops that the dialect lacks: compiled, and equal to eager torch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn
from xdsl.utils.exceptions import DiagnosticException

import taso
from taso.frontends.build import Build, generate, main_of
from taso.frontends.compile import CompiledProgram
from taso.frontends.torch_export import UnsupportedError, import_program
from taso.passes.statistics import opaque_ops

PROGRAMS: dict[str, tuple[Callable[..., Any], list[Tensor]]] = {
    "several results": (lambda x: torch.sort(x * 2, dim=0), [torch.randn(4, 3)]),
    "one of several results": (lambda x: x.max(dim=0).indices * 2, [torch.randn(4, 3)]),
    "a list of results": (lambda x: torch.sort(x)[0].split(2, 1), [torch.randn(3, 5)]),
    "strided slice": (lambda x: x[::2] + 1, [torch.randn(5, 3)]),
    "diagonal": (lambda x: torch.einsum("ii->i", x), [torch.randn(3, 3)]),
    "lists of operands": (
        lambda x, i: x[:, i],
        [torch.randn(3, 4), torch.tensor([2, 0])],
    ),
    "index put": (
        lambda x, i, v: x.index_put((i,), v, accumulate=True),
        [torch.randn(4, 3), torch.tensor([1, 3, 1]), torch.randn(3, 3)],
    ),
    "cumulative": (lambda x: torch.cumprod(x, 1).cummax(1).indices, [torch.randn(2, 6)]),
    "text": (
        lambda x, i, s: x.scatter_reduce(0, i, s, reduce="amax"),
        [torch.randn(3, 2), torch.tensor([[0, 1], [2, 0]]), torch.randn(2, 2)],
    ),
    "grid": (
        lambda x, g: F.grid_sample(x, g.tanh(), align_corners=False),
        [torch.randn(1, 2, 4, 5), torch.randn(1, 3, 2, 2)],
    ),
    "transposed convolution": (
        lambda x, w: F.conv_transpose1d(x, w, stride=2),
        [torch.randn(2, 3, 4), torch.randn(3, 2, 3)],
    ),
    "strides": (
        lambda x: (x * 2).as_strided((2, 2), (1, 4), 1),
        [torch.randn(3, 4)],
    ),
    "float64": (lambda x: torch.erfinv(x.tanh()), [torch.randn(3, 4, dtype=torch.float64)]),
    "float16": (lambda x: torch.flip(torch.sort(x)[0], [1]), [torch.randn(3, 4).half()]),
    "bfloat16": (lambda x: torch.logcumsumexp(x, 1), [torch.randn(3, 4).bfloat16()]),
    "int32": (lambda x: torch.bitwise_left_shift(x, 2), [torch.arange(5, dtype=torch.int32)]),
    "bool": (lambda x: torch.sort(x)[0], [torch.tensor([True, False, True])]),
    "scalar": (lambda x: torch.frexp(x).mantissa, [torch.tensor(3.5)]),
    "empty": (lambda x: torch.sort(x, 0).values, [torch.randn(0, 3)]),
}


def check(program: Callable[..., Any], inputs: list[Tensor]) -> CompiledProgram:
    """Compile, and compare with eager torch, twice, on the same state of the generator."""
    compiled = taso.compile(program, inputs)
    for _ in range(2):
        with torch.no_grad():
            torch.manual_seed(1)
            expected = program(*inputs)
            torch.manual_seed(1)
            given = compiled(*inputs)
        pairs = zip(
            *([x] if isinstance(x, Tensor) else list(x) for x in (given, expected)), strict=True
        )
        for ours, theirs in pairs:
            torch.testing.assert_close(ours, theirs, equal_nan=True)
        inputs = [torch.randn_like(x) if x.is_floating_point() else x for x in inputs]
    return compiled


@pytest.mark.parametrize("name", PROGRAMS)
def test_opaque_programs(name: str) -> None:
    check(*PROGRAMS[name])


class Drops(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.linear(x)
        return self.drop(y), self.drop(y), torch.randn(2, 3), torch.bernoulli(x.sigmoid())


def test_random_ops_draw_what_eager_torch_draws() -> None:
    first, second, *_ = check(Drops().train(), [torch.randn(16, 8)])(torch.randn(16, 8))
    assert not torch.equal(first, second)


def test_eval_drops_nothing() -> None:
    module = Drops().eval()
    compiled = check(module, [torch.randn(4, 8)])
    assert "dropout" not in compiled.source


def test_opaque_ops_are_counted() -> None:
    imported = import_program(
        lambda x: torch.erfinv(torch.sort(torch.erfinv(x))[0]), [torch.randn(3)]
    )
    counts = opaque_ops(main_of(imported.module))
    assert counts == {"aten.erfinv.default": 2, "aten.sort.default": 1}


def test_what_depends_on_parameters_is_prepared() -> None:
    class Sorted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 4))

        def forward(self, x: Tensor) -> Tensor:
            return x @ torch.sort(self.weight, dim=0)[0]

    compiled = check(Sorted(), [torch.randn(3, 4)])
    assert "sort" not in compiled.source.partition("def main(")[2].partition("class ")[0]


def test_opaque_ops_leave_the_rest_to_the_search() -> None:
    compiled = taso.compile(
        lambda a, b, c: torch.sort(a @ b + a @ c)[0], [torch.randn(8, 8) for _ in range(3)]
    )
    assert "matmul-factor-left" in compiled.report().rules


@pytest.fixture(scope="module")
def twice() -> Any:
    """A custom op, with text that the dialect does not know."""
    with torch.library._scoped_library("taso_test", "DEF") as library:  # pyright: ignore
        library.define("twice(Tensor x, str mode) -> Tensor", tags=())
        library.impl("twice", lambda x, mode: x * 2, "CPU")
        library.impl("twice", lambda x, mode: torch.empty_like(x), "Meta")
        yield torch.ops.taso_test.twice


def test_custom_op_of_a_program(twice: Any) -> None:
    compiled = check(lambda x: twice(x + 1, "a mode, of-its own") - 1, [torch.randn(3, 4)])
    assert compiled.source.startswith("# Generated by taso")
    assert "It needs torch and the ops of taso_test." in compiled.source.splitlines()[0]
    assert 'torch.ops.taso_test.twice.default(add, "a mode, of-its own")' in compiled.source


def test_custom_op_of_a_file(twice: Any) -> None:
    """What a program may call, a file may not: not even once the program has been compiled."""
    program, inputs = lambda x: twice(x, "m"), [torch.randn(3, 4)]
    check(program, inputs)
    module = import_program(program, inputs).module
    for make in (generate, lambda m: Build(m).source):
        with pytest.raises(DiagnosticException, match="no op of aten"):
            make(module)


def test_custom_op_with_text_that_has_quotes(twice: Any) -> None:
    with pytest.raises(UnsupportedError, match=r"taso_test\.twice\.default is not supported.*C2"):
        taso.compile(lambda x: twice(x, "'); import os"), torch.randn(3))


REFUSED: list[tuple[str, Callable[..., Any], Tensor, str]] = [
    ("complex", lambda x: torch.fft.fft(x).real, torch.randn(4), "complex64"),
    ("data", lambda x: torch.unique(x) * 2, torch.randn(4), "depends on data"),
    ("strides", lambda x: x.T.as_strided((2, 2), (1, 1)), torch.randn(3, 4), "strides"),
    ("int8", lambda x: x.view(torch.int8), torch.zeros(4, dtype=torch.int32), "int8"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_refused(case: tuple[str, Callable[..., Any], Tensor, str]) -> None:
    _, program, x, message = case
    with pytest.raises(UnsupportedError, match=rf"^aten\.\w+\.\w+ is not supported: .*{message}"):
        taso.compile(program, x)
