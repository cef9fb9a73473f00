"""Pools: what moves through them, how they join, and a mean as a convolution.

A window of a pool without dilation has an element of the image, for its padding is at most half
of it. With dilation, all of its elements can be padding: then its maximum is -inf.
"""

from __future__ import annotations

from collections.abc import Callable

from taso.passes.rules.convolution import convolve
from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    AttrVar,
    Call,
    Condition,
    Dim,
    DimProduct,
    Numerics,
    Rule,
    ShapeOf,
    Term,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import (
    add,
    avg_pool2d,
    broadcast,
    concat,
    max_pool2d,
    mul,
    relu,
    reshape,
    splat,
)

n, c, d, h, v, o, i, kh, kv, sh, sv, ph, pv = dims("n c d h v o i kh kv sh sv ph pv")
KERNEL, STRIDE, PADDING, DILATION = (
    AttrVar(name, "shape") for name in ("kernel", "stride", "padding", "dilation")
)
COUNTED = AttrVar("counted", "int")

x = any_var("x")
bias = var("b", c)
shape = AttrVar("t", "shape")
_image, _more, _other = var("x", n, c, h, v), var("y", n, d, h, v), var("y", n, c, h, v)


def _maximum(image: Term, dilation: AttrExpr = (1, 1)) -> Call:
    return max_pool2d(image, KERNEL, STRIDE, PADDING, dilation)


def _any_maximum(image: Term) -> Call:
    return _maximum(image, DILATION)


def _mean(image: Term) -> Call:
    return avg_pool2d(image, KERNEL, STRIDE, PADDING, COUNTED)


# Of fewer elements.
RELU_OF_MAX = Rule(
    "pooling-relu-of-max",
    lhs=(_maximum(relu(x)),),
    rhs=(relu(_maximum(x)),),
    numerics="exact",
    bidirectional=True,
)

_pooled_shape = Apply("pooled_shape", (ShapeOf("x"), KERNEL, STRIDE, PADDING))

# What is added to all elements of a channel is added to their maximum, and rounded as they are.
SHIFT_OF_MAX = Rule(
    "pooling-shift-of-max",
    lhs=(_maximum(add(_image, broadcast(bias, (1,), shape))),),
    rhs=(add(_maximum(_image), broadcast(bias, (1,), _pooled_shape)),),
    numerics="exact",
    nonfinite="lost",
)

_POOLS: tuple[tuple[str, Callable[[Term], Call], Numerics], ...] = (
    ("max", _any_maximum, "exact"),
    ("mean", _mean, "reassociating"),  # the order of a sum may change with its place
)

OF_CONCATS = tuple(
    Rule(
        f"pooling-{name}-of-concat",
        lhs=(pool(concat(_image, _more, axis=1)),),
        rhs=(concat(pool(_image), pool(_more), axis=1),),
        where=(Condition("is_positive", (c,)), Condition("is_positive", (d,))),
        numerics=numerics,
        bidirectional=True,
    )
    for name, pool, numerics in _POOLS
)

_inner = ((kh, kv), (sh, sv), (ph, pv))
_kh, _kv, _sh, _sv = dims("more_kh more_kv more_sh more_sv")


def _reach(kernel: Dim, stride: Dim, steps: Dim) -> Apply:
    """The length of so many windows, each a stride after the one before."""
    return Apply("plus", (kernel, Apply("times", (stride, Apply("minus", (steps, 1))))))


# The windows of the inner pool have to leave no gaps. With padding of the outer one, a window
# would reach elements at the end that are in no window of the inner one.
MAX_OF_MAX = Rule(
    "pooling-max-of-max",
    lhs=(max_pool2d(max_pool2d(x, *_inner, (1, 1)), (_kh, _kv), (_sh, _sv), (0, 0), (1, 1)),),
    rhs=(
        max_pool2d(
            x,
            (_reach(kh, sh, _kh), _reach(kv, sv, _kv)),
            (DimProduct((sh, _sh)), DimProduct((sv, _sv))),
            (ph, pv),
            (1, 1),
        ),
    ),
    where=(Condition("at_most", (sh, kh)), Condition("at_most", (sv, kv))),
    numerics="exact",
)

