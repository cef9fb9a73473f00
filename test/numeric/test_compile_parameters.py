"""A compiled program computes with the parameters and modes that its modules have when called."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from support.taso_compile import close
from torch import Tensor, nn

import taso
from taso.frontends import watch
from taso.frontends.aten.writer import UnsupportedError

D = 64
"""Wide enough that joining weights pays."""


class Projections(nn.Module):
    """Products of one input, whose weights are joined; biases and a scale stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.scale = nn.Parameter(torch.randn(D))
        self.register_buffer("shift", torch.randn(D))
        self.plain = torch.randn(D)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shift = self.get_buffer("shift")
        return self.q(x) * self.scale, self.k(x) + shift, self.v(x) - self.plain


def fresh() -> Tensor:
    return torch.randn(4 * D, D)


def agree(compiled: Callable[..., Any], model: Callable[..., Any]) -> bool:
    """Both give the same for a fresh input."""
    x = fresh()
    with torch.no_grad():
        ours, theirs = compiled(x), model(x)
    if isinstance(theirs, Tensor):
        return close(ours, theirs)
    return all(close(a, b) for a, b in zip(ours, theirs, strict=True))


def step(make: Callable[[list[nn.Parameter]], torch.optim.Optimizer]) -> Callable[[Any], None]:
    def change(model: nn.Module) -> None:
        optimizer = make(list(model.parameters()))
        sum(out.square().sum() for out in model(fresh())).backward()  # pyright: ignore
        optimizer.step()

    return change


def in_place(model: nn.Module) -> None:
    with torch.no_grad():
        plain = [value for value in vars(model).values() if isinstance(value, Tensor)]
        for tensor in (*model.parameters(), *model.buffers(), *plain):
            tensor.add_(torch.randn_like(tensor))


def other() -> Projections:
    return Projections()


def assign_data(model: Projections) -> None:
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter)


def assign_data_twice(model: Projections) -> None:
    """The second may come to lie where the first one was."""
    for _ in range(2):
        for parameter in model.parameters():
            parameter.data = parameter.data * 2


def replace(model: Projections) -> None:
    for linear in (model.q, model.k, model.v):
        linear.weight = nn.Parameter(torch.randn(D, D))
    model.scale = nn.Parameter(torch.randn(D))
    model.shift = torch.randn(D)
    model.plain = torch.randn(D)


def swap_weights(model: Projections) -> None:
    model.q.weight, model.k.weight = model.k.weight, model.q.weight


def replace_submodule(model: Projections) -> None:
    model.k = nn.Linear(D, D)


def round_trip(model: Projections) -> None:
    model.half()
    model.float()


def one_of_them(model: Projections) -> None:
    with torch.no_grad():
        model.k.weight[3, 5] += 100


CHANGES: list[tuple[str, Callable[[Any], None]]] = [
    ("in_place", in_place),
    ("one_of_them", one_of_them),
    ("load_state_dict", lambda m: m.load_state_dict(other().state_dict())),
    ("load_assign", lambda m: m.load_state_dict(other().state_dict(), assign=True)),
    ("sgd", step(lambda p: torch.optim.SGD(p, lr=0.1))),
    ("fused_sgd", step(lambda p: torch.optim.SGD(p, lr=0.1, fused=True))),
    ("fused_adamw", step(lambda p: torch.optim.AdamW(p, lr=0.1, fused=True))),
    ("assign_data", assign_data),
    ("assign_data_twice", assign_data_twice),
    ("replace", replace),
    ("swap_weights", swap_weights),
    ("replace_submodule", replace_submodule),
    ("round_trip", round_trip),
]


@pytest.mark.parametrize("change", [c for _, c in CHANGES], ids=[name for name, _ in CHANGES])
@pytest.mark.parametrize("is_training", [False, True])
def test_the_next_call_sees_a_change(change: Callable[[Any], None], is_training: bool) -> None:
    model = Projections().train(is_training)
    compiled = taso.compile(model, fresh())
    assert "def prepare(" in compiled.source
    for _ in range(2):
        assert agree(compiled, model)
        change(model)
        assert agree(compiled, model)
        assert agree(compiled, model)


def test_unchanged_parameters_are_not_prepared_again() -> None:
    model = Projections()
    compiled = taso.compile(model, fresh())
    before = compiled._current.program.takes
    compiled(fresh())
    assert compiled._current.program.takes is before
    in_place(model)
    compiled(fresh())
    assert compiled._current.program.takes is not before


