"""Reductions: sums, means and variances in simpler or cheaper form."""

from __future__ import annotations

from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Batch,
    Condition,
    Rule,
    ShapeOf,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import (
    broadcast,
    div,
    matmul,
    mul,
    reduce_max,
    reduce_mean,
    reduce_sum,
    reshape,
    splat,
    sub,
    var_,
)

axes = AttrVar("a", "axes")
more_axes = AttrVar("b", "axes")
along = AttrVar("d", "dims")
shape = AttrVar("t", "shape")
value = AttrVar("c", "scalar")
s = Batch("s")
x = any_var("x")
y = any_var("y")

_count = Apply("count", (ShapeOf("x"), axes))
_rest = Apply("without", (shape, axes))
_rank = Apply("rank", (ShapeOf("x"),))

MEAN = Rule(
    "reduction-sum-over-count",
    lhs=(div(reduce_sum(x, axes), splat(value, s)),),
    rhs=(reduce_mean(x, axes),),
    where=(Condition("equal", (value, _count)),),
    simplifies=True,
)

MEAN_AS_SUM = Rule(
    "reduction-mean-as-sum",
    lhs=(reduce_mean(x, axes),),
    rhs=(
        mul(
            reduce_sum(x, axes),
            broadcast(
                splat(Apply("reciprocal", (_count,))), (), Apply("without", (ShapeOf("x"), axes))
            ),
        ),
    ),
)

SUM_OF_SUM = Rule(
    "reduction-sum-of-sum",
    lhs=(reduce_sum(reduce_sum(x, axes), more_axes),),
    rhs=(reduce_sum(x, Apply("both_axes", (axes, more_axes, _rank))),),
    dtypes="any",
    simplifies=True,
)

MAX_OF_MAX = Rule(
    "reduction-max-of-max",
    lhs=(reduce_max(reduce_max(x, axes), more_axes),),
    rhs=(reduce_max(x, Apply("both_axes", (axes, more_axes, _rank))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

SUM_OF_SCALED = Rule(
    "reduction-sum-of-scaled",
    lhs=(reduce_sum(mul(x, splat(value, s)), axes),),
    rhs=(
        mul(
            reduce_sum(x, axes),
            broadcast(splat(value), (), Apply("without", (ShapeOf("x"), axes))),
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

# A factor that is constant along the reduced axes leaves the sum.
SUM_OF_ROW_SCALED = Rule(
    "reduction-sum-of-broadcast-scaled",
    lhs=(reduce_sum(mul(x, broadcast(y, along, shape)), axes),),
    rhs=(mul(reduce_sum(x, axes), broadcast(y, Apply("renumber", (along, axes)), _rest)),),
    nonfinite="lost",
    overflow="may-grow",
)

# inf repeated sums to inf; over no elements, the sum is 0 and inf times 0 is not.
SUM_OF_BROADCAST = Rule(
    "reduction-sum-of-broadcast",
    lhs=(reduce_sum(broadcast(y, along, shape), axes),),
    rhs=(
        mul(
            broadcast(y, Apply("renumber", (along, axes)), _rest),
            broadcast(splat(Apply("count", (shape, axes))), (), _rest),
        ),
    ),
    where=(Condition("is_positive", (Apply("count", (shape, axes)),)),),
    simplifies=True,
)

MAX_OF_BROADCAST = Rule(
    "reduction-max-of-broadcast",
    lhs=(reduce_max(broadcast(y, along, shape), axes),),
    rhs=(broadcast(y, Apply("renumber", (along, axes)), _rest),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

MEAN_OF_BROADCAST = Rule(
    "reduction-mean-of-broadcast",
    lhs=(reduce_mean(broadcast(y, along, shape), axes),),
    rhs=(broadcast(y, Apply("renumber", (along, axes)), _rest),),
    where=(Condition("is_positive", (Apply("count", (shape, axes)),)),),
    simplifies=True,
)

b = Batch("b")
m, k, n = dims("m k n")

# The sum of the rows of a product is the product of one row, the sum of rows.
SUM_OF_MATMUL_ROWS = Rule(
    "reduction-sum-of-matmul-rows",
    lhs=(reduce_sum(matmul(var("x", b, m, k), var("y", b, k, n)), (-2,)),),
    rhs=(
        reshape(
            matmul(
                reshape(reduce_sum(var("x", b, m, k), (-2,)), (b, 1, k)),
                var("y", b, k, n),
            ),
            (b, n),
        ),
    ),
    nonfinite="lost",
    overflow="may-grow",
)

_mean = broadcast(reduce_mean(x, axes), along, shape)
_squares = mul(sub(x, _mean), sub(x, _mean))
_kept = Condition("equal", (along, Apply("others", (axes, _rank))))

VARIANCE = Rule(
    "reduction-variance",
    lhs=(reduce_mean(_squares, axes),),
    rhs=(var_(x, axes, 0),),
    where=(_kept,),
    simplifies=True,
)

# Over count - correction: torch's default has a correction of 1.
VARIANCE_CORRECTED = Rule(
    "reduction-variance-corrected",
    lhs=(div(reduce_sum(_squares, axes), splat(value, s)),),
    rhs=(var_(x, axes, Apply("whole", (Apply("minus", (_count, value)),))),),
    where=(_kept, Condition("is_positive", (value,))),
    simplifies=True,
)

RULES = (
    MEAN,
    MEAN_AS_SUM,
    SUM_OF_SUM,
    MAX_OF_MAX,
    SUM_OF_SCALED,
    SUM_OF_ROW_SCALED,
    SUM_OF_BROADCAST,
    MAX_OF_BROADCAST,
    MEAN_OF_BROADCAST,
    SUM_OF_MATMUL_ROWS,
    VARIANCE,
    VARIANCE_CORRECTED,
)
