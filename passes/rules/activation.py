"""Written-out activations raised to the ops that compute them in one pass.

An activation rounds once where its parts round one by one: no rule here is exact. Constants are
those that people write; a constant in a program fits one if it is the same number once rounded
to the tensor's element type.
"""

from __future__ import annotations

import math

from taso.passes.rules.notation import Batch, Call, Rule, Term, var
from taso.passes.rules.ops import (
    add,
    div,
    erf,
    exp,
    gelu,
    mul,
    neg,
    power,
    sigmoid,
    silu,
    splat,
    tanh,
)

s = Batch("s")
"""All leading axes of a shape that has no others: any shape."""

x = var("x", s)
_CUBIC = 0.044715


def _scaled(term: Term, factor: float) -> Call:
    return mul(term, splat(factor, s))


def _plus_one(term: Term) -> Call:
    return add(term, splat(1, s))


SIGMOID = Rule(
    "activation-sigmoid",
    lhs=(div(splat(1, s), _plus_one(exp(neg(x)))),),
    rhs=(sigmoid(x),),
    simplifies=True,
)

SILU = Rule(
    "activation-silu",
    lhs=(mul(x, sigmoid(x)),),
    rhs=(silu(x),),
    simplifies=True,
)

SILU_QUOTIENT = Rule(
    "activation-silu-quotient",
    lhs=(div(x, _plus_one(exp(neg(x)))),),
    rhs=(silu(x),),
    simplifies=True,
)


def _gelu(spelling: str, curve: Call, approximate: str) -> Rule:
    """x/2 · (1 + curve), where the curve is an erf, or a tanh near it."""
    return Rule(
        f"activation-gelu-{spelling}",
        lhs=(mul(_scaled(x, 0.5), _plus_one(curve)),),
        rhs=(gelu(x, approximate),),
        simplifies=True,
    )


# In f64, √½, 1/√2 and a division by √2 are three numbers.
GELU = (
    _gelu("root-half", erf(_scaled(x, math.sqrt(0.5))), "none"),
    _gelu("over-root-two", erf(_scaled(x, 1 / math.sqrt(2))), "none"),
    _gelu("divided", erf(div(x, splat(math.sqrt(2), s))), "none"),
)


def _bent(cube: Term) -> Call:
    """√(2/π) · (x + 0.044715 · cube)."""
    return _scaled(add(x, _scaled(cube, _CUBIC)), math.sqrt(2 / math.pi))


_square = mul(_scaled(x, _CUBIC), x)

GELU_TANH = (
    _gelu("tanh-pow", tanh(_bent(power(x, splat(3, s)))), "tanh"),
    _gelu("tanh-product", tanh(_bent(mul(mul(x, x), x))), "tanh"),
    _gelu(
        "tanh-factored",
        tanh(mul(_scaled(x, math.sqrt(2 / math.pi)), _plus_one(_square))),
        "tanh",
    ),
)

RULES = (SIGMOID, SILU, SILU_QUOTIENT, *GELU, *GELU_TANH)
