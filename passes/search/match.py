"""Rules compiled to Python loops over the e-graph.

A rule becomes two functions: `search` walks its left terms from a root class down, a loop a
call; `build` adds its right terms. A pattern rooted in add(x, y) (or mul) takes every ordered
pair of operands of an n-ary node, and leaves the rest; within a pattern it takes nodes of two
operands, in both orders, as for every commutative op.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias, cast

from taso.dialects.spec import FLOAT_DTYPES, ConstraintError, TensorSpec
from taso.dialects.taso import OPS
from taso.dialects.values import finite_splat, splat_value
from taso.passes.rules.notation import (
    Call,
    Result,
    Rule,
    RuleError,
    ShapeOf,
    Splat,
    Term,
    Var,
)
from taso.passes.rules.sides import root_node
from taso.passes.search.codegen import AttrIs, Code, ScalarIs, ShapeIs, Solver, Symbol
from taso.passes.search.egraph import (
    COMMUTATIVE_OPS,
    CONSTANT,
    NARY_OPS,
    RESULT,
    EClass,
    EGraph,
    ENode,
    Reason,
    SpecMismatchError,
    attribute_names,
    make_node,
)

MAX_NARY_OPERANDS = 8
"""Sums and products of more operands are matched in binary form alone."""


class Substitution(NamedTuple):
    """A match: the class of each root, the operands that it leaves there, the symbols' values.

    `values` are in the order of `CompiledRule.variables` (classes), then `.symbols`.
    """

    roots: tuple[int, ...]
    rests: tuple[tuple[int, ...], ...]
    values: tuple[object, ...]


Search: TypeAlias = Callable[[EGraph, Iterable[int], list[Substitution]], None]
Build: TypeAlias = Callable[[EGraph, Substitution], tuple[int, ...] | None]


@dataclass(frozen=True, eq=False)
class RightSide:
    """The part of a rule that acts on a match."""

    rule: Rule
    build: Build
    result_of: tuple[int, ...] | None = None
    """The roots are these results of the one class that a match names."""


@dataclass(frozen=True, eq=False)
class CompiledRule:
    """A rule as functions over an e-graph.

    `root_op` is the op of the first root; `depth` the number of calls from a root down: a match
    changes only with classes that are less than `depth` levels below.
    """

    right: RightSide
    root_op: str
    depth: int
    variables: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    search: Search

    @property
    def single(self) -> bool:
        """One class is searched for: matches depend on classes below it alone."""
        return len(self.right.rule.lhs) == 1 or self.right.result_of is not None


@cache
def compile_rule(rule: Rule) -> CompiledRule:
    """The functions of a rule. Raises `RuleError` if its left side can't be solved."""
    search = _SearchCode(rule)
    names, symbols = search.layout()
    build = compile_build(rule, names, symbols, check=False)
    return CompiledRule(
        RightSide(rule, build, search.result_of),
        search.root_op,
        max(_depth(term) for term in rule.lhs),
        names,
        symbols,
        cast(Search, search.code.compile(_SEARCH_ENVIRONMENT)),
    )


def matches(graph: EGraph, rule: Rule) -> list[Substitution]:
    """All places where a rule of a fixed number of roots applies, in canonical order."""
    compiled = compile_rule(rule)
    found: list[Substitution] = []
    compiled.search(graph, candidates(graph, compiled.root_op), found)
    return list(dict.fromkeys(found))


def candidates(graph: EGraph, op: str) -> list[int]:
    """Classes with a node of the op."""
    return [c for c in graph.class_ids() if op in graph.classes[c].by_op]


