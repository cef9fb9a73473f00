"""Boolean logic, on booleans and on the bits of integers."""

from __future__ import annotations

from xdsl.ir import SSAValue

from taso.dialects.base import TasoOp
from taso.dialects.logic import AndOp, NotOp, OrOp, XorOp
from taso.frontends.aten.writer import CONVERTERS, Converter, NodeWriter, Operand, converts

_BINARY: dict[str, type[TasoOp]] = {"and": AndOp, "or": OrOp, "xor": XorOp}


def _bitwise(op: type[TasoOp]) -> Converter:
    def convert(to: NodeWriter, x: Operand, y: Operand) -> SSAValue:
        return to.elementwise(op, x, y)

    return convert


def _logical(op: type[TasoOp]) -> Converter:
    def convert(to: NodeWriter, x: SSAValue, y: SSAValue) -> SSAValue:
        return to.elementwise(op, to.cast(x, "i1"), to.cast(y, "i1"))

    return convert


CONVERTERS.update(
    (f"aten.{overload}", _bitwise(op))
    for name, op in _BINARY.items()
    for overload in (
        f"__{name}__.Scalar",
        f"__{name}__.Tensor",
        f"bitwise_{name}.Scalar",
        f"bitwise_{name}.Scalar_Tensor",
        f"bitwise_{name}.Tensor",
    )
)
CONVERTERS.update((f"aten.logical_{name}.default", _logical(op)) for name, op in _BINARY.items())


@converts("bitwise_not.default")
def bitwise_not(to: NodeWriter, x: SSAValue) -> SSAValue:
    return to.elementwise(NotOp, x)


@converts("logical_not.default")
def logical_not(to: NodeWriter, x: SSAValue) -> SSAValue:
    return to.elementwise(NotOp, to.cast(x, "i1"))
