"""Element-wise ops; broadcasting and promotion become ops of their own."""

from __future__ import annotations

from xdsl.ir import SSAValue

from taso.dialects.activation import GeluOp, ReluOp
from taso.dialects.base import TasoOp
from taso.dialects.elementwise import (
    AddOp,
    DivOp,
    ExpOp,
    LogOp,
    MaxOp,
    MulOp,
    NegOp,
    PowOp,
    RsqrtOp,
    SqrtOp,
    SubOp,
    TanhOp,
)
from taso.frontends.aten.writer import CONVERTERS, Converter, NodeWriter, Operand, converts

UNARY: dict[str, type[TasoOp]] = {
    "exp": ExpOp,
    "log": LogOp,
    "neg": NegOp,
    "relu": ReluOp,
    "rsqrt": RsqrtOp,
    "sqrt": SqrtOp,
    "tanh": TanhOp,
}
BINARY: dict[str, type[TasoOp]] = {
    "div.Scalar": DivOp,
    "div.Tensor": DivOp,
    "maximum.default": MaxOp,
    "mul.Scalar": MulOp,
    "mul.Tensor": MulOp,
    "pow.Scalar": PowOp,
    "pow.Tensor_Tensor": PowOp,
}


def _plain(op: type[TasoOp]) -> Converter:
    def convert(to: NodeWriter, *operands: Operand) -> SSAValue:
        return to.elementwise(op, *operands)

    return convert


CONVERTERS.update((f"aten.{name}.default", _plain(op)) for name, op in UNARY.items())
CONVERTERS.update((f"aten.{name}", _plain(op)) for name, op in BINARY.items())


@converts("add.Tensor", "add.Scalar")
def add(to: NodeWriter, x: Operand, y: Operand, alpha: float = 1) -> SSAValue:
    return to.elementwise(AddOp, x, _scaled(to, y, alpha))


@converts("sub.Tensor", "sub.Scalar")
def sub(to: NodeWriter, x: Operand, y: Operand, alpha: float = 1) -> SSAValue:
    return to.elementwise(SubOp, x, _scaled(to, y, alpha))


def _scaled(to: NodeWriter, y: Operand, alpha: float) -> Operand:
    if not isinstance(y, SSAValue):
        return y * alpha
    return y if alpha == 1 else to.elementwise(MulOp, y, alpha)


@converts("reciprocal.default")
def reciprocal(to: NodeWriter, x: Operand) -> SSAValue:
    return to.elementwise(DivOp, 1, x)


@converts("pow.Tensor_Scalar")
def power(to: NodeWriter, x: SSAValue, exponent: float) -> SSAValue:
    """As torch computes it: a square is a product, and power 1/2 a root."""
    if exponent == 2:
        return to.elementwise(MulOp, x, x)
    if exponent == 0.5:
        return to.elementwise(SqrtOp, x)
    return to.elementwise(PowOp, x, exponent)


@converts("gelu.default")
def gelu(to: NodeWriter, x: Operand, approximate: str = "none") -> SSAValue:
    return to.elementwise(GeluOp, x, approximate=approximate)


@converts("_to_copy.default")
def to_copy(to: NodeWriter, x: SSAValue) -> SSAValue:
    """A conversion; the element type is that of the node's result."""
    return to.cast(x, to.result.dtype)