def apply_match(graph: EGraph, right: RightSide, match: Substitution) -> bool:
    """Build the right side and merge it with the roots; whether the graph has new unions.

    Raises `RuleError` if the right side is ill-typed or of another type: the rule is wrong.
    """
    rule = right.rule
    try:
        built = right.build(graph, match)
        if built is None:
            return False
        merged = False
        roots, rests = match.roots, match.rests
        if right.result_of is not None:
            (root,) = roots
            roots = [graph.add(ENode(RESULT, (i,), (root,))) for i in right.result_of]
            rests = [()] * len(roots)
        for root, rest, term, made in zip(roots, rests, rule.lhs, built, strict=True):
            whole = made
            if rest:
                whole = graph.add(ENode(cast(Call, term).op, (), (made, *rest)))
            merged |= graph.union(root, whole, Reason(rule.name, match))
        return merged
    except ConstraintError as e:
        raise RuleError(f"rule {rule.name}: the right side has no type: {e}") from e
    except SpecMismatchError as e:
        raise RuleError(str(e)) from e


def compile_build(
    rule: Rule, names: Sequence[str], symbols: Sequence[Symbol], *, check: bool
) -> Build:
    """The function that adds the right terms; with `check`, it tests the conditions first."""
    code = Code("build", ("graph", "match"), "return None")
    bound = {name: code.fresh("v") for name in names}
    solver = Solver(rule.name, code)
    solver.bound.update({symbol: code.fresh("s") for symbol in symbols})
    code.line(f"[{', '.join([*bound.values(), *solver.bound.values()])}] = match.values")
    for name, local in bound.items():
        code.line(f"{local} = graph.find({local})")
        solver.bound[ShapeOf(name)] = f"graph.spec({local}).shape"
    code.line("dt = graph.specs(match.roots[0])[0].dtype")
    if check:
        for condition in rule.where:
            solver.post(condition)
        solver.finish()
    right = _RightCode(code, solver, bound)
    made = [right.term(term) for term in rule.rhs]
    code.line(f"return ({', '.join(made)},)")
    return cast(Build, code.compile(_BUILD_ENVIRONMENT))


class _RightCode:
    """Emits the construction of right terms, each once."""

    def __init__(self, code: Code, solver: Solver, variables: Mapping[str, str]) -> None:
        self._code = code
        self._solver = solver
        self._variables = variables
        self._made: dict[Term, str] = {}

    def term(self, term: Term) -> str:
        if isinstance(term, Var):
            return self._variables[term.name]
        if term not in self._made:
            self._made[term] = self._code.assign("c", f"graph.add({self._node(term)})")
        return self._made[term]

    def _node(self, term: Term) -> str:
        match term:
            case Call(op, args):
                children = [self.term(a) for a in args]
                rank = f"graph.spec({children[0]}).rank" if children else "0"
                attrs = [
                    self._solver.value(term.attr(name), name, rank) for name in attribute_names(op)
                ]
                return f"Node({self._code.constant(op)}, {_tuple(attrs)}, {_tuple(children)})"
            case Result(call, index):
                return f"Node({self._code.constant(RESULT)}, ({index},), ({self.term(call)},))"
            case Splat(value, shape):
                held, sizes = self._solver.value(value), self._solver.value(shape)
                node = self._code.assign("n", f"splat({held}, {sizes}, dt)")
                self._code.fail_if(f"{node} is None")
                return node
            case Var():
                raise TypeError("a variable is no node")


