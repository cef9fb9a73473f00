"""Equality saturation: apply all rules everywhere, until nothing is new or a limit is met."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search import progress
from taso.passes.search.egraph import NARY_OPS, EGraph, ENode, chained
from taso.passes.search.interrupt import is_interrupted
from taso.passes.search.match import (
    MAX_NARY_OPERANDS,
    CompiledRule,
    RightSide,
    Substitution,
    apply_match,
    candidates,
    compile_rule,
)
from taso.passes.search.siblings import Siblings, classes_without, compile_family

MATCHES_PER_NODE = 10
"""Matches that are kept, for each e-node that the limit allows: they take memory too."""


@dataclass(frozen=True)
class Limits:
    """Where saturation stops: e-nodes that it makes, rounds over all rules, and seconds."""

    nodes: int = 20_000
    iterations: int = 30
    seconds: float = 10.0


@dataclass
class Report:
    """What saturation did. `stopped` names what ended it: saturated, or the limit met
    (iterations, nodes, matches, seconds, interrupted)."""

    stopped: str = "iterations"
    iterations: int = 0
    seconds: float = 0.0
    nodes: int = 0
    """E-nodes at the end."""
    applied: dict[str, int] = field(default_factory=dict[str, int])
    """Matches by rule that merged classes."""


def saturate(
    graph: EGraph, rules: Sequence[Rule | RuleFamily], limits: Limits | None = None
) -> Report:
    """Grow the graph by the rules. The graph is closed under congruence before and after.

    The result depends on the graph, the rules and the limits on nodes and iterations alone,
    unless the time runs out. Raises `RuleError` if a rule's right side is ill-typed.
    """
    return _Saturation(graph, rules, limits or Limits()).run()


class _Saturation:
    def __init__(self, graph: EGraph, rules: Sequence[Rule | RuleFamily], limits: Limits) -> None:
        self._graph = graph
        self._inputs = len(graph.birth)
        self._given_nodes = graph.size
        self._limits = limits
        self._started = time.perf_counter()
        self._rules = [compile_rule(r) if isinstance(r, Rule) else compile_family(r) for r in rules]
        self._seen: dict[str, set[Substitution]] = {}
        self._found = 0
        self._has_families = any(isinstance(r, Siblings) for r in self._rules)
        self._joins: set[int] = set()
        self._report = Report()

    def run(self) -> Report:
        graph, report = self._graph, self._report
        graph.touched = dict.fromkeys(graph.class_ids())
        while report.iterations < self._limits.iterations:
            if self._over_limit():
                break
            if not graph.touched:
                report.stopped = "saturated"
                break
            report.iterations += 1
            self._round()
        report.nodes = graph.size
        report.seconds = time.perf_counter() - self._started
        return report

    def _over_limit(self) -> bool:
        progress.report("saturating", nodes=self._graph.size)
        if self._graph.size - self._given_nodes >= self._limits.nodes:
            self._report.stopped = "nodes"
            return True
        if self._found >= MATCHES_PER_NODE * self._limits.nodes:
            self._report.stopped = "matches"
            return True
        if time.perf_counter() - self._started >= self._limits.seconds:
            self._report.stopped = "seconds"
            return True
        if is_interrupted():
            self._report.stopped = "interrupted"
            return True
        return False

    def _round(self) -> None:
        """Find all matches before any is applied, so that their order changes nothing."""
        sites = _Sites(self._graph, self._joins)
        self._graph.touched = {}
        found: list[tuple[CompiledRule | Siblings, list[tuple[RightSide, Substitution]]]] = []
        for rule in self._rules:
            if self._over_limit():
                break
            found.append((rule, self._find(rule, sites)))
        for rule, matches in found:
            for right, match in matches:
                if self._over_limit():
                    break
                self._apply(rule, right, match, sites)
        self._graph.rebuild()

    def _apply(
        self, rule: CompiledRule | Siblings, right: RightSide, match: Substitution, sites: _Sites
    ) -> None:
        first_new = len(self._graph.birth)
        if apply_match(self._graph, right, match):
            name = right.rule.name
            self._report.applied[name] = self._report.applied.get(name, 0) + 1
        if right.rule.numerics == "reassociating":
            for cid in range(first_new, len(self._graph.birth)):
                self._flatten(cid)
        if self._has_families and (isinstance(rule, Siblings) or sites.has_joins(rule, match)):
            self._joins.update(range(first_new, len(self._graph.birth)))

    def _flatten(self, cid: int) -> None:
        """A new sum of new sums is one n-ary sum, too, and so is a product.

        Else each order of summing up would be a class of its own. Sums of the input program
        stay whole: residual chains would explode.
        """
        graph = self._graph
        node = graph.canonical(graph.birth[cid])
        if node.op not in NARY_OPS:
            return
        groups: list[tuple[int, ...]] = []
        for child in node.children:
            inner = graph.classes[child].by_op.get(node.op, ()) if child >= self._inputs else ()
            groups.append(max(inner, key=lambda n: len(n.children)).children if inner else (child,))
        terms = tuple(chain.from_iterable(groups))
        if len(node.children) < len(terms) <= MAX_NARY_OPERANDS:
            graph.union(cid, graph.add(ENode(node.op, (), terms)), chained(node.op, groups))

    def _find(
        self, rule: CompiledRule | Siblings, sites: _Sites
    ) -> list[tuple[RightSide, Substitution]]:
        if isinstance(rule, Siblings):
            template = rule.template
            touched = set(sites.within(template.depth, template.root_op))
            found = rule.search(self._graph, touched, sites.unjoined) if touched else []
        else:
            matches = _Matches(self._check)
            searched = self._checked(self._searched(rule, sites))
            with suppress(_LimitReachedError):  # what was found so far is right
                rule.search(self._graph, searched, matches)
            found = [(rule.right, match) for match in matches]
        return [(right, match) for right, match in found if self._is_new(right, match)]

    def _searched(self, rule: CompiledRule, sites: _Sites) -> Sequence[int]:
        if rule.single:
            return sites.within(rule.depth, rule.root_op)
        return candidates(self._graph, rule.root_op)

    def _checked(self, sites: Sequence[int]) -> Iterator[int]:
        for site in sites:
            self._check(0)
            yield site

    def _check(self, matches: int) -> None:
        """Raise if a limit is met, with so many matches in the search that runs."""
        room = MATCHES_PER_NODE * self._limits.nodes - self._found
        if matches >= room:
            self._found += matches
        if self._over_limit():
            raise _LimitReachedError

    def _is_new(self, right: RightSide, match: Substitution) -> bool:
        seen = self._seen.setdefault(right.rule.name, set())
        if match in seen:
            return False
        seen.add(match)
        self._found += 1
        return True


class _LimitReachedError(Exception):
    """A search ends before it is through."""


class _Matches(list[Substitution]):
    """What one search found; looks at the limits, with its length, every so often."""

    def __init__(self, check: Callable[[int], None]) -> None:
        super().__init__()
        self._check = check

    def append(self, match: Substitution) -> None:
        super().append(match)
        if len(self) % 256 == 0:
            self._check(len(self))


class _Sites:
    """Classes whose matches can have changed: those touched, and those above them."""

    def __init__(self, graph: EGraph, joins: set[int]) -> None:
        self._graph = graph
        self._joins = joins
        self._levels = [sorted({graph.find(c) for c in graph.touched})]
        self._by_op: list[dict[str, list[int]]] = []

    def within(self, depth: int, op: str) -> Sequence[int]:
        """Classes with a node of `op` that reach a touched one in less than `depth` steps."""
        while len(self._levels) < depth:
            self._levels.append(self._above(self._levels[-1]))
        while len(self._by_op) < depth:
            self._by_op.append(self._index(self._levels[len(self._by_op)]))
        return self._by_op[depth - 1].get(op, ())

    @cached_property
    def unjoined(self) -> set[int]:
        """Classes that do not need what sibling rules made."""
        return classes_without(self._graph, self._joins)

    def has_joins(self, rule: CompiledRule, match: Substitution) -> bool:
        """The match needs what sibling rules made: what it gives is theirs, too."""
        operands = match.values[: len(rule.variables)]
        return not (self.unjoined.issuperset(match.roots) and self.unjoined.issuperset(operands))

    def _above(self, level: Sequence[int]) -> list[int]:
        find, classes = self._graph.find, self._graph.classes
        users = {find(user) for c in level for user in classes[c].parents.values()}
        return sorted(users.union(level))

    def _index(self, level: Sequence[int]) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for cid in level:
            if self._graph.constant(cid) is not None:
                continue  # no term is cheaper, and the products of constants are without end
            for op in self._graph.classes[cid].by_op:
                index.setdefault(op, []).append(cid)
        return index
