"""Lowers ops that compute with the positions of elements: gathers, arg-extrema, scans."""

from __future__ import annotations

import string
from collections.abc import Sequence

from xdsl.builder import Builder
from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, i64
from xdsl.dialects.linalg import ops as linalg
from xdsl.ir import SSAValue

from taso.dialects.elementwise import AddOp
from taso.dialects.spec import Attrs, TensorSpec, get_int
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.compute import accumulator, cast_to, lower_reduce_max, lower_reduce_min
from taso.lowering.linalg.scalar import apply, constant, extend
from taso.lowering.linalg.values import Splat, Value


def lower_gather(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A generic over the indices, whose body extracts from the table."""
    table, indices = (to.tensor(v) for v in operands)
    return [to.gather(table, indices, get_int(attrs, "axis"))]


def lower_argmax(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """The least index at which the maximum, or NaN, is."""
    (largest,) = lower_reduce_max(to, operands, {"axes": (get_int(attrs, "axis"),)})
    return [_first_index(to, operands[0], largest, get_int(attrs, "axis"))]


def lower_argmin(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """The least index at which the minimum, or NaN, is."""
    (least,) = lower_reduce_min(to, operands, {"axes": (get_int(attrs, "axis"),)})
    return [_first_index(to, operands[0], least, get_int(attrs, "axis"))]


def _first_index(to: LinalgBuilder, x: Value, extremum: Value, axis: int) -> Value:
    letters = string.ascii_lowercase[: x.spec.rank]
    result = letters.replace(letters[axis], "")
    size = x.spec.shape[axis]
    init = Splat.of(size, TensorSpec(extremum.spec.shape, "i64"))

    def combine(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        element, wanted, first = args
        index = _position(b, len(result))
        candidate = arith.SelectOp(_is_hit(b, element, wanted), index, constant(b, size, i64))
        return b.insert(arith.MinSIOp(first, b.insert(candidate).result)).result

    return to.reduction([x, extremum], [letters, result], result, init, combine)


def _is_hit(b: Builder, element: SSAValue, extremum: SSAValue) -> SSAValue:
    """Equal to the extremum; if that is NaN, NaN."""
    if not isinstance(element.type, AnyFloat):
        return b.insert(arith.CmpiOp(element, extremum, "eq")).result
    equal = b.insert(arith.CmpfOp(element, extremum, "oeq")).result
    # There are no NaNs if the extremum is a number.
    nan = b.insert(arith.CmpfOp(element, element, "uno")).result
    return b.insert(arith.OrIOp(equal, nan)).result


def lower_cumsum(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """For each element the sum of those up to it: quadratic in the length of the axis.

    linalg has no scan; who has one takes it from the record of the function. f16 and bf16
    accumulate in f32, rounded once.
    """
    (x,), axis = operands, get_int(attrs, "axis")
    result = string.ascii_lowercase[: x.spec.rank]
    summed = string.ascii_lowercase[x.spec.rank]
    wide = TensorSpec(x.spec.shape, accumulator(x.spec.dtype))

    def add_earlier(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        element, total = extend(b, args[0]), args[1]
        positions = (_position(b, x.spec.rank), _position(b, axis))
        earlier = b.insert(arith.CmpiOp(*positions, "sle")).result
        # Not a product with 0, which NaN and inf would survive.
        term = b.insert(arith.SelectOp(earlier, element, constant(b, 0, element.type))).result
        return apply(b, AddOp, total, term)

    term = result.replace(result[axis], summed)
    total = to.reduction([x], [term], result, Splat.of(0, wide), add_earlier)
    return [cast_to(to, total, x.spec.dtype)]


def _position(b: Builder, dim: int) -> SSAValue:
    """Where a loop stands, as i64."""
    index = b.insert(linalg.IndexOp(dim)).result
    return b.insert(arith.IndexCastOp(index, i64)).result
