"""Convolutions in two dimensions, and in one by way of two."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import AddOp
from taso.dialects.padding import PadOp
from taso.frontends.aten.images import Sizes, as_images, as_pair
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts


@converts("conv1d.default", "conv2d.default")
def convolve(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue,
    bias: SSAValue | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> SSAValue:
    axes = _spatial_axes(to, weight)
    outputs, inputs, *kernel = to.shape(weight)
    result = to.emit(
        Conv2dOp,
        [as_images(to, x, axes), to.reshape(weight, [outputs, inputs, *as_pair(kernel, axes, 1)])],
        stride=as_pair(stride, axes, 1),
        padding=as_pair(padding, axes, 0),
        dilation=as_pair(dilation, axes, 1),
        groups=groups,
    )
    if bias is not None:
        result = to.emit(AddOp, [result, to.along_axis(bias, 1, to.shape(result))])
    return to.reshape(result, to.result.shape)


def _spatial_axes(to: NodeWriter, weight: SSAValue) -> int:
    axes = len(to.shape(weight)) - 2
    if axes not in (1, 2):
        raise UnsupportedError(f"{axes} spatial axes, expected 1 or 2")
    return axes


@converts("convolution.default")
def convolution(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue,
    bias: SSAValue | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> SSAValue:
    """`output_padding` is for transposed convolutions alone."""
    if transposed:
        raise UnsupportedError("it is transposed")
    return convolve(to, x, weight, bias, stride, padding, dilation, groups)


@converts("conv1d.padding", "conv2d.padding")
def convolve_padded(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue,
    bias: SSAValue | None = None,
    stride: Sizes = 1,
    padding: str = "valid",
    dilation: Sizes = 1,
    groups: int = 1,
) -> SSAValue:
    """With `padding` "same", as many windows as elements: an odd one is added at the end."""
    if padding == "valid":
        return convolve(to, x, weight, bias, stride, 0, dilation, groups)
    axes = _spatial_axes(to, weight)
    steps = as_pair(dilation, axes, 1)[2 - axes :]
    totals = [d * (k - 1) for d, k in zip(steps, to.shape(weight)[2:], strict=True)]
    if any(total % 2 for total in totals):
        others = [0] * (len(to.shape(x)) - axes)
        high = (*others, *(total % 2 for total in totals))
        x = to.emit(PadOp, [x], low=(0,) * len(high), high=high, value=0.0)
    return convolve(to, x, weight, bias, stride, [t // 2 for t in totals], dilation, groups)
