"""Ops that move elements and compute nothing: constants, views, concat and split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, StringAttr, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AnyOf,
    BaseAttr,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure

from taso.dialects.assembly import parse_spec
from taso.dialects.base import (
    INT,
    INTS,
    Array,
    Attrs,
    AttrValue,
    ConstraintError,
    OpKind,
    TasoOp,
    TensorSpec,
    get_int,
    get_ints,
    get_str,
    numpy_dtype,
    require,
    require_axis,
    require_static,
    spec_of,
)
from taso.dialects.literal import format_literal, literal_attrs, parse_literal
from taso.dialects.values import (
    bytes_of_hex,
    constant_property,
    dense_attribute,
    packed_bytes,
    unpack_constant,
)
from taso.dialects.values import pack_constant as pack_constant
from taso.dialects.values import splat_constant as splat_constant
from taso.dialects.values import splat_value as splat_value


class MovementOp(TasoOp):
    """An op that moves elements; it does no arithmetic."""

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return 0


@irdl_op_definition
class ConstantOp(MovementOp):
    """A constant tensor. A splat holds one element, whatever its shape.

    (C1) the data is one element (a splat) or as many as the type has; (C2) elements are values
    of the type's element type. `value` is a dense attribute of the result's type (a splat's: of
    rank 0), or text, the bytes in hex.
    """

    name = "taso.constant"
    KIND: ClassVar[OpKind] = OpKind.CONSTANT
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("shape", "dtype")
    value = prop_def(AnyOf((BaseAttr(DenseIntOrFPElementsAttr), BaseAttr(StringAttr))))
    result = result_def(TensorType)
    traits = traits_def(Pure(), ConstantLike())

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        spec = require_static(TensorSpec(get_ints(attrs, "shape"), get_str(attrs, "dtype")))
        count, rest = divmod(len(cast(bytes, attrs["value"])), numpy_dtype(spec.dtype).itemsize)
        fits = not rest and (count == spec.size or (count == 1 and spec.size > 0))
        require(fits, "C1", f"{count} elements do not fill {spec}")
        return (spec,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (unpack_constant(attrs),)

    @classmethod
    def _properties(cls, attrs: Attrs) -> dict[str, Attribute]:
        return {"value": constant_property(attrs)}

    def attrs(self) -> dict[str, AttrValue]:
        """`value` is the bytes (one element's for a splat), with `shape` and `dtype`."""
        spec = spec_of(self.result)
        if isinstance(self.value, StringAttr):
            return dict(packed_bytes(bytes_of_hex(self.value.data), spec))
        dense = cast("DenseIntOrFPElementsAttr[Any]", self.value)
        held = spec_of(cast(Attribute, dense.type))
        require(held.dtype == spec.dtype, "C2", f"a value of type {held} for {spec}")
        require(held.shape in ((), spec.shape), "C1", f"a value of type {held} for {spec}")
        return dict(packed_bytes(dense.data.data, spec))

    def fold(self) -> Sequence[SSAValue | Attribute]:
        return [dense_attribute(self.attrs())]

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {format_literal(self.attrs())}")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        at = parser.pos
        literal = parse_literal(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        spec = parse_spec(parser)
        try:
            op = cls.create_op((), literal_attrs(literal, spec))
        except ConstraintError as e:
            parser.raise_error(f"'{cls.name}' {e}", at)
        op.attributes.update(attributes)
        return op


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
        (x,), perm = operands, get_ints(attrs, "perm")
        is_permutation = sorted(perm) == list(range(x.rank))
        require(is_permutation, "C1", f"{list(perm)} does not permute {x.rank} axes")
        return (x.with_shape([x.shape[p] for p in perm]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.transpose(operands[0], get_ints(attrs, "perm")),)


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
        result = require_static(operands[0].with_shape(get_ints(attrs, "shape")))
        require(result.size == operands[0].size, "C1", f"{operands[0]} does not fill {result}")
        return (result,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.reshape(operands[0], get_ints(attrs, "shape")),)


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
        (x,), dims, shape = operands, get_ints(attrs, "dims"), get_ints(attrs, "shape")
        require_static(x.with_shape(shape))
        require(len(dims) == x.rank, "C1", f"{len(dims)} dims for an operand of rank {x.rank}")
        ascending = all(0 <= d < len(shape) for d in dims) and list(dims) == sorted(set(dims))
        require(ascending, "C2", f"dims {list(dims)} do not ascend within rank {len(shape)}")
        for axis, d in enumerate(dims):
            same = shape[d] == x.shape[axis]
            require(same, "C3", f"operand axis {axis} has {x.shape[axis]}, result {shape[d]}")
        return (x.with_shape(shape),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        dims, shape = get_ints(attrs, "dims"), get_ints(attrs, "shape")
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
        axis = get_int(attrs, "axis")
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
        return (np.concatenate(operands, axis=get_int(attrs, "axis")),)


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
        (x,), axis = operands, get_int(attrs, "axis")
        sizes = get_ints(attrs, "sizes")
        require_axis(axis, x.rank, "C1")
        fits = len(sizes) > 0 and min(sizes) >= 0 and sum(sizes) == x.shape[axis]
        require(fits, "C2", f"sizes {list(sizes)} do not split {x.shape[axis]}")
        return tuple(x.with_shape([*x.shape[:axis], n, *x.shape[axis + 1 :]]) for n in sizes)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        axis, sizes = get_int(attrs, "axis"), get_ints(attrs, "sizes")
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
        (x,), axis = operands, get_int(attrs, "axis")
        start, stop = get_int(attrs, "start"), get_int(attrs, "stop")
        require_axis(axis, x.rank, "C1")
        inside = 0 <= start <= stop <= x.shape[axis]
        require(inside, "C2", f"[{start}, {stop}) is not within [0, {x.shape[axis]})")
        return (x.with_shape([*x.shape[:axis], stop - start, *x.shape[axis + 1 :]]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        axis, start, stop = (get_int(attrs, name) for name in ("axis", "start", "stop"))
        index = (slice(None),) * axis + (slice(start, stop),)
        return (operands[0][index],)
