"""Convolutions: factors of the output channels go into the weights, where they are computed once.

Each output channel has weights of its own, whatever the groups; an input channel does not.
"""

from __future__ import annotations

from taso.passes.rules.notation import (
    AttrExpr,
    AttrVar,
    Batch,
    Call,
    Rule,
    ShapeOf,
    Term,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import add, broadcast, conv2d, mul, splat, splat_like

o, i, kh, kw = dims("o i kh kw")

x = any_var("x")
weight = var("w", o, i, kh, kw)
vector = var("s", o)
bias = var("b", o)
shape = AttrVar("t", "shape")
value = AttrVar("c", "scalar")


STRIDE, PADDING, DILATION = (AttrVar(name, "shape") for name in ("stride", "padding", "dilation"))
GROUPS = AttrVar("groups", "int")


def convolve(
    image: Term,
    weight: Term,
    *,
    stride: AttrExpr = STRIDE,
    padding: AttrExpr = PADDING,
    dilation: AttrExpr = DILATION,
    groups: AttrExpr = GROUPS,
) -> Call:
    """A convolution with symbols for all attributes that are not given."""
    return conv2d(image, weight, stride, padding, dilation, groups)


_scaled_weight = mul(weight, broadcast(vector, (0,), ShapeOf("w")))

# What a batch normalisation with fixed statistics multiplies by.
SCALE_CHANNELS = Rule(
    "convolution-scale-channels",
    lhs=(mul(convolve(x, weight), broadcast(vector, (1,), shape)),),
    rhs=(convolve(x, _scaled_weight),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_CHANNELS_BIASED = Rule(
    "convolution-scale-channels-biased",
    lhs=(
        mul(
            add(convolve(x, weight), broadcast(bias, (1,), shape)),
            broadcast(vector, (1,), shape),
        ),
    ),
    rhs=(add(convolve(x, _scaled_weight), broadcast(mul(bias, vector), (1,), shape)),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE = Rule(
    "convolution-scale",
    lhs=(mul(convolve(x, weight), splat(value, Batch("s"))),),
    rhs=(convolve(x, mul(weight, splat_like(value, "w"))),),
    nonfinite="lost",
    overflow="may-grow",
)

# A scaled bias, and what is added after the scale.
ADD_BIASES = Rule(
    "convolution-add-biases",
    lhs=(
        add(
            add(convolve(x, weight), broadcast(bias, (1,), shape)),
            broadcast(vector, (1,), shape),
        ),
    ),
    rhs=(add(convolve(x, weight), broadcast(add(bias, vector), (1,), shape)),),
)

RULES = (SCALE_CHANNELS, SCALE_CHANNELS_BIASED, SCALE, ADD_BIASES)