class _SearchCode:
    """Emits the walk over the left terms."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.code = Code("search", ("graph", "sites", "out"), "return")
        self.result_of: tuple[int, ...] | None = None
        self._solver = Solver(rule.name, self.code)
        self._variables: dict[str, str] = {}
        self._calls: dict[Call, str] = {}
        self._rests: list[str] = []
        terms: tuple[Term, ...] = rule.lhs
        node = root_node(rule)
        if isinstance(node, Call) and isinstance(rule.lhs[0], Result):
            self.result_of = tuple(cast(Result, t).index for t in rule.lhs)
            terms = (node,)
        self.root_op = _root_op(terms[0])
        self._emit(terms)

    def layout(self) -> tuple[tuple[str, ...], tuple[Symbol, ...]]:
        """Variables and symbols in the order of a substitution's values."""
        symbols = tuple(s for s in self._solver.bound if not isinstance(s, ShapeOf))
        return tuple(self._variables), symbols

    def _emit(self, terms: Sequence[Term]) -> None:
        self.code.define("K", "graph.classes")
        for condition in self.rule.where:
            self._solver.post(condition)
        roots: list[str] = []
        for i, term in enumerate(terms):
            root = self.code.fresh("c")
            self.code.loop((root,), "sites" if i == 0 else self._other_sites(term))
            if i == 0:
                self._dtype(root)
            roots.append(root)
            self._root(term, root)
        self._solver.finish()
        names, symbols = self.layout()
        values = [self._variables[n] for n in names] + [self._solver.bound[s] for s in symbols]
        found = f"{_tuple(roots)}, {_tuple(self._rests)}, {_tuple(values)}"
        self.code.line(f"out.append(Match({found}))")

    def _dtype(self, root: str) -> None:
        self.code.define("dt", f"K[{root}].specs[0].dtype")
        if self.rule.dtypes == "float":
            self.code.fail_if(f"dt not in {self.code.constant(FLOAT_DTYPES)}")
        if self.rule.overflow == "may-grow":
            self.code.fail_if(f"dt == {self.code.constant('f16')}")

    def _other_sites(self, term: Term) -> str:
        """Classes where a further root can be: above a variable that is bound."""
        path = self._path(term)
        if path is None:
            return f"candidates(graph, {self.code.constant(_root_op(term))})"
        start, ops = path
        return f"climb(graph, {start}, {self.code.constant(ops)})"

    def _path(self, term: Term) -> tuple[str, tuple[str, ...]] | None:
        """A bound variable within the term, and the ops from it up to the term."""
        match term:
            case Var(name) if name in self._variables:
                return self._variables[name], ()
            case Call(op, args):
                for path in map(self._path, args):
                    if path is not None:
                        return path[0], (*path[1], op)
            case Result(call):
                path = self._path(call)
                return None if path is None else (path[0], (*path[1], RESULT))
            case _:
                pass
        return None

    def _root(self, term: Term, root: str) -> None:
        if isinstance(term, Call) and term.op in NARY_OPS:
            x, y, rest = (self.code.fresh("c") for _ in range(3))
            nodes = f"K[{root}].by_op.get({self.code.constant(term.op)}, ())"
            self.code.loop((x, y, rest), f"pairs({nodes})")
            self._rests.append(rest)
            self._term(term.args[0], x)
            self._term(term.args[1], y)
        else:
            self._rests.append("()")
            self._term(term, root)

    def _term(self, term: Term, c: str) -> None:
        """Emit what must hold for the term to be in class `c`."""
        match term:
            case Var():
                self._var(term, c)
            case Call():
                self._call(term, c)
            case Result(call, index):
                node = self.code.fresh("n")
                self.code.loop((node,), f"K[{c}].by_op.get({self.code.constant(RESULT)}, ())")
                self.code.fail_if(f"{node}.attrs[0] != {index}")
                child = self.code.assign("c", f"{node}.children[0]")
                if call in self._calls:
                    self.code.fail_if(f"{child} != {self._calls[call]}")
                else:
                    self._calls[call] = child
                    self._call(call, child)
            case Splat(value, shape):
                held = self.code.assign("t", f"splat_of(K[{c}])")
                self.code.fail_if(f"{held} is None or K[{c}].specs[0].dtype != dt")
                self._solver.post(ShapeIs(shape, f"K[{c}].specs[0].shape"))
                self._solver.post(ScalarIs(value, held))

    def _var(self, var: Var, c: str) -> None:
        if var.name in self._variables:
            self.code.fail_if(f"{c} != {self._variables[var.name]}")
            return
        self._variables[var.name] = c
        shape = f"K[{c}].specs[0].shape"
        self._solver.bound[ShapeOf(var.name)] = shape
        self.code.fail_if(f"K[{c}].specs[0].dtype != dt")
        if var.param:
            self.code.fail_if(f"not K[{c}].param")
        if var.shape is not None:
            self._solver.post(ShapeIs(var.shape, shape))
        self._solver.settle()

    def _call(self, call: Call, c: str) -> None:
        if "dtype" in OPS[call.op].RESULT_ATTRS:
            self.code.fail_if(f"K[{c}].specs[0].dtype != dt")
        children = [self.code.fresh("c") for _ in call.args]
        nodes = f"K[{c}].by_op.get({self.code.constant(call.op)}, ())"
        if call.op in COMMUTATIVE_OPS:
            self.code.loop(tuple(children), f"orders({nodes})")
        else:
            self._node(call, nodes, children)
        for arg, child in zip(call.args, children, strict=True):
            self._term(arg, child)

    def _node(self, call: Call, nodes: str, children: Sequence[str]) -> None:
        node = self.code.fresh("n")
        self.code.loop((node,), nodes)
        self.code.fail_if(f"len({node}.children) != {len(children)}")
        for i, child in enumerate(children):
            self.code.define(child, f"{node}.children[{i}]")
        rank = f"len(K[{children[0]}].specs[0].shape)" if children else "0"
        for i, name in enumerate(attribute_names(call.op)):
            self._solver.post(AttrIs(name, call.attr(name), f"{node}.attrs[{i}]", rank))


