"""Ops that move elements and compute nothing: constants, views, concat and split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    TensorType,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    BaseAttr,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.irdl import traits_def

from taso.dialects.base import (
    INT,
    INTS,
    Array,
    Attrs,
    OpKind,
    TasoOp,
    TensorSpec,
    format_real,
    narrow,
    numpy_dtype,
    parse_optional_real,
    require,
    spec_of,
    tensor_type,
)


def require_axis(axis: int, rank: int, constraint: str) -> None:
    """Raise `ConstraintError` unless `axis` is in [0, rank)."""
    require(0 <= axis < rank, constraint, f"axis {axis} is not in [0, {rank})")


class MovementOp(TasoOp):
    """An op that moves elements; it does no arithmetic."""

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return 0


def pack_constant(array: Array, dtype: str) -> Attrs:
    """Attributes of a `constant`: one element's bytes if all elements are bitwise equal."""
    data = np.ascontiguousarray(narrow(np.asarray(array), dtype))
    raw = data.tobytes()
    item = data.dtype.itemsize
    if data.size and raw == raw[:item] * data.size:
        raw = raw[:item]
    return {"value": raw, "shape": tuple(np.shape(array)), "dtype": dtype}


def splat_constant(value: float, spec: TensorSpec) -> Attrs:
    """Attributes of a `constant` of type `spec` that holds `value` everywhere."""
    attrs = pack_constant(np.asarray(value), spec.dtype)
    value_bytes = attrs["value"] if spec.size else b""
    return {"value": value_bytes, "shape": spec.shape, "dtype": spec.dtype}


def unpack_constant(attrs: Attrs) -> Array:
    """The array of a constant's attributes; a splat is a broadcast view of one element."""
    dtype, shape = cast(str, attrs["dtype"]), cast("tuple[int, ...]", attrs["shape"])
    flat = np.frombuffer(cast(bytes, attrs["value"]), numpy_dtype(dtype))
    return np.broadcast_to(flat[0], shape) if flat.size == 1 else flat.reshape(shape)


def shortest_real(value: float, dtype: str) -> str:
    """The shortest text that rounds to this value of a float type."""
    return format_real(float(str(numpy_dtype(dtype).type(value))))


def splat_value(attrs: Attrs) -> float | int | bool | None:
    """The value that a constant holds everywhere, or None if it holds several or none."""
    dtype = cast(str, attrs["dtype"])
    flat = np.frombuffer(cast(bytes, attrs["value"]), numpy_dtype(dtype))
    if flat.size != 1:
        return None
    item = flat[0]
    if dtype == "i1":
        return bool(item)
    return float(item) if dtype in ("f16", "bf16", "f32", "f64") else int(item)


