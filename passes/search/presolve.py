"""Presolve: what of an extraction problem is decided without a solver.

Three reductions keep at least one optimum, and repeat until little changes:

* an edge that no acyclic solution can use goes: what it needs cannot be derived, or is derived
  only through the class of its own head;
* a node goes if another of its class offers every step of it for no more, from states that its
  own derivations hold anyway;
* where a state can be had for nothing, given what every solution derives, its other edges go,
  and solutions may as well derive it.

The states that every solution derives are those of a dominator analysis on AND-OR graphs; sets
of states are the bits of Python integers, which reach back over a window.
"""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from taso.passes.search.interrupt import is_over
from taso.passes.search.problem import MOVE, Edge, Problem

WINDOW = 4096
"""States back to which sets reach: time and memory then grow with the problem, not its square."""

WORTH_A_ROUND = 0.005
"""The share of the edges that a round has to take away for another one to follow."""


class Order:
    """Positions of states and classes, leaves first, and sets of them as integers.

    A set belongs to a state. Bit 2 i of it is the state at position `base` + i, bit 2 i + 1 the
    class whose first state is there; the base is `WINDOW` positions before the state's own. What
    is before that is left out: a set says what is held, and need not say all.
    """

    def __init__(self, problem: Problem, states: Sequence[int]) -> None:
        self.states = states
        self._problem = problem
        self._position = [-1] * len(problem.state_class)
        self._class_position: dict[int, int] = {}
        for i, state in enumerate(states):
            self._position[state] = i
            self._class_position.setdefault(problem.state_class[state], i)
        self._base = [max(0, i - WINDOW) for i in self._position]

    def has(self, state: int) -> bool:
        return self._position[state] >= 0

    def state_bit(self, state: int, of: int) -> int:
        """A set of state `of` that holds one state."""
        return _shifted(1, 2 * (self._position[state] - self._base[of]))

    def class_bit(self, state: int) -> int:
        """A set of the state that holds its class."""
        first = self._class_position[self._problem.state_class[state]]
        return _shifted(2, 2 * (first - self._base[state]))

    def own(self, state: int) -> int:
        """A set of the state that holds itself and its class."""
        return self.state_bit(state, state) | self.class_bit(state)

    def moved(self, held: int, source: int, of: int) -> int:
        """A set of state `source` as one of state `of`."""
        return _shifted(held, 2 * (self._base[source] - self._base[of]))

    def up_to(self, held: int, state: int) -> int:
        """A set of the state without what comes after it."""
        return held & (4 << 2 * (self._position[state] - self._base[state])) - 1

    def class_bits(self, classes: Iterable[int]) -> dict[int, int]:
        """The bit of each class in what `classes_of` gives."""
        positions = {c: self._class_position[c] for c in classes}
        low = min(positions.values(), default=0)
        return {c: 2 * (i - low) + 1 for c, i in positions.items()}

    def classes_of(self, held: int, state: int, bits: Mapping[int, int]) -> int:
        """A set of the state over the bits of some classes, as `class_bits` numbers them."""
        some, bit = next(iter(bits.items()))
        low = self._class_position[some] - bit // 2
        return _shifted(held, 2 * (self._base[state] - low))


def _shifted(bits: int, left: int) -> int:
    return bits << left if left >= 0 else bits >> -left


Known: TypeAlias = dict[int, int]
"""For each state that can be derived, what all its derivations hold, as a set of the state."""


@dataclass(frozen=True)
class Reduced:
    """What presolve leaves of a problem."""

    edges: list[int]
    """The edges left, by number."""
    needed: frozenset[int]
    """The states that every solution derives, or may as well."""
    needed_classes: frozenset[int]
    """The classes of these states."""
    order: Order
    below: dict[int, tuple[int, int]]
    """For each node left, a state and a set of it: the classes that every solution with the node
    derives for it."""


class OutOfTimeError(Exception):
    """Time is over, or memory would not do, before the problem was ready to be solved."""


def presolve(problem: Problem, deadline: float = math.inf) -> Reduced | None:
    """Reduce a problem; None if it has no acyclic solution.

    Reduces less as the deadline, a `time.monotonic`, comes near. Raises `OutOfTimeError`.
    """
    started = time.monotonic()
    halfway = started + (deadline - started) / 2
    edges = list(range(len(problem.edges)))
    while True:
        heads = problem.by_head(edges)
        order = Order(problem, _leaves_first(problem, heads))
        known = _analyse(problem, heads, order, deadline)
        if any(root not in known for root in problem.roots):
            return None
        held = _held_by_edges(problem, edges, order, known)
        left = _reachable(problem, list(held))
        needed = _needed(problem, order, known)
        left = _drop_dominated(problem, left, order, held, halfway)
        free = _free_edges(problem, left, needed)
        left = [e for e in left if free.get(problem.edges[e].head, e) == e]
        dropped = len(edges) - len(left)
        if dropped <= WORTH_A_ROUND * len(edges) or is_over(halfway):
            derived = needed.union(free)
            classes = frozenset(problem.state_class[state] for state in derived)
            below = _classes_below(problem, left, order, held)
            return Reduced(left, derived, classes, order, below)
        edges = left


