"""From a proof that two programs are equal to the rewrites that lead from one to the other.

The input program, a DAG of terms, is turned from its results down into the selected one: a
value is rewritten once all its users have the form that they keep, so that all of them take
what it becomes. Between two rules, a proof by congruence asks for nothing at once: operands are
rewritten only where the next rule needs an op below its root, or when their turn comes. A rule
of several roots waits for all of them, and acts on them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from taso.passes.search.egraph import COMMUTATIVE_OPS, NARY_OPS, ENode
from taso.passes.search.explain_equations import Equation, Pattern, instantiate
from taso.passes.search.explain_proof import Edge, ProofForest
from taso.passes.search.explain_terms import Lowering, below


class Place(NamedTuple):
    """A term and what it becomes: root number `root` of a rule."""

    root: int
    before: int
    after: int


@dataclass(frozen=True)
class Move:
    """One rewrite of the whole program, given by its results.

    `leaves` are the terms that the equation's leaves stand for at this place. Without an
    equation, a sum or product is bracketed anew.
    """

    equation: Equation | None
    forward: bool
    leaves: tuple[int, ...]
    places: tuple[Place, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


def find_moves(
    forest: ProofForest, equations: Sequence[Equation], before: Sequence[int], after: Sequence[int]
) -> list[Move]:
    """The rewrites from a program to an equal one, both given by the terms of their results."""
    planner = _Planner(forest, equations, before, after)
    planner.run()
    return _without_detours(_joined(planner.moves, planner.roots))


def _joined(moves: Sequence[Move], last: tuple[int, ...]) -> list[Move]:
    """The moves, each up to the program that the next one starts from.

    What was rewritten before may be so at other places between two moves.
    """
    ends = [*(move.before for move in moves[1:]), last]
    return [replace(move, after=end) for move, end in zip(moves, ends, strict=False)]


def _without_detours(moves: Sequence[Move]) -> list[Move]:
    """The moves but for those that lead back to a program seen before."""
    kept: list[Move] = []
    seen: dict[tuple[int, ...], int] = {}
    for move in moves:
        seen.setdefault(move.before, len(kept))
        kept.append(move)
        if move.after in seen:
            kept = kept[: seen[move.after]]
            seen = {m.before: i for i, m in enumerate(kept)}
    return kept


def corresponding(forest: ProofForest, move: Move) -> Iterator[tuple[int, int]]:
    """Terms before and after a move that differ in what is below them alone, users first.

    With those of the places themselves, which come last on their way down. The links of a
    chain of sums go with its end.
    """
    places = {(place.before, place.after) for place in move.places}
    stack = list(zip(move.before, move.after, strict=True))
    seen: set[tuple[int, int]] = set()
    while stack:
        pair = stack.pop()
        if pair[0] == pair[1] or pair in seen:
            continue
        seen.add(pair)
        yield pair
        a, b = (forest.terms[term] for term in pair)
        if pair in places or (a.op, a.attrs) != (b.op, b.attrs):
            continue
        old, new = a.children, b.children
        if len(old) != len(new):
            old, new = chain_operands(forest, pair[0]), chain_operands(forest, pair[1])
        if len(old) == len(new):
            stack.extend(zip(old, new, strict=True))


def chain_operands(forest: ProofForest, term: int) -> list[int]:
    """The operands of a sum of sums, or product of products."""
    op, operands, stack = forest.terms[term].op, list[int](), [term]
    while stack:
        top = stack.pop()
        node = forest.terms[top]
        if top == term or (op in NARY_OPS and node.op == op):
            stack.extend(reversed(node.children))
        else:
            operands.append(top)
    return operands


class _Spot:
    """A term at a place of the program: everywhere, or as one operand of a term in a spot."""

    def __init__(self, planner: _Planner, term: int, user: _Spot | None = None, index: int = 0):
        self.term = term
        self._planner = planner
        self._user = user
        self._index = index

    def operand(self, index: int) -> _Spot:
        term = self._planner.forest.terms[self.term].children[index]
        return _Spot(self._planner, term, self, index)

    def put(self, term: int) -> None:
        """The term at this place is now another one."""
        if self._user is None:
            self._planner.replace(self.term, term)
        else:
            node = self._planner.forest.terms[self._user.term]
            children = (*node.children[: self._index], term, *node.children[self._index + 1 :])
            self._user.put(self._planner.forest.term(node._replace(children=children)))
        self.term = term

    def flatten(self) -> None:
        """Make a sum within a sum part of it."""
        assert self._user is not None
        node, within = (self._planner.forest.terms[t] for t in (self._user.term, self.term))
        children = (*within.children, *node.children[1:])
        self._user.put(self._planner.forest.term(node._replace(children=children)))


class _Rebuilt:
    """The terms that are rebuilt, and those that need not be."""

    def __init__(self, made: Mapping[int, int], old: int) -> None:
        self._made = made
        self._old = old

    def __contains__(self, term: object) -> bool:
        return term in self._made or (isinstance(term, int) and term < self._old)


class _Planner:
    """Keeps the program, as the terms of its results, and the moves so far."""

    def __init__(
        self,
        forest: ProofForest,
        equations: Sequence[Equation],
        before: Sequence[int],
        after: Sequence[int],
    ) -> None:
        self.forest = forest
        self.moves: list[Move] = []
        self._equations = equations
        self._lower = Lowering(forest)
        self.roots = tuple(before)
        self._goals = {forest.find(t): t for t in below(forest, after)}
        self._walked: dict[tuple[int, int], int] = {}
        self._final: dict[int, bool] = {}

    def run(self) -> None:
        while ready := self._ready():
            self._advance(ready)

    def replace(self, old: int, new: int) -> None:
        """Give all users of a term the other one."""
        made = {old: new}
        # A term has a larger number than its operands: none below `old` uses it.
        for term in below(self.forest, self.roots, _Rebuilt(made, old)):
            node = self.forest.terms[term]
            children = tuple([made.get(c, c) for c in node.children])
            if children != node.children:
                made[term] = self.forest.term(node._replace(children=children))
                self._final[made[term]] = self._is_final(term)
        self.roots = tuple(made.get(t, t) for t in self.roots)

    def _ready(self) -> list[int]:
        """Terms without the form that they are to have, whose users all have theirs."""
        forest = self.forest
        waiting: set[int] = set()
        ready: list[int] = []
        for term in reversed(below(forest, self.roots)):
            final = self._is_final(term)
            if not final and term not in waiting:
                ready.append(term)
            if not final or term in waiting:
                waiting.update(forest.terms[term].children)
        return ready

    def _goal(self, term: int) -> int:
        return self._goals[self.forest.find(term)]

    def _is_final(self, term: int) -> bool:
        if term not in self._final:
            goal = self._goals.get(self.forest.find(term))
            self._final[term] = goal is not None and self._head(term) == self._head(goal)
        return self._final[term]

    def _head(self, term: int) -> ENode:
        """The op over classes. The order of two operands that may be swapped is left out."""
        node = self.forest.terms[term]
        children = [self.forest.find(c) for c in node.children]
        if node.op in COMMUTATIVE_OPS:
            children[:2] = sorted(children[:2])
        return node._replace(children=tuple(children))

    def _advance(self, ready: Sequence[int]) -> None:
        """Take the next step of each term, or of a group that one rule waits for."""
        joint: dict[int, list[tuple[_Spot, Edge]]] = {}
        moved = False
        for term in ready:  # none is below another
            path = self.forest.path(term, self._goal(term))
            spot = _Spot(self, term)
            if path and len(self._equations[path[0].equation].left) > 1:
                joint.setdefault(path[0].equation, []).append((spot, path[0]))
                continue
            moved = True
            if path:
                self._apply([(spot, path[0])])
            else:
                self._reorder(spot, self._goal(term))
        if not moved:
            self._apply(self._choose(joint, ready))

    def _choose(
        self, joint: Mapping[int, list[tuple[_Spot, Edge]]], ready: Sequence[int]
    ) -> list[tuple[_Spot, Edge]]:
        """The group that no other root is still to join, or else the largest."""
        awaited: set[int] = set()
        if len(joint) > 1:
            others = set(below(self.forest, self.roots)).difference(ready)
            for term in sorted(others):
                if self.forest.find(term) in self._goals and not self._is_final(term):
                    awaited.update(e.equation for e in self.forest.path(term, self._goal(term)))
        best = min(joint, key=lambda number: (number in awaited, -len(joint[number]), number))
        return sorted(joint[best], key=lambda use: use[1].root)

    def _apply(self, group: Sequence[tuple[_Spot, Edge]]) -> None:
        """Use an equation at its roots, once what is below them has the form it needs."""
        equation, forward = self._equations[group[0][1].equation], group[0][1].forward
        bound: dict[int, int] = {}
        spots: list[tuple[_Spot, int]] = []
        for spot, edge in group:
            pattern = equation.side(edge.root, forward=forward)
            order = self._conform(spot, pattern, equation, bound)
            if equation.rests[edge.root]:
                spot = self._gather(spot, order, 2 if forward else 1)
            spots.append((spot, edge.root))
        leaves = tuple(bound.get(i, leaf) for i, leaf in enumerate(equation.leaves))
        before, places = self.roots, list[Place]()
        for spot, root in spots:
            pattern = (equation.right if forward else equation.left)[root]
            places.append(Place(root, spot.term, instantiate(self.forest, pattern, leaves)))
            spot.put(places[-1].after)
            if equation.rests[root] and not forward:
                spot.flatten()
        if equation.rule is None and all(self._is_same(p.before, p.after) for p in places):
            return  # another way to write the same chain
        self.moves.append(Move(equation, forward, leaves, tuple(places), before, self.roots))

    def _conform(
        self, spot: _Spot, pattern: Pattern, equation: Equation, bound: dict[int, int]
    ) -> list[int]:
        """Rewrite what is at a spot until it has the form of a pattern, and bind its leaves.

        The numbers of the operands that the pattern's arguments are, in their order.
        """
        if isinstance(pattern, int):
            self._become(spot, bound.setdefault(pattern, spot.term))
            return []
        self._walk(spot, instantiate(self.forest, pattern, equation.leaves))
        expected = [instantiate(self.forest, arg, equation.leaves) for arg in pattern.args]
        preferred = [
            bound.get(arg, term) if isinstance(arg, int) else term
            for arg, term in zip(pattern.args, expected, strict=True)
        ]
        order = self._pairing(spot.term, preferred)
        for arg, index in zip(pattern.args, order, strict=True):
            self._conform(spot.operand(index), arg, equation, bound)
        return order

    def _pairing(self, term: int, expected: Sequence[int]) -> list[int]:
        """The number of the operand that equals each of the terms."""
        node, find = self.forest.terms[term], self.forest.find
        if node.op not in COMMUTATIVE_OPS:
            return list(range(len(expected)))
        free = dict(enumerate(node.children))
        order: list[int] = []
        for wanted in expected:
            alike = [i for i, child in free.items() if find(child) == find(wanted)]
            order.append(min(alike, key=lambda i: (free[i] != wanted, i)))
            del free[order[-1]]
        return order

    def _walk(self, spot: _Spot, goal: int) -> None:
        """Rewrite what is at a spot until it is congruent to an equal term."""
        start = spot.term
        if (start, goal) in self._walked:
            spot.put(self._walked[start, goal])
            return
        while path := self.forest.path(spot.term, goal):
            self._apply([(spot, path[0])])
        self._walked[start, goal] = spot.term

    def _become(self, spot: _Spot, goal: int) -> None:
        """Rewrite what is at a spot until it is this very term."""
        if spot.term == goal:
            return
        self._walk(spot, goal)
        expected = self.forest.terms[goal].children
        for child, index in zip(expected, self._pairing(spot.term, expected), strict=True):
            self._become(spot.operand(index), child)
        self._bracket(spot, goal)

    def _gather(self, spot: _Spot, order: Sequence[int], count: int) -> _Spot:
        """Bring the first `count` operands of a sum together; the spot of their own sum."""
        node = self.forest.terms[spot.term]
        parts = [node.children[i] for i in order]
        head = self.forest.term(ENode(node.op, (), tuple(parts[:2]))) if count > 1 else parts[0]
        self._bracket(spot, self.forest.term(ENode(node.op, (), (head, *parts[count:]))))
        return spot.operand(0)

    def _reorder(self, spot: _Spot, goal: int) -> None:
        """Sort the operands of a sum as they are to be."""
        node = self.forest.terms[spot.term]
        order = self._pairing(spot.term, self.forest.terms[goal].children)
        children = tuple(node.children[i] for i in order)
        self._bracket(spot, self.forest.term(node._replace(children=children)))

    def _bracket(self, spot: _Spot, term: int) -> None:
        """Put the same sum at a spot, in another order; a move where the IR shows it."""
        before, place = self.roots, Place(0, spot.term, term)
        spot.put(term)
        if not self._is_same(place.before, place.after):
            self.moves.append(Move(None, True, (), (place,), before, self.roots))

    def _is_same(self, a: int, b: int) -> bool:
        return self._lower(a) == self._lower(b)
