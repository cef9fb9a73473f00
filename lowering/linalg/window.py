"""Lowers padding, and ops that slide a window over a padded image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from xdsl.builder import Builder
from xdsl.dialects import tensor
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr

from taso.dialects.convolution import conv_window
from taso.dialects.elementwise import AddOp, DivOp, MaxOp, MulOp
from taso.dialects.pooling import mean_counts, pool_window
from taso.dialects.spec import Attrs, TensorSpec, get_float, get_int, get_ints
from taso.dialects.values import pack_constant
from taso.dialects.window import Window
from taso.lowering.linalg.builder import LinalgBuilder, ScalarBody
from taso.lowering.linalg.compute import accumulator, cast_to, lower_elementwise
from taso.lowering.linalg.movement import lower_constant, lower_reshape
from taso.lowering.linalg.scalar import apply, extend
from taso.lowering.linalg.values import Splat, Value, View

Exprs: TypeAlias = Sequence[AffineExpr]


def lower_pad(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """`tensor.insert_slice` into a fill."""
    low, high = get_ints(attrs, "low"), get_ints(attrs, "high")
    return [_pad(to, operands[0], low, high, get_float(attrs, "value"))]


def _pad(
    to: LinalgBuilder, x: Value, low: Sequence[int], high: Sequence[int], value: float
) -> Value:
    if not any((*low, *high)):
        return x
    shape = [a + n + b for a, n, b in zip(low, x.spec.shape, high, strict=True)]
    around = Splat.of(value, x.spec.with_shape(shape))
    if x.spec.size == 0:  # MLIR takes no offset at the end of an axis
        return around if around.spec.size else View.of(to.empty(around.spec))
    source, target = to.tensor(x), to.fill(around)
    insert = tensor.InsertSliceOp.from_static_parameters(source, target, low, x.spec.shape)
    return to.append(insert)


def lower_conv2d(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A sum of products over windows; several groups are an axis of their own meanwhile."""
    x, weight = operands
    window, groups = conv_window(weight.spec, attrs), get_int(attrs, "groups")
    n, (o, c, *kernel) = x.spec.shape[0], weight.spec.shape
    result = x.spec.with_shape([n, o, *window.places(x.spec)])
    if n == 0:
        return [View.of(to.empty(result))]
    image = _pad_image(to, x, window, 0.0)
    if groups > 1:
        image = _reshaped(to, image, (n, groups, c, *image.spec.shape[2:]))
        weight = _reshaped(to, weight, (groups, o // groups, c, *kernel))
    total = _convolve(to, image, weight, window, result.shape[2:])
    return [_reshaped(to, cast_to(to, total, result.dtype), result.shape)]


def _convolve(
    to: LinalgBuilder, image: Value, weight: Value, window: Window, places: Sequence[int]
) -> View:
    """[n, c, h, w] with [o, c, kh, kw], or with the groups [n, g, c, h, w], [g, o, c, kh, kw].

    The result is [n, o, oh, ow] or [n, g, o, oh, ow]; f16 and bf16 become f32.
    """
    outputs = weight.spec.shape[:-3]  # and the groups before them
    batch, *rest = _dims(6 + len(outputs))
    groups, rest = rest[: len(outputs) - 1], rest[len(outputs) - 1 :]
    output, y, x, channel, *in_window = rest
    slid = _slide(window, (y, x), in_window)
    maps = (
        [batch, *groups, channel, *slid],
        [*groups, output, channel, *in_window],
        [batch, *groups, output, y, x],
    )

    def multiply_add(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        element, factor, total = args
        return apply(b, AddOp, total, apply(b, MulOp, extend(b, element), extend(b, factor)))

    spec = TensorSpec((image.spec.shape[0], *outputs, *places), accumulator(image.spec.dtype))
    inputs = [to.tensor(image), to.tensor(weight)]
    return to.fold(inputs, maps, Splat.of(0, spec), multiply_add)


def _reshaped(to: LinalgBuilder, value: Value, shape: tuple[int, ...]) -> Value:
    (result,) = lower_reshape(to, [value], {"shape": shape})
    return result


def _pad_image(to: LinalgBuilder, image: Value, window: Window, value: float) -> Value:
    around = (0, 0, *window.padding)
    return _pad(to, image, around, around, value)


def _dims(count: int) -> list[AffineExpr]:
    return [AffineExpr.dimension(i) for i in range(count)]


def _slide(window: Window, places: Exprs, in_window: Exprs) -> list[AffineExpr]:
    """Where an element of the window at a place stands in the padded image."""
    return [
        place * stride + inner * dilation
        for place, inner, stride, dilation in zip(
            places, in_window, window.stride, window.dilation, strict=True
        )
    ]


def lower_max_pool2d(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A maximum over windows, from -inf."""

    def combine(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return apply(b, MaxOp, args[2], args[0])

    x = operands[0]
    return [_pool(to, x, pool_window(attrs), -math.inf, x.spec.dtype, combine)]


def lower_avg_pool2d(to: LinalgBuilder, operands: Sequence[Value], attrs: Attrs) -> list[Value]:
    """A sum over windows, then a division by how many elements each has."""

    def combine(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return apply(b, AddOp, args[2], extend(b, args[0]))

    (x,) = operands
    wide = accumulator(x.spec.dtype)
    total = _pool(to, x, pool_window(attrs), 0.0, wide, combine)
    counts = mean_counts(x.spec.shape, attrs)
    (held,) = lower_constant(to, [], pack_constant(counts, wide))
    divisor = held.broadcast((2, 3)[: counts.ndim], total.spec.shape)
    return [cast_to(to, lower_elementwise(to, DivOp, [total, divisor], {}), x.spec.dtype)]


def _pool(
    to: LinalgBuilder, x: Value, window: Window, neutral: float, dtype: str, combine: ScalarBody
) -> View:
    """Fold each window of an image; `combine` gets an element, nothing, and the value so far."""
    n, c = x.spec.shape[:2]
    result = TensorSpec((n, c, *window.places(x.spec)), dtype)
    if n == 0:
        return View.of(to.empty(result))
    image = to.tensor(_pad_image(to, x, window, neutral))
    # The bounds of the loops over the window, which no other operand gives.
    bounds = to.empty(TensorSpec(window.kernel, dtype))
    batch, channel, y, x_, *in_window = _dims(6)
    slid = _slide(window, (y, x_), in_window)
    maps = ([batch, channel, *slid], in_window, [batch, channel, y, x_])
    return to.fold([image, bounds], maps, Splat.of(neutral, result), combine)
