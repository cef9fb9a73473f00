"""What an imported program tells of its calls: structure, fixed inputs, and what it changes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from xdsl.dialects import func

from taso.dialects.interpret import interpret
from taso.frontends.aten.writer import UnsupportedError
from taso.frontends.interface import Fixed, Given, Result, Write
from taso.frontends.torch_export import ImportedProgram, import_program


class Counts(nn.Module):
    """Changes a buffer, and reads it after."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.tensor([1.0, 2.0]))
        self.register_buffer("shift", torch.tensor([5.0, 7.0]))

    def forward(self, x: Tensor) -> Tensor:
        count = self.get_buffer("count")
        count += x.sum(0)
        return x * count + self.get_buffer("shift")


def argument_names(imported: ImportedProgram) -> list[str | None]:
    return [arg.name_hint for arg in main_of(imported).body.block.args]


def main_of(imported: ImportedProgram) -> func.FuncOp:
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    return main


def test_changed_buffer_is_a_state_and_no_parameter() -> None:
    model = Counts()
    imported = import_program(model, [torch.randn(3, 2)])
    assert list(imported.states) == ["count"]
    assert imported.states["count"] is model.get_buffer("count")
    assert list(imported.parameters) == ["shift"]
    assert argument_names(imported) == ["x", "count", "shift"]
    assert list(imported.writes) == [Write(0, "count")]
    assert list(imported.outputs) == [Result(1)]
    assert str(imported.module).count("taso.param") == 1


def test_changed_buffer_gets_the_value_that_eager_leaves() -> None:
    model, x = Counts(), torch.randn(3, 2)
    imported = import_program(model, [x])
    arguments = [x, *imported.states.values(), *imported.parameters.values()]
    count, out = interpret(main_of(imported), [t.numpy() for t in arguments])
    expected = model(x)
    assert torch.allclose(torch.tensor(out), expected)
    assert torch.allclose(torch.tensor(count), model.get_buffer("count"))


def test_changed_input_is_written_and_returned_as_itself() -> None:
    def program(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z = y * 3
        y.mul_(x)
        return x, y, z

    imported = import_program(program, [torch.randn(3), torch.randn(3)])
    assert list(imported.writes) == [Write(0, 1)]
    assert list(imported.outputs) == [Given(0), Given(1), Result(1)]


def test_inputs_that_are_no_tensors_are_fixed() -> None:
    def program(x: Tensor, n: int, *, rest: dict[str, Any]) -> Tensor:
        return x * n + rest["y"] if rest["add"] else x

    given = {"rest": {"y": torch.randn(3), "add": True, "none": None}}
    imported = import_program(program, [torch.randn(2, 3), 4], given)
    assert imported.fixed_inputs == {1: 4, 3: True, 4: None}
    assert [spec.shape for spec in imported.inputs] == [(2, 3), (3,)]


def test_outputs_that_are_no_tensors_are_fixed() -> None:
    imported = import_program(lambda x: {"a": (x + 1, None), "b": [x, 3]}, [torch.randn(2)])
    assert list(imported.outputs) == [Result(0), Fixed(None), Given(0), Fixed(3)]


def test_tied_parameters_are_one_argument() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(3, 3, bias=False)
            self.second = nn.Linear(3, 3, bias=False)
            self.second.weight = self.first.weight

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.first(x))

    assert list(import_program(Tied(), [torch.randn(2, 3)]).parameters) == ["second.weight"]


def test_numbers_in_the_text_of_a_program_are_constants() -> None:
    """They are on the CPU, wherever the inputs are; captured tensors may change."""
    captured = torch.randn(3)

    def program(x: Tensor) -> Tensor:
        steps = torch.tensor([1.0, 2.0, 3.0])
        steps += 1
        return x * torch.tensor(2.0) + steps.to(x.device) * captured

    imported = import_program(program, [torch.randn(3)])
    assert [t is captured for t in imported.parameters.values()] == [True]
    text = str(imported.module)
    assert "dense<[2.0, 3.0, 4.0]>" in text
    assert "taso.constant 2.0" in text


def test_numbers_are_constants_of_programs_on_any_device() -> None:
    def program(x: Tensor) -> Tensor:
        return torch.nn.functional.hardswish(x * torch.tensor(2.0)) + torch.arange(3).to(x.device)

    text = str(import_program(program, [torch.empty(3, device="meta")]).module)
    assert "taso.constant 2.0" in text


@pytest.mark.parametrize(
    "program",
    [
        lambda x: (x * 2).to("meta"),
        lambda x: x.to("meta") * 2,
        lambda x: (x * 2, torch.ones(3, device="meta")),
    ],
)
def test_programs_on_two_devices_are_refused(program: Callable[[Tensor], Any]) -> None:
    with pytest.raises(UnsupportedError, match="tensors are on cpu, meta, expected one device"):
        import_program(program, [torch.randn(3)])


def test_index_arithmetic_is_folded() -> None:
    def program(x: Tensor) -> Tensor:
        positions = torch.arange(x.shape[-1])
        later = positions[None, :] > positions[:, None]
        mask = torch.zeros(later.shape).masked_fill(later, -2.0)
        return x + mask

    text = str(import_program(program, [torch.randn(3, 3)]).module)
    assert text.count("= taso.") == 2
    assert "-2" in text


def test_folded_constant_that_holds_one_value_is_a_splat() -> None:
    def program(x: Tensor) -> Tensor:
        return x + (torch.arange(100) >= 0).float()[:, None]

    text = str(import_program(program, [torch.randn(100, 100)]).module)
    assert "taso.constant 1.0" in text


def test_large_folded_constant_is_a_parameter() -> None:
    imported = import_program(lambda x: x * torch.arange(5000.0), [torch.randn(5000)])
    assert list(imported.parameters) == ["constant_0"]
    assert torch.equal(imported.parameters["constant_0"], torch.arange(5000.0))


def test_parameters_that_nothing_reads_are_dropped() -> None:
    class Ignores(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3))

        def forward(self, x: Tensor) -> Tensor:
            unused = x + self.weight
            return torch.relu(x) if unused.shape[0] else x

    assert not import_program(Ignores(), [torch.randn(3)]).parameters


def test_default_arguments_are_baked_in_but_given_ones_are_checked() -> None:
    def program(x: Tensor, power: int = 2, scale: float = 0.5) -> Tensor:
        return x**power * scale

    assert not import_program(program, [torch.randn(3)]).fixed_inputs
    assert import_program(program, [torch.randn(3), 3]).fixed_inputs == {1: 3}
