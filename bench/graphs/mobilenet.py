"""MobileNetV2 (Sandler et al., CVPR 2018)."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder, Pair
from taso.dialects.base import spec_of

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, number of blocks, and stride of the first of them (table 2)."""
STEM, HEAD = 32, 1280
EPSILON = 1e-5


def mobilenet_v2(
    *, image: int = 224, divide: int = 1, classes: int = 1000, dtype: str = "f32"
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes]; all channels divided by `divide`."""
    to = GraphBuilder(dtype)
    x = to.input(1, 3, image, image)
    x = _relu6(to, _conv(to, x, STEM // divide, (3, 3), stride=2))
    for expansion, channels, count, first_stride in BLOCKS:
        for block in range(count):
            stride = 1 if block else first_stride
            x = _inverted_residual(to, x, expansion, channels // divide, stride)
    x = _relu6(to, _conv(to, x, HEAD // divide, (1, 1)))
    return to.module(to.linear(to.global_mean(x), classes))


def _inverted_residual(
    to: GraphBuilder, x: SSAValue, expansion: int, channels: int, stride: int
) -> SSAValue:
    given = to.shape(x)[1]
    wide = expansion * given
    y = _relu6(to, _conv(to, x, wide, (1, 1))) if expansion > 1 else x
    y = _relu6(to, _conv(to, y, wide, (3, 3), stride=stride, groups=wide))
    y = _conv(to, y, channels, (1, 1))
    return to.add(x, y) if stride == 1 and given == channels else y


def _conv(
    to: GraphBuilder, x: SSAValue, channels: int, kernel: Pair, *, stride: int = 1, groups: int = 1
) -> SSAValue:
    padding = (kernel[0] // 2, kernel[1] // 2)
    y = to.conv(x, channels, kernel, stride=stride, padding=padding, groups=groups)
    return to.batch_norm(y, EPSILON)


def _relu6(to: GraphBuilder, x: SSAValue) -> SSAValue:
    return to.apply("min", to.relu(x), to.splat(6.0, spec_of(x)))
