"""The two sides of a rule on plain data: solving the left for its symbols, typing the right.

A matcher says what it sees at each place of the left side, an IR's or an e-graph's; the rest of
matching is the same for all of them, and is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from taso.dialects.base import Attrs, AttrValue, ConstraintError, TasoOp, TensorSpec, narrow
from taso.dialects.movement import ConstantOp, splat_constant
from taso.dialects.taso import OPS
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

    The value's type (several results: the first's); the op's attributes, of a splat its
    `value` alone; the rank of the op's first operand.
    """

    spec: TensorSpec
    attrs: Attrs = MappingProxyType({})
    rank: int = 0


@dataclass(frozen=True)
class Substitution:
    """What the symbols of a rule stand for: `shapes` of variables, one element type."""

    symbols: Symbols
    shapes: dict[str, tuple[int, ...]]
    dtype: str


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
        if not all(isinstance(node_of(term), Call) for term in rule.lhs):
            raise RuleError(f"rule {rule.name}: a left term is no op")
        # A variable used twice is one value, whose shape is looked at once.
        first = {node: i for i, node in reversed(list(enumerate(self.nodes)))}
        equations = [
            e
            for i, node in enumerate(self.nodes)
            for e in _equations(i, node)
            if isinstance(node, Call) or first[node] == i
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
        if not all(self._fits(e, seen[e.node], found) for e in self._equations):
            return None
        shape_of = shapes.__getitem__
        if not all(holds(condition, found.symbols, shape_of) for condition in self.rule.where):
            return None
        return found

    def _fits(self, equation: Equation, seen: Seen, found: Substitution) -> bool:
        shape_of = found.shapes.__getitem__
        match equation:
            case Equation(attribute=None, pattern=ShapeOf(name)):
                return seen.spec.shape == shape_of(name)
            case Equation(attribute=None, pattern=tuple() as shape):
                return match_shape(shape, seen.spec.shape, found.symbols)  # pyright: ignore[reportArgumentType]
            case Equation(node, str() as name, pattern):
                actual = seen.attrs[name]
                if isinstance(self.nodes[node], Splat) and not isinstance(pattern, AttrVar):
                    value = eval_attr(name, pattern, 0, found.symbols, shape_of)
                    return value is not None and same_scalar(value, actual, found.dtype)
                return match_attr(name, pattern, actual, seen.rank, found.symbols, shape_of)
            case _:
                raise TypeError(f"{equation} is no equation")


def _equations(index: int, node: Node) -> Iterator[Equation]:
    if isinstance(node, Call):
        yield from (Equation(index, name, pattern) for name, pattern in node.attrs)
        return
    if isinstance(node, Splat):
        yield Equation(index, "value", node.value)
    if node.shape is not None:
        yield Equation(index, None, node.shape)


def same_scalar(value: AttrValue, held: AttrValue, dtype: str) -> bool:
    """A constant of this element type that is given `value` holds `held`."""
    if isinstance(value, bool) or isinstance(held, bool):
        return value is held
    if isinstance(held, float) and isinstance(value, int | float):
        return float(narrow(np.asarray(value), dtype)) == held
    return value == held


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


def type_right(rule: Rule, found: Substitution, roots: Sequence[TensorSpec]) -> Typing | None:
    """Ops, attributes and types of all nodes on the right, operands before users.

    `roots` are the types of the left terms. None where an attribute function is undefined: then
    the rule does not match. Raises `RuleError` if the right side has no types, or others than
    the left: the rule is wrong.
    """
    typing: Typing = {}
    try:
        types = [_type(term, found, typing) for term in rule.rhs]
    except _UndefinedError:
        return None
    except ConstraintError as e:
        raise RuleError(f"rule {rule.name}: the right side has no type: {e}") from e
    for right, left in zip(types, roots, strict=True):
        if right != left:
            raise RuleError(f"rule {rule.name}: the right side is {right}, expected {left}")
    return typing


class _UndefinedError(Exception):
    """An attribute function has no value for these arguments."""


def _type(term: Term, found: Substitution, typing: Typing) -> TensorSpec:
    match term:
        case Var(name):
            return TensorSpec(found.shapes[name], found.dtype)
        case Result(call, index):
            _type(call, found, typing)
            return typing[call].results[index]
        case Call() | Splat() if term in typing:
            pass
        case Call(name, args, attrs):
            op, operands = OPS[name], [_type(a, found, typing) for a in args]
            rank = operands[0].rank if operands else 0
            values = {key: _value(key, expr, rank, found) for key, expr in attrs}
            typing[term] = Typed(op, values, op.infer(operands, values))
        case Splat(value, shape):
            spec = TensorSpec(_value("shape", shape, 0, found), found.dtype)  # pyright: ignore[reportArgumentType]
            held = splat_constant(_value("value", value, 0, found), spec)  # pyright: ignore[reportArgumentType]
            typing[term] = Typed(ConstantOp, held, (spec,))
    return typing[term].results[0]


def _value(name: str, expr: AttrExpr | Shape, rank: int, found: Substitution) -> AttrValue:
    value = eval_attr(name, expr, rank, found.symbols, found.shapes.__getitem__)
    if value is None:
        raise _UndefinedError
    return value