def _analyse(problem: Problem, heads: dict[int, list[int]], order: Order, deadline: float) -> Known:
    """What the derivations of each state hold. A fixed point from above: sets only shrink."""
    known: Known = {}
    users: dict[int, list[int]] = {}
    for head, edges in heads.items():
        for e in edges:
            for tail in problem.edges[e].tails:
                users.setdefault(tail, []).append(head)
    pending = dict.fromkeys(order.states)
    while pending:
        current, pending = list(pending), {}
        for state in current:
            if is_over(deadline):
                raise OutOfTimeError
            pending.pop(state, None)
            held = [_held(problem, problem.edges[e], order, known) for e in heads[state]]
            sets = [h for h in held if h is not None]
            if not sets:
                continue
            common = functools.reduce(operator.and_, sets)
            common |= order.own(state)
            if common != known.get(state):
                known[state] = common
                pending.update((u, None) for u in users.get(state, ()) if order.has(u))
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


def _held(problem: Problem, edge: Edge, order: Order, known: Known) -> int | None:
    """What an edge's tails hold, as a set of its head.

    None if a tail is not derived, or only through the class of the head.
    """
    head = edge.head
    held = 0
    for tail in edge.tails:
        part = known.get(tail)
        if part is None:
            return None
        held |= order.moved(part, tail, head)
    return None if edge.node != MOVE and held & order.class_bit(head) else held


def _held_by_edges(
    problem: Problem, edges: Iterable[int], order: Order, known: Known
) -> dict[int, int]:
    """What is held by each edge that an acyclic solution can use."""
    held: dict[int, int] = {}
    for e in edges:
        edge = problem.edges[e]
        if order.has(edge.head):
            found = _held(problem, edge, order, known)
            if found is not None:
                held[e] = found
    return held


def _needed(problem: Problem, order: Order, known: Known) -> frozenset[int]:
    """The states that hold in every derivation of the roots: what these hold, from the top down."""
    needed = set(problem.roots)
    held = 0
    downwards = order.states[::-1]
    for above, state in zip([*downwards[:1], *downwards], downwards, strict=False):
        held = order.up_to(order.moved(held, above, state), state)
        if state in needed or held & order.state_bit(state, state):
            needed.add(state)
            held |= known[state]
    return frozenset(needed)


def _classes_below(
    problem: Problem, edges: list[int], order: Order, held: dict[int, int]
) -> dict[int, tuple[int, int]]:
    below: dict[int, tuple[int, int]] = {}
    for e in edges:
        edge = problem.edges[e]
        if edge.node != MOVE:
            state, common = below.get(edge.node, (edge.head, held[e]))
            below[edge.node] = state, common & order.moved(held[e], edge.head, state)
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
    problem: Problem, edges: list[int], order: Order, held: dict[int, int], deadline: float
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
        for node in nodes:
            if is_over(deadline):
                break
            others = (n for n in nodes if n != node and n not in dropped)
            if any(_dominates(problem, nodes[n], nodes[node], order, held) for n in others):
                dropped.add(node)
    return [e for e in edges if problem.edges[e].node not in dropped]


def _dominates(
    problem: Problem, a: list[int], b: list[int], order: Order, held: dict[int, int]
) -> bool:
    """Whether a node, by its edges `a`, can stand for one of edges `b` at no higher cost.

    It offers each step for no more, from states that the other's derivations hold anyway.
    """
    one, other = (problem.edges[edges[0]].node for edges in (a, b))
    if problem.node_seconds[one] > problem.node_seconds[other]:
        return False
    return all(any(_is_no_worse(problem, f, e, order, held[e]) for f in a) for e in b)


def _is_no_worse(problem: Problem, f: int, e: int, order: Order, held: int) -> bool:
    one, other = problem.edges[f], problem.edges[e]
    if one.head != other.head or one.seconds > other.seconds or one.kept > other.kept:
        return False
    return all(t in other.tails or held & order.state_bit(t, other.head) for t in one.tails)


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
