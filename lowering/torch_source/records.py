"""Ops that a private function records, as the ATen call that computes them best."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from taso.dialects import equation
from taso.dialects.activation import GeluOp, SigmoidOp, SiluOp
from taso.dialects.attention import AttentionOp
from taso.dialects.base import TasoOp
from taso.dialects.composite import BatchNormOp, LayerNormOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.gather import GatherOp
from taso.dialects.norm import GroupNormOp, RmsNormOp
from taso.dialects.pooling import AvgPool2dOp, MaxPool2dOp
from taso.dialects.reduction import ArgMaxOp, ArgMinOp, ReduceMeanOp, ReduceSumOp, VarOp
from taso.dialects.scan import CumSumOp
from taso.dialects.spec import Attrs
from taso.lowering.torch_source.attention import attention
from taso.lowering.torch_source.code import Code, Ref
from taso.lowering.torch_source.types import Type, ints
from taso.lowering.torch_source.views import permute
from taso.lowering.torch_source.window import avg_pool2d, conv2d, max_pool2d

AtenCall = Callable[[Sequence[Ref], Attrs], Ref | None]
"""The call as an expression, or None where the op's body has to be translated."""


def contraction_letters(
    op: type[TasoOp], ranks: Sequence[int], attrs: Attrs
) -> tuple[list[str], str] | None:
    """The letters of a recorded product of two tensors: operand terms and result."""
    if op is EinsumOp and len(ranks) == 2:
        return equation.split(cast(str, attrs["equation"]))
    if op is not MatMulOp:
        return None
    lhs, rhs = (rank - 2 for rank in ranks)
    prefix = string.ascii_lowercase[: max(lhs, rhs)]
    m, k, n = string.ascii_lowercase[len(prefix) : len(prefix) + 3]
    terms = [prefix[: lhs and None] + m + k, prefix[: rhs and None] + k + n]
    return terms, prefix + m + n


def _same(x: Ref, text: str) -> Ref:
    return Ref(text, x.type)


