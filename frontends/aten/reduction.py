"""Reductions, softmax and cumulative sums."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.ir import SSAValue

from taso.dialects.base import AttrValue, TasoOp, spec_of
from taso.dialects.composite import CompositeOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.reduction import (
    ArgExtremumOp,
    ArgMaxOp,
    ArgMinOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceMinOp,
    ReduceSumOp,
    VarOp,
)
from taso.dialects.scan import CumSumOp
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


@converts("amin.default", "min.default")
def reduce_min(
    to: NodeWriter, x: SSAValue, dim: Sequence[int] | None = None, keepdim: bool = False
) -> SSAValue:
    return _reduce(to, ReduceMinOp, x, dim)


@converts("any.default", "any.dim", "any.dims")
def reduce_any(
    to: NodeWriter,
    x: SSAValue,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
) -> SSAValue:
    """Whether an element is not 0; none is, where there are none."""
    return _reduce_booleans(to, ReduceMaxOp, x, dim, empty=False)


@converts("all.default", "all.dim", "all.dims")
def reduce_all(
    to: NodeWriter,
    x: SSAValue,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
) -> SSAValue:
    """Whether no element is 0; all are not, where there are none."""
    return _reduce_booleans(to, ReduceMinOp, x, dim, empty=True)


def _reduce_booleans(
    to: NodeWriter,
    op: type[TasoOp],
    x: SSAValue,
    dims: int | Sequence[int] | None,
    *,
    empty: bool,
) -> SSAValue:
    if 0 in to.shape(x):
        return to.splat(empty, to.result)
    if isinstance(dims, Sequence) and not dims:  # no axis, where others take it for all
        return to.cast(x, to.result.dtype)
    return _reduce(to, op, x, dims)


@converts("max.dim")
def max_with_index(
    to: NodeWriter, x: SSAValue, dim: int, keepdim: bool = False
) -> Sequence[SSAValue | None]:
    return _with_index(to, ReduceMaxOp, ArgMaxOp, x, dim)


@converts("min.dim")
def min_with_index(
    to: NodeWriter, x: SSAValue, dim: int, keepdim: bool = False
) -> Sequence[SSAValue | None]:
    return _with_index(to, ReduceMinOp, ArgMinOp, x, dim)


def _with_index(
    to: NodeWriter, op: type[TasoOp], index: type[ArgExtremumOp], x: SSAValue, dim: int
) -> Sequence[SSAValue | None]:
    """The extremum and where it first is; of booleans, the place has no counterpart."""
    values = _reduce(to, op, x, dim)
    return values, None if spec_of(x).dtype == "i1" else _arg_extremum(to, index, x, dim)


@converts("argmax.default")
def argmax(to: NodeWriter, x: SSAValue, dim: int | None = None, keepdim: bool = False) -> SSAValue:
    return _arg_extremum(to, ArgMaxOp, x, dim)


@converts("argmin.default")
def argmin(to: NodeWriter, x: SSAValue, dim: int | None = None, keepdim: bool = False) -> SSAValue:
    return _arg_extremum(to, ArgMinOp, x, dim)


def _arg_extremum(
    to: NodeWriter, op: type[ArgExtremumOp], x: SSAValue, dim: int | None
) -> SSAValue:
    """Along one axis, or of all elements in row-major order."""
    shape = to.shape(x)
    whole = dim is None or not shape
    source = to.reshape(x, [math.prod(shape)]) if whole else x
    axis = 0 if dim is None or whole else wrap_axis(dim, len(shape))
    return to.reshape(to.emit(op, [source], axis=axis), to.result.shape)


@converts("cumsum.default")
def cumsum(to: NodeWriter, x: SSAValue, dim: int) -> SSAValue:
    wide = to.cast(x, to.result.dtype)
    if to.result.rank == 0:
        return wide
    return to.emit(CumSumOp, [wide], axis=wrap_axis(dim, to.result.rank))


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
    return _normalised(to, SoftmaxOp, x, dim)


@converts("log_softmax.int", "_log_softmax.default")
def log_softmax(to: NodeWriter, x: SSAValue, dim: int, half_to_float: object = None) -> SSAValue:
    return _normalised(to, LogSoftmaxOp, x, dim)


def _normalised(to: NodeWriter, op: type[CompositeOp], x: SSAValue, dim: int) -> SSAValue:
    """Along one axis; a scalar counts as having one."""
    wide = to.cast(x, to.result.dtype)
    vector = to.reshape(wide, to.result.shape or [1])
    normal = to.emit(op, [vector], axis=wrap_axis(dim, to.result.rank))
    return to.reshape(normal, to.result.shape)
