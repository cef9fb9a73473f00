"""A congruence closure over ground terms that remembers why each two are equal.

After Nieuwenhuis and Oliveras (Proof-producing congruence closure, RTA 2005): beside the
union-find, the terms of a class form a tree whose edges are the equations that joined them, or
congruence. The e-graph of the search keeps one node for all that are equal; here each term
stays what it was, so that a proof can name the terms that it goes through.
"""

from __future__ import annotations

from typing import NamedTuple

from taso.passes.search.egraph import COMMUTATIVE_OPS, ENode


class Edge(NamedTuple):
    """One use of an equation: of its root number `root`, left to right if `forward`."""

    equation: int
    root: int
    forward: bool


class _Link(NamedTuple):
    """Why a term equals its parent in the proof tree; by congruence if `equation` is None."""

    parent: int
    equation: tuple[int, int] | None
    forward: bool


class ProofForest:
    """Terms by number, each an `ENode` over the numbers of its operands."""

    def __init__(self) -> None:
        self.terms: list[ENode] = []
        self._ids: dict[ENode, int] = {}
        self._leader: list[int] = []
        self._size: list[int] = []
        self._uses: list[list[int]] = []
        self._links: list[_Link | None] = []
        self._signatures: dict[ENode, int] = {}

    def find(self, term: int) -> int:
        """The representative of the terms known to be equal to this one."""
        leader = self._leader
        while leader[term] != term:
            leader[term] = leader[leader[term]]
            term = leader[term]
        return term

    def term(self, node: ENode) -> int:
        """The number of a term; it is equal to those that it is congruent to."""
        if node in self._ids:
            return self._ids[node]
        number = len(self.terms)
        self._ids[node] = number
        self.terms.append(node)
        self._leader.append(number)
        self._size.append(1)
        self._uses.append([])
        self._links.append(None)
        for child in {self.find(c): None for c in node.children}:
            self._uses[child].append(number)
        self._join([(number, self._signatures.setdefault(self._signature(node), number), None)])
        return number

    def equate(self, left: int, right: int, equation: int, root: int) -> None:
        """Two terms are equal by root number `root` of an equation."""
        self._join([(left, right, (equation, root))])

    def path(self, start: int, end: int) -> list[Edge]:
        """The equations that lead from a term to an equal one; what is congruent is skipped."""
        up = self._ancestors(start)
        common = next(t for t in self._ancestors(end) if t in up)
        there = [self._edge(t, up=True) for t in up if up[t] < up[common]]
        back = [self._edge(t, up=False) for t in self._below(end, common)]
        return [edge for edge in (*there, *reversed(back)) if edge is not None]

    def _ancestors(self, term: int) -> dict[int, int]:
        """The terms from this one up to its tree's root, with their heights above it."""
        chain = {term: 0}
        while (link := self._links[term]) is not None:
            term = link.parent
            chain[term] = len(chain)
        return chain

    def _below(self, term: int, ancestor: int) -> list[int]:
        below = list(self._ancestors(term))
        return below[: below.index(ancestor)]

    def _edge(self, term: int, *, up: bool) -> Edge | None:
        link = self._links[term]
        if link is None or link.equation is None:
            return None
        return Edge(*link.equation, link.forward is up)

    def _signature(self, node: ENode) -> ENode:
        children = tuple([self.find(c) for c in node.children])
        if node.op in COMMUTATIVE_OPS:
            children = tuple(sorted(children))
        return node._replace(children=children)

    def _join(self, pending: list[tuple[int, int, tuple[int, int] | None]]) -> None:
        while pending:
            left, right, equation = pending.pop()
            gone, kept = self.find(left), self.find(right)
            if gone == kept:
                continue
            forward = self._size[gone] <= self._size[kept]
            if not forward:
                left, right, gone, kept = right, left, kept, gone
            self._reroot(left)
            self._links[left] = _Link(right, equation, forward)
            self._leader[gone] = kept
            self._size[kept] += self._size[gone]
            for user in self._uses[gone]:
                signature = self._signature(self.terms[user])
                pending.append((user, self._signatures.setdefault(signature, user), None))
            self._uses[kept] += self._uses[gone]

    def _reroot(self, term: int) -> None:
        """Turn the links around that lead from a term to its tree's root."""
        below: _Link | None = None
        while (link := self._links[term]) is not None:
            self._links[term] = below
            below = _Link(term, link.equation, not link.forward)
            term = link.parent
        self._links[term] = below
