"""Convolutions: factors of the output channels go into the weights, where they are computed once.

Each output channel has weights of its own, whatever the groups; an input channel does not.
"""

from __future__ import annotations

from taso.passes.rules.notation import AttrVar, Batch, Call, Rule, ShapeOf, Term, any_var, dims, var
from taso.passes.rules.ops import add, broadcast, conv2d, mul, splat, splat_like

o, i, kh, kw = dims("o i kh kw")

x = any_var("x")
weight = var("w", o, i, kh, kw)
vector = var("s", o)
bias = var("b", o)
shape = AttrVar("t", "shape")
value = AttrVar("c", "scalar")


def _convolve(w: Term) -> Call:
    stride, padding, dilation = (
        AttrVar(name, "shape") for name in ("stride", "padding", "dilation")
    )
    return conv2d(x, w, stride, padding, dilation, AttrVar("groups", "int"))


_scaled_weight = mul(weight, broadcast(vector, (0,), ShapeOf("w")))

# What a batch normalisation with fixed statistics multiplies by.
SCALE_CHANNELS = Rule(
    "convolution-scale-channels",
    lhs=(mul(_convolve(weight), broadcast(vector, (1,), shape)),),
    rhs=(_convolve(_scaled_weight),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_CHANNELS_BIASED = Rule(
    "convolution-scale-channels-biased",
    lhs=(
        mul(
            add(_convolve(weight), broadcast(bias, (1,), shape)),
            broadcast(vector, (1,), shape),
        ),
    ),
    rhs=(add(_convolve(_scaled_weight), broadcast(mul(bias, vector), (1,), shape)),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE = Rule(
    "convolution-scale",
    lhs=(mul(_convolve(weight), splat(value, Batch("s"))),),
    rhs=(_convolve(mul(weight, splat_like(value, "w"))),),
    nonfinite="lost",
    overflow="may-grow",
)

# A scaled bias, and what is added after the scale.
ADD_BIASES = Rule(
    "convolution-add-biases",
    lhs=(
        add(
            add(_convolve(weight), broadcast(bias, (1,), shape)),
            broadcast(vector, (1,), shape),
        ),
    ),
    rhs=(add(_convolve(weight), broadcast(add(bias, vector), (1,), shape)),),
)

RULES = (SCALE_CHANNELS, SCALE_CHANNELS_BIASED, SCALE, ADD_BIASES)
