"""Imported element-wise ops compute what torch does, for every element type that torch takes."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from support.torch_source import to_numpy, to_torch
from torch import Tensor
from xdsl.dialects import func

from taso.dialects.interpret import interpret
from taso.frontends.aten.writer import UnsupportedError
from taso.frontends.torch_export import ImportedProgram, import_program

HALVES = (torch.float16, torch.bfloat16)
FLOATS = (*HALVES, torch.float32, torch.float64)
INTEGERS = (torch.int32, torch.int64)
ALL = (*FLOATS, *INTEGERS, torch.bool)
TOLERANCE = {
    torch.float16: 4e-3,
    torch.bfloat16: 3e-2,
    torch.float32: 1e-5,
    torch.float64: 1e-12,
}
Program = Callable[..., Any]


def draw(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Values of either sign, of which some are equal."""
    if dtype == torch.bool:
        return torch.rand(shape) < 0.5
    if not dtype.is_floating_point:
        return torch.randint(-4, 5, shape, dtype=dtype)
    values = torch.randn(shape, dtype=torch.float64) * 2
    return torch.where(torch.rand(shape) < 0.3, values.round(), values).to(dtype)


def run_imported(imported: ImportedProgram, inputs: Sequence[Tensor]) -> list[Tensor]:
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    held = [t.detach() for t in imported.parameters.values()]
    return [to_torch(a) for a in interpret(main, [to_numpy(t) for t in (*inputs, *held)])]


def assert_same(given: Tensor, expected: Tensor) -> None:
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    limit = TOLERANCE.get(expected.dtype, 0.0)
    torch.testing.assert_close(given, expected, rtol=limit, atol=limit, equal_nan=True)


def torch_result(program: Program, inputs: Sequence[Tensor]) -> Tensor | None:
    """What torch computes, or None for element types that it does not take."""
    try:
        return program(*inputs)
    except (RuntimeError, NotImplementedError):
        return None


def check(program: Program, inputs: Sequence[Tensor]) -> bool:
    """Hold the program against torch; False where torch does not take the inputs."""
    expected = torch_result(program, inputs)
    if expected is None:
        return False
    [given] = run_imported(import_program(program, inputs), inputs)
    assert_same(given, expected)
    return True


UNARY: dict[str, Program] = {
    "abs": torch.abs,
    "bitwise_and_number": lambda x: x & 6,
    "bitwise_not": torch.bitwise_not,
    "bitwise_or_number": lambda x: x | 5,
    "bitwise_xor_number": lambda x: x ^ 3,
    "bool": lambda x: x.bool(),
    "clamp": lambda x: x.clamp(-1, 2),
    "clamp_by_floats": lambda x: x.clamp(-0.75, 1.25),
    "clamp_in_the_wrong_order": lambda x: x.clamp(2, -1),
    "clamp_max": lambda x: torch.clamp_max(x, 1),
    "clamp_min": lambda x: torch.clamp_min(x, -1),
    "clamp_to_nan": lambda x: x.clamp(max=float("nan")),
    "clamp_up": lambda x: x.clamp(min=0.5),
    "cos": torch.cos,
    "eq_number": lambda x: x == 2,
    "eq_true": lambda x: x == True,  # noqa: E712
    "erf": torch.erf,
    "exp": torch.exp,
    "flipped_division": lambda x: 3 / (x.abs() + 1),
    "gelu": F.gelu,
    "ge_float": lambda x: x >= 0.1,
    "gt_number": lambda x: x > -1,
    "hardtanh": F.hardtanh,
    "hardtanh_wide": lambda x: F.hardtanh(x, -2, 3),
    "is_not_nan": lambda x: x == x,
    "leaky_relu": F.leaky_relu,
    "leaky_relu_falling": lambda x: F.leaky_relu(x, negative_slope=-0.3),
    "leaky_relu_flat": lambda x: F.leaky_relu(x, 0.0),
    "leaky_relu_steep": lambda x: F.leaky_relu(x, 1.5),
    "le_float": lambda x: x <= 2.5,
    "log": lambda x: torch.log(x.abs()),
    "logical_not": torch.logical_not,
    "lt_number": lambda x: x < 1,
    "masked_fill": lambda x: x.masked_fill(x == 1, 3),
    "masked_fill_inf": lambda x: x.masked_fill(x > 0, float("-inf")),
    "ne_number": lambda x: x != -2,
    "plus_half": lambda x: x + 0.5,
    "reciprocal": lambda x: torch.reciprocal(x.abs() + 1),
    "relu": F.relu,
    "relu6": F.relu6,
    "rsub": lambda x: torch.rsub(x, 3, alpha=2),
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "sin": torch.sin,
    "tanh": torch.tanh,
    "times_two": lambda x: x * 2,
    "to_float": lambda x: x.float(),
    "to_half": lambda x: x.to(torch.float16),
    "to_bfloat16": lambda x: x.to(dtype=torch.bfloat16),
    "to_int": lambda x: x.int(),
    "to_long": lambda x: x.long(),
    "where_numbers": lambda x: torch.where(x > 0, 1, -1),
    "where_numbers_of_kinds": lambda x: torch.where(x > 0, 1, 0.5),
    "where_other_number": lambda x: torch.where(x > 0, x, 0),
    "where_other_float": lambda x: torch.where(x > 0, x, 0.3),
    "where_self_number": lambda x: torch.where(x > 0, 2, x),
}


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str, dtype: torch.dtype) -> None:
    program = UNARY[name]
    for shape in [(3, 5), (), (0, 2)]:
        check(lambda x: program(x), [draw(shape, dtype)])


