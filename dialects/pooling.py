"""Pooling: the largest or the mean element of each window of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.base import (
    BOOL,
    INTS,
    Array,
    Attrs,
    OpKind,
    TasoOp,
    TensorSpec,
    get_ints,
    require,
)
from taso.dialects.window import Window, require_places, sliding, window_of


class PoolOp(TasoOp):
    """[n, c, h, w] to [n, c, oh, ow]: one element for each window of `kernel` elements.

    (C1) the operand has rank 4 and a float type; (C2) `kernel`, `stride` and `dilation` are two
    numbers from 1 on, `padding` two from 0 on; (C3) the padding is at most half of the kernel;
    (C4) only n may be 0, and the window fits.
    """

    KIND: ClassVar[OpKind] = OpKind.WINDOW
    operand = operand_def(TensorType)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,) = operands
        require(x.rank == 4 and x.is_float, "C1", f"{x} is no batch of images of floats")
        window = pool_window(attrs)
        half = all(p <= k // 2 for p, k in zip(window.padding, window.kernel, strict=True))
        require(half, "C3", f"padding {list(window.padding)} of kernel {list(window.kernel)}")
        return (x.with_shape([*x.shape[:2], *require_places(window, x, "C4")]),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        (result,) = cls.infer(operands, attrs)
        kh, kw = get_ints(attrs, "kernel")
        return result.size * kh * kw


def pool_window(attrs: Attrs) -> Window:
    """The window of a pooling op. Raises `ConstraintError` (C2)."""
    return window_of(get_ints(attrs, "kernel"), attrs, "C2")


@irdl_op_definition
class MaxPool2dOp(PoolOp):
    """The largest element of each window, whose elements are `dilation` apart.

    NaN if any is NaN; padding is -inf.
    """

    name = "taso.max_pool2d"
    kernel = prop_def(INTS)
    stride = prop_def(INTS)
    padding = prop_def(INTS)
    dilation = prop_def(INTS)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.max(sliding(operands[0], pool_window(attrs), -np.inf), axis=(4, 5)),)


@irdl_op_definition
class AvgPool2dOp(PoolOp):
    """The mean of each window: of its elements in the image, or with `count_include_pad` of all.

    Padding is 0. Floats accumulate in float32 or wider.
    """

    name = "taso.avg_pool2d"
    kernel = prop_def(INTS)
    stride = prop_def(INTS)
    padding = prop_def(INTS)
    count_include_pad = prop_def(BOOL)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        (x,) = operands
        with np.errstate(all="ignore"):
            totals = np.sum(sliding(x, pool_window(attrs), 0.0), axis=(4, 5))
            return (totals / mean_counts(x.shape, attrs),)


def mean_counts(shape: Sequence[int], attrs: Attrs) -> Array:
    """Over how many elements each mean of an image of `shape` is: [oh, ow], or [] if over as many.

    Windows that reach over the end have less of the image.
    """
    window = pool_window(attrs)
    if attrs["count_include_pad"] or window.padding == (0, 0):
        return np.asarray(math.prod(window.kernel))
    places = window.places(TensorSpec(tuple(shape), "f64"))
    starts = (
        np.arange(place) * stride - padding
        for place, stride, padding in zip(places, window.stride, window.padding, strict=True)
    )
    rows, columns = (
        np.minimum(start + kernel, size) - np.maximum(start, 0)
        for start, kernel, size in zip(starts, window.kernel, shape[2:], strict=True)
    )
    return np.outer(rows, columns)
