"""Comparisons, and choices by a condition."""

from __future__ import annotations

from xdsl.ir import SSAValue

from taso.dialects.base import TensorSpec, spec_of
from taso.dialects.compare import PREDICATES, CompareOp, SelectOp
from taso.frontends.aten.writer import (
    CONVERTERS,
    Converter,
    NodeWriter,
    Operand,
    UnsupportedError,
    converts,
    promoted,
)


def compare(to: NodeWriter, predicate: str, x: Operand, y: Operand) -> SSAValue:
    """Of operands that are first promoted and broadcast to the shape of the node's result."""
    spec = TensorSpec(to.result.shape, promoted(x, y))
    return to.emit(CompareOp, [to.fit(x, spec), to.fit(y, spec)], predicate=predicate)


def _comparison(predicate: str) -> Converter:
    def convert(to: NodeWriter, x: Operand, y: Operand) -> SSAValue:
        return compare(to, predicate, x, y)

    return convert


CONVERTERS.update(
    (f"aten.{predicate}.{overload}", _comparison(predicate))
    for predicate in PREDICATES
    for overload in ("Tensor", "Scalar")
)


@converts("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def where(to: NodeWriter, condition: SSAValue, x: Operand, y: Operand) -> SSAValue:
    held = to.known(condition)
    if held is not None and held.all() == held.any():
        return to.fit(x if held.all() else y, to.result)
    chosen = to.fit(condition, TensorSpec(to.result.shape, "i1"))
    return to.emit(SelectOp, [chosen, to.fit(x, to.result), to.fit(y, to.result)])


@converts("masked_fill.Scalar", "masked_fill.Tensor")
def masked_fill(to: NodeWriter, x: SSAValue, mask: SSAValue, value: Operand) -> SSAValue:
    """The value takes the tensor's element type."""
    if isinstance(value, SSAValue) and spec_of(value).is_float and not to.result.is_float:
        raise UnsupportedError(f"a value of {spec_of(value).dtype} among {to.result.dtype}")
    return where(to, mask, value, x)
