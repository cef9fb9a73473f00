"""Tensor types and scalars of the builtin dialect, as torch writes them."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, TensorType, f32
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import DiagnosticException

TORCH_DTYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i1": "bool",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
}
HALF = ("float16", "bfloat16")


class TorchSourceError(DiagnosticException):
    """The IR holds a form that the torch source has no translation for."""


class Type(NamedTuple):
    """A tensor type: static shape and the name of a torch dtype."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def torch_dtype(self) -> str:
        """The dtype as source."""
        return f"torch.{self.dtype}"


def type_of(value: SSAValue | Attribute) -> Type:
    """What a value's type, or a type, says. Raises `TorchSourceError` unless it is static."""
    attr = value.type if isinstance(value, SSAValue) else value
    if not isinstance(attr, TensorType):
        raise TorchSourceError(f"expected a ranked tensor, got {attr}")
    tensor = cast("TensorType[Any]", attr)
    shape = tensor.get_shape()
    if any(size < 0 for size in shape):
        raise TorchSourceError(f"expected a static shape, got {tensor}")
    return Type(tuple(shape), dtype_of(tensor.element_type))


def dtype_of(element: Attribute) -> str:
    """The name of the torch dtype of an element type."""
    dtype = TORCH_DTYPES.get(str(element))
    if dtype is None:
        raise TorchSourceError(f"element type {element} is not supported")
    return dtype


def scalar_value(attr: Attribute) -> float | int | bool:
    """The number that an `arith.constant` of a scalar holds."""
    match attr:
        case FloatAttr():
            value = float(attr.value.data)
            # torch rounds a Python number to f32 for an f32 tensor, and not to f16 for one of f16.
            return _shortened(value) if attr.type == f32 else value
        case IntegerAttr():
            value = int(attr.value.data)
            return bool(value) if dtype_of(cast(Attribute, attr.type)) == "bool" else value
        case _:
            raise TorchSourceError(f"expected a number, got {attr}")


def _shortened(value: float) -> float:
    """The number of fewest digits that rounds to an f32; the largest stay as they are, for torch
    refuses what lies beyond."""
    largest = abs(value) == np.finfo(np.float32).max
    return value if largest else float(str(np.float32(value)))


def literal(value: float | int | bool) -> str:
    """A number as a Python expression of the same value and kind."""
    text = repr(value)
    return f'float("{text}")' if text in ("inf", "-inf", "nan") else text


def ints(values: tuple[int, ...] | list[int]) -> str:
    """A tuple of integers as source."""
    return repr(tuple(values))
