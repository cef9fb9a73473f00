"""Matrix products: factoring, association, scales, transposes, and joins of several products.

Operand prefixes are symbols of their own (`*p`, `*q`): that the left side is well-typed says
that they are equal or that one is empty, and the right side needs no more.
"""

from __future__ import annotations

from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Batch,
    Condition,
    Dim,
    DimSum,
    Rule,
    ShapeOf,
    dims,
    sibling_family,
    var,
)
from taso.passes.rules.ops import add, broadcast, concat, matmul, mul, reshape, splat, split, sub

m, k, n, j = dims("m k n j")
p, q, r, t = Batch("p"), Batch("q"), Batch("r"), Batch("t")

a = var("a", p, m, k)
b = var("b", q, k, n)
c = var("c", q, k, n)
d = var("d", p, m, k)

FACTOR_LEFT = Rule(
    "matmul-factor-left",
    lhs=(add(matmul(a, b), matmul(a, c)),),
    rhs=(matmul(a, add(b, c)),),
    nonfinite="lost",
    bidirectional=True,
)

FACTOR_RIGHT = Rule(
    "matmul-factor-right",
    lhs=(add(matmul(a, b), matmul(d, b)),),
    rhs=(matmul(add(a, d), b),),
    nonfinite="lost",
    bidirectional=True,
)

FACTOR_LEFT_SUB = Rule(
    "matmul-factor-left-sub",
    lhs=(sub(matmul(a, b), matmul(a, c)),),
    rhs=(matmul(a, sub(b, c)),),
    nonfinite="lost",
)

FACTOR_RIGHT_SUB = Rule(
    "matmul-factor-right-sub",
    lhs=(sub(matmul(a, b), matmul(d, b)),),
    rhs=(matmul(sub(a, d), b),),
    nonfinite="lost",
)

_third = var("c", r, n, j)

# (a b) c = a (b c). A product such as kᵀ v sums over as many terms as the sequence is long.
ASSOCIATE = Rule(
    "matmul-associate",
    lhs=(matmul(matmul(a, b), _third),),
    rhs=(matmul(a, matmul(b, _third)),),
    nonfinite="lost",
    overflow="may-grow",
    bidirectional=True,
)

value = AttrVar("c", "scalar")
along = AttrVar("d", "dims")
_shape_of_product = Apply("product_shape", (ShapeOf("a"), ShapeOf("b")))
_scale_of_product = broadcast(splat(value), (), _shape_of_product)
_scale_of_a, _scale_of_b = splat(value, p, m, k), splat(value, q, k, n)

