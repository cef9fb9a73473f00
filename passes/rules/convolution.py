"""Convolutions: factors of the output channels go into the weights, where they are computed once.

Each output channel has weights of its own, whatever the groups; an input channel does not.
"""

from __future__ import annotations

from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    AttrVar,
    Batch,
    Call,
    Condition,
    DimProduct,
    Rule,
    ShapeOf,
    Term,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import (
    add,
    broadcast,
    conv2d,
    einsum,
    matmul,
    mul,
    reduce_sum,
    reshape,
    splat,
    splat_like,
)
from taso.passes.rules.ops import transpose as permute

n, o, i, j, h, v, kh, kw, g = dims("n o i j h v kh kw g")

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

_image, _channels = var("x", n, DimProduct((g, i)), h, v), var("s", DimProduct((g, i)))
_grouped = var("w", DimProduct((g, o)), i, kh, kw)


def _for_inputs(vector: Term) -> Call:
    """What stands for each input channel, [groups · i], as weights [groups · o, i, kh, kw]."""
    by_group = broadcast(reshape(vector, (g, i)), (0, 2), (g, o, i, kh, kw))
    return reshape(by_group, (DimProduct((g, o)), i, kh, kw))


# What a batch normalisation before the convolution multiplies by.
SCALE_INPUT_CHANNELS = Rule(
    "convolution-scale-input-channels",
    lhs=(convolve(mul(_image, broadcast(_channels, (1,), shape)), _grouped, groups=g),),
    rhs=(convolve(_image, mul(_grouped, _for_inputs(_channels)), groups=g),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_INPUT = Rule(
    "convolution-scale-input",
    lhs=(convolve(mul(x, splat(value, Batch("s"))), weight),),
    rhs=(convolve(x, mul(weight, splat_like(value, "w"))),),
    nonfinite="lost",
    overflow="may-grow",
)

_unpadded = (0, 0)
_shifted = Apply("convolution_shape", (ShapeOf("x"), ShapeOf("w"), STRIDE, _unpadded, DILATION))

# What it adds. Padding stays 0, so that windows with padding would get less of it.
SHIFT_INPUT_CHANNELS = Rule(
    "convolution-shift-input-channels",
    lhs=(
        convolve(
            add(_image, broadcast(_channels, (1,), shape)), _grouped, padding=_unpadded, groups=g
        ),
    ),
    rhs=(
        add(
            convolve(_image, _grouped, padding=_unpadded, groups=g),
            broadcast(reduce_sum(mul(_grouped, _for_inputs(_channels)), (1, 2, 3)), (1,), _shifted),
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

_pointwise, _matrix = var("w", o, i, 1, 1), var("u", j, o, 1, 1)
_pixels = var("x", n, i, h, v)

AS_MATMUL = Rule(
    "convolution-as-matmul",
    lhs=(convolve(_pixels, _pointwise, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1),),
    rhs=(
        reshape(
            matmul(reshape(_pointwise, (o, i)), reshape(_pixels, (n, i, DimProduct((h, v))))),
            (n, o, h, v),
        ),
    ),
    where=(Condition("is_positive", (DimProduct((o, i, h, v)),)),),
    bidirectional=True,
)

_whole = DimProduct((i, h, v))
_as_large = var("w", o, i, h, v)

# A kernel as large as the image.
WHOLE_AS_MATMUL = Rule(
    "convolution-whole-as-matmul",
    lhs=(convolve(_pixels, _as_large, padding=(0, 0), groups=1),),
    rhs=(
        reshape(
            matmul(reshape(_pixels, (n, _whole)), permute(reshape(_as_large, (o, _whole)), (1, 0))),
            (n, o, 1, 1),
        ),
    ),
)

_strides, _more_strides = dims("sh sv"), dims("uh uv")
_both_strides = tuple(DimProduct(pair) for pair in zip(_strides, _more_strides, strict=True))

# A convolution, then sums over its channels.
COMPOSE_POINTWISE = Rule(
    "convolution-compose-pointwise",
    lhs=(
        convolve(
            convolve(x, weight, stride=_strides, groups=1),
            _matrix,
            stride=_more_strides,
            padding=(0, 0),
            dilation=AttrVar("e", "shape"),
            groups=1,
        ),
    ),
    rhs=(
        convolve(
            x,
            einsum("ab,bcde->acde", reshape(_matrix, (j, o)), weight),
            stride=_both_strides,
            groups=1,
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

_first = var("u", i, j, 1, 1)

# Sums over channels, then a convolution: zeros of the padding are sums of zeros. Two pointwise
# ones are the rule's before.
AFTER_POINTWISE = Rule(
    "convolution-after-pointwise",
    lhs=(
        convolve(
            convolve(
                x,
                _first,
                stride=(1, 1),
                padding=(0, 0),
                dilation=AttrVar("e", "shape"),
                groups=1,
            ),
            weight,
            groups=1,
        ),
    ),
    rhs=(convolve(x, einsum("abcd,be->aecd", weight, reshape(_first, (i, j))), groups=1),),
    where=(Condition("is_positive", (Apply("minus", (DimProduct((kh, kw)), 1)),)),),
    nonfinite="lost",
    overflow="may-grow",
)

_depthwise = var("u", i, 1, kh, kw)

# A depthwise convolution, then sums over its channels.
COMPOSE_DEPTHWISE = Rule(
    "convolution-compose-depthwise",
    lhs=(
        convolve(
            convolve(x, _depthwise, groups=i),
            _pointwise,
            stride=(1, 1),
            padding=(0, 0),
            dilation=AttrVar("e", "shape"),
            groups=1,
        ),
    ),
    rhs=(
        convolve(
            x,
            einsum("ab,bcd->abcd", reshape(_pointwise, (o, i)), reshape(_depthwise, (i, kh, kw))),
            groups=1,
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

RULES = (
    SCALE_CHANNELS,
    SCALE_CHANNELS_BIASED,
    SCALE,
    ADD_BIASES,
    SCALE_INPUT_CHANNELS,
    SCALE_INPUT,
    SHIFT_INPUT_CHANNELS,
    AS_MATMUL,
    WHOLE_AS_MATMUL,
    COMPOSE_POINTWISE,
    AFTER_POINTWISE,
    COMPOSE_DEPTHWISE,
)
