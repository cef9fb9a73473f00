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
    matmul,
    mul,
    reduce_max,
    reduce_mean,
    reduce_sum,
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
k = transpose(kt, Apply("swap_last_two", (Apply("rank", (ShapeOf("kt"),)),)))

ATTENTION = Rule(
    "composite-attention",
    lhs=(matmul(softmax(mul(matmul(q, kt), splat(scale, b, m, n)), -1), v),),
    rhs=(attention(q, k, v, scale),),
    simplifies=True,
)

ATTENTION_UNSCALED = Rule(
    "composite-attention-unscaled",
    lhs=(matmul(softmax(matmul(q, kt), -1), v),),
    rhs=(attention(q, k, v, 1.0),),
    simplifies=True,
)

_key = var("k", b, n, d)
_factor = AttrVar("c", "scalar")

ATTENTION_SCALED_QUERY = Rule(
    "composite-attention-scaled-query",
    lhs=(attention(mul(q, splat(_factor, b, m, d)), _key, v, scale),),
    rhs=(attention(q, _key, v, Apply("times", (_factor, scale))),),
    nonfinite="lost",
    overflow="may-grow",
    simplifies=True,
)

RULES = (
    SOFTMAX,
    SOFTMAX_UNSHIFTED,
    LAYER_NORM,
    BATCH_NORM,
    ATTENTION,
    ATTENTION_UNSCALED,
    ATTENTION_SCALED_QUERY,
)
