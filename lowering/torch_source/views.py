"""Permutations, broadcasts and slices of tensors as the shortest torch views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.types import Type, ints


def permute(ref: Ref, perm: Sequence[int]) -> Ref:
    """Axis i of the result is axis perm[i] of the tensor."""
    perm = tuple(perm)
    rank = len(perm)
    if perm == tuple(range(rank)):
        return ref
    type_ = Type(tuple(ref.type.shape[p] for p in perm), ref.type.dtype)
    if perm == (*range(rank - 2), rank - 1, rank - 2):
        suffix = ".T" if rank == 2 else ".mT"
        if ref.text.endswith(suffix):
            return replace(ref, text=ref.text.removesuffix(suffix), type=type_)
        return ref.view(suffix, type_)
    return ref.view(f".permute{ints(perm)}", type_)


def align(ref: Ref, axes: Sequence[int], rank: int) -> Ref:
    """Axis i of the tensor becomes axis axes[i] of `rank`; sizes 1 stand in for the others.

    Missing leading axes are left to torch's broadcasting.
    """
    order = sorted(range(len(axes)), key=axes.__getitem__)
    ref = permute(ref, order)
    kept = sorted(axes)
    first = kept[0] if kept else rank
    inserted = [axis for axis in range(first, rank) if axis not in kept]
    if not inserted:
        return ref
    sizes = dict(zip(kept, ref.type.shape, strict=True))
    type_ = Type(tuple(sizes.get(axis, 1) for axis in range(first, rank)), ref.type.dtype)
    if len(inserted) == 1:
        return ref.view(f".unsqueeze({inserted[0] - first})", type_)
    index = ", ".join("None" if axis in inserted else ":" for axis in range(first, rank))
    return ref.view(f"[{index}]", type_)


def expand(ref: Ref, shape: Sequence[int]) -> Ref:
    """Repeat axes of size 1, and add leading ones, without a copy."""
    shape = tuple(shape)
    if ref.type.shape == shape:
        return ref
    return ref.view(f".expand({ints(shape)})", Type(shape, ref.type.dtype))


def convert(ref: Ref, dtype: str) -> Ref:
    """The tensor in another element type: itself, or a copy."""
    if ref.type.dtype == dtype:
        return ref
    return ref.view(f".to(torch.{dtype})", Type(ref.type.shape, dtype))


def narrow(ref: Ref, axis: int, start: int, size: int) -> Ref:
    """`size` elements from `start` along `axis`."""
    shape = list(ref.type.shape)
    if shape[axis] == size:
        return ref
    shape[axis] = size
    return ref.view(f".narrow({axis}, {start}, {size})", Type(tuple(shape), ref.type.dtype))


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an element-wise operation, sizes 1 stretched."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(next((n for n in sizes if n != 1), 1) for sizes in zip(*padded, strict=True))
