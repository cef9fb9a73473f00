"""Compiled programs whose generated code Inductor compiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from support.taso_compile import close, distributivity, inputs
from torch import Tensor, nn

import taso
from taso.frontends import options
from taso.frontends.compile import CompiledProgram
from taso.frontends.saved_program import load
from taso.lowering import inductor, runtime

D = 16


class Model(nn.Module):
    """Joined weights, a batch norm that is folded into a product, and a weight as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k = (nn.Linear(D, D, bias=False) for _ in range(2))
        self.norm = nn.BatchNorm1d(D)
        self.scale = nn.Parameter(torch.randn(D))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.q(x)) * self.scale + self.k(x).tanh()


@pytest.fixture
def model() -> Model:
    model = Model().eval()
    with torch.no_grad():
        model.train()(fresh())
    return model.eval()


def fresh() -> Tensor:
    return torch.randn(4 * D, D) + 1


def agree(compiled: Callable[..., Any], model: Callable[..., Any], x: Tensor | None = None) -> bool:
    x = fresh() if x is None else x
    with torch.no_grad():
        return close(compiled(x), model(x))


def compiled_by_inductor(program: Any, example: Any, **how: Any) -> CompiledProgram:
    """After the first call, which compiles it."""
    compiled = taso.compile(program, example, inductor=True, **how)
    assert compiled.code == "torch"
    with torch.no_grad():
        compiled(*(example if isinstance(example, tuple) else (example,)))
    assert compiled.code == "inductor"
    return compiled


def test_the_generated_code_runs_once_a_parameter_has_changed(model: Model, tmp_path: Path) -> None:
    compiled = compiled_by_inductor(model, fresh())
    assert agree(compiled, model)
    assert compiled.code == "inductor"
    assert compiled.report().as_dict()["code"] == "inductor"
    with torch.no_grad():
        model.scale.add_(1)  # no source of prepared values
    assert agree(compiled, model)
    assert compiled.code == "torch"

    compiled.refresh()
    assert agree(compiled, model)
    assert compiled.code == "inductor"
    with torch.no_grad():  # no version tells of it
        model.norm.train()(fresh() * 3)
        model.norm.eval()
    assert agree(compiled, model)
    assert compiled.code == "torch"

    compiled.save(tmp_path / "saved")
    assert agree(load(tmp_path / "saved"), model)


def test_a_return_to_a_mode_keeps_what_was_compiled(model: Model) -> None:
    compiled = compiled_by_inductor(model, fresh())
    model.scale.requires_grad_(False)
    model.q.train()
    model.q.eval()
    model.k.train()
    assert agree(compiled, model)
    model.k.eval()
    assert agree(compiled, model)
    assert compiled.code == "inductor"


def test_other_inputs_than_those_it_was_compiled_for(model: Model) -> None:
    compiled = compiled_by_inductor(model, fresh())
    assert agree(compiled, model, torch.randn(D, 4 * D).t())
    assert agree(compiled, model, torch.randn(4 * D + 1, 2 * D)[1:, ::2])
    assert agree(torch.vmap(compiled), torch.vmap(model), torch.randn(3, 4 * D, D))
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        x = fresh()
        assert close(compiled(x), model(x), 1e-2)
    assert agree(compiled, model)
    assert compiled.code == "inductor"


def test_buffers_that_the_program_changes_are_no_constants() -> None:
    ours, theirs = nn.BatchNorm1d(D), nn.BatchNorm1d(D)
    compiled = taso.compile(ours, fresh(), inductor=True)
    for _ in range(3):
        assert agree(compiled, theirs)
        assert compiled.code == "inductor"
        assert all(map(close, ours.buffers(), theirs.buffers()))


def test_random_numbers_are_those_of_the_generated_code() -> None:
    """Timing it draws none."""

    def program(x: Tensor) -> Tensor:
        return nn.functional.dropout(x, 0.5).exp() + torch.rand_like(x)

    x = torch.randn(64, 64)
    with mock.patch.object(options, "PAYS_OFF", 0):
        by_default = taso.compile(program, x)
    for compiled in (taso.compile(program, x, inductor=True), by_default):
        for seed in range(2):
            torch.manual_seed(seed)
            expected = program(x), torch.rand(3)
            torch.manual_seed(seed)
            assert close(compiled(x), expected[0])
            assert torch.equal(torch.rand(3), expected[1])


def test_the_default_is_what_is_faster() -> None:
    asked: list[None] = []

    def compile_main(main: Any, *_: Any) -> Callable[..., Any]:
        asked.append(None)
        return main

    with mock.patch.object(runtime, "compile_main", compile_main):
        taso.compile(distributivity, inputs())(*inputs())
        assert not asked  # such a call takes too little time
        with mock.patch.object(options, "PAYS_OFF", 0):
            taso.compile(distributivity, inputs(), numerics="exact")(*inputs())
            taso.compile(distributivity, inputs(), inductor=False)(*inputs())
            assert not asked
            for is_faster in (True, False):
                with mock.patch.object(runtime, "_is_faster", lambda *_, r=is_faster: r):
                    compiled = taso.compile(distributivity, inputs())
                    assert len(asked) == 1 - is_faster
                    compiled(*inputs())
                assert compiled.code == ("inductor" if is_faster else "torch")
                compiled(*inputs())
            assert len(asked) == 2


def test_frozen_parameters_are_taken_anew_by_refresh(model: Model) -> None:
    compiled = compiled_by_inductor(model, fresh(), freeze=True)
    assert agree(compiled, model)
    with torch.no_grad():
        model.scale.add_(1)
        model.q.weight.add_(1)
    compiled(fresh())
    assert compiled.code == "inductor"
    compiled.refresh()
    assert agree(compiled, model)
    assert compiled.code == "inductor"


def test_results_that_are_aliases_are_not_compiled() -> None:
    compiled = taso.compile(lambda x: (x.t(), x + 1), fresh(), inductor=True)
    x = fresh()
    view, _ = compiled(x)
    assert view.data_ptr() == x.data_ptr()
    assert compiled.code == "torch"


def test_a_failure_of_inductor_is_an_error_only_where_it_was_asked_for() -> None:
    a, b, c = inputs()
    with mock.patch.object(inductor, "_compile", side_effect=RuntimeError("no compiler\nfound")):
        compiled = taso.compile(distributivity, (a, b, c), inductor=True)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no compiler"):
                compiled(a, b, c)
        with mock.patch.object(options, "PAYS_OFF", 0):
            compiled = taso.compile(distributivity, (a, b, c))
            with pytest.warns(
                UserWarning, match="cannot compile a program: no compiler$"
            ) as caught:
                result = compiled(a, b, c)
    assert caught[0].filename == __file__
    assert close(result, distributivity(a, b, c))
    compiled(a, b, c)


def test_a_call_that_does_not_fit_compiles_nothing() -> None:
    compiled = taso.compile(distributivity, inputs(), inductor=True)
    with (
        mock.patch.object(runtime, "compile_main", side_effect=AssertionError),
        pytest.raises(TypeError, match=r"float32\[5, 4\] on cpu, got float32\[2, 2\]"),
    ):
        compiled(torch.ones(2, 2), *inputs()[1:])
