"""VGG-19 (Simonyan and Zisserman, ICLR 2015), configuration E."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from graphs.builder import GraphBuilder

STAGES = ((2, 1), (2, 2), (4, 4), (4, 8), (4, 8))
"""3×3 convolutions of each stage, and their channels as a multiple of the first stage's."""


def vgg19(
    *,
    image: int = 224,
    width: int = 64,
    hidden: int = 4096,
    classes: int = 1000,
    dtype: str = "f32",
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes]. `image` is a multiple of 32."""
    to = GraphBuilder(dtype)
    x = to.input(1, 3, image, image)
    for count, factor in STAGES:
        for _ in range(count):
            x = to.relu(to.conv(x, factor * width, (3, 3), padding=(1, 1), bias=True))
        x = to.max_pool(x, 2, stride=2)
    x = to.relu(to.linear(to.flatten(x), hidden))
    x = to.relu(to.linear(x, hidden))
    return to.module(to.linear(x, classes))
