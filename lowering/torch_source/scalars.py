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
    "math.absf": "abs",
    "math.absi": "abs",
    "math.cos": "cos",
    "math.erf": "erf",
    "math.exp": "exp",
    "math.log": "log",
    "math.rsqrt": "rsqrt",
    "math.sin": "sin",
    "math.sqrt": "sqrt",
    "math.tanh": "tanh",
}
INFIX = {
    "arith.addf": ("add", "+"),
    "arith.addi": ("add", "+"),
    "arith.andi": ("bitwise_and", "&"),
    "arith.divf": ("div", "/"),
    "arith.mulf": ("mul", "*"),
    "arith.muli": ("mul", "*"),
    "arith.ori": ("bitwise_or", "|"),
    "arith.subf": ("sub", "-"),
    "arith.subi": ("sub", "-"),
    "arith.xori": ("bitwise_xor", "^"),
    "math.powf": ("pow", "**"),
}
EXTREMES = {
    "arith.maximumf": ("maximum", "clamp_min"),
    "arith.maxsi": ("maximum", "clamp_min"),
    "arith.minimumf": ("minimum", "clamp_max"),
    "arith.minsi": ("minimum", "clamp_max"),
}
FLOAT_COMPARISONS = {
    "oeq": "==",
    "une": "!=",
    "olt": "<",
    "ole": "<=",
    "ogt": ">",
    "oge": ">=",
}
"""Those of which torch has the same truth for NaN."""
INTEGER_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "slt": "<",
    "sle": "<=",
    "sgt": ">",
    "sge": ">=",
}
BOOLEAN_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "ult": "<",
    "ule": "<=",
    "ugt": ">",
    "uge": ">=",
}
"""Unsigned: as a signed i1, true would be -1."""
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
        case arith.SelectOp():
            condition, a, b = operands
            return _select(condition, a, b, type_)
        case _ if op.name in EXTREMES:
            return _extreme(*EXTREMES[op.name], operands[0], operands[1], type_)
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
    all_ones = True if type_.dtype == "bool" else -1
    if isinstance(a, Ref) and (name, b) == ("bitwise_xor", all_ones):
        return _unary("bitwise_not", a, type_)
    in_place: dict[Ref, str] = {}
    if isinstance(a, Ref):
        in_place[a] = f"{a.text}.{name}_({_text(b)})"
    if isinstance(a, Ref) and isinstance(b, Ref) and a != b:
        in_place[b] = f"torch.{name}({a.text}, {b.text}, out={b.text})"
    left = f"({_text(a)})" if name == "pow" and _text(a).startswith("-") else _text(a)
    return Expression(name, f"{left} {symbol} {_text(b)}", type_, in_place)


def _extreme(name: str, clamp: str, a: Operand, b: Operand, type_: Type) -> Expression:
    if not isinstance(a, Ref):
        a, b = b, a
    assert isinstance(a, Ref)
    if isinstance(b, Ref):
        text = f"torch.{name}({a.text}, {b.text}"
        in_place = {x: f"{text}, out={x.text})" for x in (a, b)}
        return Expression(name, f"{text})", type_, in_place)
    if name == "maximum" and b == 0:
        return _unary("relu", a, type_)
    bound = literal(b)
    text = f"torch.{clamp}({a.text}, {bound})"
    return Expression("clamped", text, type_, {a: f"{a.text}.{clamp}_({bound})"})


def _comparison(
    op: arith.CmpfOp | arith.CmpiOp, operands: Sequence[Operand], type_: Type
) -> Expression:
    a, b = operands
    # The result is of another type than the operands, unless they are booleans: none is
    # computed in place.
    return Expression("compared", f"{_text(a)} {comparison_symbol(op)} {_text(b)}", type_, {})


def comparison_symbol(op: arith.CmpfOp | arith.CmpiOp) -> str:
    number = op.predicate.value.data
    if isinstance(op, arith.CmpfOp):
        known, name = FLOAT_COMPARISONS, arith.CMPF_COMPARISON_OPERATIONS[number]
    else:
        boolean = dtype_of(op.lhs.type) == "bool"
        known = BOOLEAN_COMPARISONS if boolean else INTEGER_COMPARISONS
        name = arith.CMPI_COMPARISON_OPERATIONS[number]
    if name not in known:
        raise TorchSourceError(f"{op.name} {name} of {op.lhs.type} has no translation to torch")
    return known[name]


def _select(condition: Operand, a: Operand, b: Operand, type_: Type) -> Expression:
    """torch.where; a number takes the type of the tensor beside it."""
    assert isinstance(condition, Ref)
    if isinstance(a, Ref) and isinstance(b, Ref):
        text = f"torch.where({condition.text}, {a.text}, {b.text}"
        in_place = {x: f"{text}, out={x.text})" for x in (a, b)}
        return Expression("chosen", f"{text})", type_, in_place)
    chosen = _text(a)
    if not isinstance(a, Ref) and not isinstance(b, Ref):
        chosen = f"{condition.text}.new_full((), {literal(a)}, dtype={type_.torch_dtype})"
    text = f"torch.where({condition.text}, {chosen}, {_text(b)})"
    in_place = {}
    if isinstance(b, Ref):
        in_place[b] = f"{b.text}.masked_fill_({condition.text}, {_text(a)})"
    return Expression("chosen", text, type_, in_place)
