"""The programs before and after an explanation as graphs to draw."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from taso.dialects.base import tensor_type
from taso.dialects.spec import OpKind
from taso.dialects.taso import OPS
from taso.passes.search.egraph import CONSTANT, INPUT, NARY_OPS, RESULT, ENode, is_repeated
from taso.passes.search.explain import Trace
from taso.passes.search.explain_moves import corresponding
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.explain_terms import below

Role: TypeAlias = Literal["input", "op", "view", "prepared"]


@dataclass(frozen=True)
class Vertex:
    """An op or an input. `operands` are the numbers of others in the graph.

    `prepared` is an op on parameters alone, which runs once.
    """

    name: str
    op: str
    type: str
    line: str
    """As IR."""
    operands: tuple[int, ...]
    role: Role
    changed: bool
    """It is in this program alone."""


def graphs(trace: Trace) -> tuple[list[Vertex], list[Vertex]]:
    """The programs before and after, operands before users.

    Parameters, their views and constants are left out.
    """
    before, after = (below(trace.forest, roots) for roots in (trace.before, trace.after))
    origin = _origins(trace)
    stays = {term: origin.get(term, term) for term in after}
    stays = {new: old for new, old in stays.items() if old in set(before)}
    kept = _with_links(trace.forest, stays.values())
    fresh = set(after) - _with_links(trace.forest, stays)
    return (
        _Graph(trace, set(before) - kept).vertices(trace.before),
        _Graph(trace, fresh).vertices(trace.after),
    )


def _origins(trace: Trace) -> dict[int, int]:
    """The term of the program before that each term was, where an operand alone changed."""
    origin: dict[int, int] = {}
    for move in trace.moves:
        places = {(place.before, place.after) for place in move.places}
        for old, new in corresponding(trace.forest, move):
            if (old, new) not in places:
                origin.setdefault(new, origin.get(old, old))
    return origin


def _with_links(forest: ProofForest, terms: Iterable[int]) -> set[int]:
    """The terms, and the links of the chains of sums that they are the ends of."""
    found = set(terms)
    stack = list(found)
    while stack:
        node = forest.terms[stack.pop()]
        links = {c for c in node.children if node.op in NARY_OPS and forest.terms[c].op == node.op}
        stack.extend(links - found)
        found |= links
    return found


class _Graph:
    def __init__(self, trace: Trace, changed: Container[int]) -> None:
        self._trace = trace
        self._changed = changed
        self._param: dict[int, bool] = {}

    def vertices(self, roots: Sequence[int]) -> list[Vertex]:
        terms = self._trace.forest.terms
        numbers: dict[int, int] = {}
        made: list[Vertex] = []
        parts = below(self._trace.forest, roots)
        results: dict[int, list[int]] = {}
        for term in parts:
            self._param[term] = self._is_param(term)
            if terms[term].op == RESULT:
                results.setdefault(terms[term].children[0], []).append(term)
        for term in parts:
            node = terms[term]
            if node.op == RESULT:
                if (whole := node.children[0]) in numbers:
                    numbers[term] = numbers[whole]
            elif self._is_hidden(term, node):
                shown = [numbers[c] for c in node.children if c in numbers]
                if shown:  # a view of what is prepared
                    numbers[term] = shown[0]
            else:
                numbers[term] = len(made)
                named = results.get(term, [term])
                made.append(self._vertex(term, node, named, numbers))
        return made

    def _is_param(self, term: int) -> bool:
        node = self._trace.forest.terms[term]
        if node.op == INPUT:
            return self._trace.program.is_param(term)
        return not is_repeated(node) and all(self._param[c] for c in node.children)

    def _is_hidden(self, term: int, node: ENode) -> bool:
        if node.op == CONSTANT:
            return True
        is_given = node.op == INPUT or OPS[node.op].KIND is OpKind.VIEW
        return self._param[term] and is_given

    def _vertex(
        self, term: int, node: ENode, named: Sequence[int], numbers: Mapping[int, int]
    ) -> Vertex:
        writer, program = self._trace.writer, self._trace.program
        operands = dict.fromkeys(numbers[c] for c in node.children if c in numbers)
        types = [str(tensor_type(program.specs(t)[0])) for t in named]
        name = ", ".join(writer.name(t) for t in named)
        role: Role = "op"
        if node.op == INPUT:
            role = "input"
        elif self._param[term]:
            role = "prepared"
        elif OPS[node.op].KIND is OpKind.VIEW:
            role = "view"
        line = f"%{name} : {types[0]}" if node.op == INPUT else writer.lines([term, *named])[0]
        short = ", ".join(t.removeprefix("tensor<").removesuffix(">") for t in types)
        return Vertex(name, node.op, short, line, tuple(operands), role, term in self._changed)
