"""How each op lowers: the registry, and the emitter that decompositions write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from taso.dialects.activation import GeluOp, SigmoidOp, SiluOp
from taso.dialects.attention import AttentionOp
from taso.dialects.base import Emitter, TasoOp
from taso.dialects.compare import CompareOp, SelectOp
from taso.dialects.composite import BatchNormOp, LayerNormOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import CastOp
from taso.dialects.extern import ExternOp
from taso.dialects.gather import GatherOp
from taso.dialects.movement import (
    BroadcastOp,
    ConcatOp,
    ConstantOp,
    ReshapeOp,
    SliceOp,
    SplitOp,
    TransposeOp,
)
from taso.dialects.norm import GroupNormOp, RmsNormOp
from taso.dialects.padding import PadOp
from taso.dialects.pooling import AvgPool2dOp, MaxPool2dOp
from taso.dialects.reduction import (
    ArgMaxOp,
    ArgMinOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceMinOp,
    ReduceSumOp,
    VarOp,
)
from taso.dialects.scan import CumSumOp
from taso.dialects.spec import Attrs, AttrValue, OpKind, TensorSpec
from taso.lowering.linalg import compute, decompose, indexed, movement, window
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.compute import HALF_DTYPES, accumulator, cast_to, lower_elementwise
from taso.lowering.linalg.scalar import SCALARS
from taso.lowering.linalg.values import Splat, Value

Lowering: TypeAlias = Callable[[LinalgBuilder, Sequence[Value], Attrs], list[Value]]
Decomposition: TypeAlias = Callable[[Emitter[Value], Sequence[Value], Attrs], Value]

LOWERINGS: Mapping[type[TasoOp], Lowering] = MappingProxyType(
    {
        AvgPool2dOp: window.lower_avg_pool2d,
        ArgMaxOp: indexed.lower_argmax,
        ArgMinOp: indexed.lower_argmin,
        BroadcastOp: movement.lower_broadcast,
        CastOp: compute.lower_cast,
        CompareOp: compute.lower_compare,
        ConcatOp: movement.lower_concat,
        ConstantOp: movement.lower_constant,
        Conv2dOp: window.lower_conv2d,
        CumSumOp: indexed.lower_cumsum,
        EinsumOp: compute.lower_einsum,
        GatherOp: indexed.lower_gather,
        MatMulOp: compute.lower_matmul,
        MaxPool2dOp: window.lower_max_pool2d,
        PadOp: window.lower_pad,
        ReduceMaxOp: compute.lower_reduce_max,
        ReduceMinOp: compute.lower_reduce_min,
        ReduceSumOp: compute.lower_reduce_sum,
        ReshapeOp: movement.lower_reshape,
        SelectOp: compute.lower_select,
        SliceOp: movement.lower_slice,
        SplitOp: movement.lower_split,
        TransposeOp: movement.lower_transpose,
    }
)
"""Ops that lower to linalg themselves, beside the element-wise ones in `SCALARS`."""

DECOMPOSITIONS: Mapping[type[TasoOp], Decomposition] = MappingProxyType(
    {
        AttentionOp: AttentionOp.decompose,
        BatchNormOp: BatchNormOp.decompose,
        GroupNormOp: GroupNormOp.decompose,
        LayerNormOp: LayerNormOp.decompose,
        LogSoftmaxOp: LogSoftmaxOp.decompose,
        ReduceMeanOp: decompose.decompose_mean,
        RmsNormOp: RmsNormOp.decompose,
        SoftmaxOp: SoftmaxOp.decompose,
        VarOp: decompose.decompose_var,
    }
)
"""Ops that always lower as simpler ones."""


DECLARED: frozenset[type[TasoOp]] = frozenset({ExternOp})
"""Ops without linalg: they become calls of functions that are declared, not defined."""


def decomposition_of(op: type[TasoOp], operands: Sequence[TensorSpec]) -> Decomposition | None:
    """The op as simpler ones, where it lowers that way."""
    if op is EinsumOp and len(operands) > 2:
        return decompose.decompose_einsum
    return DECOMPOSITIONS.get(op)


def needs_function(op: type[TasoOp], operands: Sequence[TensorSpec]) -> bool:
    """Whether the op is worth a function of its own, which says what it computes.

    That is where its linalg is more than one structured op (and its init), hides the op, or is
    none.
    """
    accumulates = op in (MatMulOp, EinsumOp, ReduceSumOp) and operands[0].dtype in HALF_DTYPES
    is_function = op in (GeluOp, SigmoidOp, SiluOp, ArgMaxOp, ArgMinOp, CumSumOp, GatherOp)
    slides = op is Conv2dOp or op.KIND is OpKind.WINDOW
    other = is_function or slides or op in DECLARED
    return accumulates or other or decomposition_of(op, operands) is not None


def lower(
    to: LinalgBuilder, op: type[TasoOp], operands: Sequence[Value], attrs: Attrs
) -> list[Value]:
    """Write the op's linalg; f16 and bf16 compute in f32 inside of a decomposition."""
    decomposition = decomposition_of(op, [v.spec for v in operands])
    if decomposition is not None:
        return [_decomposed(to, decomposition, operands, attrs)]
    if op in SCALARS:
        return [lower_elementwise(to, op, operands, attrs)]
    return LOWERINGS[op](to, operands, attrs)


def _decomposed(
    to: LinalgBuilder, decomposition: Decomposition, operands: Sequence[Value], attrs: Attrs
) -> Value:
    dtype = operands[0].spec.dtype
    wide = accumulator(dtype)
    result = decomposition(_LinalgEmitter(to), [cast_to(to, v, wide) for v in operands], attrs)
    return cast_to(to, result, dtype)


class _LinalgEmitter:
    """Lowers each op of a decomposition where it stands, equal ones once."""

    def __init__(self, to: LinalgBuilder) -> None:
        self._to = to
        self._emitted: dict[object, Value] = {}

    def emit(self, op: type[TasoOp], operands: Sequence[Value], **attrs: AttrValue) -> Value:
        key = (op, tuple(operands), tuple(sorted(attrs.items())))
        if key not in self._emitted:
            decomposition = decomposition_of(op, [v.spec for v in operands])
            if decomposition is not None:
                self._emitted[key] = decomposition(self, operands, attrs)
            else:
                (self._emitted[key],) = lower(self._to, op, operands, attrs)
        return self._emitted[key]

    def spec(self, value: Value) -> TensorSpec:
        return value.spec

    def splat(self, value: float, spec: TensorSpec) -> Value:
        return Splat.of(value, spec)