SCALE_INTO_LEFT = Rule(
    "matmul-scale-into-left",
    lhs=(mul(matmul(a, b), splat(value, t)),),
    rhs=(matmul(mul(a, _scale_of_a), b),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_INTO_RIGHT = Rule(
    "matmul-scale-into-right",
    lhs=(mul(matmul(a, b), splat(value, t)),),
    rhs=(matmul(a, mul(b, _scale_of_b)),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_OUT_OF_LEFT = Rule(
    "matmul-scale-out-of-left",
    lhs=(matmul(mul(a, _scale_of_a), b),),
    rhs=(mul(matmul(a, b), _scale_of_product),),
    nonfinite="lost",
    overflow="may-grow",
)

SCALE_OUT_OF_RIGHT = Rule(
    "matmul-scale-out-of-right",
    lhs=(matmul(a, mul(b, _scale_of_b)),),
    rhs=(mul(matmul(a, b), _scale_of_product),),
    nonfinite="lost",
    overflow="may-grow",
)

_columns = broadcast(var("row", n), along, AttrVar("s", "shape"))
_product_rank = Apply("rank", (_shape_of_product,))

# A factor for each column goes into the weights, where it is computed once.
COLUMN_SCALE = Rule(
    "matmul-column-scale",
    lhs=(mul(matmul(a, b), _columns),),
    rhs=(
        matmul(
            a,
            mul(
                b,
                broadcast(
                    var("row", n),
                    Apply("last_axes", (1, Apply("rank", (ShapeOf("b"),)))),
                    ShapeOf("b"),
                ),
            ),
        ),
    ),
    where=(Condition("equal", (along, Apply("last_axes", (1, _product_rank)))),),
    nonfinite="lost",
    overflow="may-grow",
)

x = var("x", p, m, k)


def _widths(prefix: str, arity: int) -> tuple[Dim, ...]:
    return dims(" ".join(f"{prefix}{i}" for i in range(arity)))


def concat_weights(arity: int) -> Rule:
    """Products that share their left operand are one wide product, then a split."""
    widths = _widths("n", arity)
    weights = [var(f"w{i}", q, k, width) for i, width in enumerate(widths)]
    return Rule(
        f"matmul-concat-weights-{arity}",
        lhs=tuple(matmul(x, w) for w in weights),
        rhs=split(matmul(x, concat(*weights, axis=-1)), widths, -1),
    )


def concat_weights_left(arity: int) -> Rule:
    """Products that share their right operand are one high product, then a split."""
    heights = _widths("m", arity)
    weights = [var(f"w{i}", p, height, k) for i, height in enumerate(heights)]
    return Rule(
        f"matmul-concat-weights-left-{arity}",
        lhs=tuple(matmul(w, b) for w in weights),
        rhs=split(matmul(concat(*weights, axis=-2), b), heights, -2),
    )


def concat_linear(arity: int) -> Rule:
    """Linear layers on one input, each with a bias, are one wide layer, then a split."""
    widths = _widths("n", arity)
    weights = [var(f"w{i}", q, k, width) for i, width in enumerate(widths)]
    biases = [var(f"b{i}", width) for i, width in enumerate(widths)]
    wide = add(
        matmul(x, concat(*weights, axis=-1)),
        broadcast(concat(*biases, axis=-1), along, (t, m, DimSum(widths))),
    )
    rank = Apply("rank", ((t, m, widths[0]),))
    return Rule(
        f"matmul-concat-linear-{arity}",
        lhs=tuple(
            add(matmul(x, w), broadcast(bias, along, (t, m, width)))
            for w, bias, width in zip(weights, biases, widths, strict=True)
        ),
        rhs=split(wide, widths, -1),
        where=(Condition("equal", (along, Apply("last_axes", (1, rank)))),),
    )


def batch(arity: int) -> Rule:
    """Products of equal shapes that share nothing are one batched product."""
    lefts = [var(f"x{i}", m, k) for i in range(arity)]
    rights = [var(f"w{i}", k, n) for i in range(arity)]
    stacked = matmul(
        concat(*(reshape(v, (1, m, k)) for v in lefts), axis=0),
        concat(*(reshape(v, (1, k, n)) for v in rights), axis=0),
    )
    return Rule(
        f"matmul-batch-{arity}",
        lhs=tuple(matmul(*pair) for pair in zip(lefts, rights, strict=True)),
        rhs=tuple(reshape(piece, (m, n)) for piece in split(stacked, (1,) * arity, 0)),
    )


FAMILIES = (
    sibling_family("matmul-concat-weights", concat_weights),
    sibling_family("matmul-concat-weights-left", concat_weights_left),
    sibling_family("matmul-concat-linear", concat_linear),
    sibling_family("matmul-batch", batch),
)

# x a + y b: one product with a longer sum.
CONCAT_INNER = Rule(
    "matmul-concat-inner",
    lhs=(add(matmul(x, b), matmul(var("y", p, m, j), var("c", q, j, n))),),
    rhs=(
        matmul(
            concat(x, var("y", p, m, j), axis=-1),
            concat(b, var("c", q, j, n), axis=-2),
        ),
    ),
    bidirectional=True,
)

OF_CONCAT_COLUMNS = Rule(
    "matmul-of-concat-columns",
    lhs=(matmul(x, concat(b, var("c", q, k, j), axis=-1)),),
    rhs=(concat(matmul(x, b), matmul(x, var("c", q, k, j)), axis=-1),),
    bidirectional=True,
)

OF_CONCAT_ROWS = Rule(
    "matmul-of-concat-rows",
    lhs=(matmul(concat(x, var("y", p, j, k), axis=-2), b),),
    rhs=(concat(matmul(x, b), matmul(var("y", p, j, k), b), axis=-2),),
    bidirectional=True,
)

RULES = (
    FACTOR_LEFT,
    FACTOR_RIGHT,
    FACTOR_LEFT_SUB,
    FACTOR_RIGHT_SUB,
    ASSOCIATE,
    SCALE_INTO_LEFT,
    SCALE_INTO_RIGHT,
    SCALE_OUT_OF_LEFT,
    SCALE_OUT_OF_RIGHT,
    COLUMN_SCALE,
    CONCAT_INNER,
    OF_CONCAT_COLUMNS,
    OF_CONCAT_ROWS,
)
