"""Random e-graphs, and extraction by trying every derivation: the oracle of the ILP."""

from __future__ import annotations

import math
import random

from taso.dialects.base import TensorSpec
from taso.passes.search.egraph import EGraph, ENode, Reason, make_node
from taso.passes.search.ilp import kept_bytes, total
from taso.passes.search.problem import MOVE, Problem, find_cycles

SQUARE = TensorSpec((24, 24), "f32")
UNARY = (("relu", {}), ("exp", {}), ("transpose", {"perm": (1, 0)}), ("softmax", {"axis": 1}))


def random_graph(seed: int, size: int, unions: int) -> tuple[EGraph, list[int], dict[int, ENode]]:
    """An e-graph over square tensors with random unions, its roots and its input program.

    The unions hold of nothing: extraction looks at structure alone, and so cycles abound.
    """
    rng = random.Random(seed)
    graph = EGraph()
    ids = [graph.add_input(i, SQUARE, param=i % 2 == 1) for i in range(4)]
    for _ in range(size):
        ids.append(graph.add(_random_node(rng, graph, ids)))
    ids = [c for c in ids if graph.spec(c) == SQUARE]
    origin = dict(enumerate(graph.birth))
    roots = rng.sample(ids[-4:], 2)
    for _ in range(unions):
        a, b = rng.sample(ids, 2)
        graph.union(a, b, Reason("random"))
    graph.rebuild()
    return graph, [graph.find(r) for r in roots], origin


def _random_node(rng: random.Random, graph: EGraph, ids: list[int]) -> ENode:
    squares = [c for c in ids if graph.spec(c) == SQUARE]
    a, b = rng.choices(squares, k=2)
    match rng.randrange(4):
        case 0:
            return ENode("matmul", (), (a, b))
        case 1:
            return ENode(rng.choice(("add", "mul")), (), (a, b))
        case 2:
            whole = graph.add(make_node("concat", {"axis": 0}, (a, b)))
            sizes = {"axis": 0, "sizes": (24, 24)}
            return ENode(
                "result", (rng.randrange(2),), (graph.add(make_node("split", sizes, (whole,))),)
            )
        case _:
            op, attrs = rng.choice(UNARY)
            return make_node(op, attrs, (a,))


def cheapest_by_enumeration(problem: Problem) -> float:
    """Seconds of the best acyclic derivation of the roots, by trying all; inf if there is none."""
    return _try_all(
        problem, problem.by_head(range(len(problem.edges))), list(problem.roots), {}, {}, math.inf
    )


def _try_all(
    problem: Problem,
    heads: dict[int, list[int]],
    pending: list[int],
    used: dict[int, int],
    chosen: dict[int, int],
    best: float,
) -> float:
    while pending and pending[-1] in used:
        pending = pending[:-1]
    if total(problem, list(used.values())) >= best:
        return best
    if not pending:
        graph = {c: problem.node_children[n] for c, n in chosen.items()}
        fits = kept_bytes(problem, used.values()) <= problem.kept_limit
        return total(problem, list(used.values())) if fits and not find_cycles(graph) else best
    state = pending[-1]
    for e in heads.get(state, ()):
        edge = problem.edges[e]
        choice = chosen
        if edge.node != MOVE:
            own = problem.node_class[edge.node]
            if chosen.get(own, edge.node) != edge.node:
                continue
            choice = {**chosen, own: edge.node}
        rest = [*pending[:-1], *edge.tails]
        best = _try_all(problem, heads, rest, {**used, state: e}, choice, best)
    return best
