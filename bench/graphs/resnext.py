"""ResNeXt-50, 32×4d (Xie et al., CVPR 2017)."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

BLOCKS = (3, 4, 6, 3)
"""Bottleneck blocks of each stage; each stage but the first halves the image."""
EPSILON = 1e-5


def resnext50(
    *, image: int = 224, width: int = 64, groups: int = 32, classes: int = 1000, dtype: str = "f32"
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes].

    `width`: channels of the stem; a block of the first stage has twice as many in its grouped 3×3
    convolution, and four times as many at its end.
    """
    to = GraphBuilder(dtype)
    x = to.input(1, 3, image, image)
    x = to.relu(_conv(to, x, width, 7, stride=2))
    x = to.max_pool(x, 3, stride=2, padding=1)
    for stage, count in enumerate(BLOCKS):
        for block in range(count):
            stride = 2 if stage and not block else 1
            x = _bottleneck(to, x, 2 * width << stage, stride, groups)
    return to.module(to.linear(to.global_mean(x), classes))


def _bottleneck(to: GraphBuilder, x: SSAValue, width: int, stride: int, groups: int) -> SSAValue:
    y = to.relu(_conv(to, x, width, 1))
    y = to.relu(_conv(to, y, width, 3, stride=stride, groups=groups))
    y = _conv(to, y, 2 * width, 1)
    is_same = to.shape(x) == to.shape(y)
    return to.relu(to.add(y, x if is_same else _conv(to, x, 2 * width, 1, stride=stride)))


def _conv(
    to: GraphBuilder, x: SSAValue, channels: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> SSAValue:
    padding = (kernel // 2, kernel // 2)
    y = to.conv(x, channels, (kernel, kernel), stride=stride, padding=padding, groups=groups)
    return to.batch_norm(y, EPSILON)
