"""Extraction: the cheapest program in an e-graph, by DAG cost.

Shared sub-expressions count once, so the choice in one class depends on the others; it is made
by integer linear programming, as in TENSAT (Yang et al., MLSys 2021) and TASO's successors, here
over the places that the cost model keeps apart.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from xdsl.dialects import func

from taso.dialects.base import TensorSpec
from taso.passes.search import progress
from taso.passes.search.cost import CostModel, NodeCost, Place, Step, output_steps
from taso.passes.search.egraph import INPUT, ENode, is_repeated, operand_classes
from taso.passes.search.ilp import Solution, kept_bytes, solve, solve_trees
from taso.passes.search.layout import Layout, Layouts
from taso.passes.search.outputs import NO_OUTPUTS, Outputs, computed_roots
from taso.passes.search.problem import MOVE, Edge, Problem, choices
from taso.passes.search.program import Choice, Graph, Program

TIE = 1e-12
"""Relative difference of costs that is rounding: the input program wins such ties."""


@dataclass(frozen=True)
class Selection:
    """A node for each class that the roots reach through the nodes chosen."""

    choice: dict[int, ENode]
    cost: float
    """Seconds under the cost model."""
    bound: float
    """No selection costs less than this many seconds; equal to `cost` where that is proven."""
    before: float = math.inf
    """Seconds of the input program, where there was one."""


class ExtractionError(ValueError):
    """No program can be extracted: the roots have no acyclic derivation."""


def extract(
    graph: Graph,
    roots: Sequence[int],
    model: CostModel,
    *,
    origin: Mapping[int, ENode] | None = None,
    time_limit: float = 10.0,
) -> Selection:
    """The cheapest acyclic selection, or the best one found in `time_limit` seconds.

    Never worse than `origin`, the input program's choice by class. Results that it computes are to
    be in memory of their own (`passes/search/outputs.py`). Prepared parameters may add
    the memory that `model.memory_growth` says, or as much as they do in `origin`.
    Raises `ExtractionError` where nothing can be extracted (or, without origin, not in time).
    """
    deadline = time.monotonic() + time_limit
    outputs = NO_OUTPUTS if origin is None else Outputs.of(graph, roots, origin)
    layouts = Layouts(graph)
    encoding = Encoding(graph, roots, model, outputs, layouts)
    given = None
    if origin is not None:
        given = Encoding(Choice(graph, origin), roots, model, outputs, layouts)
    start = None if given is None else _evaluate(given.problem, time_limit / 2)
    known: list[int] = []
    if given is not None and start is not None:
        known = encoding.translate(given, start)
    progress.report("extracting", cost=math.inf if start is None else start.seconds)
    limited = replace(encoding.problem, kept_limit=encoding.kept_limit(known))
    found = solve(limited, start=known, time_limit=deadline - time.monotonic())
    if found is None and start is None:
        found = solve(encoding.problem, time_limit=deadline - time.monotonic())
    if found is None:
        found = solve_trees(limited)
    if given and start and (found is None or found.seconds >= start.seconds * (1 - TIE)):
        bound = found.bound if found is not None else 0.0
        bound = min(bound, start.seconds)
        return Selection(given.decode(start), start.seconds, bound, start.seconds)
    if found is None:
        raise ExtractionError("the e-graph holds no acyclic program of the roots")
    before = math.inf if start is None else start.seconds
    return Selection(encoding.decode(found), found.seconds, found.bound, before)


def _evaluate(problem: Problem, seconds: float) -> Solution | None:
    """What a program costs; or where that takes too long, what it costs at most."""
    return solve(problem, time_limit=seconds) or solve_trees(problem)


def selection_cost(
    graph: Graph,
    roots: Sequence[int],
    choice: Mapping[int, ENode],
    model: CostModel,
    *,
    origin: Mapping[int, ENode] | None = None,
) -> float:
    """Seconds under the cost model of a program, given as a node for each class.

    `origin`: the input program, as in `extract`.
    """
    outputs = NO_OUTPUTS if origin is None else Outputs.of(graph, roots, origin)
    encoding = Encoding(Choice(graph, choice), roots, model, outputs)
    solution = solve(encoding.problem, time_limit=math.inf)
    if solution is None:
        raise ExtractionError("the choice is not an acyclic program of the roots")
    return solution.seconds


def function_cost(
    function: func.FuncOp, model: CostModel, *, given: func.FuncOp | None = None
) -> float:
    """Seconds of a function under the cost model; its kernels are looked into.

    `given`: the input program that it is equal to, where it is another one; see `extract`.
    """
    program = Program(function)
    other = program if given is None else Program(given)
    is_computed = set(computed_roots(other, other.roots))
    results = zip(program.roots, other.roots, strict=False)  # random calls may be fewer or more
    outputs = Outputs.among(program, (a for a, b in results if b in is_computed))
    encoding = Encoding(program, program.roots, model, outputs)
    solution = solve(encoding.problem, time_limit=math.inf)
    if solution is None:
        raise ExtractionError("the function has no order of evaluation")
    return solution.seconds


class Encoding:
    """The extraction problem of a graph, and the way back from its solutions."""

    def __init__(
        self,
        graph: Graph,
        roots: Sequence[int],
        model: CostModel,
        outputs: Outputs = NO_OUTPUTS,
        layouts: Layouts | None = None,
    ) -> None:
        self.graph = graph
        self.model = model
        self.outputs = outputs
        self._layouts = Layouts(graph) if layouts is None else layouts
        self.problem = Problem()
        self._states: dict[tuple[int, Place], int] = {}
        self._state_keys: list[tuple[int, Place]] = []
        self._classes: dict[int, int] = {}
        self._nodes: list[ENode] = []
        self._param_bytes = 0
        for cid in self._reachable(roots):
            self._classes[cid] = len(self._classes)
        for cid in self._classes:
            self._encode_class(cid)
        self.problem.roots = list(dict.fromkeys(self._root(graph.find(r)) for r in roots))

    def _root(self, cid: int) -> int:
        return self._state(cid, Place.OUTPUT if cid in self.outputs.roots else Place.MEMORY)

    def _reachable(self, roots: Sequence[int]) -> list[int]:
        seen = {self.graph.find(r) for r in roots}
        stack = list(seen)
        while stack:
            for node in self.graph.nodes(stack.pop()):
                fresh = set(node.children) - seen
                seen |= fresh
                stack.extend(fresh)
        return sorted(seen)

    def _encode_class(self, cid: int) -> None:
        specs = self.graph.specs(cid)
        is_output = cid in self.outputs.classes
        for step in self._moves(specs, is_output):
            self._add_edge(cid, step, MOVE, (cid,))
        for node in self.graph.nodes(cid):
            cost = self._cost(cid, node)
            number = len(self._nodes)
            self._nodes.append(node)
            self.problem.node_class.append(self._classes[cid])
            self.problem.node_seconds.append(cost.seconds)
            children = dict.fromkeys(node.children)
            self.problem.node_children.append(tuple(self._classes[c] for c in children))
            for step in output_steps(node, cost.steps) if is_output else cost.steps:
                self._add_edge(cid, step, number, node.children)

    def _moves(self, specs: Sequence[TensorSpec], is_output: bool) -> tuple[Step, ...]:
        if is_output:
            return self.model.output_moves(specs)
        return self.model.moves(specs[0]) if len(specs) == 1 else ()

    def _cost(self, cid: int, node: ENode) -> NodeCost:
        specs = self.graph.specs(cid)
        if node.op == INPUT:
            param = self.graph.is_param(cid)
            self._param_bytes += specs[0].bytes if param else 0
            return self.model.input(specs[0], param)
        children = operand_classes(node)
        operands = tuple(s for c in children for s in self.graph.specs(c))
        param = not is_repeated(node) and all(self.graph.is_param(c) for c in children)
        layouts: tuple[Layout, ...] = ()
        if self.model.reads_layouts:
            layouts = tuple(self._layouts.of(c) for c in children)
        return self.model.node(node, operands, specs, param, layouts)

    def _add_edge(self, cid: int, step: Step, node: int, sources: Iterable[int]) -> None:
        places = (Place.TILE if i == step.tile else step.source for i in count())
        tails = dict.fromkeys(map(self._state, sources, places))
        edge = Edge(self._state(cid, step.place), tuple(tails), node, step.seconds, step.kept)
        self.problem.edges.append(edge)

    def _state(self, cid: int, place: Place) -> int:
        if (cid, place) not in self._states:
            self._states[cid, place] = len(self._states)
            self._state_keys.append((cid, place))
            self.problem.state_class.append(self._classes[cid])
        return self._states[cid, place]

    def kept_limit(self, start: Sequence[int]) -> float:
        """Bytes of parameters and prepared values that the main program may keep."""
        allowed = self._param_bytes * (1 + self.model.memory_growth)
        return max(allowed, kept_bytes(self.problem, start))

    def translate(self, other: Encoding, solution: Solution) -> list[int]:
        """The edges here that are those of a solution of a part of this graph."""
        own = {self._meaning(edge): i for i, edge in enumerate(self.problem.edges)}
        meanings = [other._meaning(other.problem.edges[e]) for e in solution.edges]
        return [own[meaning] for meaning in meanings if meaning in own]

    def _meaning(self, edge: Edge) -> object:
        keys = self._state_keys
        node = None if edge.node == MOVE else self._nodes[edge.node]
        return keys[edge.head], tuple(keys[t] for t in edge.tails), node

    def kind_of(self, number: int) -> object:
        """Equal for nodes of one op on operands of the same types; None for what is prepared."""
        node = self._nodes[number]
        cid = list(self._classes)[self.problem.node_class[number]]
        if self.graph.is_param(cid):
            return None
        types = tuple(self.graph.specs(c) for c in node.children)
        return node.op, node.attrs, types, self.graph.specs(cid)

    def decode(self, solution: Solution) -> dict[int, ENode]:
        """The node of each class that the solution uses."""
        classes = list(self._classes)
        chosen = choices(self.problem, solution.edges)
        return {classes[c]: self._nodes[n] for c, n in sorted(chosen.items())}
