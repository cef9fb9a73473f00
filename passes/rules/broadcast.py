"""Broadcasts and reshapes: they compose, vanish, and move out of element-wise ops."""

from __future__ import annotations

from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Batch,
    Condition,
    Rule,
    ShapeOf,
    any_var,
    var,
)
from taso.passes.rules.ops import BINARY, UNARY, broadcast, reshape, splat

dims = AttrVar("d", "dims")
more_dims = AttrVar("e", "dims")
shape = AttrVar("t", "shape")
wider = AttrVar("u", "shape")
value = AttrVar("c", "scalar")
s = Batch("s")
x = any_var("x")
y = any_var("y")

COMPOSE = Rule(
    "broadcast-compose",
    lhs=(broadcast(broadcast(x, dims, shape), more_dims, wider),),
    rhs=(broadcast(x, Apply("reindex", (dims, more_dims)), wider),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

# As many axes, and they ascend: nothing is repeated.
IDENTITY = Rule(
    "broadcast-identity",
    lhs=(broadcast(x, dims, shape),),
    rhs=(x,),
    where=(Condition("equal", (shape, ShapeOf("x"))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

RESHAPE_COMPOSE = Rule(
    "broadcast-reshape-compose",
    lhs=(reshape(reshape(x, shape), wider),),
    rhs=(reshape(x, wider),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

RESHAPE_IDENTITY = Rule(
    "broadcast-reshape-identity",
    lhs=(reshape(x, shape),),
    rhs=(x,),
    where=(Condition("equal", (shape, ShapeOf("x"))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

_small = var("x", s)

# Axes of size 1 that a reduction keeps are dropped before the ops that work on its result.
RESHAPE_OF_UNARY = tuple(
    Rule(
        f"broadcast-reshape-{name}",
        lhs=(reshape(op(x), shape),),
        rhs=(op(reshape(x, shape)),),
        numerics="exact",
        simplifies=True,
    )
    for name, op in UNARY.items()
)

RESHAPE_OF_CONSTANT = tuple(
    Rule(
        f"broadcast-reshape-{name}-constant",
        lhs=(reshape(op(_small, splat(value, s)), shape),),
        rhs=(op(reshape(_small, shape), broadcast(splat(value), (), shape)),),
        numerics="exact",
        simplifies=True,
    )
    for name, op in BINARY.items()
)

# The op runs on the smaller tensor.
OF_UNARY = tuple(
    Rule(
        f"broadcast-{name}",
        lhs=(op(broadcast(x, dims, shape)),),
        rhs=(broadcast(op(x), dims, shape),),
        numerics="exact",
        simplifies=True,
    )
    for name, op in UNARY.items()
)

OF_BINARY = tuple(
    Rule(
        f"broadcast-{name}",
        lhs=(op(broadcast(x, dims, shape), broadcast(y, dims, shape)),),
        rhs=(broadcast(op(x, y), dims, shape),),
        numerics="exact",
        simplifies=True,
    )
    for name, op in BINARY.items()
)

OF_CONSTANT = tuple(
    Rule(
        f"broadcast-{name}-constant",
        lhs=(op(broadcast(_small, dims, shape), splat(value, Batch("t"))),),
        rhs=(broadcast(op(_small, splat(value, s)), dims, shape),),
        numerics="exact",
        simplifies=True,
    )
    for name, op in BINARY.items()
)

RULES = (
    COMPOSE,
    IDENTITY,
    RESHAPE_COMPOSE,
    RESHAPE_IDENTITY,
    *RESHAPE_OF_UNARY,
    *RESHAPE_OF_CONSTANT,
    *OF_UNARY,
    *OF_BINARY,
    *OF_CONSTANT,
)