# Windows that stand side by side, each as often in the mean as the others.
MEAN_OF_MEAN = Rule(
    "pooling-mean-of-mean",
    lhs=(
        avg_pool2d(
            avg_pool2d(x, (kh, kv), (kh, kv), (0, 0), COUNTED),
            (_kh, _kv),
            (_sh, _sv),
            (0, 0),
            AttrVar("more_counted", "int"),
        ),
    ),
    rhs=(
        avg_pool2d(
            x,
            (DimProduct((kh, _kh)), DimProduct((kv, _kv))),
            (DimProduct((kh, _sh)), DimProduct((kv, _sv))),
            (0, 0),
            COUNTED,
        ),
    ),
    overflow="may-grow",
)

FACTOR_MEAN = Rule(
    "pooling-factor-mean",
    lhs=(add(_mean(_image), _mean(_other)),),
    rhs=(_mean(add(_image, _other)),),
    nonfinite="lost",
)

# Without padding, it is all the same whether a mean counts it.
UNCOUNTED = Rule(
    "pooling-uncounted",
    lhs=(avg_pool2d(x, KERNEL, STRIDE, (0, 0), True),),
    rhs=(avg_pool2d(x, KERNEL, STRIDE, (0, 0), False),),
    numerics="exact",
    bidirectional=True,
)

# A mean that counts zeros of the padding is moved by less.
SHIFT_OF_MEAN = Rule(
    "pooling-shift-of-mean",
    lhs=(avg_pool2d(add(_image, broadcast(bias, (1,), shape)), KERNEL, STRIDE, PADDING, False),),
    rhs=(
        add(
            avg_pool2d(_image, KERNEL, STRIDE, PADDING, False),
            broadcast(bias, (1,), _pooled_shape),
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

_pointwise = var("w", o, i, 1, 1)


def _mix(image: Term) -> Call:
    """Each element of an image becomes a weighted sum over its channels."""
    return convolve(image, _pointwise, stride=(1, 1), padding=(0, 0))


# Sums over channels and over windows change places: the fewer elements, the less work.
MEAN_OF_POINTWISE = Rule(
    "pooling-mean-of-pointwise",
    lhs=(_mean(_mix(x)),),
    rhs=(_mix(_mean(x)),),
    nonfinite="lost",
    overflow="may-grow",
    bidirectional=True,
)

_padding = (ph, pv)
_size = DimProduct((kh, kv))

# Means of windows in which each element counts the same are sums with equal weights.
AS_CONVOLUTION = Rule(
    "pooling-as-convolution",
    lhs=(avg_pool2d(_image, (kh, kv), STRIDE, _padding, True),),
    rhs=(
        convolve(
            _image,
            splat(Apply("reciprocal", (_size,)), c, 1, kh, kv),
            padding=_padding,
            dilation=(1, 1),
            groups=c,
        ),
    ),
    where=(
        Condition("at_most", (DimProduct((2, ph)), kh)),
        Condition("at_most", (DimProduct((2, pv)), kv)),
    ),
    nonfinite="lost",
    bidirectional=True,
)

# The weights of a mean go into those of a pointwise convolution after it.
INTO_POINTWISE = Rule(
    "pooling-into-pointwise",
    lhs=(_mix(avg_pool2d(x, (kh, kv), (sh, sv), _padding, True)),),
    rhs=(
        convolve(
            x,
            mul(
                broadcast(reshape(_pointwise, (o, i)), (0, 1), (o, i, kh, kv)),
                splat(Apply("reciprocal", (_size,)), o, i, kh, kv),
            ),
            stride=(sh, sv),
            padding=_padding,
            dilation=(1, 1),
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

RULES = (
    RELU_OF_MAX,
    SHIFT_OF_MAX,
    *OF_CONCATS,
    MAX_OF_MAX,
    MEAN_OF_MEAN,
    FACTOR_MEAN,
    UNCOUNTED,
    SHIFT_OF_MEAN,
    MEAN_OF_POINTWISE,
    AS_CONVOLUTION,
    INTO_POINTWISE,
)
