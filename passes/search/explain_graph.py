"""The programs before and after an explanation as graphs to draw."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from taso.dialects.base import tensor_type
from taso.dialects.spec import OpKind
from taso.dialects.taso import OPS
from taso.passes.search.egraph import CONSTANT, INPUT, RESULT, ENode, is_repeated
from taso.passes.search.explain import Trace
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
    origin = _origins(trace)
    before, after = (set(below(trace.forest, roots)) for roots in (trace.before, trace.after))
    kept = {origin.get(term, term) for term in after}
    fresh = {term for term in after if origin.get(term, term) not in before}
    return (
        _Graph(trace, before - kept).vertices(trace.before),
        _Graph(trace, fresh).vertices(trace.after),
    )


def _origins(trace: Trace) -> dict[int, int]:
    """The term of the program before that each term was, where an operand alone changed."""
    terms = trace.forest.terms
    origin: dict[int, int] = {}
    for move in trace.moves:
        places = {(place.before, place.after) for place in move.places}
        stack = list(zip(move.before, move.after, strict=True))
        seen: set[tuple[int, int]] = set()
        while stack:
            old, new = stack.pop()
            if old == new or (old, new) in seen or (old, new) in places:
                continue
            seen.add((old, new))
            a, b = terms[old], terms[new]
            if (a.op, a.attrs, len(a.children)) == (b.op, b.attrs, len(b.children)):
                origin.setdefault(new, origin.get(old, old))
                stack.extend(zip(a.children, b.children, strict=True))
    return origin


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
            elif not self._is_hidden(term, node):
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
