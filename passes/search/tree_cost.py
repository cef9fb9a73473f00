"""Extraction by tree cost: what is found at once, where the time is short.

The cost of a state is that of its cheapest derivation with all shared parts paid for each time:
Knuth, "A generalization of Dijkstra's algorithm", 1977. Choosing for each class the node that is
cheapest so gives an acyclic program; it is then charged as it is, each part once.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from taso.passes.search.problem import MOVE, Problem, derivation


def tree_solution(problem: Problem) -> list[int] | None:
    """The edges of an acyclic derivation of the roots, one node a class; None if there is none.

    Takes O(n log n) for edges of n tails in all.
    """
    nodes: dict[int, int] = {}
    for state, e in _cheapest_edges(problem, range(len(problem.edges))).items():
        if problem.edges[e].node != MOVE:
            nodes.setdefault(problem.state_class[state], problem.edges[e].node)
    allowed = {MOVE, *nodes.values()}
    usable = [e for e, edge in enumerate(problem.edges) if edge.node in allowed]
    return derivation(problem, _cheapest_edges(problem, usable).values())


def _cheapest_edges(problem: Problem, usable: Sequence[int]) -> dict[int, int]:
    """The edge that derives each state at least cost, states in the order of their costs.

    What an edge needs comes before its head.
    """
    users: dict[int, list[int]] = {}
    missing: dict[int, int] = {}
    seconds: dict[int, float] = {}
    ready: list[tuple[float, int]] = []
    for e in usable:
        edge = problem.edges[e]
        tails = set(edge.tails)
        missing[e] = len(tails)
        seconds[e] = edge.seconds + (0.0 if edge.node == MOVE else problem.node_seconds[edge.node])
        for tail in tails:
            users.setdefault(tail, []).append(e)
        if not tails:
            ready.append((seconds[e], e))
    heapq.heapify(ready)
    found: dict[int, int] = {}
    while ready:
        cost, e = heapq.heappop(ready)
        head = problem.edges[e].head
        if head in found:
            continue
        found[head] = e
        for user in users.get(head, ()):
            missing[user] -= 1
            seconds[user] += cost
            if not missing[user]:
                heapq.heappush(ready, (seconds[user], user))
    return found