def test_running_statistics_that_a_step_in_eager_changes_are_followed() -> None:
    """No version tells of them: torch's schema does not say that batch norm writes there."""
    model = nn.Sequential(nn.BatchNorm1d(D), nn.Linear(D, D)).eval()
    compiled = taso.compile(model, fresh())
    assert "def prepare(" in compiled.source
    for _ in range(2):
        assert agree(compiled, model)
        with torch.no_grad():
            model.train()(fresh() * 3 + 5)
        model.eval()
        assert agree(compiled, model)


def test_prepared_tensors_go_when_they_are_prepared_anew() -> None:
    """At once: a device may not have the memory for those of each step of training."""
    model = Projections()
    compiled = taso.compile(model, fresh())
    assert agree(compiled, model)
    old = [weakref.ref(t) for t in compiled._current.program.takes if isinstance(t, Tensor)]
    kept = set(map(id, (*model.parameters(), *model.buffers(), model.plain)))
    old = [reference for reference in old if id(reference()) not in kept]
    assert old
    gc.disable()
    try:
        in_place(model)
        assert agree(compiled, model)
        assert all(reference() is None for reference in old)
    finally:
        gc.enable()


def test_steps_over_other_models_change_nothing() -> None:
    compiled = taso.compile(Projections(), fresh())
    before = compiled._current.program.takes
    step(lambda p: torch.optim.AdamW(p, fused=True))(Projections())
    compiled(fresh())
    assert compiled._current.program.takes is before


def test_writes_through_data_are_seen_after_refresh() -> None:
    model = Projections()
    compiled = taso.compile(model, fresh())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data.mul_(2)
    assert not agree(compiled, model)
    compiled.refresh()
    assert agree(compiled, model)


def test_what_is_not_prepared_is_bound_itself() -> None:
    model = nn.Linear(4, 3)
    compiled = taso.compile(model, torch.randn(2, 4))
    assert "def prepare(" not in compiled.source
    model.weight.data.mul_(2)
    x = torch.randn(2, 4)
    assert close(compiled(x), model(x).detach())


def test_frozen_parameters() -> None:
    model = Projections()
    frozen = copy.deepcopy(model)
    compiled = taso.compile(model, fresh(), freeze=True)
    replace(model)
    model.eval()
    assert agree(compiled, frozen)
    compiled.refresh()
    assert agree(compiled, model)


def test_inference_tensors_are_prepared_only_when_frozen() -> None:
    with torch.inference_mode():
        model = Projections().requires_grad_(False)
    compiled = taso.compile(model, fresh())
    assert "def prepare(" not in compiled.source
    assert agree(compiled, model)
    with torch.inference_mode():
        in_place(model)
    assert agree(compiled, model)
    assert "def prepare(" in taso.compile(model, fresh(), freeze=True).source


class Tied(nn.Module):
    """Two layers with one weight, beside a third that is joined with them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x).relu() + self.b(x + 1) + self.c(x)


def untie(model: Tied) -> None:
    model.b.weight = nn.Parameter(torch.randn(D, D))


def alias(model: Tied) -> None:
    """As loading a state dict by assignment does: two objects on one memory."""
    model.b.weight = nn.Parameter(model.a.weight.detach())


@pytest.mark.parametrize("change", [untie, alias])
def test_tied_parameters(change: Callable[[Tied], None]) -> None:
    model = Tied()
    compiled = taso.compile(model, fresh())
    assert agree(compiled, model)
    change(model)
    assert agree(compiled, model)
    with torch.no_grad():
        model.b.weight.add_(1)
    assert agree(compiled, model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: m.half(),
            r"'\S+' is float16(\[.*\]) on cpu, and was float32\1 on cpu when",
        ),
        (lambda m: setattr(m, "scale", nn.Parameter(torch.ones(1))), r"'scale' is float32\[1\]"),
        (lambda m: m.to("meta"), r"'\S+' is float32\[.*\] on meta"),
    ],
)
def test_another_form_of_a_parameter_is_refused(
    change: Callable[[Any], None], message: str
) -> None:
    model = Projections()
    compiled = taso.compile(model, fresh())
    change(model)
    for _ in range(2):
        with pytest.raises(TypeError, match=f"{message}.*: compile it again"):
            compiled(fresh())


class Triples(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 3 if self.training else x


class Modes(nn.Module):
    """Does something else in training, by itself and in a submodule."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ModuleList([Triples()])
        self.linear = nn.Linear(D, D)

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(self.inner[0](x))
        return x * 2 if self.training else x.relu()


def test_modes() -> None:
    model = Modes().train()
    compiled = taso.compile(model, fresh())
    assert agree(compiled, model)
    training = compiled.source
    model.eval()
    assert agree(compiled, model)
    assert compiled.source != training
    model.inner.train()
    assert agree(compiled, model)
    programs = set(map(id, compiled._by_mode.values()))
    in_place(model)
    for mode in (True, False, True):
        model.train(mode)
        assert agree(compiled, model)
    assert set(map(id, compiled._by_mode.values())) == programs


