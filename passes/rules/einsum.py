"""Einsums: plain contractions are matmuls, nests fuse, and longer ones contract by pairs.

Fusing two and splitting off another pair reaches every order of contraction.
"""

from __future__ import annotations

from itertools import combinations

# Registers the functions that the rules name.
from taso.passes.rules import equations as equations
from taso.passes.rules.notation import Apply, AttrVar, Rule, any_var
from taso.passes.rules.ops import einsum, matmul, reduce_sum, transpose

equation = AttrVar("e", "text")
inner = AttrVar("f", "text")
perm = AttrVar("p", "perm")
x, y, z = any_var("x"), any_var("y"), any_var("z")

PERMUTE = Rule(
    "einsum-transpose",
    lhs=(einsum(equation, x),),
    rhs=(transpose(x, Apply("permutation_of", (equation,))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

SUM = Rule(
    "einsum-reduce-sum",
    lhs=(einsum(equation, x),),
    rhs=(
        transpose(
            reduce_sum(x, Apply("summed_axes", (equation,))),
            Apply("permutation_of_kept", (equation,)),
        ),
    ),
    dtypes="any",
    simplifies=True,
)

MATMUL = Rule(
    "einsum-matmul",
    lhs=(einsum(equation, x, y),),
    rhs=(
        transpose(
            matmul(
                transpose(x, Apply("matmul_operand", (equation, 0))),
                transpose(y, Apply("matmul_operand", (equation, 1))),
            ),
            Apply("matmul_result", (equation,)),
        ),
    ),
    dtypes="any",
    simplifies=True,
)

FUSE_LEFT = Rule(
    "einsum-fuse-left",
    lhs=(einsum(equation, einsum(inner, x, y), z),),
    rhs=(einsum(Apply("fused", (equation, inner, 0)), x, y, z),),
    nonfinite="lost",
    overflow="may-grow",
    dtypes="any",
)

FUSE_RIGHT = Rule(
    "einsum-fuse-right",
    lhs=(einsum(equation, x, einsum(inner, y, z)),),
    rhs=(einsum(Apply("fused", (equation, inner, 1)), x, y, z),),
    nonfinite="lost",
    overflow="may-grow",
    dtypes="any",
)


def _pair(arity: int, first: int, second: int) -> Rule:
    """Contract operands `first` and `second`, then the rest."""
    operands = [any_var(f"x{i}") for i in range(arity)]
    rest = [v for i, v in enumerate(operands) if i not in (first, second)]
    positions = (equation, first, second)
    contracted = einsum(Apply("pair", positions), operands[first], operands[second])
    return Rule(
        f"einsum-pair-{first}-{second}-of-{arity}",
        lhs=(einsum(equation, *operands),),
        rhs=(einsum(Apply("after_pair", positions), contracted, *rest),),
        nonfinite="lost",
        overflow="may-grow",
        dtypes="any",
    )


PAIRS = tuple(_pair(arity, i, j) for arity in (3, 4) for i, j in combinations(range(arity), 2))

OF_TRANSPOSE_LEFT = Rule(
    "einsum-of-transpose-left",
    lhs=(einsum(equation, transpose(x, perm), y),),
    rhs=(einsum(Apply("with_operand_permuted", (equation, 0, perm)), x, y),),
    dtypes="any",
    simplifies=True,
)

OF_TRANSPOSE_RIGHT = Rule(
    "einsum-of-transpose-right",
    lhs=(einsum(equation, x, transpose(y, perm)),),
    rhs=(einsum(Apply("with_operand_permuted", (equation, 1, perm)), x, y),),
    dtypes="any",
    simplifies=True,
)

TRANSPOSED = Rule(
    "einsum-transposed",
    lhs=(transpose(einsum(equation, x, y), perm),),
    rhs=(einsum(Apply("with_result_permuted", (equation, perm)), x, y),),
    dtypes="any",
    simplifies=True,
)

RULES = (
    PERMUTE,
    SUM,
    MATMUL,
    FUSE_LEFT,
    FUSE_RIGHT,
    *PAIRS,
    OF_TRANSPOSE_LEFT,
    OF_TRANSPOSE_RIGHT,
    TRANSPOSED,
)
