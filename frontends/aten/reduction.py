"""Reductions, softmax and normalisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.ir import SSAValue

from taso.dialects.base import AttrValue, TasoOp, TensorSpec
from taso.dialects.composite import LayerNormOp, SoftmaxOp
from taso.dialects.reduction import ReduceMaxOp, ReduceMeanOp, ReduceSumOp, VarOp
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts, wrap_axis


def _reduce(
    to: NodeWriter,
    op: type[TasoOp],
    x: SSAValue,
    dims: int | Sequence[int] | None,
    **attrs: AttrValue,
) -> SSAValue:
    """Reduce over `dims`; none given are all. The result's type tells whether they are kept."""
    rank = len(to.shape(x))
    given = [dims] if isinstance(dims, int) else dims or range(rank)
    axes = tuple(sorted({wrap_axis(d, rank) for d in given}))
    # A scalar becomes a vector of one element, which has an axis to reduce.
    vector = x if rank else to.reshape(x, [1])
    wide = to.cast(vector, to.result.dtype)
    return to.reshape(to.emit(op, [wide], axes=axes or (0,), **attrs), to.result.shape)


@converts("sum.default", "sum.dim_IntList")
def reduce_sum(
    to: NodeWriter, x: SSAValue, dim: Sequence[int] | None = None, keepdim: bool = False
) -> SSAValue:
    return _reduce(to, ReduceSumOp, x, dim)


@converts("mean.default", "mean.dim")
def reduce_mean(
    to: NodeWriter, x: SSAValue, dim: Sequence[int] | None = None, keepdim: bool = False
) -> SSAValue:
    return _reduce(to, ReduceMeanOp, x, dim)


@converts("amax.default", "max.default")
def reduce_max(
    to: NodeWriter, x: SSAValue, dim: Sequence[int] | None = None, keepdim: bool = False
) -> SSAValue:
    return _reduce(to, ReduceMaxOp, x, dim)


@converts("max.dim")
def max_with_index(
    to: NodeWriter, x: SSAValue, dim: int, keepdim: bool = False
) -> Sequence[SSAValue | None]:
    """The values; the indices have no counterpart."""
    return _reduce(to, ReduceMaxOp, x, dim), None


@converts("var.correction")
def var(
    to: NodeWriter,
    x: SSAValue,
    dim: Sequence[int] | None = None,
    correction: float | None = None,
    keepdim: bool = False,
) -> SSAValue:
    value = 1 if correction is None else correction
    if not float(value).is_integer():
        raise UnsupportedError(f"correction {value}, expected a whole number")
    return _reduce(to, VarOp, x, dim, correction=int(value))


@converts("softmax.int", "_softmax.default")
def softmax(to: NodeWriter, x: SSAValue, dim: int, half_to_float: object = None) -> SSAValue:
    wide = to.cast(x, to.result.dtype)
    if to.result.rank == 0:
        return to.splat(1, to.result)
    return to.emit(SoftmaxOp, [wide], axis=wrap_axis(dim, to.result.rank))


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
    prefix = to.result.shape[: to.result.rank - len(normalized_shape)]
    gamma, beta = (
        to.splat(default, TensorSpec((n,), to.result.dtype))
        if given is None
        else to.cast(to.reshape(given, [n]), to.result.dtype)
        for given, default in ((weight, 1), (bias, 0))
    )
    flat = to.reshape(x, [*prefix, n])
    return to.reshape(to.emit(LayerNormOp, [flat, gamma, beta], eps=eps), to.result.shape)
