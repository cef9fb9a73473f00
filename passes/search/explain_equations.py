"""What the search recorded of its unions, as equations between ground terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple, TypeAlias, cast

from taso.dialects.spec import AttrValue, TensorSpec, get_ints, get_str
from taso.dialects.values import splat_constant, splat_value
from taso.passes.rules.notation import (
    AttrVar,
    Batch,
    Call,
    Dim,
    Result,
    Rule,
    RuleFamily,
    Splat,
    Term,
    Var,
)
from taso.passes.rules.sides import Substitution, Typing, type_terms
from taso.passes.rules.substitution import Symbols
from taso.passes.search.egraph import (
    CONSTANT,
    FOLDING,
    NARY,
    RESULT,
    EGraph,
    ENode,
    Reason,
    make_node,
    node_attrs,
)
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.match import Substitution as Match
from taso.passes.search.match import compile_rule
from taso.passes.search.siblings import Key, Siblings, compile_family


class Node(NamedTuple):
    """An op applied to patterns; a pattern that is a number is the leaf of that number."""

    op: str
    attrs: tuple[AttrValue, ...]
    args: tuple[Pattern, ...]


Pattern: TypeAlias = int | Node


@dataclass(frozen=True)
class Equation:
    """An instance of a rule, or a structural fact: `left[i]` equals `right[i]` for every i.

    To both sides of root i, the leaves `rests[i]` are added (or multiplied).
    """

    name: str
    left: tuple[Node, ...]
    right: tuple[Pattern, ...]
    leaves: tuple[int, ...]
    """The term that each leaf stood for."""
    rests: tuple[tuple[int, ...], ...] = ((),)
    rule: Rule | None = None
    found: Substitution | None = None
    """What the rule's symbols stand for."""
    variables: tuple[str, ...] = ()
    """The rule's variables, which the first leaves stand for."""

    def side(self, root: int, *, forward: bool) -> Pattern:
        """The pattern that a use of the equation starts from, with the rest."""
        left, rest = self.left[root], self.rests[root]
        if not rest:
            return left if forward else self.right[root]
        heads = left.args if forward else (self.right[root],)
        return Node(left.op, (), (*heads, *rest))


def instantiate(forest: ProofForest, pattern: Pattern, leaves: Sequence[int]) -> int:
    """The term that a pattern is with these leaves."""
    if isinstance(pattern, int):
        return leaves[pattern]
    children = tuple([instantiate(forest, arg, leaves) for arg in pattern.args])
    return forest.term(ENode(pattern.op, pattern.attrs, children))


class Equations:
    """The equations of an e-graph's unions, joined into a proof forest in their order."""

    def __init__(self, graph: EGraph, rules: Sequence[Rule | RuleFamily]) -> None:
        self.forest = ProofForest()
        self.all: list[Equation] = []
        self.births: list[int] = []
        """The term with which each class was made."""
        self._instances = _Instances(graph, rules)
        self._seen: set[Reason] = set()
        for node in graph.birth:
            self.births.append(self.forest.term(self._over_terms(node)))
        self._constants = [t for t in self.births if self.forest.terms[t].op == CONSTANT]
        for union in graph.unions:
            if union.reason not in self._seen:
                self._seen.add(union.reason)
                self._add(union.reason)

    def _over_terms(self, node: ENode) -> ENode:
        return node._replace(children=tuple([self.births[c] for c in node.children]))

    def _add(self, reason: Reason) -> None:
        name, substitution = reason
        match substitution:
            case Match():
                self._post(self._instance(name, substitution))
            case (str() as op, tuple() as groups):
                self._post(_chain(op, cast("tuple[tuple[int, ...], ...]", groups), self.births))
            case (ENode() as node, ENode() as constant):
                self._post(self._folding(self._over_terms(node), constant))
            case _:
                pass  # congruence, which follows from the others

    def _instance(self, name: str, match: Match) -> Equation:
        """The rule at a match. A constant 0 on its left side may be -0 in the program."""
        equation = self._instances.instance(name, match, self.births)
        for root, cid in enumerate(match.roots[: len(equation.left)]):
            term = instantiate(self.forest, equation.side(root, forward=True), equation.leaves)
            if self.forest.terms[term].op == RESULT and len(match.roots) < len(equation.left):
                continue  # the match names the op, of which these are results
            if self.forest.find(term) != self.forest.find(self.births[cid]):
                return replace(equation, left=tuple(map(_with_negative_zeros, equation.left)))
        return equation

    def _post(self, equation: Equation) -> None:
        number = len(self.all)
        self.all.append(equation)
        for root in range(len(equation.left)):
            left, right = (
                instantiate(self.forest, equation.side(root, forward=forward), equation.leaves)
                for forward in (True, False)
            )
            self.forest.equate(left, right, number, root)

    def _folding(self, node: ENode, constant: ENode) -> Equation:
        args = tuple([self._folded(child, i) for i, child in enumerate(node.children)])
        right = Node(CONSTANT, constant.attrs, ())
        return Equation(FOLDING, (Node(node.op, node.attrs, args),), (right,), node.children)

    def _folded(self, term: int, leaf: int) -> Pattern:
        """An operand that is constant: a constant, or an op of several results on constants."""
        held = self._constant(term)
        if held is not None:
            return Node(CONSTANT, held.attrs, ())
        find, terms = self.forest.find, self.forest.terms
        for node in (terms[t] for t in self.births if find(t) == find(term)):
            constants = [self._constant(c) for c in node.children]
            args = tuple([Node(CONSTANT, c.attrs, ()) for c in constants if c is not None])
            if args and len(args) == len(constants):
                return Node(node.op, node.attrs, args)
        return leaf

    def _constant(self, term: int) -> ENode | None:
        """The first constant that the term is known to equal."""
        find = self.forest.find
        known = (c for c in self._constants if find(c) == find(term))
        return next((self.forest.terms[c] for c in known), None)


