"""The two sides of a rule on plain data: solving the left for its symbols, typing the right.

A matcher says what it sees at each place of the left side, an IR's or an e-graph's; the rest of
matching is the same for all of them, and is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, cast

import numpy as np

from taso.dialects.base import TasoOp
from taso.dialects.movement import ConstantOp
from taso.dialects.spec import Attrs, AttrValue, ConstraintError, TensorSpec, narrow
from taso.dialects.taso import OPS
from taso.dialects.values import finite_splat, splat_value
from taso.passes.rules.notation import (
    AttrExpr,
    AttrVar,
    Batch,
    Call,
    Dim,
    DimProduct,
    DimSum,
    Result,
    Rule,
    RuleError,
    Shape,
    ShapeOf,
    Splat,
    Term,
    Var,
    expr_symbols,
)
from taso.passes.rules.substitution import Symbols, eval_attr, holds, match_attr, match_shape

Symbol: TypeAlias = Dim | Batch | AttrVar | ShapeOf
Node: TypeAlias = Var | Call | Splat
"""A term but for `Result`, which is but a way to name one."""


class Seen(NamedTuple):
    """What stands at a node of the left side.

    The value's type (several results: the first's) and, but for a variable, the op's attributes.
    """

    spec: TensorSpec
    attrs: Attrs = MappingProxyType({})


@dataclass(frozen=True)
class Substitution:
    """What the symbols of a rule stand for: `shapes` of variables, one element type."""

    symbols: Symbols
    shapes: dict[str, tuple[int, ...]]
    dtype: str

    def shape_of(self, variable: str) -> tuple[int, ...]:
        return self.shapes[variable]


class Typed(NamedTuple):
    """A node of the right side, computed: the op to build."""

    op: type[TasoOp]
    attrs: Attrs
    results: tuple[TensorSpec, ...]


Typing: TypeAlias = dict[Call | Splat, Typed]


def node_of(term: Term) -> Node:
    """The node whose value, or one of whose results, the term is."""
    return term.call if isinstance(term, Result) else term


def nodes(terms: Sequence[Term]) -> Iterator[Node]:
    """All nodes of the terms, each before its operands; one for each occurrence."""
    for term in terms:
        node = node_of(term)
        yield node
        if isinstance(node, Call):
            yield from nodes(node.args)


def root_node(rule: Rule) -> Node | None:
    """The one node that the left terms are, or None if they are several.

    All results of one op, each once and in order, are that op: `split(concat(a, b))` for one.
    """
    first = node_of(rule.lhs[0])
    if len(rule.lhs) == 1:
        return first
    indices = [t.index for t in rule.lhs if isinstance(t, Result) and t.call == first]
    return first if indices == list(range(len(rule.lhs))) else None


class Equation(NamedTuple):
    """An attribute (None: the shape) of node number `node` fits a pattern."""

    node: int
    attribute: str | None
    pattern: AttrExpr | Shape

    def ready(self, bound: set[Symbol]) -> bool:
        """Matching needs no symbol's value but those bound and those that it binds itself."""
        return _binds(self.pattern, set(bound))


