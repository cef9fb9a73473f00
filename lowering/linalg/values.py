"""Lowered values that need no op yet: views of tensors, and splats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, TensorType
from xdsl.ir import Attribute, SSAValue

from taso.dialects.spec import TensorSpec, numpy_dtype, spec_of, tensor_type


@dataclass(frozen=True)
class View:
    """A tensor whose axis i is axis `axes[i]` of `source`, or repeats it where that is None.

    Each source axis occurs once: a view is a transposition and a broadcast.
    """

    source: SSAValue
    axes: tuple[int | None, ...]
    spec: TensorSpec

    @staticmethod
    def of(source: SSAValue) -> View:
        """The tensor itself."""
        spec = spec_of(source)
        return View(source, tuple(range(spec.rank)), spec)

    @property
    def is_identity(self) -> bool:
        return self.axes == tuple(range(_rank(self.source)))

    @property
    def is_permutation(self) -> bool:
        return None not in self.axes

    def permute(self, perm: Sequence[int]) -> View:
        """Axis i of the result is axis perm[i] of this view."""
        shape = [self.spec.shape[p] for p in perm]
        return View(self.source, tuple(self.axes[p] for p in perm), self.spec.with_shape(shape))

    def broadcast(self, dims: Sequence[int], shape: Sequence[int]) -> View:
        """Axis i of this view becomes axis dims[i]; the result repeats along the others."""
        at = dict(zip(dims, self.axes, strict=True))
        axes = tuple(at.get(i) for i in range(len(shape)))
        return View(self.source, axes, self.spec.with_shape(shape))

    def source_axes(self) -> tuple[int, ...]:
        """For each axis of the source, the axis of this view that reads it."""
        return tuple(self.axes.index(j) for j in range(_rank(self.source)))


@dataclass(frozen=True)
class Splat:
    """A tensor that holds one element everywhere, as the bytes that NumPy has for it."""

    element: bytes
    spec: TensorSpec

    @staticmethod
    def of(value: float | int | bool, spec: TensorSpec) -> Splat:
        return Splat(np.asarray(value).astype(numpy_dtype(spec.dtype)).tobytes(), spec)

    def permute(self, perm: Sequence[int]) -> Splat:
        return Splat(self.element, self.spec.with_shape([self.spec.shape[p] for p in perm]))

    def broadcast(self, dims: Sequence[int], shape: Sequence[int]) -> Splat:
        return Splat(self.element, self.spec.with_shape(shape))

    def scalar_attribute(self) -> FloatAttr[Any] | IntegerAttr[Any]:
        """The element as the value of an `arith.constant`."""
        (item,) = np.frombuffer(self.element, numpy_dtype(self.spec.dtype))
        return scalar_attribute(item, element_type(self.spec))


Value: TypeAlias = View | Splat


def _rank(source: SSAValue) -> int:
    return cast("TensorType[Any]", source.type).get_num_dims()


def element_type(spec: TensorSpec) -> Attribute:
    """The builtin type of one element."""
    return tensor_type(spec).element_type


def scalar_attribute(value: Any, type_: Attribute) -> FloatAttr[Any] | IntegerAttr[Any]:
    """A number as an attribute of a builtin scalar type."""
    if isinstance(type_, AnyFloat):
        return FloatAttr(float(value), type_)
    assert isinstance(type_, IntegerType)
    return IntegerAttr(int(value), type_)
