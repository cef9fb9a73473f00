"""The scalar bodies of element-wise ops."""

from __future__ import annotations

import math as pymath
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from xdsl.builder import Builder
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, BFloat16Type, Float16Type, IntegerType, f32
from xdsl.ir import Attribute, Operation, SSAValue

from taso.dialects.activation import GeluOp, ReluOp, SigmoidOp, SiluOp
from taso.dialects.base import TasoOp
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
from taso.dialects.logic import AndOp, NotOp, OrOp, XorOp
from taso.dialects.spec import Attrs
from taso.lowering.linalg.values import scalar_attribute

ScalarLowering: TypeAlias = Callable[[Builder, Sequence[SSAValue], Attrs], SSAValue]

_FLOAT: Mapping[type[TasoOp], Callable[..., Operation]] = {
    AddOp: arith.AddfOp,
    SubOp: arith.SubfOp,
    MulOp: arith.MulfOp,
    DivOp: arith.DivfOp,
    MaxOp: arith.MaximumfOp,  # NaN if either is NaN
    MinOp: arith.MinimumfOp,
    PowOp: math.PowFOp,
    NegOp: arith.NegfOp,
    AbsOp: math.AbsFOp,
    ErfOp: math.ErfOp,
    SinOp: math.SinOp,
    CosOp: math.CosOp,
    ExpOp: math.ExpOp,
    LogOp: math.LogOp,
    SqrtOp: math.SqrtOp,
    RsqrtOp: math.RsqrtOp,
    TanhOp: math.TanhOp,
}
_INTEGER: Mapping[type[TasoOp], Callable[..., Operation]] = {
    AddOp: arith.AddiOp,
    SubOp: arith.SubiOp,
    MulOp: arith.MuliOp,
    MaxOp: arith.MaxSIOp,
    MinOp: arith.MinSIOp,
    AbsOp: math.AbsIOp,
    AndOp: arith.AndIOp,
    OrOp: arith.OrIOp,
    XorOp: arith.XOrIOp,
}


def is_half(type_: Attribute) -> bool:
    """f16 or bf16: what accumulates in f32."""
    return isinstance(type_, Float16Type | BFloat16Type)


def apply(b: Builder, op: type[TasoOp], *args: SSAValue) -> SSAValue:
    """One arith or math op on scalars of one type."""
    table = _FLOAT if isinstance(args[0].type, AnyFloat) else _INTEGER
    return b.insert(table[op](*args)).results[0]


def constant(b: Builder, value: float, type_: Attribute) -> SSAValue:
    """A scalar constant."""
    return b.insert(arith.ConstantOp(scalar_attribute(value, type_))).result


def _neg(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    (x,) = args
    if isinstance(x.type, AnyFloat):
        return apply(b, NegOp, x)
    return apply(b, SubOp, constant(b, 0, x.type), x)


def _relu(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    (x,) = args
    return apply(b, MaxOp, x, constant(b, 0, x.type))


def _gelu(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    narrow = args[0].type
    x = extend(b, args[0])
    if attrs["approximate"] == "none":
        scaled = apply(b, MulOp, x, constant(b, pymath.sqrt(0.5), x.type))
        curve = b.insert(math.ErfOp(scaled)).result
    else:
        cube = apply(b, MulOp, apply(b, MulOp, x, x), x)
        bent = apply(b, MulOp, cube, constant(b, 0.044715, x.type))
        root = constant(b, pymath.sqrt(2.0 / pymath.pi), x.type)
        curve = apply(b, TanhOp, apply(b, MulOp, apply(b, AddOp, x, bent), root))
    half = apply(b, MulOp, x, constant(b, 0.5, x.type))
    result = apply(b, MulOp, half, apply(b, AddOp, curve, constant(b, 1.0, x.type)))
    return convert(b, result, narrow)


def _sigmoid(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    x = extend(b, args[0])
    one = constant(b, 1.0, x.type)
    return convert(b, apply(b, DivOp, one, _one_plus_exp_of_neg(b, x)), args[0].type)


def _silu(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    x = extend(b, args[0])
    return convert(b, apply(b, DivOp, x, _one_plus_exp_of_neg(b, x)), args[0].type)


def _one_plus_exp_of_neg(b: Builder, x: SSAValue) -> SSAValue:
    power = apply(b, ExpOp, apply(b, NegOp, x))
    return apply(b, AddOp, power, constant(b, 1.0, x.type))


def _not(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
    (x,) = args
    ones = 1 if x.type == IntegerType(1) else -1
    return apply(b, XorOp, x, constant(b, ones, x.type))


def compare(b: Builder, predicate: str, x: SSAValue, y: SSAValue) -> SSAValue:
    """The i1 of a comparison, by the name that `taso.compare` has for it."""
    if isinstance(x.type, AnyFloat):
        # Unordered for `ne` alone: of NaN, nothing else is true.
        ordered = "une" if predicate == "ne" else f"o{predicate}"
        return b.insert(arith.CmpfOp(x, y, ordered)).result
    sign = "" if predicate in ("eq", "ne") else "u" if x.type == IntegerType(1) else "s"
    return b.insert(arith.CmpiOp(x, y, sign + predicate)).result


def extend(b: Builder, x: SSAValue) -> SSAValue:
    """f16 and bf16 as f32; other types as they are."""
    return convert(b, x, f32) if is_half(x.type) else x


def convert(b: Builder, x: SSAValue, target: Attribute) -> SSAValue:
    """Convert a scalar: floats round once, to integers toward zero; to i1 is `x != 0`."""
    source = x.type
    if source == target:
        return x
    if target == IntegerType(1):
        return _is_nonzero(b, x)
    if is_half(source) and is_half(target):  # exact, then rounded
        return b.insert(arith.TruncFOp(convert(b, x, f32), target)).result
    return b.insert(_conversion(source, target)(x, target)).results[0]


def _is_nonzero(b: Builder, x: SSAValue) -> SSAValue:
    return compare(b, "ne", x, constant(b, 0, x.type))


def _conversion(source: Attribute, target: Attribute) -> Callable[..., Operation]:
    wider = _bits(target) > _bits(source)
    match isinstance(source, AnyFloat), isinstance(target, AnyFloat):
        case True, True:
            return arith.ExtFOp if wider else arith.TruncFOp
        case True, False:
            return arith.FPToSIOp
        case False, True:
            return arith.UIToFPOp if source == IntegerType(1) else arith.SIToFPOp
        case _:
            signed = arith.ExtUIOp if source == IntegerType(1) else arith.ExtSIOp
            return signed if wider else arith.TruncIOp


def _bits(type_: Attribute) -> int:
    return cast(Any, type_).bitwidth


def _one_op(op: type[TasoOp]) -> ScalarLowering:
    def lower(b: Builder, args: Sequence[SSAValue], attrs: Attrs) -> SSAValue:
        return apply(b, op, *args)

    return lower


SCALARS: Mapping[type[TasoOp], ScalarLowering] = MappingProxyType(
    {op: _one_op(op) for op in (*_FLOAT, *_INTEGER)}
    | {
        GeluOp: _gelu,
        NegOp: _neg,
        NotOp: _not,
        ReluOp: _relu,
        SigmoidOp: _sigmoid,
        SiluOp: _silu,
    }
)
"""How the element-wise ops of one operand type compute an element (`cast` is `convert`)."""
