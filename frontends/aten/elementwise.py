"""Arithmetic, element by element; broadcasting and promotion become ops of their own."""

from __future__ import annotations

from xdsl.ir import SSAValue

from taso.dialects.base import TasoOp, spec_of
from taso.dialects.elementwise import (
    AbsOp,
    AddOp,
    CosOp,
    DivOp,
    ErfOp,
    ExpOp,
    LogOp,
    MaxOp,
    MinOp,
    MulOp,
    NegOp,
    PowOp,
    RsqrtOp,
    SinOp,
    SqrtOp,
    SubOp,
    TanhOp,
)
from taso.dialects.logic import AndOp, OrOp
from taso.frontends.aten.writer import (
    CONVERTERS,
    Converter,
    NodeWriter,
    Operand,
    UnsupportedError,
    converts,
)

PLAIN: dict[str, type[TasoOp]] = {
    "abs.default": AbsOp,
    "cos.default": CosOp,
    "erf.default": ErfOp,
    "exp.default": ExpOp,
    "log.default": LogOp,
    "maximum.default": MaxOp,
    "minimum.default": MinOp,
    "neg.default": NegOp,
    "pow.Scalar": PowOp,
    "pow.Tensor_Tensor": PowOp,
    "rsqrt.default": RsqrtOp,
    "sin.default": SinOp,
    "sqrt.default": SqrtOp,
    "tanh.default": TanhOp,
}
"""Overloads that are one op on operands fitted to the result."""

SMALLEST_NORMAL = {"f16": 2.0**-14, "bf16": 2.0**-126}
"""Of the half types."""

ON_BOOLEANS: dict[type[TasoOp], type[TasoOp]] = {
    AddOp: OrOp,
    MaxOp: OrOp,
    MinOp: AndOp,
    MulOp: AndOp,
}


def _apply(to: NodeWriter, op: type[TasoOp], *operands: Operand) -> SSAValue:
    """An op on operands fitted to the result, or what it is on booleans."""
    chosen = ON_BOOLEANS.get(op, op) if to.result.dtype == "i1" else op
    return to.elementwise(chosen, *operands)


def _plain(op: type[TasoOp]) -> Converter:
    def convert(to: NodeWriter, *operands: Operand) -> SSAValue:
        return _apply(to, op, *operands)

    return convert


CONVERTERS.update((f"aten.{name}", _plain(op)) for name, op in PLAIN.items())


def _arithmetic(to: NodeWriter, op: type[TasoOp], *operands: Operand) -> SSAValue:
    """One op on operands fitted to the result."""
    if to.result.dtype in ("f16", "bf16"):
        operands = tuple(_beside_half(to, x) for x in operands)
        if op in (MulOp, DivOp):
            _check_factors(to, operands)
    return _apply(to, op, *operands)


def _check_factors(to: NodeWriter, operands: tuple[Operand, ...]) -> None:
    """Raise `UnsupportedError` for a factor that a half type only has to few digits, or as 0."""
    least = SMALLEST_NORMAL[to.result.dtype]
    for x in operands:
        if not isinstance(x, SSAValue) and 0 < abs(x) < least:
            raise UnsupportedError(f"{x} is no normal number of type {to.result.dtype}")


def _beside_half(to: NodeWriter, operand: Operand) -> Operand:
    """The operand, as a number where it is a known scalar tensor of another type.

    Torch computes with such a scalar as it is, in f32: rounded to a half type it may overflow.
    Raises `UnsupportedError` where it is not known whether it does.
    """
    if not isinstance(operand, SSAValue):
        return operand
    spec = spec_of(operand)
    if spec.rank > 0 or spec.dtype in (to.result.dtype, "i1"):
        return operand
    held = to.known(operand)
    if held is None:
        raise UnsupportedError(f"a scalar tensor of {spec.dtype} beside {to.result.dtype}")
    return held.item()


@converts("mul.Tensor", "mul.Scalar")
def mul(to: NodeWriter, x: Operand, y: Operand) -> SSAValue:
    return _arithmetic(to, MulOp, x, y)


@converts("div.Tensor", "div.Scalar")
def div(to: NodeWriter, x: Operand, y: Operand) -> SSAValue:
    return _arithmetic(to, DivOp, x, y)


@converts("add.Tensor", "add.Scalar")
def add(to: NodeWriter, x: Operand, y: Operand, alpha: float = 1) -> SSAValue:
    return _arithmetic(to, AddOp, x, _scaled(to, y, alpha))


@converts("sub.Tensor", "sub.Scalar")
def sub(to: NodeWriter, x: Operand, y: Operand, alpha: float = 1) -> SSAValue:
    return _arithmetic(to, SubOp, x, _scaled(to, y, alpha))


@converts("rsub.Tensor", "rsub.Scalar")
def rsub(to: NodeWriter, x: Operand, y: Operand, alpha: float = 1) -> SSAValue:
    return sub(to, y, x, alpha)


def _scaled(to: NodeWriter, y: Operand, alpha: float) -> Operand:
    if not isinstance(y, SSAValue):
        return y * alpha
    return y if alpha == 1 else _arithmetic(to, MulOp, y, alpha)


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


@converts("clamp.default", "clamp.Tensor")
def clamp(
    to: NodeWriter, x: Operand, min: Operand | None = None, max: Operand | None = None
) -> SSAValue:
    """Where the bounds are in the wrong order, the upper one holds."""
    value = to.fit(x, to.result)
    value = value if min is None else _apply(to, MaxOp, value, min)
    return value if max is None else _apply(to, MinOp, value, max)


@converts("clamp_min.default", "clamp_min.Tensor")
def clamp_min(to: NodeWriter, x: Operand, least: Operand) -> SSAValue:
    return clamp(to, x, min=least)


@converts("clamp_max.default", "clamp_max.Tensor")
def clamp_max(to: NodeWriter, x: Operand, most: Operand) -> SSAValue:
    return clamp(to, x, max=most)


@converts(
    "_to_copy.default", "to.dtype", "to.dtype_layout", "to.device", "to.other", "type_as.default"
)
def to_copy(to: NodeWriter, x: SSAValue, *_: object, **__: object) -> SSAValue:
    """A conversion; the element type is that of the node's result."""
    return to.cast(x, to.result.dtype)
