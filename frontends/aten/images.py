"""Images as ATen's ops of one and two dimensions take them: with or without a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.ir import SSAValue

from taso.dialects.window import Pair
from taso.frontends.aten.writer import NodeWriter, UnsupportedError

Sizes: TypeAlias = int | Sequence[int]
"""One number for all spatial axes, or one an axis."""


def as_images(to: NodeWriter, x: SSAValue, axes: int) -> SSAValue:
    """A tensor of `axes` spatial axes, one or two, as [n, c, h, w]."""
    *batch, channels = to.shape(x)[:-axes]
    height = [1] * (2 - axes)
    return to.reshape(x, [*(batch or [1]), channels, *height, *to.shape(x)[-axes:]])


def as_pair(sizes: Sizes, axes: int, neutral: int) -> Pair:
    """The numbers of a window's height and width; a height that is not there has `neutral`."""
    given = [sizes] if isinstance(sizes, int) else list(sizes)
    each = given * axes if len(given) == 1 else given
    if len(each) != axes:
        raise UnsupportedError(f"{list(given)} for {axes} axes")
    height, width = [neutral] * (2 - axes) + each
    return height, width
