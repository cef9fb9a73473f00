"""The `taso` dialect: all its ops, and the ops by name."""

from __future__ import annotations

from xdsl.ir import Dialect

from taso.dialects.attention import AttentionOp
from taso.dialects.base import TasoOp
from taso.dialects.composite import BatchNormOp, LayerNormOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.elementwise import (
    AddOp,
    CastOp,
    DivOp,
    ExpOp,
    GeluOp,
    LogOp,
    MaxOp,
    MulOp,
    NegOp,
    PowOp,
    ReluOp,
    RsqrtOp,
    SqrtOp,
    SubOp,
    TanhOp,
)
from taso.dialects.gather import GatherOp
from taso.dialects.kernel import KernelOp, YieldOp
from taso.dialects.materialize import TasoConstantMaterialization
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

TENSOR_OPS: tuple[type[TasoOp], ...] = (
    AddOp,
    ArgMaxOp,
    ArgMinOp,
    AttentionOp,
    BatchNormOp,
    BroadcastOp,
    CastOp,
    ConcatOp,
    ConstantOp,
    CumSumOp,
    DivOp,
    EinsumOp,
    ExpOp,
    GatherOp,
    GeluOp,
    GroupNormOp,
    LayerNormOp,
    LogOp,
    LogSoftmaxOp,
    MatMulOp,
    MaxOp,
    MulOp,
    NegOp,
    PowOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceMinOp,
    ReduceSumOp,
    ReluOp,
    ReshapeOp,
    RmsNormOp,
    RsqrtOp,
    SliceOp,
    SoftmaxOp,
    SplitOp,
    SqrtOp,
    SubOp,
    TanhOp,
    TransposeOp,
    VarOp,
)

OPS: dict[str, type[TasoOp]] = {op.name.removeprefix("taso."): op for op in TENSOR_OPS}
"""Op classes by name without the dialect prefix, as rules and the e-graph name them."""

Taso = Dialect("taso", [*TENSOR_OPS, KernelOp, YieldOp], [], [TasoConstantMaterialization()])
