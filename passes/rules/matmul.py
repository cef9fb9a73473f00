"""Matrix products: factoring, association, scales, transposes, and joins of several products.

Operand prefixes are symbols of their own (`*p`, `*q`): that the left side is well-typed says
that they are equal or that one is empty, and the right side needs no more.
"""

from __future__ import annotations

from taso.passes.rules.notation import Batch, Rule, dims, var
from taso.passes.rules.ops import add, matmul, sub

m, k, n, j = dims("m k n j")
p, q, r = Batch("p"), Batch("q"), Batch("r")

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

RULES = (FACTOR_LEFT, FACTOR_RIGHT, FACTOR_LEFT_SUB, FACTOR_RIGHT_SUB, ASSOCIATE)
