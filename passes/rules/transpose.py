"""Transposes: they compose, vanish, and move inward through other ops."""

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
    BINARY,
    UNARY,
    broadcast,
    concat,
    matmul,
    reduce_max,
    reduce_mean,
    reduce_sum,
    softmax,
    transpose,
)

perm = AttrVar("p", "perm")
outer = AttrVar("q", "perm")
axes = AttrVar("a", "axes")
axis = AttrVar("a", "axis")
x = any_var("x")
y = any_var("y")
z = any_var("z")

COMPOSE = Rule(
    "transpose-compose",
    lhs=(transpose(transpose(x, perm), outer),),
    rhs=(transpose(x, Apply("compose", (perm, outer))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

IDENTITY = Rule(
    "transpose-identity",
    lhs=(transpose(x, perm),),
    rhs=(x,),
    where=(Condition("is_identity", (perm,)),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

THROUGH_UNARY = tuple(
    Rule(
        f"transpose-{name}",
        lhs=(transpose(op(x), perm),),
        rhs=(op(transpose(x, perm)),),
        numerics="exact",
    )
    for name, op in UNARY.items()
)

THROUGH_BINARY = tuple(
    Rule(
        f"transpose-{name}",
        lhs=(transpose(op(x, y), perm),),
        rhs=(op(transpose(x, perm), transpose(y, perm)),),
        numerics="exact",
    )
    for name, op in BINARY.items()
)

b = Batch("b")
m, k, n = dims("m k n")


def _swap(term: Term, of: str) -> Term:
    """The transpose of the last two axes; `of` is a variable of the term's rank."""
    return transpose(term, Apply("swap_last_two", (Apply("rank", (ShapeOf(of),)),)))


_product = (var("x", b, m, k), var("y", b, k, n))

# Both prefixes are `*b`: with one empty, its matrix is of another rank than the product.
OF_MATMUL = Rule(
    "transpose-matmul",
    lhs=(transpose(matmul(*_product), perm),),
    rhs=(matmul(_swap(_product[1], "y"), _swap(_product[0], "x")),),
    where=(Condition("swaps_last_two", (perm,)),),
)

# Aᵀ Bᵀ = (B A)ᵀ: two transposes become one.
MATMUL_OF_TRANSPOSES = Rule(
    "transpose-matmul-operands",
    lhs=(matmul(transpose(var("x", b, k, m), perm), transpose(var("y", b, n, k), perm)),),
    rhs=(transpose(matmul(var("y", b, n, k), var("x", b, k, m)), perm),),
    where=(Condition("swaps_last_two", (perm,)),),
)

# The dims of a broadcast ascend: the transpose must keep the operand's axes in order.
OF_BROADCAST = Rule(
    "transpose-broadcast",
    lhs=(transpose(broadcast(x, AttrVar("d", "dims"), AttrVar("s", "shape")), perm),),
    rhs=(
        broadcast(
            x,
            Apply("moved", (perm, AttrVar("d", "dims"))),
            Apply("gather", (AttrVar("s", "shape"), perm)),
        ),
    ),
    where=(Condition("ascending", (Apply("moved", (perm, AttrVar("d", "dims"))),)),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

OF_REDUCTION = tuple(
    Rule(
        f"transpose-{name}",
        lhs=(op(transpose(x, perm), axes),),
        rhs=(
            transpose(op(x, Apply("sources", (perm, axes))), Apply("perm_of_rest", (perm, axes))),
        ),
    )
    for name, op in (
        ("reduce-sum", reduce_sum),
        ("reduce-max", reduce_max),
        ("reduce-mean", reduce_mean),
    )
)

OF_SOFTMAX = Rule(
    "transpose-softmax",
    lhs=(transpose(softmax(x, axis), perm),),
    rhs=(softmax(transpose(x, perm), Apply("index_of", (perm, axis))),),
)

OF_CONCAT = Rule(
    "transpose-concat",
    lhs=(transpose(concat(x, y, axis=axis), perm),),
    rhs=(concat(transpose(x, perm), transpose(y, perm), axis=Apply("index_of", (perm, axis))),),
    numerics="exact",
    dtypes="any",
)

RULES = (
    COMPOSE,
    IDENTITY,
    *THROUGH_UNARY,
    *THROUGH_BINARY,
    OF_MATMUL,
    MATMUL_OF_TRANSPOSES,
    OF_BROADCAST,
    *OF_REDUCTION,
    OF_SOFTMAX,
    OF_CONCAT,
)
