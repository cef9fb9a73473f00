"""What a captured program is bound to, with a stand-in for the graph: no GPU is needed.

Like a graph, the stand-in reads bound tensors where they lay when it was captured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import pytest
import torch
from support.taso_compile import close
from torch import Tensor, nn

import taso
from taso.frontends.options import CompileOptions
from taso.lowering import runtime

D = 64


class Projections(nn.Module):
    """Products whose weights are joined, and a norm whose weights stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.norm = nn.LayerNorm(D)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.q(x).tanh() + self.k(x) * self.v(x))


@pytest.fixture
def captures() -> Iterator[list[None]]:
    """Grows with each capture."""
    made: list[None] = []

    def capture(
        main: Callable[..., Any], takes: Sequence[int | Tensor], inputs: Sequence[Tensor]
    ) -> Callable[..., Any]:
        made.append(None)
        held = [x if isinstance(x, int) else x.detach() for x in takes]
        return lambda *inputs: main(*(inputs[x] if isinstance(x, int) else x for x in held))

    with (
        mock.patch.object(runtime, "capture", capture),
        mock.patch.object(CompileOptions, "is_for_graph", return_value=True),
    ):
        yield made


def agree(compiled: Callable[..., Any], model: nn.Module) -> bool:
    x = torch.randn(4 * D, D)
    with torch.no_grad():
        return close(compiled(x), model(x))


def test_prepared_values_are_copied_to_where_the_graph_reads_them(captures: list[None]) -> None:
    model = Projections()
    compiled = taso.compile(model, torch.randn(4 * D, D))
    assert "def prepare(" in compiled.source
    assert compiled.code == "torch"
    assert agree(compiled, model)
    assert compiled.code == "cuda graph"
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    assert agree(compiled, model)
    model.load_state_dict(Projections().state_dict())
    assert agree(compiled, model)
    assert (compiled.code, len(captures)) == ("cuda graph", 1)


def test_a_source_that_is_replaced_is_prepared_into_the_same_memory(captures: list[None]) -> None:
    model = Projections()
    compiled = taso.compile(model, torch.randn(4 * D, D))
    assert agree(compiled, model)
    old = model.q.weight
    before = old.detach().clone()
    model.q.weight = nn.Parameter(torch.randn(D, D))
    assert agree(compiled, model)
    assert torch.equal(old, before)
    assert len(captures) == 1


def test_a_bound_parameter_that_is_replaced_is_captured_anew(captures: list[None]) -> None:
    model = Projections()
    compiled = taso.compile(model, torch.randn(4 * D, D))
    assert agree(compiled, model)
    old = model.norm.weight
    before = old.detach().clone()
    model.norm.weight = nn.Parameter(torch.randn(D))
    assert agree(compiled, model)
    assert torch.equal(old, before)
    assert (compiled.code, len(captures)) == ("cuda graph", 2)


def test_data_that_is_replaced_is_captured_anew(captures: list[None]) -> None:
    """The parameter is the same object then; only the address of its data tells."""
    model = Projections()
    compiled = taso.compile(model, torch.randn(4 * D, D))
    assert agree(compiled, model)
    for parameter in (model.norm.bias, model.norm.weight, model.q.weight):
        parameter.data = torch.randn_like(parameter)
        assert agree(compiled, model)
        assert compiled.code == "cuda graph"
    assert len(captures) == 3


def test_each_mode_has_a_graph(captures: list[None]) -> None:
    model = Projections()
    compiled = taso.compile(model, torch.randn(4 * D, D))
    for is_training in (True, False, True, False):
        model.train(is_training)
        assert agree(compiled, model)
    assert len(captures) == 2


def test_a_capture_that_fails_leaves_the_code_as_it_is() -> None:
    model, x = Projections(), torch.randn(4 * D, D)
    with (
        mock.patch.object(runtime, "capture", side_effect=RuntimeError("no capture\nhere")),
        mock.patch.object(CompileOptions, "is_for_graph", return_value=True),
    ):
        compiled = taso.compile(model, x)
        with pytest.warns(UserWarning, match="capture a program: no capture$|Inductor cannot"):
            compiled(x)
        assert compiled.code == "torch"
        with pytest.raises(RuntimeError, match="no capture"):
            taso.compile(model, x, cuda_graph=True)(x)


def test_code_for_cuda_runs_on_a_cpu_too() -> None:
    model, x = Projections().eval(), torch.randn(4 * D, D)
    compiled = taso.compile(model, x, device="cuda")
    assert "@triton.jit" in compiled.source
    assert agree(compiled, model)
    assert compiled.code == "torch"


def test_a_graph_is_for_cuda_and_for_programs_that_draw_no_random_numbers() -> None:
    options = CompileOptions()
    build = mock.Mock(device="cuda", is_random=False)
    assert options.is_for_graph(build, "cuda")
    assert not options.is_for_graph(build, "cpu")
    assert not CompileOptions(cuda_graph=False).is_for_graph(build, "cuda")
    assert not options.is_for_graph(mock.Mock(device="cpu", is_random=False), "cuda")
    assert not options.is_for_graph(mock.Mock(device="cuda", is_random=True), "cuda")
    with pytest.raises(ValueError, match="both True"):
        CompileOptions(inductor=True, cuda_graph=True)
