"""SqueezeNet 1.0 (Iandola et al., 2016), with the stem and the pools of its released version."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

STAGES = (
    ((16, 64), (16, 64), (32, 128)),
    ((32, 128), (48, 192), (48, 192), (64, 256)),
    ((64, 256),),
)
"""For each fire module between pools: squeezed channels, and those of each expansion."""
STEM = 96


def squeezenet(
    *, image: int = 224, divide: int = 1, classes: int = 1000, dtype: str = "f32"
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes]; all channels divided by `divide`."""
    to = GraphBuilder(dtype)
    x = to.input(1, 3, image, image)
    x = to.relu(to.conv(x, STEM // divide, (7, 7), stride=2, bias=True))
    for stage in STAGES:
        x = _pool(to, x)
        for squeezed, expanded in stage:
            x = _fire(to, x, squeezed // divide, expanded // divide)
    x = to.relu(to.conv(x, classes, (1, 1), bias=True))
    return to.module(to.global_mean(x))


def _fire(to: GraphBuilder, x: SSAValue, squeezed: int, expanded: int) -> SSAValue:
    x = to.relu(to.conv(x, squeezed, (1, 1), bias=True))
    one = to.relu(to.conv(x, expanded, (1, 1), bias=True))
    three = to.relu(to.conv(x, expanded, (3, 3), padding=(1, 1), bias=True))
    return to.concat(one, three, axis=1)


def _pool(to: GraphBuilder, x: SSAValue) -> SSAValue:
    """A maximum of 3×3, stride 2, whose last window may reach over the end.

    What it sees there are zeros: after a relu, the maximum is the same.
    """
    over = (to.shape(x)[2] - 3) % 2
    return to.max_pool(to.pad(x, 0, over) if over else x, 3, stride=2)
