"""Written-out softmax, norms and attention raised to the composite ops.

A composite rounds once where its parts round one by one: no rule here is exact. Other spellings
reach these by the normal forms of the other families: a division by a root becomes a product
with `rsqrt`, a division by a constant a scale, a mean of squares `var`.
"""

from __future__ import annotations

from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Batch,
    Condition,
    Rule,
    ShapeOf,
    Term,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import (
    add,
    attention,
    batch_norm,
    broadcast,
    div,
    exp,
    layer_norm,
    log,
    log_softmax,
    matmul,
    mul,
    reduce_max,
    reduce_mean,
    reduce_sum,
    rms_norm,
    rsqrt,
    softmax,
    splat,
    sub,
    transpose,
    var_,
)

b, s = Batch("b"), Batch("s")
m, n, d, e, c = dims("m n d e c")
axes = AttrVar("a", "axes")
axis = AttrVar("a", "axis")
along = AttrVar("d", "dims")
shape = AttrVar("t", "shape")
eps = AttrVar("eps", "scalar")
scale = AttrVar("scale", "scalar")
correction = AttrVar("correction", "int")
x = any_var("x")
_rank = Apply("rank", (ShapeOf("x"),))
_axis = Apply("only", (axes,))
_kept = Condition("equal", (along, Apply("others", (axes, _rank))))

_not_empty = Condition("is_positive", (Apply("count", (ShapeOf("x"), axes)),))


def _along(reduced: Term) -> Term:
    """A reduction, repeated along the axes that it lacks."""
    return broadcast(reduced, along, shape)


_powers = exp(sub(x, _along(reduce_max(x, axes))))

SOFTMAX = Rule(
    "composite-softmax",
    lhs=(div(_powers, _along(reduce_sum(_powers, axes))),),
    rhs=(softmax(x, _axis),),
    where=(_kept,),
    simplifies=True,
)

# Without the shift, exp overflows where softmax does not: the other way would not be sound.
SOFTMAX_UNSHIFTED = Rule(
    "composite-softmax-unshifted",
    lhs=(div(exp(x), _along(reduce_sum(exp(x), axes))),),
    rhs=(softmax(x, _axis),),
    where=(_kept, _not_empty),
    nonfinite="lost",
    simplifies=True,
)


# The logarithm of a power that is rounded to 0 is -inf.
LOG_SOFTMAX = Rule(
    "composite-log-softmax",
    lhs=(log(softmax(x, axis)),),
    rhs=(log_softmax(x, axis),),
    nonfinite="lost",
    simplifies=True,
)


def _normalised(correction: AttrVar | int) -> Term:
    """(x - mean) · rsqrt(var + eps)."""
    shifted = sub(x, _along(reduce_mean(x, axes)))
    return mul(shifted, _along(rsqrt(add(var_(x, axes, correction), splat(eps, s)))))


_vector = AttrVar("v", "dims")


def _affine(unit: Term) -> Term:
    gamma = broadcast(var("gamma", c), _vector, shape)
    return add(mul(unit, gamma), broadcast(var("beta", c), _vector, shape))


LAYER_NORM = Rule(
    "composite-layer-norm",
    lhs=(_affine(_normalised(0)),),
    rhs=(layer_norm(x, var("gamma", c), var("beta", c), eps),),
    where=(
        _kept,
        _not_empty,
        Condition("equal", (axes, _vector)),
        Condition("equal", (axes, Apply("last_axes", (1, _rank)))),
    ),
    simplifies=True,
)

_root_mean_square = rsqrt(add(reduce_mean(mul(x, x), axes), splat(eps, s)))

RMS_NORM = Rule(
    "composite-rms-norm",
    lhs=(mul(mul(x, _along(_root_mean_square)), broadcast(var("gamma", c), _vector, shape)),),
    rhs=(rms_norm(x, var("gamma", c), eps),),
    where=(
        _kept,
        _not_empty,
        Condition("equal", (axes, _vector)),
        Condition("equal", (axes, Apply("last_axes", (1, _rank)))),
    ),
    simplifies=True,
)

BATCH_NORM = Rule(
    "composite-batch-norm",
    lhs=(_affine(_normalised(correction)),),
    rhs=(
        batch_norm(x, var("gamma", c), var("beta", c), Apply("only", (_vector,)), eps, correction),
    ),
    where=(_kept, Condition("equal", (along, _vector))),
    simplifies=True,
)

q, kt, v = var("q", b, m, d), var("kt", b, d, n), var("v", b, n, e)
mask = var("mask", b, m, n)
k = transpose(kt, Apply("swap_last_two", (Apply("rank", (ShapeOf("kt"),)),)))

ATTENTION = Rule(
    "composite-attention",
    lhs=(matmul(softmax(mul(matmul(q, kt), splat(scale, b, m, n)), -1), v),),
    rhs=(attention(q, k, v, scale=scale),),
    simplifies=True,
)

ATTENTION_UNSCALED = Rule(
    "composite-attention-unscaled",
    lhs=(matmul(softmax(matmul(q, kt), -1), v),),
    rhs=(attention(q, k, v, scale=1.0),),
    simplifies=True,
)

# A query that the mask hides all keys from gives 0, where softmax gives NaN.
ATTENTION_MASKED = Rule(
    "composite-attention-masked",
    lhs=(matmul(softmax(add(mul(matmul(q, kt), splat(scale, b, m, n)), mask), -1), v),),
    rhs=(attention(q, k, v, mask, scale=scale),),
    nonfinite="lost",
    simplifies=True,
)

ATTENTION_MASKED_UNSCALED = Rule(
    "composite-attention-masked-unscaled",
    lhs=(matmul(softmax(add(matmul(q, kt), mask), -1), v),),
    rhs=(attention(q, k, v, mask, scale=1.0),),
    nonfinite="lost",
    simplifies=True,
)

_key = var("k", b, n, d)
_factor = AttrVar("c", "scalar")

ATTENTION_SCALED_QUERY = Rule(
    "composite-attention-scaled-query",
    lhs=(attention(mul(q, splat(_factor, b, m, d)), _key, v, scale=scale),),
    rhs=(attention(q, _key, v, scale=Apply("times", (_factor, scale))),),
    nonfinite="lost",
    overflow="may-grow",
    simplifies=True,
)

ATTENTION_MASKED_SCALED_QUERY = Rule(
    "composite-attention-masked-scaled-query",
    lhs=(attention(mul(q, splat(_factor, b, m, d)), _key, v, mask, scale=scale),),
    rhs=(attention(q, _key, v, mask, scale=Apply("times", (_factor, scale))),),
    nonfinite="lost",
    overflow="may-grow",
    simplifies=True,
)

RULES = (
    SOFTMAX,
    SOFTMAX_UNSHIFTED,
    LOG_SOFTMAX,
    LAYER_NORM,
    RMS_NORM,
    BATCH_NORM,
    ATTENTION,
    ATTENTION_UNSCALED,
    ATTENTION_SCALED_QUERY,
    ATTENTION_MASKED,
    ATTENTION_MASKED_UNSCALED,
    ATTENTION_MASKED_SCALED_QUERY,
)
