"""Values for the arguments of a graph, such that what it computes stays of the order of 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from xdsl.dialects import func

from taso.dialects.base import Array, numpy_dtype, spec_of

POSITIVE = "variance"
"""Arguments of this name hold no value below 0."""


def draw(function: func.FuncOp, seed: int) -> list[Array]:
    """N(0, 1), divided by the root of the fan-in: of all axes of a weight but the outputs.

    Integers are 0: as indices, they are in every range.
    """
    generator = np.random.default_rng(seed)
    values: list[Array] = []
    for argument in function.args:
        spec = spec_of(argument)
        if not spec.is_float:
            values.append(np.zeros(spec.shape, numpy_dtype(spec.dtype)))
            continue
        value = generator.standard_normal(spec.shape) / math.sqrt(_fan_in(spec.shape))
        if (argument.name_hint or "").startswith(POSITIVE):
            value = np.abs(value) + 0.5
        values.append(value.astype(numpy_dtype(spec.dtype)))
    return values


def _fan_in(shape: Sequence[int]) -> int:
    """Of a matrix the rows, of a convolution's weights all but the outputs, of a vector 1."""
    return shape[0] if len(shape) == 2 else math.prod(shape[1:]) or 1