def _tuple(items: Sequence[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"


def _root_op(term: Term) -> str:
    """The op at the top of a left term, which is no variable."""
    return term.op if isinstance(term, Call) else RESULT


def _depth(term: Term) -> int:
    match term:
        case Call(_, args):
            return 1 + max(map(_depth, args), default=0)
        case Result(call):
            return 1 + _depth(call)
        case Var() | Splat():
            # What is known of a variable or constant (param, value) can change, too.
            return 1


def _pairs(nodes: Iterable[ENode]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Ordered pairs of operands of each node, and the operands that are left."""
    seen: dict[tuple[int, int, tuple[int, ...]], None] = {}
    for _, _, children in nodes:
        if len(children) > MAX_NARY_OPERANDS:
            continue
        for i, x in enumerate(children):
            for j, y in enumerate(children):
                if i != j:
                    low, high = min(i, j), max(i, j)
                    rest = (*children[:low], *children[low + 1 : high], *children[high + 1 :])
                    seen[x, y, rest] = None
    return iter(seen)


def _orders(nodes: Iterable[ENode]) -> Iterator[tuple[int, int]]:
    """The operands of each binary node, in both orders."""
    for _, _, children in nodes:
        if len(children) == 2:
            x, y = children
            yield x, y
            if x != y:
                yield y, x


def _climb(graph: EGraph, cid: int, ops: Sequence[str]) -> list[int]:
    """Classes reached from one by going up through users of the given ops."""
    level = [cid]
    for op in ops:
        users = {
            graph.find(user)
            for c in level
            for node, user in graph.classes[c].parents.items()
            if node.op == op
        }
        level = sorted(users)
    return level


def _splat_of(eclass: EClass) -> float | None:
    return None if eclass.constants is None else splat_value(eclass.constants[0])


def _splat_node(value: float, shape: tuple[int, ...], dtype: str) -> ENode | None:
    attrs = finite_splat(value, TensorSpec(shape, dtype))
    return None if attrs is None else make_node(CONSTANT, attrs)


_SEARCH_ENVIRONMENT: dict[str, object] = {
    "Match": Substitution,
    "candidates": candidates,
    "climb": _climb,
    "orders": _orders,
    "pairs": _pairs,
    "splat_of": _splat_of,
}
_BUILD_ENVIRONMENT: dict[str, object] = {"Node": ENode, "splat": _splat_node}
