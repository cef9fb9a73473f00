"""`taso.compile`: calls like the program that it was made from, and what it tells."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import taso
from taso.frontends.torch_export import UnsupportedError

M, K, N = 5, 4, 3


def distributivity(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a @ b + a @ c


def inputs(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    a, b, c = (torch.randn(s).to(dtype) for s in ((M, K), (K, N), (K, N)))
    return a, b, c


def close(given: Tensor, expected: Tensor) -> bool:
    return (given - expected).norm() <= 1e-5 * expected.norm()


class Projections(nn.Module):
    """Three products of one input, whose weights are joined."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(d, d, bias=False) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.q(x), self.k(x), self.v(x)


def test_function() -> None:
    compiled = taso.compile(distributivity, inputs())
    for _ in range(2):
        fresh = inputs()
        assert close(compiled(*fresh), distributivity(*fresh))


def test_keyword_arguments() -> None:
    a, b, c = inputs()
    compiled = taso.compile(distributivity, (a, b, c))
    assert torch.equal(compiled(a, c=c, b=b), compiled(a, b, c))


def test_one_tensor_needs_no_tuple() -> None:
    x = torch.randn(3, 4)
    assert torch.equal(taso.compile(torch.relu, x)(x), torch.relu(x))


def test_input_and_output_structure() -> None:
    def program(p: dict[str, Any], q: list[Tensor]) -> dict[str, Any]:
        return {"sum": p["x"] + q[0], "rest": (p["y"][0] * 2, None, [p["x"]])}

    def example() -> tuple[dict[str, Any], list[Tensor]]:
        return {"x": torch.randn(3), "y": (torch.randn(2),)}, [torch.randn(3)]

    compiled = taso.compile(program, example())
    p, q = example()
    given, expected = compiled(p, q), program(p, q)
    assert given.keys() == expected.keys()
    assert torch.equal(given["sum"], expected["sum"])
    doubled, nothing, [x] = given["rest"]
    assert torch.equal(doubled, expected["rest"][0])
    assert nothing is None
    assert torch.equal(x, p["x"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b, c: (a.T, b, c), r"a: expected float32\[5, 4\] on cpu, got float32\[4, 5\]"),
        (lambda a, b, c: (a, b.double(), c), r"b: expected float32\[4, 3\].*, got float64\[4, 3\]"),
        (lambda a, b, c: (a, b, 3), r"c: expected float32\[4, 3\], got int"),
        (lambda a, b, c: (a, b), "expected 3 tensors, got 2"),
        (lambda a, b, c: (a, b, [c]), r"c: expected float32\[4, 3\], got list"),
    ],
)
def test_wrong_inputs(change: Callable[..., tuple[Any, ...]], message: str) -> None:
    compiled = taso.compile(distributivity, inputs())
    with pytest.raises(TypeError, match=message):
        compiled(*change(*inputs()))


def test_wrong_structure() -> None:
    compiled = taso.compile(lambda p: p["x"] + p["y"], [{"x": torch.ones(2), "y": torch.ones(2)}])
    with pytest.raises(TypeError, match=r"expected inputs .*'y'.*, got .*\['x'\]"):
        compiled({"x": torch.ones(2)})


def test_parameters_are_joined_once_and_refreshed_on_demand() -> None:
    model = Projections(64).eval()
    x = torch.randn(256, 64)
    compiled = taso.compile(model, x)
    assert "def prepare(" in compiled.source
    assert "@main__prepare" in compiled.graph
    before = compiled(x)
    with torch.no_grad():
        assert all(close(ours, theirs) for ours, theirs in zip(before, model(x), strict=True))
        for parameter in model.parameters():
            parameter += torch.randn_like(parameter)
    assert all(torch.equal(x, y) for x, y in zip(compiled(x), before, strict=True))
    compiled.refresh()
    with torch.no_grad():
        assert all(close(x, y) for x, y in zip(compiled(x), model(x), strict=True))


def test_refresh_sees_parameters_that_were_replaced() -> None:
    model = nn.Linear(4, 3).eval()
    x = torch.randn(2, 4)
    compiled = taso.compile(model, x)
    model.weight = nn.Parameter(torch.randn(3, 4))
    compiled.refresh()
    with torch.no_grad():
        assert close(compiled(x), model(x))


def test_no_gradients_are_recorded() -> None:
    model = nn.Linear(4, 3)
    x = torch.randn(2, 4, requires_grad=True)
    assert not taso.compile(model, x)(x).requires_grad


def test_exact_numerics_keep_every_bit() -> None:
    example = inputs(torch.float16)
    compiled = taso.compile(distributivity, example, numerics="exact")
    assert compiled.report().rules == ()
    fresh = inputs(torch.float16)
    assert torch.equal(compiled(*fresh), distributivity(*fresh))


def test_report() -> None:
    report = taso.compile(distributivity, inputs()).report()
    figures = report.as_dict()
    assert figures["flops_before"] == 2 * 2 * M * K * N + M * N
    assert figures["flops_after"] == 2 * M * K * N + K * N
    assert (figures["ops_before"], figures["ops_after"]) == (3, 2)
    assert figures["intermediate_bytes_before"] == 2 * 4 * M * N
    assert figures["intermediate_bytes_after"] == 4 * K * N
    assert figures["predicted_us_after"] < figures["predicted_us_before"]
    assert figures["rules"] == ["matmul-factor-left"]
    assert "matmul-factor-left" in str(report)
    assert f"{figures['flops_before']:,}" in str(report)


def test_source_and_graph() -> None:
    compiled = taso.compile(distributivity, inputs())
    assert "def main(a, b, c):" in compiled.source
    assert compiled.graph.count("taso.matmul") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "device is 'tpu', expected 'cpu' or 'cuda'"),
        ({"numerics": "sloppy"}, "numerics is 'sloppy', expected 'reassociating' or 'exact'"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        taso.compile(distributivity, inputs(), **options)


def test_op_that_no_program_holds_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"aten\.\w+\.\w+ is not supported: .*complex64"):
        taso.compile(lambda x: torch.fft.fft(x).real, torch.randn(3))
