"""Extraction as an AND-OR problem: states, and edges that derive a state from others.

A state is a class in a place. An edge derives its head once all its tails are derived, and is
either a step of a node or a move within a class. A solution derives the roots, with at most one
node chosen in a class, without a cycle between classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

MOVE = -1
"""In place of a node: the edge is a move within a class."""


class Edge(NamedTuple):
    """A way to derive `head`: all `tails` are needed; costs add up over a solution."""

    head: int
    tails: tuple[int, ...]
    node: int
    seconds: float
    kept: int
    """Bytes of parameters that the main program keeps."""


@dataclass
class Problem:
    """States, classes and nodes are numbered from 0."""

    state_class: list[int] = field(default_factory=list[int])
    edges: list[Edge] = field(default_factory=list[Edge])
    node_class: list[int] = field(default_factory=list[int])
    node_seconds: list[float] = field(default_factory=list[float])
    node_children: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])
    """Classes that a node uses."""
    roots: list[int] = field(default_factory=list[int])
    kept_limit: float = float("inf")
    """Bytes that a solution may keep."""

    def by_head(self, edges: Iterable[int]) -> dict[int, list[int]]:
        """Edges, by number, that derive each state."""
        heads: dict[int, list[int]] = {}
        for e in edges:
            heads.setdefault(self.edges[e].head, []).append(e)
        return heads


def derivation(problem: Problem, chosen: Iterable[int]) -> list[int] | None:
    """The edges among `chosen` that derive the roots: the first one where a state has several.

    None if a state that is needed has none.
    """
    heads = problem.by_head(sorted(chosen))
    used: dict[int, int] = {}
    stack = list(reversed(problem.roots))
    while stack:
        state = stack.pop()
        if state in used:
            continue
        if state not in heads:
            return None
        used[state] = heads[state][0]
        stack.extend(problem.edges[used[state]].tails)
    return sorted(used.values())


def choices(problem: Problem, used: Iterable[int]) -> dict[int, int]:
    """The node that the edges choose in each class."""
    nodes = (problem.edges[e].node for e in used)
    return {problem.node_class[n]: n for n in nodes if n != MOVE}


def component_labels(size: int, arcs: Sequence[tuple[int, int]], *, strong: bool) -> list[int]:
    """The component of each vertex: strongly connected ones, or of the undirected graph."""
    tails, heads = zip(*arcs, strict=True) if arcs else ((), ())
    matrix = coo_matrix((np.ones(len(arcs), np.int8), (tails, heads)), shape=(size, size))
    connection = "strong" if strong else "weak"
    return connected_components(matrix, directed=True, connection=connection)[1].tolist()


def find_cycles(graph: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """A shortest cycle, as the vertices along it, of each strongly connected component."""
    number = {vertex: i for i, vertex in enumerate(graph)}
    arcs = [(number[v], number[w]) for v, ws in graph.items() for w in ws if w in number]
    labels = component_labels(len(number), arcs, strong=True)
    members: dict[int, list[int]] = {}
    for vertex, i in number.items():
        members.setdefault(labels[i], []).append(vertex)
    return [
        _shortest_cycle(graph, set(inside), inside[0])
        for inside in members.values()
        if len(inside) > 1 or inside[0] in graph[inside[0]]
    ]


def _shortest_cycle(graph: Mapping[int, Sequence[int]], inside: set[int], start: int) -> list[int]:
    before: dict[int, int] = {}
    frontier = [start]
    while frontier:
        following: list[int] = []
        for vertex in frontier:
            for w in graph[vertex]:
                if w == start:
                    return _path(before, start, vertex)
                if w in inside and w not in before:
                    before[w] = vertex
                    following.append(w)
        frontier = following
    raise ValueError(f"class {start} is on no cycle")


def _path(before: dict[int, int], start: int, end: int) -> list[int]:
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