def test_torch_takes_most_of_what_is_tested() -> None:
    """Where it does not, nothing was compared."""
    taken = [
        torch_result(program, [draw((2,), dtype)]) is not None
        for program in UNARY.values()
        for dtype in ALL
    ]
    assert sum(taken) > 0.85 * len(taken)


BINARY: dict[str, Program] = {
    "add": torch.add,
    "bitwise_and": torch.bitwise_and,
    "bitwise_or": torch.bitwise_or,
    "bitwise_xor": torch.bitwise_xor,
    "clamp_by_tensors": lambda x, y: torch.clamp(x, y, y + 1),
    "clamp_max_tensor": torch.clamp_max,
    "clamp_min_tensor": torch.clamp_min,
    "div": lambda x, y: x / (y.abs() + 1),
    "eq": torch.eq,
    "ge": torch.ge,
    "gt": torch.gt,
    "le": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "lt": torch.lt,
    "masked_fill_by_tensor": lambda x, y: x.masked_fill(y > 0, 1),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mul": torch.mul,
    "ne": torch.ne,
    "rsub": lambda x, y: torch.rsub(x, y),
    "sub": torch.sub,
    "to_other": lambda x, y: x.to(y),
    "type_as": lambda x, y: x.type_as(y),
    "where": lambda x, y: torch.where(x > 0, x, y),
}


@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str) -> None:
    """Of every two element types, broadcast."""
    program = BINARY[name]
    taken = [
        check(lambda x, y: program(x, y), [draw((3, 1, 5), a), draw((4, 1), b)])
        for a, b in product(ALL, ALL)
    ]
    assert any(taken)


SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -2.0]


# Of inf, torch's vectorised gelu is NaN; what an integer type has for NaN is not defined.
SPECIAL_UNARY = [name for name in UNARY if not name.startswith(("to_", "gelu", "bitwise"))]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", SPECIAL_UNARY)
def test_unary_of_special_values(name: str, dtype: torch.dtype) -> None:
    assert check(lambda x: UNARY[name](x), [torch.tensor(SPECIAL, dtype=dtype)])


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", [n for n in BINARY if not n.startswith("bitwise")])
def test_binary_of_special_values(name: str, dtype: torch.dtype) -> None:
    x, y = (t.reshape(-1) for t in torch.meshgrid(*[torch.tensor(SPECIAL)] * 2, indexing="ij"))
    inputs = [x.to(dtype), y.to(dtype)]
    assert check(lambda x, y: BINARY[name](x, y), inputs)


def test_leaky_relu_is_a_maximum_where_it_can_be() -> None:
    text = str(import_program(lambda x: F.leaky_relu(x, 0.1), [torch.randn(3)]).module)
    assert "taso.max" in text
    assert "taso.select" not in text


def test_comparison_promotes_as_torch_does() -> None:
    """A long beside a float becomes a float32, in which neighbours are equal."""
    x = torch.tensor([2**24, 2**24 + 1, 2**24 + 2])
    assert check(lambda x: x == 2.0**24, [x])
    assert check(lambda x, y: x < y, [x, torch.full((), 2.0**24 + 1)])
    assert check(lambda x: x == 0.1, [torch.full((3,), 0.1, dtype=torch.float16)])
    assert check(lambda x, y: x == y, [torch.full((3,), 0.1), torch.tensor(0.1).double()])


def test_a_default_of_float64_is_heard() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert check(lambda x: (x == 0.1) & (x / 3 < 0.5), [torch.tensor([1, 2, 3])])
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("count", [0, 2, 3])
def test_a_condition_that_is_known_chooses(count: int) -> None:
    """Where it is the same everywhere."""

    def program(x: Tensor, y: Tensor) -> Tensor:
        return torch.where(torch.arange(3) < count, x, y)

    x, y = torch.randn(2, 3), torch.randn(3)
    assert check(program, [x, y])
    assert ("taso.select" in str(import_program(program, [x, y]).module)) == (count == 2)


