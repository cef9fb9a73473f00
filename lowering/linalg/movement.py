"""Lowers ops that move elements. Transpositions and broadcasts stay views until read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.builder import Builder
from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
    i64,
)
from xdsl.ir import SSAValue

from taso.dialects.spec import (
    Attrs,
    TensorSpec,
    get_int,
    get_ints,
    get_str,
    numpy_dtype,
    tensor_type,
)
from taso.dialects.values import constant_property, splat_value
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.values import Splat, Value, View, element_type


def lower_constant(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A splat takes no op; without elements, or one for each, the constant is a tensor."""
    spec = TensorSpec(get_ints(attrs, "shape"), get_str(attrs, "dtype"))
    if spec.size == 0:
        return [View.of(to.empty(spec))]
    if splat_value(attrs) is not None:
        return [Splat(cast(bytes, attrs["value"]), spec)]
    held = constant_property(attrs)
    if isinstance(held, DenseIntOrFPElementsAttr):
        return [to.append(arith.ConstantOp(held))]
    return [_constant_from_bits(to, attrs, spec)]


def _constant_from_bits(to: LinalgBuilder, attrs: Attrs, spec: TensorSpec) -> View:
    """A constant whose dense form xDSL would not read back: its bits, as integers."""
    bits = IntegerType(8 * numpy_dtype(spec.dtype).itemsize)
    data = BytesAttr(cast(bytes, attrs["value"]))
    integers = DenseIntOrFPElementsAttr(TensorType(bits, spec.shape), data)

    def bitcast(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.insert(arith.BitcastOp(args[0], element_type(spec))).result

    source = to.insert(arith.ConstantOp(integers)).result
    elements = View(source, tuple(range(spec.rank)), spec)
    return to.elementwise([elements], spec, bitcast)


def lower_transpose(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A view."""
    return [operands[0].permute(get_ints(attrs, "perm"))]


def lower_broadcast(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A view."""
    dims, shape = (get_ints(attrs, name) for name in ("dims", "shape"))
    return [operands[0].broadcast(dims, shape)]


def lower_concat(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """`tensor.concat` of the operands with elements; a single one is the result."""
    axis = get_int(attrs, "axis")
    first = operands[0].spec
    total = sum(v.spec.shape[axis] for v in operands)
    spec = first.with_shape([*first.shape[:axis], total, *first.shape[axis + 1 :]])
    parts = [v for v in operands if v.spec.size]  # MLIR takes no offset at the end of an axis
    if len(parts) == 1:
        return parts
    if not parts:
        return [View.of(to.empty(spec))]
    tensors = [to.tensor(v) for v in parts]
    return [to.append(tensor.ConcatOp(tensors, axis, tensor_type(spec)))]


def lower_slice(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """`tensor.extract_slice`."""
    axis, start, stop = (get_int(attrs, name) for name in ("axis", "start", "stop"))
    return [_slice(to, operands[0], axis, start, stop)]


def lower_split(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """One `tensor.extract_slice` a piece."""
    axis, sizes = get_int(attrs, "axis"), get_ints(attrs, "sizes")
    stops = np.cumsum(sizes).tolist()
    return [
        _slice(to, operands[0], axis, stop - size, stop)
        for size, stop in zip(sizes, stops, strict=True)
    ]


def _slice(to: LinalgBuilder, value: Value, axis: int, start: int, stop: int) -> View:
    shape = list(value.spec.shape)
    shape[axis] = stop - start
    spec = value.spec.with_shape(shape)
    if spec.size == 0:  # MLIR takes no offset at the end of an axis
        return View.of(to.empty(spec))
    offsets, strides = [0] * len(shape), [1] * len(shape)
    offsets[axis] = start
    op = tensor.ExtractSliceOp(to.tensor(value), offsets, shape, strides, tensor_type(spec))
    return to.append(op)


def lower_reshape(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """Collapse what has to be joined, then expand what has to be parted."""
    (x,), shape = operands, get_ints(attrs, "shape")
    spec = x.spec.with_shape(shape)
    if spec == x.spec:
        return [x]
    if isinstance(x, Splat):
        return [Splat(x.element, spec)]
    if x.spec.rank == 0:  # to ones, which xDSL does not expand
        return [x.broadcast((), shape)]
    if spec.size == 0:
        return [View.of(to.empty(spec))]
    joined, parted = reassociation(x.spec.shape, shape)
    source = to.tensor(x)
    if len(joined) < x.spec.rank:
        sizes = [math.prod(x.spec.shape[i] for i in group) for group in joined]
        source = _collapse(to, source, joined, x.spec.with_shape(sizes))
    if len(parted) < spec.rank:
        groups = _groups_attribute(parted)
        expand = tensor.ExpandShapeOp(source, (), groups, shape, tensor_type(spec))
        source = to.insert(expand).result
    return [View.of(source)]


def _collapse(
    to: LinalgBuilder, source: SSAValue, groups: list[list[int]], spec: TensorSpec
) -> SSAValue:
    op = tensor.CollapseShapeOp(
        operands=[source],
        result_types=[tensor_type(spec)],
        properties={"reassociation": _groups_attribute(groups)},
    )
    return to.insert(op).result


def _groups_attribute(groups: list[list[int]]) -> ArrayAttr[ArrayAttr[IntegerAttr[Any]]]:
    return ArrayAttr([ArrayAttr([IntegerAttr(i, i64) for i in group]) for group in groups])


def reassociation(
    source: Sequence[int], target: Sequence[int]
) -> tuple[list[list[int]], list[list[int]]]:
    """The finest pairs of runs of axes, one of each shape, that hold equally many elements.

    The shapes have the same, nonzero number of elements, and `source` has rank 1 or more.
    To rank 0 there are no pairs.
    """
    joined: list[list[int]] = []
    parted: list[list[int]] = []
    i = j = 0
    while i < len(source) and j < len(target):
        i0, j0, left, right = i, j, source[i], target[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left, i = left * source[i], i + 1
            else:
                right, j = right * target[j], j + 1
        joined.append(list(range(i0, i)))
        parted.append(list(range(j0, j)))
    if joined:  # ones at the end of either shape
        joined[-1].extend(range(i, len(source)))
        parted[-1].extend(range(j, len(target)))
    return joined, parted
