"""Presolve: what of an extraction problem is decided without a solver.

Three reductions keep at least one optimum, and repeat until nothing changes:

* an edge that no acyclic solution can use goes: what it needs cannot be derived, or is derived
  only through the class of its own head;
* a node goes if another of its class offers every step of it for no more, from states that its
  own derivations hold anyway;
* where a state can be had for nothing, given what every solution derives, its other edges go,
  and solutions may as well derive it.

The states that every solution derives are those of a dominator analysis on AND-OR graphs; sets
of states are the bits of Python integers.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from taso.passes.search.interrupt import is_over
from taso.passes.search.problem import MOVE, Edge, Problem


@dataclass(frozen=True)
class Reduced:
    """What presolve leaves of a problem."""

    edges: list[int]
    """The edges left, by number."""
    needed: frozenset[int]
    """The states that every solution derives, or may as well."""
    needed_classes: frozenset[int]
    """The classes of these states."""
    below: dict[int, int]
    """For each node left, the classes, as bits, that every solution with it derives for it."""


MAX_BYTES = 1 << 30
"""Of the sets of states; they grow with the square of the problem."""


class OutOfTimeError(Exception):
    """Time is over, or memory would not do, before the problem was ready to be solved."""


def presolve(problem: Problem, deadline: float = math.inf) -> Reduced | None:
    """Reduce a problem; None if it has no acyclic solution.

    Reduces less as the deadline, a `time.monotonic`, comes near. Raises `OutOfTimeError`.
    """
    if _set_bytes(problem) > MAX_BYTES:
        raise OutOfTimeError
    started = time.monotonic()
    halfway = started + (deadline - started) / 2
    edges = list(range(len(problem.edges)))
    while True:
        known = _analyse(problem, edges, deadline)
        if any(known[root] is None for root in problem.roots):
            return None
        left = [e for e in edges if _is_usable(problem, problem.edges[e], known)]
        left = _reachable(problem, left)
        needed = _needed(problem, known)
        left = _drop_dominated(problem, left, known, halfway)
        free = _free_edges(problem, left, needed)
        left = [e for e in left if free.get(problem.edges[e].head, e) == e]
        if len(left) == len(edges) or is_over(halfway):
            derived = needed.union(free)
            classes = frozenset(problem.state_class[state] for state in derived)
            return Reduced(left, derived, classes, _classes_below(problem, left, known))
        edges = left


def _set_bytes(problem: Problem) -> int:
    states = len(problem.state_class)
    return states * (states + len(set(problem.state_class))) // 8


def _analyse(problem: Problem, edges: list[int], deadline: float) -> list[int | None]:
    """For each state, the states (and classes, above them) that all its derivations hold.

    None for a state without derivation. A fixed point from above: sets only shrink.
    """
    states = len(problem.state_class)
    own = [1 << s | 1 << (states + c) for s, c in enumerate(problem.state_class)]
    known: list[int | None] = [None] * states
    heads = problem.by_head(edges)
    users: dict[int, list[int]] = {}
    for e in edges:
        for tail in problem.edges[e].tails:
            users.setdefault(tail, []).append(problem.edges[e].head)
    pending = dict.fromkeys(_leaves_first(problem, heads))
    while pending:
        current, pending = list(pending), {}
        for state in current:
            if is_over(deadline):
                raise OutOfTimeError
            pending.pop(state, None)
            held = [_held(problem, problem.edges[e], known) for e in heads[state]]
            sets = [h for h in held if h is not None]
            if not sets:
                continue
            common = sets[0]
            for other in sets[1:]:
                common &= other
            common |= own[state]
            if common != known[state]:
                known[state] = common
                pending.update(dict.fromkeys(users.get(state, ())))
    return known


def _leaves_first(problem: Problem, heads: dict[int, list[int]]) -> list[int]:
    """Derivable heads, each after what it needs as far as cycles allow."""
    order: list[int] = []
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(problem.roots)]
    while stack:
        state, done = stack.pop()
        if done:
            order.append(state)
        elif state in heads and state not in seen:
            seen.add(state)
            stack.append((state, True))
            tails = [t for e in heads[state] for t in problem.edges[e].tails]
            stack.extend((t, False) for t in reversed(tails))
    return order


def _held(problem: Problem, edge: Edge, known: list[int | None]) -> int | None:
    """What an edge's tails hold; None if one is not derived, or only through the edge's head."""
    held = 0
    for tail in edge.tails:
        part = known[tail]
        if part is None:
            return None
        held |= part
    own_class = len(problem.state_class) + problem.state_class[edge.head]
    return None if edge.node != MOVE and held >> own_class & 1 else held


def _is_usable(problem: Problem, edge: Edge, known: list[int | None]) -> bool:
    return _held(problem, edge, known) is not None


def _needed(problem: Problem, known: list[int | None]) -> frozenset[int]:
    held = 0
    for root in problem.roots:
        held |= known[root] or 0
    return frozenset(s for s in range(len(problem.state_class)) if held >> s & 1)


def _classes_below(problem: Problem, edges: list[int], known: list[int | None]) -> dict[int, int]:
    below: dict[int, int] = {}
    for e in edges:
        edge = problem.edges[e]
        if edge.node != MOVE:
            classes = (_held(problem, edge, known) or 0) >> len(problem.state_class)
            below[edge.node] = below.get(edge.node, classes) & classes
    return below


def _reachable(problem: Problem, edges: list[int]) -> list[int]:
    """The edges that a derivation of the roots may come to."""
    heads = problem.by_head(edges)
    seen = set(problem.roots)
    stack = list(problem.roots)
    while stack:
        for e in heads.get(stack.pop(), ()):
            fresh = set(problem.edges[e].tails) - seen
            seen |= fresh
            stack.extend(fresh)
    return [e for e in edges if problem.edges[e].head in seen]


def _drop_dominated(
    problem: Problem, edges: list[int], known: list[int | None], deadline: float
) -> list[int]:
    """The edges of nodes that no other one dominates, of those that are looked at in time."""
    by_class: dict[int, dict[int, list[int]]] = {}
    for e in edges:
        node = problem.edges[e].node
        if node != MOVE:
            nodes = by_class.setdefault(problem.node_class[node], {})
            nodes.setdefault(node, []).append(e)
    dropped: set[int] = set()
    for nodes in by_class.values():
        if len(nodes) < 2:
            continue
        held = {
            e: _held(problem, problem.edges[e], known) or 0 for es in nodes.values() for e in es
        }
        for node in nodes:
            if is_over(deadline):
                break
            others = (n for n in nodes if n != node and n not in dropped)
            if any(_dominates(problem, nodes[other], nodes[node], held) for other in others):
                dropped.add(node)
    return [e for e in edges if problem.edges[e].node not in dropped]


def _dominates(problem: Problem, a: list[int], b: list[int], held: dict[int, int]) -> bool:
    """Whether a node, by its edges `a`, can stand for one of edges `b` at no higher cost.

    It offers each step for no more, from states that the other's derivations hold anyway.
    """
    one, other = (problem.edges[edges[0]].node for edges in (a, b))
    if problem.node_seconds[one] > problem.node_seconds[other]:
        return False
    return all(any(_is_no_worse(problem, f, e, held[e]) for f in a) for e in b)


def _is_no_worse(problem: Problem, f: int, e: int, held: int) -> bool:
    one, other = problem.edges[f], problem.edges[e]
    if one.head != other.head or one.seconds > other.seconds or one.kept > other.kept:
        return False
    return all(held >> tail & 1 for tail in one.tails)


def _free_edges(problem: Problem, edges: list[int], needed: frozenset[int]) -> dict[int, int]:
    """The edge of each state that costs nothing beyond what every solution pays, if it has one."""
    paid = _paid_nodes(problem, edges, needed)
    nothing = [
        e
        for e in edges
        if problem.edges[e].seconds == 0 == problem.edges[e].kept
        and (problem.edges[e].node == MOVE or problem.edges[e].node in paid)
    ]
    derived = set(needed)
    free: dict[int, int] = {}
    count = -1
    while count < len(free):
        count = len(free)
        for e in nothing:
            edge = problem.edges[e]
            if edge.head not in free and derived.issuperset(edge.tails):
                free[edge.head] = e
                derived.add(edge.head)
    return free


def _paid_nodes(problem: Problem, edges: list[int], needed: frozenset[int]) -> set[int]:
    """Nodes without alternative that cost nothing, or that every solution chooses."""
    left: dict[int, set[int]] = {}
    for e in edges:
        node = problem.edges[e].node
        if node != MOVE:
            left.setdefault(problem.node_class[node], set()).add(node)
    classes = {problem.state_class[s] for s in needed}
    alone = {c: next(iter(nodes)) for c, nodes in left.items() if len(nodes) == 1}
    return {n for c, n in alone.items() if c in classes or problem.node_seconds[n] == 0}
