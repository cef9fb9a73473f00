"""Lowers ops that compute: element by element, contractions and reductions."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from xdsl.builder import Builder
from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from taso.dialects import equation
from taso.dialects.base import TasoOp
from taso.dialects.elementwise import AddOp, MulOp
from taso.dialects.spec import Attrs, TensorSpec, get_ints, get_str, numpy_dtype
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.scalar import SCALARS, apply, compare, convert, extend
from taso.lowering.linalg.values import Splat, Value, View, element_type

HALF_DTYPES = ("f16", "bf16")


def accumulator(dtype: str) -> str:
    """The element type in which sums of elements of a type are formed."""
    return "f32" if dtype in HALF_DTYPES else dtype


def lower_elementwise(
    to: LinalgBuilder, op: type[TasoOp], operands: Sequence[Value], attrs: Attrs
) -> View:
    """One generic with the op's scalar body."""

    def body(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return SCALARS[op](b, args, attrs)

    return to.elementwise(operands, operands[0].spec, body)


def lower_compare(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """One generic that gives booleans."""
    predicate = get_str(attrs, "predicate")

    def body(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return compare(b, predicate, *args)

    return [to.elementwise(operands, TensorSpec(operands[0].spec.shape, "i1"), body)]


def lower_select(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """One generic; a condition that is one constant chooses here."""
    condition, lhs, rhs = operands
    if isinstance(condition, Splat):
        return [lhs if condition == Splat.of(True, condition.spec) else rhs]

    def body(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.insert(arith.SelectOp(*args)).result

    return [to.elementwise(operands, lhs.spec, body)]


def lower_cast(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """Convert each element; the type itself needs no op."""
    return [cast_to(to, operands[0], get_str(attrs, "dtype"))]


def cast_to(to: LinalgBuilder, value: Value, dtype: str) -> Value:
    """The value in another element type."""
    result = TensorSpec(value.spec.shape, dtype)
    if result == value.spec:
        return value

    def body(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return convert(b, args[0], element_type(result))

    return to.elementwise([value], result, body)


def lower_matmul(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A contraction; the batch prefix is in both operands or in one."""
    lhs, rhs = (v.spec.rank - 2 for v in operands)
    prefix = string.ascii_lowercase[: max(lhs, rhs)]
    m, k, n = string.ascii_lowercase[len(prefix) : len(prefix) + 3]
    terms = [(prefix if lhs else "") + m + k, (prefix if rhs else "") + k + n]
    return [contract(to, operands, terms, prefix + m + n)]


def lower_einsum(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A contraction of one or two operands."""
    terms, result = equation.split(get_str(attrs, "equation"))
    return [contract(to, operands, terms, result)]


def lower_reduce_sum(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A contraction of one operand."""
    term, result = _reduced(operands[0].spec, attrs)
    return [contract(to, operands, [term], result)]


def lower_reduce_max(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A reduction from -inf, the least integer, or false."""
    return [_extremum(to, operands, attrs, largest=True)]


def lower_reduce_min(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A reduction from inf, the largest integer, or true."""
    return [_extremum(to, operands, attrs, largest=False)]


def _extremum(
    to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs, *, largest: bool
) -> Value:
    spec = operands[0].spec
    term, result = _reduced(spec, attrs)
    kind = "float" if spec.is_float else "boolean" if spec.dtype == "i1" else "integer"
    join = (_MAXIMA if largest else _MINIMA)[kind]

    def combine(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.insert(join(args[1], args[0])).results[0]

    least, most = _range(spec)
    init = Splat.of(least if largest else most, _spec_of_letters(operands, [term], result))
    return to.reduction([operands[0]], [term], result, init, combine)


# Those of floats give NaN if either operand is NaN.
_MAXIMA: Mapping[str, Callable[..., Operation]] = {
    "float": arith.MaximumfOp,
    "integer": arith.MaxSIOp,
    "boolean": arith.OrIOp,
}
_MINIMA: Mapping[str, Callable[..., Operation]] = {
    "float": arith.MinimumfOp,
    "integer": arith.MinSIOp,
    "boolean": arith.AndIOp,
}


def _range(spec: TensorSpec) -> tuple[float, float]:
    """The least and the largest value of an element type."""
    if spec.is_float:
        return -math.inf, math.inf
    if spec.dtype == "i1":
        return False, True
    limits = np.iinfo(numpy_dtype(spec.dtype))
    return int(limits.min), int(limits.max)


def _reduced(spec: TensorSpec, attrs: Attrs) -> tuple[str, str]:
    """Letters of the operand and of the result of a reduction."""
    axes = get_ints(attrs, "axes")
    term = string.ascii_lowercase[: spec.rank]
    return term, "".join(letter for i, letter in enumerate(term) if i not in axes)


def _spec_of_letters(operands: Sequence[Value], terms: Sequence[str], result: str) -> TensorSpec:
    sizes = {
        letter: size
        for v, term in zip(operands, terms, strict=True)
        for letter, size in zip(term, v.spec.shape, strict=True)
    }
    return operands[0].spec.with_shape([sizes[letter] for letter in result])


def contract(
    to: LinalgBuilder, operands: Sequence[Value], terms: Sequence[str], result: str
) -> Value:
    """Sum the products of one or two operands; f16 and bf16 accumulate in f32, rounded once."""
    if set(result) == set("".join(terms)):
        return _product(to, operands, terms, result)
    spec = _spec_of_letters(operands, terms, result)
    wide = TensorSpec(spec.shape, accumulator(spec.dtype))
    init = Splat.of(0, wide)
    text = equation.canonical(f"{','.join(terms)}->{result}")
    views = [v for v in operands if isinstance(v, View) and v.is_identity]
    if text == "ab,bc->ac" and len(views) == 2 and wide == spec:
        return to.matmul(views[0].source, views[1].source, init)

    def multiply_add(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        *factors, total = args
        product = extend(b, factors[0])
        for factor in factors[1:]:
            product = apply(b, MulOp, product, extend(b, factor))
        return apply(b, AddOp, total, product)

    return cast_to(to, to.reduction(operands, terms, result, init, multiply_add), spec.dtype)


def _product(
    to: LinalgBuilder, operands: Sequence[Value], terms: Sequence[str], result: str
) -> Value:
    """No letter is summed: a transposition, or an element-wise product of views."""
    shape = _spec_of_letters(operands, terms, result).shape
    views: list[Value] = []
    for value, term in zip(operands, terms, strict=True):
        letters = sorted(term, key=result.index)
        ordered = value.permute([term.index(letter) for letter in letters])
        views.append(ordered.broadcast([result.index(letter) for letter in letters], shape))
    return views[0] if len(views) == 1 else lower_elementwise(to, MulOp, views, {})
