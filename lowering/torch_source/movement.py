"""Ops that move elements: slices, concatenation, reshapes, transpositions, broadcasts."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.dialects.linalg.ops import BroadcastOp, TransposeOp
from xdsl.dialects.tensor import (
    CollapseShapeOp,
    ConcatOp,
    ExpandShapeOp,
    ExtractSliceOp,
    InsertSliceOp,
)
from xdsl.ir import SSAValue

from taso.lowering.torch_source.types import TorchSourceError, ints, literal, type_of
from taso.lowering.torch_source.values import Values, hint_of
from taso.lowering.torch_source.views import align, expand, narrow, permute


def _values_of(array: DenseArrayBase[Any]) -> tuple[int, ...]:
    return tuple(int(v) for v in array.iter_values())


def translate_transpose(values: Values, op: TransposeOp) -> None:
    """A view with the axes in another order."""
    perm = _values_of(op.permutation)
    values.bind_view(op.res[0], "transposed", permute(values.ref(op.inputs[0]), perm))


def translate_broadcast(values: Values, op: BroadcastOp) -> None:
    """A view that repeats along the new axes."""
    type_ = type_of(op.result[0])
    added = _values_of(op.dimensions)
    kept = [axis for axis in range(type_.rank) if axis not in added]
    aligned = align(values.ref(op.input), kept, type_.rank)
    values.bind_view(op.result[0], "expanded", expand(aligned, type_.shape))


def translate_reshape(values: Values, op: CollapseShapeOp | ExpandShapeOp) -> None:
    """The elements in the same order under another shape: a view where strides allow it."""
    type_ = type_of(op.result)
    source = values.ref(op.src)
    values.bind_view(op.result, "reshaped", source.view(f".reshape({ints(type_.shape)})", type_))


def translate_concat(values: Values, op: ConcatOp) -> None:
    """Tensors end to end along an axis."""
    inputs = ", ".join(x.text for x in values.refs(op.inputs))
    values.assign(op.result, "joined", f"torch.cat(({inputs}), {op.dim.value.data})")


def translate_pad(values: Values, op: InsertSliceOp) -> None:
    """A slice that is put into a tensor of one number: torch pads from the last axis on."""
    number = values.number(op.dest)
    if number is None:
        raise TorchSourceError("a slice put into something else than a fill is not supported")
    shape = type_of(op.dest).shape
    bounds = zip(_ranges(op), shape, strict=True)
    sides = [(start, total - start - size) for (start, size), total in bounds]
    while len(sides) > 1 and not any(sides[0]):
        del sides[0]
    around = ints([n for side in reversed(sides) for n in side])
    value = "" if number == 0 else f", value={literal(number)}"
    source = values.ref(op.source).text
    values.assign(op.result, "padded", f"torch.nn.functional.pad({source}, {around}{value})")


def translate_slice(values: Values, op: ExtractSliceOp) -> None:
    """Views along each axis that is cut; slices that split their source are cut by one call."""
    pieces = _pieces(op)
    if pieces is None:
        ref = values.ref(op.source)
        for axis, (start, size) in enumerate(_ranges(op)):
            ref = narrow(ref, axis, start, size)
        values.bind_view(op.result, "part", ref)
    elif pieces[0] is op:
        _split(values, pieces)


def _ranges(op: ExtractSliceOp | InsertSliceOp) -> list[tuple[int, int]]:
    """(start, size) along each axis."""
    if op.offsets or op.sizes or op.strides or set(_values_of(op.static_strides)) > {1}:
        raise TorchSourceError("a slice with strides or computed bounds is not supported")
    offsets, sizes = _values_of(op.static_offsets), _values_of(op.static_sizes)
    return list(zip(offsets, sizes, strict=True))


def _cut_axis(op: ExtractSliceOp) -> int | None:
    """The axis along which a slice is shorter than its source, if it is one axis."""
    shape = type_of(op.source).shape
    cut = [axis for axis, (_, size) in enumerate(_ranges(op)) if size != shape[axis]]
    return cut[0] if len(cut) == 1 else None


def _pieces(op: ExtractSliceOp) -> list[ExtractSliceOp] | None:
    """All slices of the same source, if they split it in order: as `taso.split` lowers."""
    axis = _cut_axis(op)
    if axis is None:
        return None
    pieces = [
        user
        for user in _slices_of(op.source)
        if user.parent is op.parent and _cut_axis(user) == axis
    ]
    end = 0
    for piece in pieces:
        start, size = _ranges(piece)[axis]
        if start != end:
            return None
        end += size
    return pieces if len(pieces) > 1 and end == type_of(op.source).shape[axis] else None


def _slices_of(source: SSAValue) -> list[ExtractSliceOp]:
    """In the order of the block, which is not the order of the uses."""
    users = {use.operation for use in source.uses}
    block = next(iter(users)).parent
    ops = block.ops if block is not None else ()
    return [op for op in ops if isinstance(op, ExtractSliceOp) and op in users]


def _split(values: Values, pieces: list[ExtractSliceOp]) -> None:
    axis = _cut_axis(pieces[0])
    assert axis is not None
    sizes = tuple(_ranges(piece)[axis][1] for piece in pieces)
    results = [(hint_of(piece.result, "part"), type_of(piece.result)) for piece in pieces]
    text = f"{values.ref(pieces[0].source).text}.split_with_sizes({ints(sizes)}, {axis})"
    for piece, ref in zip(pieces, values.code.assign_all(results, text, aliases=True), strict=True):
        values.bind(piece.result, ref)
