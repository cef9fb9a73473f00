"""Binding a rule's symbols to sizes and attributes, and computing shapes and attributes.

This is the part of matching that knows neither IR nor e-graph: all matchers share it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from taso.dialects.base import AttrValue
from taso.passes.rules.functions import FUNCTIONS
from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    AttrVar,
    Batch,
    Condition,
    Dim,
    DimExpr,
    DimProduct,
    DimSum,
    Shape,
    ShapeOf,
)

ShapeLookup = Callable[[str], tuple[int, ...]]
"""The shape of the tensor that a variable is bound to."""


@dataclass
class Symbols:
    """What dim, batch and attribute symbols are bound to. Copy before a branch."""

    dims: dict[str, int] = field(default_factory=dict[str, int])
    batches: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    attrs: dict[str, AttrValue] = field(default_factory=dict[str, AttrValue])

    def copy(self) -> Symbols:
        return Symbols(dict(self.dims), dict(self.batches), dict(self.attrs))


def match_shape(pattern: Shape, shape: tuple[int, ...], symbols: Symbols) -> bool:
    """Bind the pattern's symbols so that it equals `shape`; False where it can not."""
    if pattern and isinstance(pattern[0], Batch):
        lead = len(shape) - (len(pattern) - 1)
        if lead < 0:
            return False
        prefix = shape[:lead]
        if symbols.batches.setdefault(pattern[0].name, prefix) != prefix:
            return False
        pattern, shape = pattern[1:], shape[lead:]
    if len(pattern) != len(shape):
        return False
    return all(match_dim(cast(DimExpr, p), n, symbols) for p, n in zip(pattern, shape, strict=True))


def match_dim(pattern: DimExpr, size: int, symbols: Symbols) -> bool:
    """Bind the symbols of one size; at most one part of a sum or product may be unbound."""
    match pattern:
        case int():
            return pattern == size
        case Dim(name):
            return symbols.dims.setdefault(name, size) == size
        case DimSum(parts):
            known = [eval_dim(p, symbols) for p in parts]
            rest = size - sum(k for k in known if k is not None)
        case DimProduct(parts):
            known = [eval_dim(p, symbols) for p in parts]
            factor = math.prod(k for k in known if k is not None)
            if factor == 0 or size % factor:
                return False
            rest = size // factor
    unknown = [p for p, k in zip(parts, known, strict=True) if k is None]
    if not unknown:
        return rest == (0 if isinstance(pattern, DimSum) else 1)
    return len(unknown) == 1 and rest >= 0 and match_dim(unknown[0], rest, symbols)


def eval_dim(expr: DimExpr, symbols: Symbols) -> int | None:
    """The size, or None where a symbol is unbound."""
    match expr:
        case int():
            return expr
        case Dim(name):
            return symbols.dims.get(name)
        case DimSum(parts) | DimProduct(parts):
            sizes = [eval_dim(p, symbols) for p in parts]
            known = [n for n in sizes if n is not None]
            if len(known) != len(sizes):
                return None
            return sum(known) if isinstance(expr, DimSum) else math.prod(known)


def match_attr(
    name: str, expr: AttrExpr, actual: AttrValue, rank: int, symbols: Symbols, shape_of: ShapeLookup
) -> bool:
    """Bind an attribute's symbols so that it equals `actual`; functions must be computable."""
    match expr:
        case AttrVar(symbol):
            return _same(symbols.attrs.setdefault(symbol, actual), actual)
        case Dim() | DimSum() | DimProduct():
            return isinstance(actual, int) and match_dim(expr, actual, symbols)
        case tuple() if isinstance(actual, tuple) and any(
            isinstance(e, Dim | DimSum | DimProduct | Batch) for e in expr
        ):
            return match_shape(cast(Shape, expr), actual, symbols)
        case _:
            value = eval_attr(name, expr, rank, symbols, shape_of)
            return value is not None and _same(value, actual)


def _same(a: AttrValue, b: AttrValue) -> bool:
    # 1 and 1.0 and True are equal in Python, but they are no same attribute.
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def eval_attr(
    name: str, expr: object, rank: int, symbols: Symbols, shape_of: ShapeLookup
) -> AttrValue | None:
    """The attribute's value, or None where a symbol is unbound or a function undefined.

    `rank` is that of the op's first operand, from whose end negative axes count.
    """
    match expr:
        case bool() | float() | str():
            return expr
        case int():
            return expr + rank if name in ("axis", "axes", "perm") and expr < 0 else expr
        case AttrVar(symbol):
            return symbols.attrs.get(symbol)
        case Dim() | DimSum() | DimProduct():
            return eval_dim(expr, symbols)
        case ShapeOf(variable):
            return shape_of(variable)
        case Apply(function, args):
            values = [eval_attr("", a, rank, symbols, shape_of) for a in args]
            return None if any(v is None for v in values) else FUNCTIONS[function](*values)
        case tuple():
            return _eval_tuple(name, cast("tuple[object, ...]", expr), rank, symbols, shape_of)
        case _:
            raise TypeError(f"{expr!r} is no attribute expression")


def _eval_tuple(
    name: str, items: tuple[object, ...], rank: int, symbols: Symbols, shape_of: ShapeLookup
) -> tuple[int, ...] | None:
    values: list[int] = []
    for item in items:
        if isinstance(item, Batch):
            if item.name not in symbols.batches:
                return None
            values.extend(symbols.batches[item.name])
        else:
            value = eval_attr(name, item, rank, symbols, shape_of)
            if not isinstance(value, int):
                return None
            values.append(value)
    return tuple(values)


def holds(condition: Condition, symbols: Symbols, shape_of: ShapeLookup) -> bool:
    """The condition is true; an undefined argument makes it false."""
    values = [eval_attr("", a, 0, symbols, shape_of) for a in condition.args]
    return None not in values and FUNCTIONS[condition.predicate](*values) is True
