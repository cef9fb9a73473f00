"""Concats, splits and slices: they cancel, and element-wise ops move through them."""

from __future__ import annotations

from collections.abc import Callable

from taso.passes.rules.notation import (
    Apply,
    AttrVar,
    Call,
    Condition,
    Rule,
    ShapeOf,
    Term,
    Var,
    any_var,
    dims,
)
from taso.passes.rules.ops import ACTIVATIONS, add, concat, mul, slice_, split

axis = AttrVar("a", "axis")
start, stop = AttrVar("start", "int"), AttrVar("stop", "int")
more_start, more_stop = AttrVar("more_start", "int"), AttrVar("more_stop", "int")
x, y, z, w = (any_var(name) for name in ("x", "y", "z", "w"))


def _along(var: Var) -> Apply:
    return Apply("size_along", (ShapeOf(var.name), axis))


def _of_split(pieces: int) -> Rule:
    sizes = dims(" ".join(f"n{i}" for i in range(pieces)))
    return Rule(
        f"concat-of-split-{pieces}",
        lhs=(concat(*split(x, sizes, axis), axis=axis),),
        rhs=(x,),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    )


def _split_of(pieces: int) -> Rule:
    sizes = dims(" ".join(f"n{i}" for i in range(pieces)))
    parts = [any_var(f"x{i}") for i in range(pieces)]
    return Rule(
        f"concat-split-{pieces}",
        lhs=split(concat(*parts, axis=axis), sizes, axis),
        rhs=tuple(parts),
        where=tuple(
            Condition("equal", (size, _along(part)))
            for size, part in zip(sizes, parts, strict=True)
        ),
        numerics="exact",
        dtypes="any",
        simplifies=True,
    )


def _suffix(pieces: int) -> str:
    return "" if pieces == 2 else f"-{pieces}"


def _of_unary(name: str, op: Callable[[Term], Call], pieces: int) -> Rule:
    """Several element-wise ops become one."""
    parts = [any_var(part) for part in "xyzw"[:pieces]]
    return Rule(
        f"concat-of-{name}{_suffix(pieces)}",
        lhs=(concat(*map(op, parts), axis=axis),),
        rhs=(op(concat(*parts, axis=axis)),),
        numerics="exact",
        simplifies=True,
    )


def _unary_of_split(name: str, op: Callable[[Term], Call], pieces: int) -> Rule:
    """One op on all pieces of a split is one op before it."""
    sizes = dims(" ".join(f"n{i}" for i in range(pieces)))
    return Rule(
        f"concat-split-{name}{_suffix(pieces)}",
        lhs=tuple(map(op, split(x, sizes, axis))),
        rhs=split(op(x), sizes, axis),
        numerics="exact",
    )


OF_UNARY, UNARY_OF_SPLIT = (
    tuple(make(name, op, pieces) for name, op in ACTIVATIONS.items() for pieces in (2, 3, 4))
    for make in (_of_unary, _unary_of_split)
)

# Both concats must join at the same place.
BINARY_OF_CONCATS = tuple(
    Rule(
        f"concat-operands-of-{name}",
        lhs=(op(concat(x, y, axis=axis), concat(z, w, axis=axis)),),
        rhs=(concat(op(x, z), op(y, w), axis=axis),),
        where=(Condition("equal", (_along(x), _along(z))),),
        numerics="exact",
    )
    for name, op in (("add", add), ("mul", mul))
)

FLATTEN_LEFT = Rule(
    "concat-flatten-left",
    lhs=(concat(concat(x, y, axis=axis), z, axis=axis),),
    rhs=(concat(x, y, z, axis=axis),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

FLATTEN_RIGHT = Rule(
    "concat-flatten-right",
    lhs=(concat(x, concat(y, z, axis=axis), axis=axis),),
    rhs=(concat(x, y, z, axis=axis),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

SLICE_IDENTITY = Rule(
    "concat-slice-identity",
    lhs=(slice_(x, axis, start, stop),),
    rhs=(x,),
    where=(Condition("equal", (start, 0)), Condition("equal", (stop, _along(x)))),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

SLICE_OF_SLICE = Rule(
    "concat-slice-of-slice",
    lhs=(slice_(slice_(x, axis, start, stop), axis, more_start, more_stop),),
    rhs=(slice_(x, axis, Apply("plus", (start, more_start)), Apply("plus", (start, more_stop))),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

CONCAT_OF_SLICES = Rule(
    "concat-of-slices",
    lhs=(concat(slice_(x, axis, start, stop), slice_(x, axis, stop, more_stop), axis=axis),),
    rhs=(slice_(x, axis, start, more_stop),),
    numerics="exact",
    dtypes="any",
    simplifies=True,
)

RULES = (
    _of_split(2),
    _of_split(3),
    _split_of(2),
    _split_of(3),
    *OF_UNARY,
    *BINARY_OF_CONCATS,
    *UNARY_OF_SPLIT,
    FLATTEN_LEFT,
    FLATTEN_RIGHT,
    SLICE_IDENTITY,
    SLICE_OF_SLICE,
    CONCAT_OF_SLICES,
)