weight = torch.randn(D, D)


def test_functions_that_capture() -> None:
    global weight
    model = Projections().eval()
    bias = torch.randn(D)

    def program(x: Tensor) -> Tensor:
        q, k, v = model(x @ weight)
        return q + k + v + bias

    compiled = taso.compile(program, fresh())
    assert "def prepare(" in compiled.source
    assert agree(compiled, program)
    for change in (in_place, replace, assign_data, nn.Module.train):
        change(model)
        assert agree(compiled, program)
    bias.add_(1)
    assert agree(compiled, program)
    weight.mul_(2)
    assert agree(compiled, program)
    weight = torch.randn(D, D)
    assert agree(compiled, program)
    weight = 2.0
    with pytest.raises(UnsupportedError, match="unsupported operand"):
        compiled(fresh())
    weight = torch.randn(D, D)
    assert agree(compiled, program)


class Scales(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.dropout = nn.Linear(D, D), nn.Dropout(0.9)

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return self.dropout(self.linear(x)) * scale


@pytest.mark.parametrize(
    "program_of",
    [
        lambda model, scale: partial(model, scale=scale),
        lambda model, scale: partial(model.forward, scale=scale),
        lambda model, scale: partial(lambda m, s, x: m(x, s), model, scale),
        lambda model, scale: partial(partial(model), scale=scale),
    ],
)
def test_partial_functions_of_a_model(program_of: Callable[..., Any]) -> None:
    model, scale = Scales(), torch.randn(D)
    program = program_of(model, scale)
    compiled = taso.compile(program, fresh())
    for change in (
        model.eval,
        lambda: setattr(model, "linear", nn.Linear(D, D)),
        lambda: model.linear.weight.detach().mul_(2),
        lambda: scale.add_(1),
    ):
        change()
        x = fresh()
        assert close(compiled(x), program(x))


def test_tensors_in_a_closure() -> None:
    a, b, bias = torch.randn(D, D), torch.randn(D, D), torch.randn(D)

    def program(x: Tensor) -> tuple[Tensor, Tensor]:
        return x @ a + bias, torch.relu(x @ b)

    compiled = taso.compile(program, fresh())
    assert "def prepare(" in compiled.source
    for changed in (a, bias, b):
        changed.add_(torch.randn(D))
        assert agree(compiled, program)
    a.data = torch.randn(D, D)
    assert agree(compiled, program)


def test_bound_methods() -> None:
    model = Projections()
    compiled = taso.compile(model.forward, fresh())
    replace(model)
    assert agree(compiled, model)


def test_tensors_that_nothing_known_owns_are_not_prepared() -> None:
    held = {"weights": [torch.randn(D, D) for _ in range(3)]}

    def program(x: Tensor) -> Tensor:
        a, b, c = (x @ w for w in held["weights"])
        return torch.relu(a) * b + c

    compiled = taso.compile(program, fresh())
    assert "def prepare(" not in compiled.source
    held["weights"][1].mul_(3)
    assert agree(compiled, program)


def test_unread_tensors_without_memory_do_no_harm() -> None:
    model = Projections()
    model.register_buffer("sparse", torch.eye(3).to_sparse())
    compiled = taso.compile(model, fresh())
    in_place(model.k)
    assert agree(compiled, model)


def test_programs_are_released() -> None:
    compiled = taso.compile(Projections(), fresh())
    seen = weakref.ref(compiled._current._watch)
    assert seen() in watch._watches
    del compiled
    gc.collect()
    assert seen() is None


class Counts(nn.Module):
    """Changes a buffer and an input, and reads the buffer before and after."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(D))
        self.linear = nn.Linear(D, D)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        count = self.get_buffer("count")
        before = count.clone()
        count += x.sum(0)
        out = self.linear(x) * count
        x.mul_(2)
        return out, before, x


def test_programs_that_change_buffers_and_inputs() -> None:
    model = Counts()
    eager = copy.deepcopy(model)
    compiled = taso.compile(model, fresh())
    for _ in range(3):
        x = fresh()
        y = x.clone()
        with torch.no_grad():
            theirs = eager(y)
        ours = compiled(x)
        assert all(close(a, b) for a, b in zip(ours, theirs, strict=True))
        assert ours[2] is x
        assert close(model.get_buffer("count"), eager.get_buffer("count"))
    with torch.no_grad():
        model.count = torch.ones(D)
        eager.count = torch.ones(D)
        x = fresh()
        assert close(compiled(x.clone())[0], eager(x.clone())[0])
    assert close(model.get_buffer("count"), eager.get_buffer("count"))
