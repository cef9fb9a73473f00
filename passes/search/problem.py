"""Extraction as an AND-OR problem: states, and edges that derive a state from others.

A state is a class in a place. An edge derives its head once all its tails are derived, and is
either a step of a node or a move within a class. A solution derives the roots, with at most one
node chosen in a class, without a cycle between classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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
    return _strong_labels(size, arcs) if strong else _weak_labels(size, arcs)


def _weak_labels(size: int, arcs: Sequence[tuple[int, int]]) -> list[int]:
    leader = list(range(size))

    def find(vertex: int) -> int:
        while leader[vertex] != vertex:
            leader[vertex] = leader[leader[vertex]]
            vertex = leader[vertex]
        return vertex

    for a, b in arcs:
        low, high = sorted((find(a), find(b)))
        leader[high] = low
    return [find(vertex) for vertex in range(size)]


def _strong_labels(size: int, arcs: Sequence[tuple[int, int]]) -> list[int]:
    """Tarjan's algorithm (SIAM J. Comput. 1972), with a stack of its own."""
    successors: list[list[int]] = [[] for _ in range(size)]
    for a, b in arcs:
        successors[a].append(b)
    index = [0] * size  # order of discovery from 1; 0 where not seen
    low = [0] * size
    labels = [-1] * size
    open_vertices: list[int] = []
    count = 0
    for first in range(size):
        stack = [] if index[first] else [(first, iter(successors[first]))]
        while stack:
            vertex, rest = stack[-1]
            if not index[vertex]:
                count += 1
                index[vertex] = low[vertex] = count
                open_vertices.append(vertex)
            following = next((w for w in rest if labels[w] < 0), None)
            if following is None:
                stack.pop()
                _close(vertex, index, low, labels, open_vertices)
                if stack and labels[vertex] < 0:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[vertex])
            elif index[following]:
                low[vertex] = min(low[vertex], index[following])
            else:
                stack.append((following, iter(successors[following])))
    return labels


def _close(
    vertex: int, index: list[int], low: list[int], labels: list[int], open_vertices: list[int]
) -> None:
    """If a vertex is the first that was seen of its component, label the component by it."""
    if low[vertex] == index[vertex]:
        member = -1
        while member != vertex:
            member = open_vertices.pop()
            labels[member] = vertex


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
