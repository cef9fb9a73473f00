"""The linalg of element-wise ops, run by upstream MLIR, against their NumPy meaning."""

import numpy as np
import pytest
from support.linalg import OpCase, check, module_of, random_inputs
from support.linalg_cases import ALL, FLOATS, INTEGERS, NUMBERS, Shape, check_arrays, check_random

from taso.dialects.spec import TensorSpec, numpy_dtype

SHAPES: list[Shape] = [(3, 5), (), (1, 1), (2, 0, 3)]


@pytest.mark.parametrize("dtype", FLOATS)
def test_float_elementwise(dtype: str) -> None:
    for name in ("exp", "log", "sqrt", "rsqrt", "tanh"):
        check_random(dtype, [(name, [shape], {}) for shape in SHAPES], positive=True)
    for name in ("pow", "div"):
        check_random(dtype, [(name, [shape] * 2, {}) for shape in SHAPES], positive=True)
    for name in ("erf", "sin", "cos", "sigmoid", "silu"):
        check_random(dtype, [(name, [shape], {}) for shape in SHAPES])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str, dtype: str) -> None:
    """Below zero, 1 + erf(x/√2) cancels: small against the other elements of a tensor."""
    attrs = {"approximate": approximate}
    check_random(dtype, [("gelu", [(5, 7)], attrs)])
    check_random(dtype, [("gelu", [shape], attrs) for shape in SHAPES], positive=True)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_elementwise(dtype: str) -> None:
    for name in ("neg", "abs", "relu"):
        check_random(dtype, [(name, [shape], {}) for shape in SHAPES])
    for name in ("add", "sub", "mul", "max", "min"):
        check_random(dtype, [(name, [shape] * 2, {}) for shape in SHAPES])


PREDICATES = ("eq", "ne", "lt", "le", "gt", "ge")


@pytest.mark.parametrize("dtype", ALL)
def test_compare(dtype: str) -> None:
    """Of values among which some are equal."""
    rng = np.random.default_rng()
    for shape in SHAPES:
        arrays = [rng.integers(0, 2 if dtype == "i1" else 4, shape) for _ in range(2)]
        for predicate in PREDICATES:
            check_arrays("compare", arrays, dtype, predicate=predicate)


@pytest.mark.parametrize("dtype", FLOATS)
def test_compare_special_values(dtype: str) -> None:
    for predicate in PREDICATES:
        check_arrays("compare", list(np.meshgrid(SPECIAL, SPECIAL)), dtype, predicate=predicate)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_compare_integers_of_either_sign(dtype: str) -> None:
    limits = np.iinfo(numpy_dtype(dtype))
    values = np.array([limits.min, -1, 0, 1, limits.max])
    for predicate in PREDICATES:
        check_arrays("compare", list(np.meshgrid(values, values)), dtype, predicate=predicate)


@pytest.mark.parametrize("dtype", ALL)
def test_select(dtype: str) -> None:
    cases = [
        OpCase("select", [TensorSpec(shape, t) for t in ("i1", dtype, dtype)], {})
        for shape in SHAPES
    ]
    inputs = random_inputs([t for c in cases for t in c.operands], np.random.default_rng())
    check(module_of(cases), inputs)


@pytest.mark.parametrize("dtype", FLOATS)
def test_select_leaves_out_nan_that_is_not_chosen(dtype: str) -> None:
    specs = [TensorSpec((3,), t) for t in ("i1", dtype, dtype)]
    nan = np.full(3, np.nan).astype(numpy_dtype(dtype))
    one = np.ones(3).astype(numpy_dtype(dtype))
    condition = np.array([True, False, True])
    check(module_of([OpCase("select", specs, {})]), [condition, one, nan])


@pytest.mark.parametrize("dtype", ["i1", *INTEGERS])
def test_logic(dtype: str) -> None:
    check_random(dtype, [("not", [shape], {}) for shape in SHAPES])
    for name in ("and", "or", "xor"):
        check_random(dtype, [(name, [shape] * 2, {}) for shape in SHAPES])


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, -2.0, 3.0])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "name",
    ["relu", "exp", "log", "sqrt", "tanh", "neg", "abs", "erf", "sin", "cos", "sigmoid", "silu"],
)
def test_unary_on_special_values(name: str, dtype: str) -> None:
    check_arrays(name, [SPECIAL], dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["max", "min", "add", "div", "pow"])
def test_binary_on_special_values(name: str, dtype: str) -> None:
    check_arrays(name, list(np.meshgrid(SPECIAL, SPECIAL)), dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "max", "min", "and", "or", "xor"])
def test_integers_wrap_and_keep_every_bit(name: str, dtype: str) -> None:
    big = np.iinfo(numpy_dtype(dtype)).max
    a = np.array([big, -big, 2**31 - 1, 3])
    check_arrays(name, [a, a[::-1]], dtype)


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("source", ALL)
def test_cast(source: str, target: str) -> None:
    """In range: what a float outside of an integer type's range becomes is not defined."""
    values = np.array([0, 1, -1, 7, -100, 2**31 - 1, 16_777_217])
    if source in FLOATS:
        values = np.array([0.0, 1.0, -1.0, 2.6, -2.6, 100.25, -0.3, 1.001])
        if target not in INTEGERS:
            values = np.append(values, [np.nan, np.inf, -np.inf, 3e38, 1e-40])
    check_arrays("cast", [values], source, dtype=target)
