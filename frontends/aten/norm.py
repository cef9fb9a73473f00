"""Normalisation over axes or groups of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from taso.dialects.base import TensorSpec
from taso.dialects.composite import LayerNormOp
from taso.dialects.elementwise import AddOp, MulOp, RsqrtOp
from taso.dialects.norm import GroupNormOp, RmsNormOp
from taso.dialects.reduction import ReduceMeanOp, VarOp
from taso.frontends.aten.writer import NodeWriter, converts


@converts("layer_norm.default")
def layer_norm(
    to: NodeWriter,
    x: SSAValue,
    normalized_shape: Sequence[int],
    weight: SSAValue | None = None,
    bias: SSAValue | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> SSAValue:
    """Several normalised axes are made one first."""
    n = math.prod(normalized_shape)
    gamma, beta = _vector(to, weight, 1, n), _vector(to, bias, 0, n)
    normal = to.emit(LayerNormOp, [_rows(to, x, len(normalized_shape)), gamma, beta], eps=eps)
    return to.reshape(normal, to.result.shape)


@converts("native_layer_norm.default")
def native_layer_norm(
    to: NodeWriter,
    x: SSAValue,
    normalized_shape: Sequence[int],
    weight: SSAValue | None,
    bias: SSAValue | None,
    eps: float,
) -> Sequence[SSAValue | None]:
    """`layer_norm`, with the mean and the reciprocal deviation, axes kept."""
    axes = len(normalized_shape)
    kept = [*to.result.shape[: to.result.rank - axes], *[1] * axes]
    result = layer_norm(to, x, normalized_shape, weight, bias, eps)
    return result, *_statistics(to, _rows(to, x, axes), eps, kept)


@converts("rms_norm.default")
def rms_norm(
    to: NodeWriter,
    x: SSAValue,
    normalized_shape: Sequence[int],
    weight: SSAValue | None = None,
    eps: float | None = None,
) -> SSAValue:
    """Several normalised axes are made one first. The default of eps is the epsilon of the type."""
    gamma = _vector(to, weight, 1, math.prod(normalized_shape))
    rows = _rows(to, x, len(normalized_shape))
    normal = to.emit(RmsNormOp, [rows, gamma], eps=_epsilon(to, eps))
    return to.reshape(normal, to.result.shape)


def _epsilon(to: NodeWriter, eps: float | None) -> float:
    """Half types are normalised in float32, and take its epsilon."""
    wide = np.float64 if to.result.dtype == "f64" else np.float32
    return float(np.finfo(wide).eps) if eps is None else eps


@converts("_fused_rms_norm.default")
def fused_rms_norm(
    to: NodeWriter,
    x: SSAValue,
    normalized_shape: Sequence[int],
    weight: SSAValue | None,
    eps: float | None,
) -> Sequence[SSAValue | None]:
    """`rms_norm`, with the reciprocal of the root mean square, axes kept."""
    axes = len(normalized_shape)
    kept = [*to.result.shape[: to.result.rank - axes], *[1] * axes]
    result = rms_norm(to, x, normalized_shape, weight, eps)
    if to.result.dtype not in ("f32", "f64"):
        return result, None
    rows = _rows(to, x, axes)
    squares = to.emit(MulOp, [rows, rows])
    power = to.emit(ReduceMeanOp, [squares], axes=(len(to.shape(rows)) - 1,))
    return result, _reciprocal_root(to, power, _epsilon(to, eps), kept)


@converts("group_norm.default")
def group_norm(
    to: NodeWriter,
    x: SSAValue,
    num_groups: int,
    weight: SSAValue | None = None,
    bias: SSAValue | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> SSAValue:
    channels = to.result.shape[1]
    gamma, beta = _vector(to, weight, 1, channels), _vector(to, bias, 0, channels)
    return to.emit(GroupNormOp, [x, gamma, beta], groups=num_groups, eps=eps)


@converts("native_group_norm.default")
def native_group_norm(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue | None,
    bias: SSAValue | None,
    batch: int,
    channels: int,
    size: int,
    groups: int,
    eps: float,
) -> Sequence[SSAValue | None]:
    """`group_norm`, with the mean and the reciprocal deviation of each group."""
    result = group_norm(to, x, groups, weight, bias, eps)
    rows = to.reshape(x, [batch, groups, channels // groups * size])
    return result, *_statistics(to, rows, eps, [batch, groups])


def _rows(to: NodeWriter, x: SSAValue, axes: int) -> SSAValue:
    """The last `axes` axes as one."""
    shape = to.shape(x)
    kept = shape[: len(shape) - axes]
    return to.reshape(x, [*kept, math.prod(shape[len(kept) :])])


def _vector(to: NodeWriter, given: SSAValue | None, default: float, n: int) -> SSAValue:
    """The weight or bias of n elements, in the element type of the result."""
    if given is None:
        return to.splat(default, TensorSpec((n,), to.result.dtype))
    return to.cast(to.reshape(given, [n]), to.result.dtype)


def _statistics(
    to: NodeWriter, rows: SSAValue, eps: float, shape: Sequence[int]
) -> tuple[SSAValue | None, SSAValue | None]:
    """Mean and rsqrt(variance + eps) of each row; those of half types have no counterpart.

    What element type they have depends there on the device.
    """
    if to.result.dtype not in ("f32", "f64"):
        return None, None
    last = (len(to.shape(rows)) - 1,)
    mean = to.emit(ReduceMeanOp, [rows], axes=last)
    variance = to.emit(VarOp, [rows], axes=last, correction=0)
    return to.reshape(mean, shape), _reciprocal_root(to, variance, eps, shape)


def _reciprocal_root(to: NodeWriter, x: SSAValue, eps: float, shape: Sequence[int]) -> SSAValue:
    """rsqrt(x + eps), reshaped."""
    shifted = to.emit(AddOp, [x, to.splat(eps, to.spec(x))])
    return to.reshape(to.emit(RsqrtOp, [shifted]), shape)
