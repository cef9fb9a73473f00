"""Padding: margins that add up, and zeros that a window pads with by itself."""

from __future__ import annotations

from taso.passes.rules.convolution import convolve
from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Condition,
    DimProduct,
    DimSum,
    Rule,
    any_var,
    dims,
)
from taso.passes.rules.ops import avg_pool2d, pad

x, w = any_var("x"), any_var("w")
low, high, more_low, more_high = (
    AttrVar(name, "shape") for name in ("low", "high", "more_low", "more_high")
)
value = AttrVar("c", "scalar")

IDENTITY = Rule(
    "padding-identity",
    lhs=(pad(x, low, high, value),),
    rhs=(x,),
    where=(Condition("is_zero", (low,)), Condition("is_zero", (high,))),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

COMPOSE = Rule(
    "padding-compose",
    lhs=(pad(pad(x, low, high, value), more_low, more_high, value),),
    rhs=(pad(x, Apply("sums", (low, more_low)), Apply("sums", (high, more_high)), value),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

ph, pv, a, b, kh, kv = dims("ph pv a b kh kv")
_around = pad(x, (0, 0, a, b), (0, 0, a, b), 0.0)
_both = (DimSum((ph, a)), DimSum((pv, b)))

INTO_CONVOLUTION = Rule(
    "padding-into-convolution",
    lhs=(convolve(_around, w, padding=(ph, pv)),),
    rhs=(convolve(x, w, padding=_both),),
    simplifies=True,
)

# Windows count the zeros, and reach no further than half of a kernel into them.
INTO_AVERAGE = Rule(
    "padding-into-average",
    lhs=(avg_pool2d(_around, (kh, kv), AttrVar("stride", "shape"), (ph, pv), True),),
    rhs=(avg_pool2d(x, (kh, kv), AttrVar("stride", "shape"), _both, True),),
    where=(
        Condition("at_most", (DimProduct((2, _both[0])), kh)),
        Condition("at_most", (DimProduct((2, _both[1])), kv)),
    ),
    simplifies=True,
)

RULES = (IDENTITY, COMPOSE, INTO_CONVOLUTION, INTO_AVERAGE)
