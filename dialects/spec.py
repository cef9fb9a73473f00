"""Tensor types and attributes as plain data, which the IR, the e-graph and the rules share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, cast

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    NoneAttr,
    TensorType,
)
from xdsl.ir import Attribute, SSAValue

Array: TypeAlias = npt.NDArray[Any]
AttrValue: TypeAlias = bool | int | float | str | bytes | tuple[int, ...]
Attrs: TypeAlias = Mapping[str, AttrValue]

_NUMPY_DTYPES: dict[str, npt.DTypeLike] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
    "i1": np.bool_,
    "i32": np.int32,
    "i64": np.int64,
}
_ELEMENT_TYPES: dict[str, Attribute] = {
    "f16": Float16Type(),
    "bf16": BFloat16Type(),
    "f32": Float32Type(),
    "f64": Float64Type(),
    "i1": IntegerType(1),
    "i32": IntegerType(32),
    "i64": IntegerType(64),
}
_DTYPE_OF_ELEMENT_TYPE = {t: name for name, t in _ELEMENT_TYPES.items()}
DTYPES = tuple(_NUMPY_DTYPES)
MAX_ELEMENTS = 1 << 60
"""No tensor has more: with 8 bytes an element its size fits a signed 64-bit integer."""
FLOAT_DTYPES = ("f16", "bf16", "f32", "f64")


class OpKind(Enum):
    """How results depend on operands; what a fusing back end needs to know of an op."""

    CONSTANT = "constant"
    VIEW = "view"  # the same elements under other indices; no arithmetic, no launch
    COPY = "copy"  # moves elements into a new buffer
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    CONTRACTION = "contraction"
    COMPOSITE = "composite"
    REGION = "region"


class ConstraintError(ValueError):
    """Operands or attributes break a constraint of an op; the text opens with its name."""


def require(holds: bool, constraint: str, message: str) -> None:
    """Raise `ConstraintError` "(constraint) message" unless `holds`."""
    if not holds:
        raise ConstraintError(f"({constraint}) {message}")


def require_axis(axis: int, rank: int, constraint: str) -> None:
    """Raise `ConstraintError` unless `axis` is in [0, rank)."""
    require(0 <= axis < rank, constraint, f"axis {axis} is not in [0, {rank})")


class TensorSpec(NamedTuple):
    """A ranked tensor type with static shape as plain data."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of a dense buffer of this type."""
        return self.size * numpy_dtype(self.dtype).itemsize

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOAT_DTYPES

    def with_shape(self, shape: Sequence[int]) -> TensorSpec:
        return TensorSpec(tuple(shape), self.dtype)

    def __str__(self) -> str:
        return f"tensor<{''.join(f'{d}x' for d in self.shape)}{self.dtype}>"


def require_static(spec: TensorSpec) -> TensorSpec:
    """The spec itself; `ConstraintError` (T0) if a dim is negative or the dtype unknown."""
    require(spec.dtype in DTYPES, "T0", f"element type {spec.dtype} is not supported")
    require(all(d >= 0 for d in spec.shape), "T0", f"{list(spec.shape)} is no static shape")
    require(spec.size <= MAX_ELEMENTS, "T0", f"{list(spec.shape)} has more than 2^60 elements")
    return spec


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The NumPy dtype of an element type's name (`bf16` is ml_dtypes')."""
    return np.dtype(_NUMPY_DTYPES[dtype])


def spec_of(value: SSAValue | Attribute) -> TensorSpec:
    """The `TensorSpec` of a value or type; `ConstraintError` (T0) if it is no such tensor."""
    attr = value.type if isinstance(value, SSAValue) else value
    if not isinstance(attr, TensorType):
        raise ConstraintError(f"(T0) expected a ranked tensor, got {attr}")
    tensor = cast("TensorType[Any]", attr)
    dtype = _DTYPE_OF_ELEMENT_TYPE.get(tensor.element_type)
    if dtype is None:
        raise ConstraintError(f"(T0) element type {tensor.element_type} is not supported")
    # Matchers ask often, and to print a type for an error that is not raised takes longer.
    shape = tensor.get_shape()
    if any(d < 0 for d in shape):
        raise ConstraintError(f"(T0) {tensor} has a dynamic dim; shapes are static")
    if not isinstance(tensor.encoding, NoneAttr):
        raise ConstraintError(f"(T0) {tensor} has an encoding")
    if math.prod(shape) > MAX_ELEMENTS:
        raise ConstraintError(f"(T0) {tensor} has more than 2^60 elements")
    return TensorSpec(tuple(shape), dtype)


def tensor_type(spec: TensorSpec) -> TensorType[Any]:
    """The builtin tensor type of a `TensorSpec`."""
    return TensorType(cast(Any, _ELEMENT_TYPES[spec.dtype]), spec.shape)


# Typed access to attributes: an op's declaration fixes the type that each name has.


def get_bool(attrs: Attrs, name: str) -> bool:
    return cast(bool, attrs[name])


def get_int(attrs: Attrs, name: str) -> int:
    return cast(int, attrs[name])


def get_ints(attrs: Attrs, name: str) -> tuple[int, ...]:
    return cast("tuple[int, ...]", attrs[name])


def get_float(attrs: Attrs, name: str) -> float:
    return cast(float, attrs[name])


def get_str(attrs: Attrs, name: str) -> str:
    return cast(str, attrs[name])


def widen(array: Array) -> Array:
    """float64 for floats, int64 for integers, bool as it is."""
    if array.dtype == np.bool_:
        return array
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64)
    return array.astype(np.float64)


def narrow(array: Array, dtype: str) -> Array:
    """Round once to the element type; values too large become inf as the hardware has it."""
    array = np.asarray(array)
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype == "bf16" and array.dtype.itemsize == 8:
            array = _float32_to_odd(array)
        return array.astype(numpy_dtype(dtype))


def _float32_to_odd(array: Array) -> Array:
    """float32 by rounding to odd, which a further rounding to 22 bits or fewer does not see.

    ml_dtypes rounds to bfloat16 by way of float32: twice, which is wrong next to a tie.
    Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", 2008.
    """
    wide = array.astype(np.float64)
    near = np.asarray(wide.astype(np.float32))
    beyond = np.abs(near) > np.abs(wide)
    truncated = np.where(beyond, np.nextafter(near, np.float32(0)), near)
    return (truncated.view(np.uint32) | (truncated != wide)).view(np.float32)