def _softmax(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands
    return _same(x, f"torch.softmax({x.text}, {attrs['axis']})")


def _log_softmax(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands
    return _same(x, f"torch.log_softmax({x.text}, {attrs['axis']})")


def _gelu(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands
    suffix = ', approximate="tanh"' if attrs["approximate"] == "tanh" else ""
    return _same(x, f"torch.nn.functional.gelu({x.text}{suffix})")


def _sigmoid(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _same(operands[0], f"torch.sigmoid({operands[0].text})")


def _silu(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _same(operands[0], f"torch.nn.functional.silu({operands[0].text})")


def _layer_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    x, gamma, beta = operands
    arguments = f"{x.text}, {ints(x.type.shape[-1:])}, {gamma.text}, {beta.text}"
    return _same(x, f"torch.layer_norm({arguments}, {attrs['eps']!r})")


def _rms_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    x, gamma = operands
    arguments = f"{x.text}, {ints(x.type.shape[-1:])}, {gamma.text}, {attrs['eps']!r}"
    return _same(x, f"torch.nn.functional.rms_norm({arguments})")


def _group_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    x, gamma, beta = operands
    arguments = f"{x.text}, {attrs['groups']}, {gamma.text}, {beta.text}, {attrs['eps']!r}"
    return _same(x, f"torch.group_norm({arguments})")


def _batch_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref | None:
    """Normalise by the batch's statistics; torch divides the variance by the count n.

    With correction c, var · n/(n - c) + eps = n/(n - c) · (var + eps · (n - c)/n), so that
    gamma is scaled by sqrt((n - c)/n) and eps by (n - c)/n.
    """
    x, gamma, beta = operands
    axis, eps, correction = (attrs[name] for name in ("axis", "eps", "correction"))
    axis, eps, correction = cast(int, axis), cast(float, eps), cast(int, correction)
    count = math.prod(x.type.shape) // max(x.type.shape[axis], 1)
    if count <= 1 or count <= correction or 0 in x.type.shape:
        return None
    ratio = (count - correction) / count
    scale = gamma.text if correction == 0 else f"{gamma.text} * {math.sqrt(ratio)!r}"
    # The channels are torch's axis 1.
    perm = list(range(x.type.rank))
    perm[1], perm[axis] = perm[axis], perm[1]
    moved = permute(x, perm)
    call = (
        f"torch.nn.functional.batch_norm({moved.text}, None, None, {scale}, {beta.text}, "
        f"training=True, eps={eps * ratio!r})"
    )
    return permute(_same(moved, call), perm)


def _statistic(function: str, x: Ref, attrs: Attrs, suffix: str = "") -> Ref:
    axes = cast("tuple[int, ...]", attrs["axes"])
    shape = tuple(n for i, n in enumerate(x.type.shape) if i not in axes)
    return Ref(f"torch.{function}({x.text}, {ints(axes)}{suffix})", Type(shape, x.type.dtype))


def _sum(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _statistic("sum", operands[0], attrs)


def _mean(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _statistic("mean", operands[0], attrs)


def _var(operands: Sequence[Ref], attrs: Attrs) -> Ref | None:
    (x,) = operands
    correction = cast(int, attrs["correction"])
    count = math.prod(x.type.shape[a] for a in cast("tuple[int, ...]", attrs["axes"]))
    if count <= correction or 0 in x.type.shape:  # torch warns
        return None
    return _statistic("var", x, attrs, f", correction={correction}")


def _argmax(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _arg_extremum("argmax", operands[0], attrs)


def _argmin(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _arg_extremum("argmin", operands[0], attrs)


def _arg_extremum(function: str, x: Ref, attrs: Attrs) -> Ref:
    axis = cast(int, attrs["axis"])
    shape = (*x.type.shape[:axis], *x.type.shape[axis + 1 :])
    return Ref(f"torch.{function}({x.text}, {axis})", Type(shape, "int64"))


def _cumsum(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands  # torch would widen sums of integers
    wide = f", dtype={x.type.torch_dtype}" if x.type.dtype.startswith("int") else ""
    return _same(x, f"torch.cumsum({x.text}, {attrs['axis']}{wide})")


def _gather(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    table, indices = operands
    axis = cast(int, attrs["axis"])
    before, after = table.type.shape[:axis], table.type.shape[axis + 1 :]
    type_ = Type((*before, *indices.type.shape, *after), table.type.dtype)
    if axis == 0 and table.type.rank == 2:
        return Ref(f"torch.nn.functional.embedding({indices.text}, {table.text})", type_)
    flat = indices.text if indices.type.rank == 1 else f"{indices.text}.reshape(-1)"
    rows = Ref(f"torch.index_select({table.text}, {axis}, {flat})", type_)
    return rows if indices.type.rank == 1 else rows.view(f".reshape({ints(type_.shape)})", type_)


ATEN_CALLS: Mapping[type[TasoOp], AtenCall] = {
    ArgMaxOp: _argmax,
    ArgMinOp: _argmin,
    AvgPool2dOp: avg_pool2d,
    BatchNormOp: _batch_norm,
    Conv2dOp: conv2d,
    CumSumOp: _cumsum,
    GatherOp: _gather,
    GeluOp: _gelu,
    GroupNormOp: _group_norm,
    LayerNormOp: _layer_norm,
    LogSoftmaxOp: _log_softmax,
    MaxPool2dOp: max_pool2d,
    ReduceMeanOp: _mean,
    ReduceSumOp: _sum,
    RmsNormOp: _rms_norm,
    SigmoidOp: _sigmoid,
    SiluOp: _silu,
    SoftmaxOp: _softmax,
    VarOp: _var,
}
"""By op. What has no call is computed by a function."""


COMPOSED: Mapping[type[TasoOp], Callable[[Code, Sequence[Ref], Attrs], Ref]] = {
    AttentionOp: attention
}
"""Writers of a function's body, for recorded ops that are better written than translated."""
