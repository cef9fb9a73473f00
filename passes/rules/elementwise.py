"""Element-wise ops: identities and normal forms.

Addition and multiplication are never reassociated by a rule: the e-graph holds a chain of them
as one n-ary node, and a pattern rooted in one matches parts of it in any order.
"""

from __future__ import annotations

from taso.passes.rules.notation import Apply, AttrVar, Batch, Rule, any_var, var
from taso.passes.rules.ops import (
    add,
    broadcast,
    div,
    maximum,
    mul,
    neg,
    power,
    relu,
    rsqrt,
    splat,
    sqrt,
    sub,
)

s = Batch("s")
"""All leading axes of a shape that has no others: any shape."""

x = any_var("x")
y = any_var("y")
shaped = var("x", s)
value = AttrVar("c", "scalar")
other = AttrVar("d", "scalar")


# Not exact: -0.0 + 0.0 is 0.0.
ADD_ZERO = Rule(
    "elementwise-add-zero",
    lhs=(add(shaped, splat(0, s)),),
    rhs=(shaped,),
    dtypes="any",
    simplifies=True,
)

SUB_ZERO = Rule(
    "elementwise-sub-zero",
    lhs=(sub(shaped, splat(0, s)),),
    rhs=(shaped,),
    dtypes="any",
    simplifies=True,
)

MUL_ONE = Rule(
    "elementwise-mul-one",
    lhs=(mul(shaped, splat(1, s)),),
    rhs=(shaped,),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

DIV_ONE = Rule(
    "elementwise-div-one",
    lhs=(div(shaped, splat(1, s)),),
    rhs=(shaped,),
    numerics="exact",
    simplifies=True,
)

# inf - inf is NaN.
SUB_SELF = Rule(
    "elementwise-sub-self",
    lhs=(sub(shaped, shaped),),
    rhs=(splat(0, s),),
    numerics="exact",
    nonfinite="lost",
    dtypes="any",
    simplifies=True,
)

NEG_NEG = Rule(
    "elementwise-neg-neg",
    lhs=(neg(neg(x)),),
    rhs=(x,),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

ADD_NEG = Rule(
    "elementwise-add-neg",
    lhs=(add(x, neg(y)),),
    rhs=(sub(x, y),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

SUB_NEG = Rule(
    "elementwise-sub-neg",
    lhs=(sub(x, neg(y)),),
    rhs=(add(x, y),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

RELU_RELU = Rule(
    "elementwise-relu-relu",
    lhs=(relu(relu(x)),),
    rhs=(relu(x),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

MAX_ZERO = Rule(
    "elementwise-max-zero",
    lhs=(maximum(shaped, splat(0, s)),),
    rhs=(relu(shaped),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

# The product of the two constants can overflow where the products one by one do not.
MUL_CONSTANTS = Rule(
    "elementwise-mul-constants",
    lhs=(mul(mul(shaped, splat(value, s)), splat(other, s)),),
    rhs=(mul(shaped, splat(Apply("times", (value, other)), s)),),
    overflow="may-grow",
    nonfinite="lost",
    simplifies=True,
)

# A division by a constant becomes a scale, which other rules move; undefined for 0.
DIV_CONSTANT = Rule(
    "elementwise-div-constant",
    lhs=(div(shaped, splat(value, s)),),
    rhs=(mul(shaped, splat(Apply("reciprocal", (value,)), s)),),
    simplifies=True,
)

# sqrt and a division become one op.
RSQRT = Rule(
    "elementwise-rsqrt",
    lhs=(div(splat(1, s), sqrt(shaped)),),
    rhs=(rsqrt(shaped),),
    simplifies=True,
)

DIV_SQRT = Rule(
    "elementwise-div-sqrt",
    lhs=(div(x, sqrt(y)),),
    rhs=(mul(x, rsqrt(y)),),
    simplifies=True,
)

_along = AttrVar("d", "dims")
_shape = AttrVar("t", "shape")

DIV_BROADCAST_SQRT = Rule(
    "elementwise-div-broadcast-sqrt",
    lhs=(div(x, broadcast(sqrt(y), _along, _shape)),),
    rhs=(mul(x, broadcast(rsqrt(y), _along, _shape)),),
    simplifies=True,
)

POW_TWO = Rule(
    "elementwise-pow-two",
    lhs=(power(shaped, splat(2, s)),),
    rhs=(mul(shaped, shaped),),
    simplifies=True,
)

# The power of -inf is 0, its root NaN.
POW_MINUS_HALF = Rule(
    "elementwise-pow-minus-half",
    lhs=(power(shaped, splat(-0.5, s)),),
    rhs=(rsqrt(shaped),),
    nonfinite="lost",
    simplifies=True,
)

RULES = (
    ADD_ZERO,
    SUB_ZERO,
    MUL_ONE,
    DIV_ONE,
    SUB_SELF,
    NEG_NEG,
    ADD_NEG,
    SUB_NEG,
    RELU_RELU,
    MAX_ZERO,
    MUL_CONSTANTS,
    DIV_CONSTANT,
    RSQRT,
    DIV_SQRT,
    DIV_BROADCAST_SQRT,
    POW_TWO,
    POW_MINUS_HALF,
)
