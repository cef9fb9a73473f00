"""Extraction without sharing: dynamic programming, where it is exact.

If no solution can use a state or a class twice, its cost is that of a tree, and the cheapest
edge of a state does not depend on the choice elsewhere. So it is for the orders of a chain of
products, on whose relaxation branch and bound is slow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from taso.passes.search.problem import MOVE, Problem


class _Tree(NamedTuple):
    """The cheapest derivation of a state, and what any derivation of it can use."""

    seconds: float
    edge: int
    """Position of the edge that derives the state."""
    reach: int
    """Bits: 2 s for state s, 2 c + 1 for class c."""


def cheapest_trees(
    problem: Problem,
    numbers: Sequence[int],
    heads: Mapping[int, Sequence[int]],
    needed: Collection[int],
) -> tuple[list[int], float] | None:
    """Positions in `numbers` of the edges of an optimum, and its cost in seconds.

    `numbers` are the edges of a component, `heads` their positions by the state that they
    derive, `needed` the states that every solution derives. None where solutions can share.
    """
    roots = [state for state in heads if state in needed]
    order = _tails_first(problem, numbers, heads, needed)
    trees: dict[int, _Tree] = {}
    for state in order:
        tree = _cheapest(problem, numbers, heads[state], trees, needed)
        if tree is None:
            return None
        trees[state] = tree._replace(reach=tree.reach | 1 << 2 * state)
    chosen: list[int] = []
    seconds, reached = 0.0, 0
    for state in roots:
        tree = _cheapest(problem, numbers, heads[state], trees, needed)
        if tree is None or tree.reach & reached:
            return None
        seconds, reached = seconds + tree.seconds, reached | tree.reach
        stack = [tree]
        while stack:
            position = stack.pop().edge
            chosen.append(position)
            tails = problem.edges[numbers[position]].tails
            stack.extend(trees[t] for t in tails if t in trees)
    return chosen, seconds


def _tails_first(
    problem: Problem,
    numbers: Sequence[int],
    heads: Mapping[int, Sequence[int]],
    needed: Collection[int],
) -> list[int]:
    """The states that not every solution derives, each after those that it can need.

    On a cycle, one comes too early: then what it needs has no tree yet.
    """
    entered: set[int] = set()
    order: dict[int, None] = {}
    stack = [state for state in heads if state not in needed]
    while stack:
        state = stack[-1]
        if state not in entered:
            entered.add(state)
            tails = (t for i in heads[state] for t in problem.edges[numbers[i]].tails)
            stack.extend(t for t in tails if t not in needed and t not in entered)
        else:
            order.setdefault(stack.pop())
    return list(order)


def _cheapest(
    problem: Problem,
    numbers: Sequence[int],
    options: Sequence[int],
    trees: Mapping[int, _Tree],
    needed: Collection[int],
) -> _Tree | None:
    """The best of the edges that derive a state; None if one of them can use something twice."""
    candidates: list[tuple[float, int]] = []
    reach = 0
    for position in options:
        edge = problem.edges[numbers[position]]
        seconds, below = edge.seconds, 0
        if edge.node != MOVE:
            seconds += problem.node_seconds[edge.node]
            below = 2 << 2 * problem.node_class[edge.node]
        for tail in edge.tails:
            if tail in needed:
                continue
            if tail not in trees or trees[tail].reach & below:
                return None
            seconds += trees[tail].seconds
            below |= trees[tail].reach
        candidates.append((seconds, position))
        reach |= below
    return _Tree(*min(candidates), reach)
