"""The k cheapest programs of an e-graph: the cost model is not the device.

After Lawler (Management Science 18, 1972): the next best program lacks a node of each better one.
So the problem is solved again without a node of the best, for each of its nodes; what comes out
best is next, and is taken apart in turn. Nodes of one op on operands of the same types go together,
so that layers change alike; nodes that a cheaper one replaces in any program, and what prepares
parameters, stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import ENode
from taso.passes.search.extract import Encoding, Selection, extract
from taso.passes.search.ilp import Solution, solve
from taso.passes.search.outputs import Outputs
from taso.passes.search.presolve import OutOfTimeError, presolve
from taso.passes.search.problem import MOVE, Edge, choices
from taso.passes.search.program import Graph


def extract_several(
    graph: Graph,
    roots: Sequence[int],
    model: CostModel,
    count: int,
    *,
    origin: Mapping[int, ENode],
    time_limit: float = 10.0,
) -> list[Selection]:
    """Up to `count` distinct selections, the cheapest first, and that as `extract` gives it.

    Fewer where there are no more, or where no more are found in `time_limit` seconds.
    """
    deadline = time.monotonic() + time_limit
    best = extract(graph, roots, model, origin=origin, time_limit=time_limit)
    found = {_key(best.choice): best}
    if count > 1:
        encoding = Encoding(graph, roots, model, Outputs.of(graph, roots, origin))
        for solution in _Search(encoding, deadline).solutions(count):
            choice = encoding.decode(solution)
            found.setdefault(_key(choice), Selection(choice, solution.seconds, best.bound))
    return list(found.values())[:count]


def _key(choice: Mapping[int, ENode]) -> frozenset[tuple[int, ENode]]:
    return frozenset(choice.items())


class _Search:
    """Solutions in the order of their costs, as long as there is time."""

    def __init__(self, encoding: Encoding, deadline: float) -> None:
        self._deadline = deadline
        self._problem = replace(encoding.problem, kept_limit=encoding.kept_limit(()))
        try:
            reduced = presolve(self._problem, deadline)
        except OutOfTimeError:
            reduced = None
        self._edges = [] if reduced is None else reduced.edges
        """Those left, by number."""
        self._groups = _groups(encoding, [self._problem.edges[e] for e in self._edges])

    def solutions(self, count: int) -> list[Solution]:
        """Up to `count` of them, distinct in the nodes that they choose."""
        waiting: list[tuple[Solution, frozenset[int]]] = []
        tried: set[frozenset[int]] = set()
        found: dict[frozenset[int], Solution] = {}
        self._try(frozenset(), tried, waiting)
        while waiting and len(found) < count:
            at = min(range(len(waiting)), key=lambda i: waiting[i][0].seconds)
            solution, without = waiting.pop(at)
            nodes = frozenset(choices(self._problem, solution.edges).values())
            if found.setdefault(nodes, solution) is solution:
                for group in self._groups:
                    if group & nodes:
                        self._try(without | group, tried, waiting)
        return list(found.values())

    def _try(
        self,
        without: frozenset[int],
        tried: set[frozenset[int]],
        waiting: list[tuple[Solution, frozenset[int]]],
    ) -> None:
        left = self._deadline - time.monotonic()
        if without in tried or left <= 0:
            return
        tried.add(without)
        numbers = [e for e in self._edges if self._problem.edges[e].node not in without]
        edges = [self._problem.edges[i] for i in numbers]
        solution = solve(replace(self._problem, edges=edges), time_limit=left)
        if solution is not None:
            waiting.append((replace(solution, edges=[numbers[e] for e in solution.edges]), without))


def _groups(encoding: Encoding, edges: Sequence[Edge]) -> list[frozenset[int]]:
    """Nodes in whose classes there is a choice, by op, attributes and types."""
    by_class: dict[int, list[int]] = {}
    for node in dict.fromkeys(e.node for e in edges if e.node != MOVE):
        by_class.setdefault(encoding.problem.node_class[node], []).append(node)
    groups: dict[object, set[int]] = {}
    for members in by_class.values():
        if len(members) > 1:
            for node in members:
                if (kind := encoding.kind_of(node)) is not None:
                    groups.setdefault(kind, set()).add(node)
    return [frozenset(group) for group in groups.values()]
