"""The table of converters, and what a converter writes its ops with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import torch
from xdsl.builder import Builder
from xdsl.ir import SSAValue

from taso.dialects.assembly import fits_integer
from taso.dialects.base import Array, AttrValue, TasoOp, TensorSpec, spec_of
from taso.dialects.elementwise import CastOp
from taso.dialects.emit import IREmitter
from taso.dialects.movement import BroadcastOp, ConstantOp, ReshapeOp
from taso.dialects.values import finite_splat, unpack_constant

Operand: TypeAlias = SSAValue | bool | int | float
Result: TypeAlias = SSAValue | Sequence[SSAValue | None]
Converter: TypeAlias = Callable[..., Result]

CONVERTERS: dict[str, Converter] = {}
"""By the name of the overload, such as "aten.add.Tensor". A converter takes a `NodeWriter` and the
arguments of the ATen schema, tensors as SSA values. It writes the node's ops and returns its value,
or a sequence, with None for a result that has no counterpart."""

DTYPE_NAMES: Mapping[torch.dtype, str] = {
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.float32: "f32",
    torch.float64: "f64",
    torch.bool: "i1",
    torch.int32: "i32",
    torch.int64: "i64",
}


class UnsupportedError(ValueError):
    """A program, or an op in it, that cannot be written in the taso dialect."""


_C = TypeVar("_C", bound=Converter)


def converts(*overloads: str) -> Callable[[_C], _C]:
    """Register the converter of some overloads, such as "add.Tensor"."""

    def register(converter: _C) -> _C:
        CONVERTERS.update((f"aten.{name}", converter) for name in overloads)
        return converter

    return register


def tensor_spec(tensor: torch.Tensor) -> TensorSpec:
    """Shape and element type of a tensor. Raises `UnsupportedError` for other element types."""
    if tensor.dtype not in DTYPE_NAMES:
        raise UnsupportedError(f"element type {tensor.dtype}")
    return TensorSpec(tuple(tensor.shape), DTYPE_NAMES[tensor.dtype])


class NodeWriter(IREmitter):
    """Writes the ops of one ATen node, whose first result has the type `result`.

    known: the elements of arguments that do not depend on data.
    """

    def __init__(
        self, builder: Builder, result: TensorSpec, known: Mapping[SSAValue, Array]
    ) -> None:
        super().__init__(builder)
        self.result = result
        self._known = known

    def known(self, value: SSAValue) -> Array | None:
        """The elements of what does not depend on data, also where it is reshaped or broadcast."""
        match owner := value.owner:
            case ConstantOp():
                return unpack_constant(owner.attrs())
            case BroadcastOp() | ReshapeOp():
                source = self.known(owner.operand)
                return None if source is None else owner.evaluate([source], owner.attrs())[0]
            case _:
                return self._known.get(value)

    @property
    def accumulator(self) -> str:
        """The element type in which torch computes where it rounds to the result's once."""
        return "f32" if self.result.dtype in ("f16", "bf16") else self.result.dtype

    def emit_all(
        self, op: type[TasoOp], operands: Sequence[SSAValue], **attrs: AttrValue
    ) -> Sequence[SSAValue]:
        """Apply an op of several results."""
        return self.builder.insert(op.create_op(operands, attrs)).results

    def shape(self, value: SSAValue) -> tuple[int, ...]:
        return spec_of(value).shape

    def cast(self, value: SSAValue, dtype: str) -> SSAValue:
        if spec_of(value).dtype == dtype:
            return value
        return self.emit(CastOp, [value], dtype=dtype)

    def reshape(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        if isinstance(value.owner, ReshapeOp):
            value = value.owner.operand
        if self.shape(value) == tuple(shape):
            return value
        return self.emit(ReshapeOp, [value], shape=tuple(shape))

    def expand(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        """Broadcast by NumPy's rules: aligned at the right, sizes of 1 are stretched."""
        given, target = self.shape(value), tuple(shape)
        if given == target:
            return value
        offset = len(target) - len(given)
        kept = [i for i, n in enumerate(given) if n == target[offset + i]]
        squeezed = self.reshape(value, [given[i] for i in kept])
        dims = tuple(offset + i for i in kept)
        return self.emit(BroadcastOp, [squeezed], dims=dims, shape=target)

    def along_axis(self, vector: SSAValue, axis: int, shape: Sequence[int]) -> SSAValue:
        """A vector along one axis of `shape`, repeated along the others."""
        return self.emit(BroadcastOp, [vector], dims=(axis,), shape=tuple(shape))

    def fit(self, operand: Operand, spec: TensorSpec) -> SSAValue:
        """An operand cast and broadcast to `spec`; a number becomes a splat."""
        if isinstance(operand, SSAValue):
            return self.expand(self.cast(operand, spec.dtype), spec.shape)
        return self.number(operand, spec)

    def number(self, value: bool | int | float, spec: TensorSpec) -> SSAValue:
        """A splat. Raises `UnsupportedError` if the number is not in the element type's range."""
        if not _holds(spec, value):
            raise UnsupportedError(f"{value} is no value of type {spec.dtype}")
        return self.splat(value, spec)

    def elementwise(self, op: type[TasoOp], *operands: Operand, **attrs: AttrValue) -> SSAValue:
        """Apply an element-wise op to operands that are first fitted to the node's result."""
        return self.emit(op, [self.fit(x, self.result) for x in operands], **attrs)


def _holds(spec: TensorSpec, value: bool | int | float) -> bool:
    """Whether a number is a value of an element type, but for rounding; any number has a truth."""
    if spec.is_float:
        return finite_splat(float(value), spec) is not None
    is_whole = isinstance(value, int) or value.is_integer()
    return spec.dtype == "i1" or (is_whole and fits_integer(int(value), spec.dtype))


def promoted(*operands: Operand) -> str:
    """The element type to which torch promotes two operands: scalars give way to tensors.

    Raises `UnsupportedError` if it is none of ours.
    """
    a, b = (_like(x) if isinstance(x, SSAValue) else x for x in operands)
    dtype = torch.result_type(a, b)
    if dtype not in DTYPE_NAMES:
        raise UnsupportedError(f"element type {dtype}")
    return DTYPE_NAMES[dtype]


def _like(value: SSAValue) -> torch.Tensor:
    """A tensor of the value's type, without memory."""
    spec = spec_of(value)
    dtypes = {name: dtype for dtype, name in DTYPE_NAMES.items()}
    return torch.empty(spec.shape, dtype=dtypes[spec.dtype], device="meta")


def wrap_axis(axis: int, rank: int) -> int:
    """An axis counted from the front; a scalar counts as having one."""
    return axis % max(rank, 1)