class LeftSide:
    """A rule's left side, prepared: its nodes, and its equations in an order that solves them."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.nodes = tuple(nodes(rule.lhs))
        # A variable used twice is one value, whose shape is looked at once.
        first = {node: i for i, node in reversed(list(enumerate(self.nodes)))}
        equations = [
            e
            for i, node in enumerate(self.nodes)
            for e in _equations(i, node)
            if not isinstance(node, Var) or first[node] == i
        ]
        self._equations = _in_order(rule, equations)

    def solve(self, seen: Sequence[Seen]) -> Substitution | None:
        """What the symbols stand for where `seen[i]` stands at `nodes[i]`, or None: no match.

        That operands and operations fit the terms is the caller's part.
        """
        dtype = seen[0].spec.dtype
        if self.rule.dtypes == "float" and not seen[0].spec.is_float:
            return None
        if any(s.spec.dtype != dtype for s in seen):
            return None
        shapes = {
            node.name: s.spec.shape
            for node, s in zip(self.nodes, seen, strict=True)
            if isinstance(node, Var)
        }
        found = Substitution(Symbols(), shapes, dtype)
        if not all(self._fits(equation, seen, found) for equation in self._equations):
            return None
        true = all(holds(c, found.symbols, found.shape_of) for c in self.rule.where)
        return found if true else None

    def _fits(self, equation: Equation, places: Sequence[Seen], found: Substitution) -> bool:
        index, name, pattern = equation
        spec, attrs = places[index]
        if name is None:
            return _fits_shape(pattern, spec.shape, found)
        if isinstance(self.nodes[index], Splat):
            held = splat_value(attrs)
            return held is not None and _fits_scalar(pattern, held, found)
        # A node comes right before its first operand.
        rank = places[index + 1].spec.rank if index + 1 < len(places) else 0
        return match_attr(name, pattern, attrs[name], rank, found.symbols, found.shape_of)


def _fits_shape(pattern: AttrExpr | Shape, shape: tuple[int, ...], found: Substitution) -> bool:
    if isinstance(pattern, ShapeOf):
        return shape == found.shape_of(pattern.var)
    return match_shape(cast(Shape, pattern), shape, found.symbols)


def _fits_scalar(pattern: AttrExpr, held: float, found: Substitution) -> bool:
    """A constant that holds `held` fits. A number fits what it rounds to."""
    if isinstance(pattern, AttrVar):
        return match_attr("value", pattern, held, 0, found.symbols, found.shape_of)
    value = eval_attr("value", pattern, 0, found.symbols, found.shape_of)
    if isinstance(value, bool) or isinstance(held, bool):
        return value is held
    if isinstance(held, float) and isinstance(value, int | float):
        return float(narrow(np.asarray(value), found.dtype)) == held
    return value == held


def _equations(index: int, node: Node) -> Iterator[Equation]:
    if isinstance(node, Call):
        yield from (Equation(index, name, pattern) for name, pattern in node.attrs)
        return
    if isinstance(node, Splat):
        yield Equation(index, "value", node.value)
    if node.shape is not None:
        yield Equation(index, None, node.shape)


def _in_order(rule: Rule, equations: list[Equation]) -> tuple[Equation, ...]:
    ordered: list[Equation] = []
    bound: set[Symbol] = set()
    while equations:
        equation = next((e for e in equations if e.ready(bound)), None)
        if equation is None:
            raise RuleError(f"rule {rule.name}: no order of matching determines its symbols")
        equations.remove(equation)
        ordered.append(equation)
        bound.update(expr_symbols(equation.pattern))
    return tuple(ordered)


def _binds(pattern: object, bound: set[Symbol]) -> bool:
    """Matching the pattern can bind all of its symbols, from those `bound` (which it extends)."""
    match pattern:
        case AttrVar() | ShapeOf() | Dim() | Batch():
            bound.add(pattern)
            return True
        case DimSum(parts) | DimProduct(parts):
            unknown = [p for p in parts if not set(expr_symbols(p)) <= bound]
            return len(unknown) <= 1 and all(_binds(p, bound) for p in unknown)
        case tuple():
            return all(_binds(item, bound) for item in pattern)  # pyright: ignore[reportUnknownVariableType]
        case _:
            return {s for s in expr_symbols(pattern) if not isinstance(s, ShapeOf)} <= bound


def operands_first(terms: Sequence[Term]) -> list[Call | Splat]:
    """The different ops of the terms, each after its operands."""
    ordered: dict[Call | Splat, None] = {}

    def visit(term: Term) -> None:
        node = node_of(term)
        if isinstance(node, Call):
            for arg in node.args:
                visit(arg)
        if not isinstance(node, Var):
            ordered.setdefault(node)

    for term in terms:
        visit(term)
    return list(ordered)


def type_right(rule: Rule, found: Substitution, roots: Sequence[TensorSpec]) -> Typing | None:
    """Ops, attributes and types of all nodes on the right, operands before users.

    `roots` are the types of the left terms. None where an attribute function is undefined: then
    the rule does not match. Raises `RuleError` if the right side has no types, or others than
    the left: the rule is wrong.
    """
    try:
        typing = type_terms(rule.rhs, found)
    except ConstraintError as e:
        raise RuleError(f"rule {rule.name}: the right side has no type: {e}") from e
    if typing is None:
        return None
    for term, left in zip(rule.rhs, roots, strict=True):
        if (right := _spec(term, found, typing)) != left:
            raise RuleError(f"rule {rule.name}: the right side is {right}, expected {left}")
    return typing


def type_terms(terms: Sequence[Term], found: Substitution) -> Typing | None:
    """Ops, attributes and types of all nodes of the terms, operands before users.

    None where an attribute function is undefined; raises `ConstraintError` from the ops.
    """
    typing: Typing = {}
    for node in operands_first(terms):
        typed = _type_call(node, found, typing) if isinstance(node, Call) else _splat(node, found)
        if typed is None:
            return None
        typing[node] = typed
    return typing


def _spec(term: Term, found: Substitution, typing: Typing) -> TensorSpec:
    if isinstance(term, Var):
        return TensorSpec(found.shapes[term.name], found.dtype)
    if isinstance(term, Result):
        return typing[term.call].results[term.index]
    return typing[term].results[0]


def _type_call(call: Call, found: Substitution, typing: Typing) -> Typed | None:
    operands = [_spec(arg, found, typing) for arg in call.args]
    rank = operands[0].rank if operands else 0
    attrs: dict[str, AttrValue] = {}
    for name, expr in call.attrs:
        value = eval_attr(name, expr, rank, found.symbols, found.shape_of)
        if value is None:
            return None
        attrs[name] = value
    op = OPS[call.op]
    return Typed(op, attrs, op.infer(operands, attrs))


def _splat(splat: Splat, found: Substitution) -> Typed | None:
    value = eval_attr("value", splat.value, 0, found.symbols, found.shape_of)
    shape = eval_attr("shape", splat.shape, 0, found.symbols, found.shape_of)
    if not isinstance(value, int | float) or not isinstance(shape, tuple):
        return None
    spec = TensorSpec(shape, found.dtype)
    attrs = finite_splat(value, spec)
    return None if attrs is None else Typed(ConstantOp, attrs, (spec,))