def test_known_scalar_tensors_are_numbers_beside_a_half() -> None:
    assert check(lambda x: x * torch.full((), 0.125), [torch.randn(3, 4).half()])
    assert is_opaque(lambda x: x * torch.full((), 1e5), [torch.randn(3).half()])


def is_opaque(program: Program, inputs: list[Tensor]) -> bool:
    """Whether an op of the program is called as it is; what it gives is held against torch."""
    assert check(lambda *args: program(*args), inputs)
    return "taso.extern" in str(import_program(lambda *args: program(*args), inputs).module)


def test_scalar_tensors_give_way() -> None:
    half, scalar = torch.randn(3, 4).half(), torch.tensor(0.37)
    assert check(torch.where, [half > 0, half, scalar])
    assert check(lambda x, y: torch.maximum(x, y), [half, scalar])
    assert check(lambda x, y: x < y, [half, scalar])
    assert check(lambda x, y: x.masked_fill(x > 0, y), [half, scalar])
    assert check(lambda x, y: x.masked_fill(x > 0, y), [torch.tensor([1, 2]), torch.tensor(7)])
    assert check(lambda x, y: x * y, [torch.randn(3), torch.tensor(0.37).double()])
    assert check(lambda x, y: x * y, [half, torch.tensor(True)])


half3 = torch.randn(3).half()
int3 = torch.tensor([1, 2, 3], dtype=torch.int32)
OPAQUE: dict[str, tuple[Program, list[Tensor]]] = {
    "half_times_much": (lambda x: x * 1e5, [half3]),
    "half_times_little": (lambda x: x * 1e-8, [half3 * 10000]),
    "half_by_little": (lambda x: x / 1e-7, [half3 / 10000]),
    "half_leaking_little": (lambda x: F.leaky_relu(x, 1e-7), [-10000 * half3.abs()]),
    "half_plus_little_of_half": (lambda x: x.add(x, alpha=1e-7), [half3]),
    "half_below_much": (lambda x: x < 1e5, [half3]),
    "half_of_scalar": (lambda x, y: x * y, [half3, torch.tensor(1e5)]),
    "half_plus_int": (lambda x, y: x + y, [half3, torch.tensor(10**5)]),
    "int_is_much": (lambda x: x == 2**40, [int3]),
    "int_filled": (lambda x: x.masked_fill(x > 1, 2.5), [int3]),
    "int_tanh": (lambda x: F.hardtanh(x, -2, 1.5), [int3]),
    "int_filled_by_tensor": (lambda x, y: x.masked_fill(x > 1, y), [int3, torch.tensor(2.5)]),
    "int_power": (lambda x: x**3, [int3]),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_opaque(name: str) -> None:
    """What would round to another value, or overflow where torch does not."""
    program, inputs = OPAQUE[name]
    assert is_opaque(program, inputs)


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="complex"):
        import_program(lambda x: x == 1j, [half3])


def test_factors_of_a_half_addmm_are_not_rounded() -> None:
    """In bfloat16, 0.6 is 0.6015625, and 127 times that is 76.5, not 76."""
    one, zero, x = (torch.full((1, 1), value, dtype=torch.bfloat16) for value in (1, 0, 127))
    scaled: list[tuple[Program, list[Tensor]]] = [
        (lambda b, x, y: torch.addmm(b, x, y, alpha=0.6), [zero, x, one]),
        (lambda b, x, y: torch.addmm(b, x, y, beta=0.6), [x, zero, one]),
    ]
    for program, inputs in scaled:
        [given] = run_imported(import_program(program, inputs), inputs)
        assert given.item() == program(*inputs).item() == 76


def test_tensors_written_out_in_forward_are_known() -> None:
    """They were parameters, whose values may change: no number beside a half, no slice."""

    def program(x: Tensor) -> Tensor:
        return x[:, torch.tensor([1, 2])] * torch.tensor(0.125)

    inputs = [torch.randn(3, 4).half()]
    assert check(program, inputs)
    imported = import_program(program, inputs)
    assert not imported.parameters
    assert "taso.slice" in str(imported.module)


def test_captured_tensors_are_not_known() -> None:
    """Their values may change."""
    captured = torch.tensor([0.5, 2.0])
    imported = import_program(lambda x: x * captured, [torch.randn(2)])
    [held] = imported.parameters.values()
    captured.mul_(2)
    assert torch.equal(held, captured)