@irdl_op_definition
class ConstantOp(MovementOp):
    """A constant tensor. A splat holds one element, whatever its shape.

    (C1) the data is one element (a splat) or as many as the type has.
    """

    name = "taso.constant"
    KIND: ClassVar[OpKind] = OpKind.CONSTANT
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("shape", "dtype")
    value = prop_def(BaseAttr(DenseIntOrFPElementsAttr))
    result = result_def(TensorType)
    traits = traits_def(Pure(), ConstantLike())

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        spec = TensorSpec(cast("tuple[int, ...]", attrs["shape"]), cast(str, attrs["dtype"]))
        count, rest = divmod(len(cast(bytes, attrs["value"])), numpy_dtype(spec.dtype).itemsize)
        fits = not rest and (count == spec.size or (count == 1 and spec.size > 0))
        require(fits, "C1", f"{count} elements do not fill {spec}")
        return (spec,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (unpack_constant(attrs),)

    @classmethod
    def _properties(cls, attrs: Attrs) -> dict[str, Attribute]:
        return {"value": dense_attribute(attrs)}

    def attrs(self) -> dict[str, Any]:
        spec = spec_of(self.result)
        return {"value": self.value.data.data, "shape": spec.shape, "dtype": spec.dtype}

    def print(self, printer: Printer) -> None:
        attrs = self.attrs()
        printer.print_string(" ")
        if (value := splat_value(attrs)) is None:
            dense = cast("DenseIntOrFPElementsAttr[Any]", self.value)
            dense.print_without_type(printer)
        elif isinstance(value, bool):
            printer.print_string("true" if value else "false")
        else:
            shown = shortest_real(value, attrs["dtype"]) if isinstance(value, float) else str(value)
            printer.print_string(shown)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos
        number = parser.parse_optional_boolean()
        if number is None:
            number = parse_optional_real(parser)
        if number is None:
            attr = parser.parse_attribute()
            if not isinstance(attr, DenseIntOrFPElementsAttr):
                parser.raise_error("expected a number or dense<…>", start, parser.pos)
            dense = cast("DenseIntOrFPElementsAttr[Any]", attr)
            spec = spec_of(cast(Attribute, dense.type))
            raw: Attrs = {"value": dense.data.data, "shape": spec.shape, "dtype": spec.dtype}
            return cls.create_op((), pack_constant(unpack_constant(raw), spec.dtype))
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        spec = spec_of(parser.parse_type())
        whole = spec.is_float or (isinstance(number, bool) == (spec.dtype == "i1"))
        if isinstance(number, float) and not spec.is_float or not whole:
            parser.raise_error(f"{number} is no value of type {spec.dtype}", start, parser.pos)
        op = cls.create_op((), splat_constant(number, spec))
        op.attributes.update(attributes)
        return op


def dense_attribute(attrs: Attrs) -> DenseIntOrFPElementsAttr[Any]:
    """The dense attribute of a constant; a splat's has rank 0."""
    spec = TensorSpec(cast("tuple[int, ...]", attrs["shape"]), cast(str, attrs["dtype"]))
    raw = cast(bytes, attrs["value"])
    single = len(raw) == numpy_dtype(spec.dtype).itemsize
    held = TensorSpec((), spec.dtype) if single else spec
    return DenseIntOrFPElementsAttr(cast(Any, tensor_type(held)), BytesAttr(raw))


@irdl_op_definition
class TransposeOp(MovementOp):
    """Result axis i is operand axis perm[i]. (C1) `perm` is a permutation of the axes."""

    name = "taso.transpose"
    KIND: ClassVar[OpKind] = OpKind.VIEW
    operand = operand_def(TensorType)
    perm = prop_def(INTS)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), perm = operands, cast("tuple[int, ...]", attrs["perm"])
        is_permutation = sorted(perm) == list(range(x.rank))
        require(is_permutation, "C1", f"{list(perm)} does not permute {x.rank} axes")
        return (x.with_shape([x.shape[p] for p in perm]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.transpose(operands[0], cast("tuple[int, ...]", attrs["perm"])),)


@irdl_op_definition
class ReshapeOp(MovementOp):
    """The same elements in row-major order. (C1) the number of elements stays."""

    name = "taso.reshape"
    KIND: ClassVar[OpKind] = OpKind.VIEW
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("shape",)
    operand = operand_def(TensorType)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        result = operands[0].with_shape(cast("tuple[int, ...]", attrs["shape"]))
        require(result.size == operands[0].size, "C1", f"{operands[0]} does not fill {result}")
        return (result,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.reshape(operands[0], cast("tuple[int, ...]", attrs["shape"])),)


@irdl_op_definition
class BroadcastOp(MovementOp):
    """Operand axis i becomes result axis dims[i]; the result repeats along the others.

    (C1) one dim an operand axis; (C2) `dims` ascend within the result's rank;
    (C3) the sizes on both sides are equal: a 1 is not stretched.
    """

    name = "taso.broadcast"
    KIND: ClassVar[OpKind] = OpKind.VIEW
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("shape",)
    operand = operand_def(TensorType)
    dims = prop_def(INTS)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), dims = operands, cast("tuple[int, ...]", attrs["dims"])
        shape = cast("tuple[int, ...]", attrs["shape"])
        require(len(dims) == x.rank, "C1", f"{len(dims)} dims for an operand of rank {x.rank}")
        ascending = all(0 <= d < len(shape) for d in dims) and list(dims) == sorted(set(dims))
        require(ascending, "C2", f"dims {list(dims)} do not ascend within rank {len(shape)}")
        for axis, d in enumerate(dims):
            same = shape[d] == x.shape[axis]
            require(same, "C3", f"operand axis {axis} has {x.shape[axis]}, result {shape[d]}")
        return (x.with_shape(shape),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        dims, shape = (cast("tuple[int, ...]", attrs[k]) for k in ("dims", "shape"))
        expanded = [1] * len(shape)
        for axis, d in enumerate(dims):
            expanded[d] = operands[0].shape[axis]
        return (np.broadcast_to(operands[0].reshape(expanded), shape),)


@irdl_op_definition
class ConcatOp(MovementOp):
    """Operands end to end along `axis`.

    (C1) at least one operand; (C2) `axis` is an axis; (C3) types agree but for that axis.
    """

    name = "taso.concat"
    KIND: ClassVar[OpKind] = OpKind.COPY
    inputs = var_operand_def(TensorType)
    axis = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        axis = cast(int, attrs["axis"])
        require(len(operands) > 0, "C1", "concat of nothing")
        first = operands[0]
        require_axis(axis, first.rank, "C2")
        for other in operands[1:]:
            agrees = other.rank == first.rank and other == first.with_shape(
                [*first.shape[:axis], other.shape[axis], *first.shape[axis + 1 :]]
            )
            require(agrees, "C3", f"{first} and {other} differ off axis {axis}")
        total = sum(t.shape[axis] for t in operands)
        return (first.with_shape([*first.shape[:axis], total, *first.shape[axis + 1 :]]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.concatenate(operands, axis=cast(int, attrs["axis"])),)


@irdl_op_definition
class SplitOp(MovementOp):
    """Consecutive pieces of the given sizes along `axis`: the inverse of `concat`.

    (C1) `axis` is an axis; (C2) `sizes` are not negative and sum to the axis' size.
    """

    name = "taso.split"
    KIND: ClassVar[OpKind] = OpKind.VIEW
    operand = operand_def(TensorType)
    axis = prop_def(INT)
    sizes = prop_def(INTS)
    pieces = var_result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), axis = operands, cast(int, attrs["axis"])
        sizes = cast("tuple[int, ...]", attrs["sizes"])
        require_axis(axis, x.rank, "C1")
        fits = len(sizes) > 0 and min(sizes) >= 0 and sum(sizes) == x.shape[axis]
        require(fits, "C2", f"sizes {list(sizes)} do not split {x.shape[axis]}")
        return tuple(x.with_shape([*x.shape[:axis], n, *x.shape[axis + 1 :]]) for n in sizes)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        axis, sizes = cast(int, attrs["axis"]), cast("tuple[int, ...]", attrs["sizes"])
        return tuple(np.split(operands[0], np.cumsum(sizes)[:-1], axis=axis))


@irdl_op_definition
class SliceOp(MovementOp):
    """Elements start to stop (exclusive) along `axis`.

    (C1) `axis` is an axis; (C2) 0 <= start <= stop <= the axis' size.
    """

    name = "taso.slice"
    KIND: ClassVar[OpKind] = OpKind.VIEW
    operand = operand_def(TensorType)
    axis = prop_def(INT)
    start = prop_def(INT)
    stop = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), axis = operands, cast(int, attrs["axis"])
        start, stop = cast(int, attrs["start"]), cast(int, attrs["stop"])
        require_axis(axis, x.rank, "C1")
        inside = 0 <= start <= stop <= x.shape[axis]
        require(inside, "C2", f"[{start}, {stop}) is not within [0, {x.shape[axis]})")
        return (x.with_shape([*x.shape[:axis], stop - start, *x.shape[axis + 1 :]]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        axis, start, stop = (cast(int, attrs[k]) for k in ("axis", "start", "stop"))
        index = (slice(None),) * axis + (slice(start, stop),)
        return (operands[0][index],)
