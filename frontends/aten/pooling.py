"""Pooling, and padding with a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from taso.dialects.base import AttrValue, TasoOp, spec_of
from taso.dialects.movement import SliceOp
from taso.dialects.padding import PadOp
from taso.dialects.pooling import AvgPool2dOp, MaxPool2dOp
from taso.dialects.reduction import ReduceMeanOp
from taso.frontends.aten.images import Sizes, as_images, as_pair
from taso.frontends.aten.writer import (
    CONVERTERS,
    Converter,
    NodeWriter,
    UnsupportedError,
    converts,
)


def _pool(
    to: NodeWriter,
    op: type[TasoOp],
    x: SSAValue,
    axes: int,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    **attrs: AttrValue,
) -> SSAValue:
    """A pool over `axes` spatial axes, which strides by its kernel unless told otherwise."""
    window: dict[str, AttrValue] = {
        "kernel": as_pair(kernel, axes, 1),
        "stride": as_pair(kernel if stride in ([], ()) else stride, axes, 1),
        "padding": as_pair(padding, axes, 0),
        **attrs,
    }
    images = as_images(to, x, axes)
    (result,) = op.infer([spec_of(images)], window)
    if result.shape[-axes:] != to.result.shape[-axes:]:
        raise UnsupportedError("ceil_mode adds windows that reach over the end")
    return to.reshape(to.emit(op, [images], **window), to.result.shape)


@converts("max_pool2d.default")
def max_pool2d(
    to: NodeWriter,
    x: SSAValue,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> SSAValue:
    apart = as_pair(dilation, 2, 1)
    return _pool(to, MaxPool2dOp, x, 2, kernel_size, stride, padding, dilation=apart)


@converts("max_pool2d_with_indices.default")
def max_pool2d_with_indices(
    to: NodeWriter, x: SSAValue, *arguments: Any, **named: Any
) -> Sequence[SSAValue | None]:
    """The values; the indices have no counterpart."""
    return max_pool2d(to, x, *arguments, **named), None


def _avg_pool(axes: int) -> Converter:
    """That over one axis takes no divisor."""

    def convert(
        to: NodeWriter,
        x: SSAValue,
        kernel_size: Sizes,
        stride: Sizes = (),
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> SSAValue:
        if divisor_override is not None:
            raise UnsupportedError("divisor_override is set")
        counted = {"count_include_pad": count_include_pad}
        return _pool(to, AvgPool2dOp, x, axes, kernel_size, stride, padding, **counted)

    return convert


CONVERTERS.update((f"aten.avg_pool{axes}d.default", _avg_pool(axes)) for axes in (1, 2))


@converts("_adaptive_avg_pool2d.default", "adaptive_avg_pool2d.default")
def adaptive_avg_pool2d(to: NodeWriter, x: SSAValue, output_size: Sizes) -> SSAValue:
    """A pool whose windows part the image; to one element, a mean."""
    rank, sizes, places = len(to.shape(x)), to.shape(x)[-2:], to.result.shape[-2:]
    if places == (1, 1):
        return to.reshape(to.emit(ReduceMeanOp, [x], axes=(rank - 2, rank - 1)), to.result.shape)
    if 0 in places or any(n % m for n, m in zip(sizes, places, strict=True)):
        raise UnsupportedError(f"windows of unequal sizes, for {list(sizes)} to {list(places)}")
    kernel = [n // m for n, m in zip(sizes, places, strict=True)]
    return _pool(to, AvgPool2dOp, x, 2, kernel, kernel, 0, count_include_pad=True)


@converts("constant_pad_nd.default")
def constant_pad(to: NodeWriter, x: SSAValue, pad: Sequence[int], value: float = 0) -> SSAValue:
    """Two numbers an axis, from the last axis on; negative ones cut."""
    if value == value and float(value) != value:
        raise UnsupportedError(f"{value} is no float64")
    missing = [0] * (2 * len(to.shape(x)) - len(pad))
    sides = [*pad, *missing]
    low, high = sides[-2::-2], sides[::-2]
    for axis, (before, after) in enumerate(zip(low, high, strict=True)):
        size = to.shape(x)[axis]
        if min(before, after) < 0:
            bounds = {"start": max(-before, 0), "stop": size - max(-after, 0)}
            x = to.emit(SliceOp, [x], axis=axis, **bounds)
    low, high = (tuple(max(n, 0) for n in side) for side in (low, high))
    if not any((*low, *high)):
        return x
    return to.emit(PadOp, [x], low=low, high=high, value=float(value))
