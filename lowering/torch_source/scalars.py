"""Scalar ops of generics as torch expressions on whole tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from xdsl.dialects import arith
from xdsl.ir import Operation

from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.types import TorchSourceError, Type, dtype_of, literal
from taso.lowering.torch_source.views import broadcast_shape

Operand: TypeAlias = Ref | float | int | bool
"""A tensor, or the number that all of its elements are."""

UNARY = {
    "arith.negf": "neg",
    "math.erf": "erf",
    "math.exp": "exp",
    "math.log": "log",
    "math.rsqrt": "rsqrt",
    "math.sqrt": "sqrt",
    "math.tanh": "tanh",
}
INFIX = {
    "arith.addf": ("add", "+"),
    "arith.addi": ("add", "+"),
    "arith.divf": ("div", "/"),
    "arith.mulf": ("mul", "*"),
    "arith.muli": ("mul", "*"),
    "arith.subf": ("sub", "-"),
    "arith.subi": ("sub", "-"),
    "math.powf": ("pow", "**"),
}
MAXIMUM = ("arith.maximumf", "arith.maxsi")
CASTS = (
    "arith.extf",
    "arith.extsi",
    "arith.extui",
    "arith.fptosi",
    "arith.sitofp",
    "arith.truncf",
    "arith.trunci",
    "arith.uitofp",
)


class Expression(NamedTuple):
    """What an op computes: a name for it, its source, its type, and its in-place variants."""

    hint: str
    text: str
    type: Type
    in_place: dict[Ref, str]


def expression(op: Operation, operands: Sequence[Operand]) -> Expression:
    """One scalar op applied to tensors, at least one; torch broadcasts them.

    Raises `TorchSourceError` on an op that has no translation.
    """
    tensors = [x for x in operands if isinstance(x, Ref)]
    shape = broadcast_shape(*(x.type.shape for x in tensors))
    type_ = Type(shape, dtype_of(op.results[0].type))
    match op:
        case arith.CmpfOp() | arith.CmpiOp():
            return _comparison(op, operands, type_)
        case arith.BitcastOp():
            return Expression("bits", f"{tensors[0].text}.view({type_.torch_dtype})", type_, {})
        case _ if op.name in UNARY:
            return _unary(UNARY[op.name], tensors[0], type_)
        case _ if op.name in INFIX:
            return _infix(*INFIX[op.name], operands[0], operands[1], type_)
        case _ if op.name in MAXIMUM:
            return _maximum(operands[0], operands[1], type_)
        case _ if op.name in CASTS:
            return Expression("cast", f"{tensors[0].text}.to({type_.torch_dtype})", type_, {})
        case _:
            raise TorchSourceError(f"{op.name} has no translation to torch")


def _unary(name: str, x: Ref, type_: Type) -> Expression:
    return Expression(name, f"torch.{name}({x.text})", type_, {x: f"{x.text}.{name}_()"})


def _text(x: Operand) -> str:
    return x.text if isinstance(x, Ref) else literal(x)


def _infix(name: str, symbol: str, a: Operand, b: Operand, type_: Type) -> Expression:
    if isinstance(b, Ref) and (name, a) == ("div", 1):
        return _unary("reciprocal", b, type_)
    # For floats, 0 - x differs from -x in the sign of zero.
    if isinstance(b, Ref) and (name, a) == ("sub", 0) and type_.dtype.startswith("int"):
        return _unary("neg", b, type_)
    in_place: dict[Ref, str] = {}
    if isinstance(a, Ref):
        in_place[a] = f"{a.text}.{name}_({_text(b)})"
    if isinstance(a, Ref) and isinstance(b, Ref) and a != b:
        in_place[b] = f"torch.{name}({a.text}, {b.text}, out={b.text})"
    left = f"({_text(a)})" if name == "pow" and _text(a).startswith("-") else _text(a)
    return Expression(name, f"{left} {symbol} {_text(b)}", type_, in_place)


def _maximum(a: Operand, b: Operand, type_: Type) -> Expression:
    if not isinstance(a, Ref):
        a, b = b, a
    assert isinstance(a, Ref)
    if isinstance(b, Ref):
        text = f"torch.maximum({a.text}, {b.text}"
        in_place = {x: f"{text}, out={x.text})" for x in (a, b)}
        return Expression("maximum", f"{text})", type_, in_place)
    if b == 0:
        return _unary("relu", a, type_)
    bound = literal(b)
    text = f"torch.clamp_min({a.text}, {bound})"
    return Expression("clamped", text, type_, {a: f"{a.text}.clamp_min_({bound})"})


def _comparison(
    op: arith.CmpfOp | arith.CmpiOp, operands: Sequence[Operand], type_: Type
) -> Expression:
    # `une` is true of NaN, as torch's != is; `ne` is its integer counterpart.
    floats = isinstance(op, arith.CmpfOp)
    names = arith.CMPF_COMPARISON_OPERATIONS if floats else arith.CMPI_COMPARISON_OPERATIONS
    predicate = names[op.predicate.value.data]
    if predicate != ("une" if floats else "ne"):
        raise TorchSourceError(f"{op.name} {predicate} has no translation to torch")
    a, b = operands
    return Expression("nonzero", f"{_text(a)} != {_text(b)}", type_, {})
