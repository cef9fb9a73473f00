"""Ops that choose elements by tensors of indices: all are gathers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
from xdsl.ir import SSAValue

from taso.dialects.activation import ReluOp
from taso.dialects.base import MAX_FOLDED_ELEMENTS, Array, spec_of
from taso.dialects.elementwise import AddOp, CastOp, MulOp, NegOp
from taso.dialects.gather import GatherOp
from taso.dialects.movement import ConstantOp, SliceOp, pack_constant
from taso.frontends.aten.writer import (
    NodeWriter,
    UnsupportedError,
    converts,
    wrap_axis,
)


@converts("embedding.default")
def embedding(
    to: NodeWriter,
    weight: SSAValue,
    indices: SSAValue,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> SSAValue:
    """Rows of a table. The flags are about gradients alone."""
    return take(to, weight, indices, 0)


@converts("index_select.default")
def index_select(to: NodeWriter, x: SSAValue, dim: int, index: SSAValue) -> SSAValue:
    """As `embedding`, along any axis; a scalar counts as having one, and as one index."""
    vector = to.reshape(x, to.shape(x) or [1])
    flat = to.reshape(index, [math.prod(to.shape(index))])
    taken = take(to, vector, flat, wrap_axis(dim, len(to.shape(x))))
    return to.reshape(taken, to.result.shape)


@converts("index.Tensor")
def index(to: NodeWriter, x: SSAValue, indices: Sequence[SSAValue | None]) -> SSAValue:
    """x[:, …, i, j, …]: indices of neighbouring axes, which become one axis first.

    There, an index out of range would name another element, unless it is of the first axis.
    """
    axes = [axis for axis, given in enumerate(indices) if given is not None]
    given = [i for i in indices if i is not None]
    if axes != list(range(axes[0], axes[-1] + 1)):
        raise UnsupportedError("there are axes between those that are indexed")
    if any(spec_of(i).dtype not in ("i32", "i64") for i in given):
        raise UnsupportedError("an index is no integer tensor")
    shape = to.shape(x)
    sizes = [shape[axis] for axis in axes]
    for later, size in zip(given[1:], sizes[1:], strict=True):
        _require_in_range(to, later, -size, size)
    joined = np.broadcast_shapes(*(to.shape(i) for i in given))
    places = [
        to.expand(to.cast(_wrapped(to, i, size), "i64"), joined)
        for i, size in zip(given, sizes, strict=True)
    ]
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    flat = to.reshape(x, [*shape[: axes[0]], math.prod(sizes), *shape[axes[-1] + 1 :]])
    return take(to, flat, _weighted_sum(to, places, strides), axes[0])


@converts("gather.default")
def gather(
    to: NodeWriter, x: SSAValue, dim: int, index: SSAValue, sparse_grad: bool = False
) -> SSAValue:
    """x[i, index[i, j, k], k] for dim 1: elements of x as a vector.

    There, an index out of range would name another element, unless it is of the first axis.
    """
    shape, axis = to.shape(x) or (1,), wrap_axis(dim, len(to.shape(x)))
    grid = to.shape(index) or (1,)
    if math.prod(grid) > MAX_FOLDED_ELEMENTS:
        raise UnsupportedError(f"more than {MAX_FOLDED_ELEMENTS} indices")
    if math.prod(shape[:axis]) != 1:
        _require_in_range(to, index, 0, shape[axis])
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    starts = np.zeros(grid, np.int64)
    for i, places in enumerate(np.indices(grid, sparse=True)):
        starts += 0 if i == axis else places * strides[i]
    base = to.emit(ConstantOp, (), **pack_constant(starts, "i64"))
    places = to.reshape(to.cast(index, "i64"), grid)
    flat = to.reshape(x, [math.prod(shape)])
    taken = take(to, flat, _weighted_sum(to, [places, base], [strides[axis], 1]), 0)
    return to.reshape(taken, to.result.shape)


def take(to: NodeWriter, x: SSAValue, indices: SSAValue, axis: int) -> SSAValue:
    """The parts of x along an axis that indices, none of them negative, name.

    Ascending neighbours that are known are a slice.
    """
    shape, chosen = to.shape(x), to.shape(indices)
    known = to.known(indices)
    if known is None or not known.size:
        return to.emit(GatherOp, [x, indices], axis=axis)
    start, stop = int(known.flat[0]), int(known.flat[0]) + known.size
    neighbours = np.array_equal(known.reshape(-1), np.arange(start, stop))
    if not neighbours or not 0 <= start < stop <= shape[axis]:
        return to.emit(GatherOp, [x, indices], axis=axis)
    whole = (start, stop) == (0, shape[axis])
    part = x if whole else to.emit(SliceOp, [x], axis=axis, start=start, stop=stop)
    return to.reshape(part, [*shape[:axis], *chosen, *shape[axis + 1 :]])


def _require_in_range(to: NodeWriter, indices: SSAValue, start: int, stop: int) -> None:
    known = to.known(indices)
    if known is None or not np.all((start <= known) & (known < stop)):
        raise UnsupportedError(f"an index is not known to be from {start} to {stop - 1}")


def _wrapped(to: NodeWriter, indices: SSAValue, size: int) -> SSAValue:
    """Negative indices count from the end: `size` is added to them."""
    known = to.known(indices)
    if known is not None:
        return _constant(to, np.where(known < 0, known + size, known))
    spec = spec_of(indices)
    below = to.emit(CastOp, [to.emit(ReluOp, [to.emit(NegOp, [indices])])], dtype="i1")
    added = to.emit(MulOp, [to.cast(below, spec.dtype), to.splat(size, spec)])
    return to.emit(AddOp, [indices, added])


def _weighted_sum(to: NodeWriter, terms: Sequence[SSAValue], weights: Sequence[int]) -> SSAValue:
    """Σ term · weight of i64 tensors of one shape; a constant if the terms are."""
    known = [k for k in map(to.known, terms) if k is not None]
    if len(known) == len(terms):
        return _constant(to, np.sum([k * w for k, w in zip(known, weights, strict=True)], axis=0))
    scaled = [
        term if weight == 1 else to.emit(MulOp, [term, to.splat(weight, spec_of(term))])
        for term, weight in zip(terms, weights, strict=True)
    ]
    return reduce(lambda total, term: to.emit(AddOp, [total, term]), scaled)


def _constant(to: NodeWriter, array: Array) -> SSAValue:
    return to.emit(ConstantOp, (), **pack_constant(array, "i64"))
