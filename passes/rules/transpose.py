"""Transposes: they compose, vanish, and move through other ops."""

from __future__ import annotations

from taso.passes.rules.notation import Apply, AttrVar, Condition, Rule, any_var
from taso.passes.rules.ops import transpose

perm = AttrVar("p", "perm")
outer = AttrVar("q", "perm")
x = any_var("x")

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

RULES = (COMPOSE, IDENTITY)