def _chain(op: str, groups: Sequence[Sequence[int]], births: Sequence[int]) -> Equation:
    leaves = iter(range(sum(map(len, groups))))
    numbers = [tuple(islice(leaves, len(group))) for group in groups]
    nested = tuple(group[0] if len(group) == 1 else Node(op, (), group) for group in numbers)
    flat = Node(op, (), tuple(chain.from_iterable(numbers)))
    terms = tuple(births[c] for c in chain.from_iterable(groups))
    return Equation(NARY, (Node(op, (), nested),), (flat,), terms)


def _with_negative_zeros(node: Node) -> Node:
    if node.op == CONSTANT:
        attrs = node_attrs(ENode(CONSTANT, node.attrs, ()))
        if splat_value(attrs) != 0.0:
            return node
        spec = TensorSpec(get_ints(attrs, "shape"), get_str(attrs, "dtype"))
        return Node(CONSTANT, make_node(CONSTANT, splat_constant(-0.0, spec)).attrs, ())
    args = tuple([_with_negative_zeros(a) if isinstance(a, Node) else a for a in node.args])
    return node._replace(args=args)


class _Instances:
    """Rules applied to what their symbols stood for. Equal layers have equal patterns."""

    def __init__(self, graph: EGraph, rules: Sequence[Rule | RuleFamily]) -> None:
        self._graph = graph
        self._rules: dict[str, Rule] = {}
        self._families: dict[str, Siblings] = {}
        self._patterns: dict[
            object, tuple[Substitution, tuple[Node, ...], tuple[Pattern, ...]]
        ] = {}
        for rule in rules:
            if isinstance(rule, Rule):
                self._rules[rule.name] = rule
                continue
            siblings = compile_family(rule)
            for member in rule.members.values():
                self._rules[member.name] = member
                self._families[member.name] = siblings

    def instance(self, name: str, match: Match, births: Sequence[int]) -> Equation:
        rule = self._rules[name]
        layout = self._layout(rule)
        values = dict(zip(layout, match.values, strict=True))
        names = tuple(key for key in layout if isinstance(key, str))
        operands = [cast(int, values[name]) for name in names]
        shapes = {n: self._graph.spec(c).shape for n, c in zip(names, operands, strict=True)}
        dtype = self._graph.specs(match.roots[0])[0].dtype
        key = (name, match.values[len(names) :], tuple(shapes.items()), dtype)
        if key not in self._patterns:
            found = Substitution(_symbols(values), shapes, dtype)
            self._patterns[key] = (found, *_patterns(rule, found, names))
        found, left, right = self._patterns[key]
        rests = match.rests if len(match.rests) == len(left) else ((),) * len(left)
        leaves = [births[c] for c in (*operands, *chain.from_iterable(rests))]
        numbers = iter(range(len(operands), len(leaves)))
        rests = tuple(tuple(islice(numbers, len(rest))) for rest in rests)
        return Equation(name, left, right, tuple(leaves), rests, rule, found, names)

    def _layout(self, rule: Rule) -> tuple[Key, ...]:
        if rule.name in self._families:
            return self._families[rule.name].layout(len(rule.lhs))
        compiled = compile_rule(rule)
        return (*compiled.variables, *compiled.symbols)


def _symbols(values: Mapping[Key, object]) -> Symbols:
    symbols = Symbols()
    for key, value in values.items():
        match key:
            case Dim(name):
                symbols.dims[name] = cast(int, value)
            case Batch(name):
                symbols.batches[name] = cast("tuple[int, ...]", value)
            case AttrVar(name):
                symbols.attrs[name] = cast(AttrValue, value)
            case _:
                pass
    return symbols


def _patterns(
    rule: Rule, found: Substitution, names: Sequence[str]
) -> tuple[tuple[Node, ...], tuple[Pattern, ...]]:
    position = {name: i for i, name in enumerate(names)}
    left, right = (type_terms(side, found) for side in (rule.lhs, rule.rhs))
    if left is None or right is None:
        raise ValueError(f"rule {rule.name} was applied where it has no types")
    lhs = tuple(cast(Node, _pattern(term, left, position)) for term in rule.lhs)
    return lhs, tuple(_pattern(term, right, position) for term in rule.rhs)


def _pattern(term: Term, typing: Typing, position: Mapping[str, int]) -> Pattern:
    match term:
        case Var(name):
            return position[name]
        case Result(call, index):
            return Node(RESULT, (index,), (_pattern(call, typing, position),))
        case Call(op, args):
            node = make_node(op, typing[term].attrs)
            return Node(op, node.attrs, tuple(_pattern(arg, typing, position) for arg in args))
        case Splat():
            return Node(CONSTANT, make_node(CONSTANT, typing[term].attrs).attrs, ())
