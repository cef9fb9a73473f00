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
_ROOT = math.sqrt(2 / math.pi)


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


def _bent(cubic: Term) -> Call:
    """tanh(√(2/π) · (x + cubic))."""
    return tanh(_scaled(add(x, cubic), _ROOT))


_squared = mul(_scaled(x, _CUBIC), x)

# In f64, √½, 1/√2 and a division by √2 are three numbers.
CURVES = {
    "erf": ("none", erf(_scaled(x, math.sqrt(0.5)))),
    "erf-over-root": ("none", erf(_scaled(x, 1 / math.sqrt(2)))),
    "erf-of-quotient": ("none", erf(div(x, splat(math.sqrt(2), s)))),
    "tanh": ("tanh", _bent(_scaled(power(x, splat(3, s)), _CUBIC))),
    "tanh-of-cube": ("tanh", _bent(_scaled(mul(mul(x, x), x), _CUBIC))),
    "tanh-of-product": ("tanh", _bent(mul(_squared, x))),
    "tanh-factored": ("tanh", tanh(mul(_scaled(x, _ROOT), _plus_one(_squared)))),
}
"""What GELU adds to 1: an erf, or a tanh near it (Hendrycks and Gimpel, 2016)."""


def _gelu(name: str, left: Call, approximate: str) -> Rule:
    return Rule(
        f"activation-gelu-{name}", lhs=(left,), rhs=(gelu(x, approximate),), simplifies=True
    )


GELU = tuple(
    _gelu(name, mul(_scaled(x, 0.5), _plus_one(curve)), approximate)
    for name, (approximate, curve) in CURVES.items()
)

GELU_BY_SHARE = tuple(
    _gelu(f"share-{name}", mul(x, _scaled(_plus_one(curve), 0.5)), approximate)
    for name, (approximate, curve) in CURVES.items()
)
"""The same by the share of x that is kept, (1 + curve)/2."""

RULES = (SIGMOID, SILU, SILU_QUOTIENT, *GELU, *GELU_BY_SHARE)
