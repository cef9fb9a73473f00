"""The `taso` dialect: all its ops, and the ops by name."""

from __future__ import annotations

from xdsl.ir import Dialect

from taso.dialects.activation import GeluOp, ReluOp, SigmoidOp, SiluOp
from taso.dialects.attention import AttentionOp
from taso.dialects.base import TasoOp
from taso.dialects.compare import CompareOp, SelectOp
from taso.dialects.composite import BatchNormOp, LayerNormOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import (
    AbsOp,
    AddOp,
    CastOp,
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
from taso.dialects.extern import ExternOp
from taso.dialects.gather import GatherOp
from taso.dialects.kernel import KernelOp, YieldOp
from taso.dialects.logic import AndOp, NotOp, OrOp, XorOp
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

TENSOR_OPS: tuple[type[TasoOp], ...] = (
    AbsOp,
    AddOp,
    AndOp,
    ArgMaxOp,
    ArgMinOp,
    AttentionOp,
    AvgPool2dOp,
    BatchNormOp,
    BroadcastOp,
    CastOp,
    CompareOp,
    ConcatOp,
    ConstantOp,
    CosOp,
    Conv2dOp,
    CumSumOp,
    DivOp,
    EinsumOp,
    ErfOp,
    ExpOp,
    GatherOp,
    ExternOp,
    GeluOp,
    GroupNormOp,
    LayerNormOp,
    LogOp,
    LogSoftmaxOp,
    MatMulOp,
    MaxOp,
    MinOp,
    MulOp,
    NegOp,
    NotOp,
    OrOp,
    MaxPool2dOp,
    PadOp,
    PowOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceMinOp,
    ReduceSumOp,
    ReluOp,
    ReshapeOp,
    RmsNormOp,
    RsqrtOp,
    SelectOp,
    SigmoidOp,
    SiluOp,
    SinOp,
    SliceOp,
    SoftmaxOp,
    SplitOp,
    SqrtOp,
    SubOp,
    TanhOp,
    TransposeOp,
    VarOp,
    XorOp,
)

OPS: dict[str, type[TasoOp]] = {op.name.removeprefix("taso."): op for op in TENSOR_OPS}
"""Op classes by name without the dialect prefix, as rules and the e-graph name them."""

Taso = Dialect("taso", [*TENSOR_OPS, KernelOp, YieldOp], [], [TasoConstantMaterialization()])
