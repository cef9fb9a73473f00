"""Element-wise ops: identities and normal forms.

Addition and multiplication are never reassociated by a rule: the e-graph holds a chain of them
as one n-ary node, and a pattern rooted in one matches parts of it in any order.
"""

from __future__ import annotations

from taso.passes.rules.notation import Batch, Rule, any_var, var
from taso.passes.rules.ops import add, div, maximum, mul, neg, relu, rsqrt, splat, sqrt, sub

s = Batch("s")
x = any_var("x")
y = any_var("y")
shaped = var("x", s)

RULES = (
    # Not exact: -0.0 + 0.0 is 0.0.
    Rule(
        "elementwise-add-zero",
        lhs=(add(shaped, splat(0, s)),),
        rhs=(shaped,),
        dtypes="any",
        simplifies=True,
    ),
    Rule(
        "elementwise-mul-one",
        lhs=(mul(shaped, splat(1, s)),),
        rhs=(shaped,),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    ),
    Rule(
        "elementwise-div-one",
        lhs=(div(shaped, splat(1, s)),),
        rhs=(shaped,),
        numerics="exact",
        simplifies=True,
    ),
    Rule(
        "elementwise-neg-neg",
        lhs=(neg(neg(x)),),
        rhs=(x,),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    ),
    Rule(
        "elementwise-relu-relu",
        lhs=(relu(relu(x)),),
        rhs=(relu(x),),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    ),
    Rule(
        "elementwise-max-zero-is-relu",
        lhs=(maximum(shaped, splat(0, s)),),
        rhs=(relu(shaped),),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    ),
    Rule(
        "elementwise-div-sqrt",
        lhs=(div(x, sqrt(y)),),
        rhs=(mul(x, rsqrt(y)),),
        simplifies=True,
    ),
    Rule(
        "elementwise-sub-is-add-neg",
        lhs=(sub(x, y),),
        rhs=(add(x, neg(y)),),
        numerics="exact",
        dtypes="any",
        bidirectional=True,
    ),
)
