"""Constants, and ops that move elements."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from taso.dialects.movement import ConcatOp, SliceOp, SplitOp, TransposeOp
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts, wrap_axis


@converts(
    "_unsafe_view.default",
    "flatten.using_ints",
    "reshape.default",
    "squeeze.default",
    "squeeze.dim",
    "squeeze.dims",
    "unsqueeze.default",
    "view.default",
)
def reshape(to: NodeWriter, x: SSAValue, *_: object) -> SSAValue:
    """Any op that keeps the elements in row-major order: the result's type says it all."""
    return to.reshape(x, to.result.shape)


@converts(
    "alias.default",
    "clone.default",
    "contiguous.default",
    "detach.default",
    "lift_fresh_copy.default",
)
def identity(to: NodeWriter, x: SSAValue) -> SSAValue:
    return x


@converts("dropout.default", "native_dropout.default")
def dropout(to: NodeWriter, x: SSAValue, p: float, train: bool | None) -> SSAValue:
    if train is not False:
        raise UnsupportedError("it is random; call .eval() on the module first")
    return x


@converts("expand.default")
def expand(to: NodeWriter, x: SSAValue, *_: object) -> SSAValue:
    return to.expand(x, to.result.shape)


@converts("full.default", "full_like.default", "scalar_tensor.default")
def full(to: NodeWriter, *arguments: float) -> SSAValue:
    """Filled with the last argument."""
    return to.splat(arguments[-1], to.result)


@converts("permute.default")
def permute(to: NodeWriter, x: SSAValue, dims: Sequence[int]) -> SSAValue:
    perm = tuple(wrap_axis(d, len(dims)) for d in dims)
    return x if perm == tuple(range(len(perm))) else to.emit(TransposeOp, [x], perm=perm)


@converts("t.default", "numpy_T.default")
def reverse_axes(to: NodeWriter, x: SSAValue) -> SSAValue:
    return permute(to, x, range(len(to.result.shape))[::-1])


@converts("transpose.int", "mT.default")
def transpose(to: NodeWriter, x: SSAValue, first: int = -2, second: int = -1) -> SSAValue:
    dims = list(range(to.result.rank))
    if dims:
        dims[first], dims[second] = dims[second], dims[first]
    return permute(to, x, dims)


@converts("cat.default")
def cat(to: NodeWriter, tensors: Sequence[SSAValue], dim: int = 0) -> SSAValue:
    # Empty vectors may stand among tensors of any rank, for old times' sake.
    parts = [to.cast(x, to.result.dtype) for x in tensors if to.shape(x) != (0,)]
    if not parts:
        return to.splat(0, to.result)
    return to.emit(ConcatOp, parts, axis=wrap_axis(dim, to.result.rank))


@converts("split_with_sizes.default")
def split(to: NodeWriter, x: SSAValue, sizes: Sequence[int], dim: int = 0) -> Sequence[SSAValue]:
    axis = wrap_axis(dim, len(to.shape(x)))
    return to.emit_all(SplitOp, [x], axis=axis, sizes=tuple(sizes))


@converts("split.Tensor")
def split_evenly(to: NodeWriter, x: SSAValue, size: int, dim: int = 0) -> Sequence[SSAValue]:
    """Pieces of `size`; the last may be smaller."""
    total = to.shape(x)[dim]
    return split(to, x, [min(size, total - i) for i in range(0, total, size)] or [0], dim)


@converts("slice.Tensor")
def take_slice(
    to: NodeWriter,
    x: SSAValue,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> SSAValue:
    if step != 1:
        raise UnsupportedError(f"step {step}, expected 1")
    size = to.shape(x)[dim]
    first, last, _ = slice(start, end).indices(size)
    if (first, last) == (0, size):
        return x
    axis = wrap_axis(dim, to.result.rank)
    return to.emit(SliceOp, [x], axis=axis, start=first, stop=max(first, last))


@converts("select.int")
def select(to: NodeWriter, x: SSAValue, dim: int, index: int) -> SSAValue:
    axis = wrap_axis(dim, len(to.shape(x)))
    first = index % to.shape(x)[axis]
    row = to.emit(SliceOp, [x], axis=axis, start=first, stop=first + 1)
    return to.reshape(row, to.result.shape)
