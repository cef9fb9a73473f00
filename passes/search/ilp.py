"""Solves extraction problems exactly, as integer linear programs (HiGHS).

After presolve a problem falls apart into components that share no undecided state; equal
components, such as the layers of a model, are solved once. A cycle between classes is excluded
by a cut when a solution has one, and the component is solved again. All components that keep
memory are one where a limit on it binds.
"""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import highspy
import numpy as np

from taso.passes.search.interrupt import is_interrupted, is_over
from taso.passes.search.presolve import OutOfTimeError, Reduced, presolve
from taso.passes.search.problem import (
    MOVE,
    Problem,
    choices,
    component_labels,
    derivation,
    find_cycles,
)
from taso.passes.search.tree_cost import tree_solution
from taso.passes.search.trees import cheapest_trees


@dataclass(frozen=True)
class Solution:
    """The edges of a derivation of the roots, its cost, and a proven lower bound, in seconds."""

    edges: list[int]
    seconds: float
    bound: float


def total(problem: Problem, used: Sequence[int]) -> float:
    """Seconds of a derivation: each edge and each node once. Independent of their order."""
    nodes = choices(problem, used).values()
    edge_seconds = [problem.edges[e].seconds for e in used]
    return math.fsum([*edge_seconds, *(problem.node_seconds[n] for n in nodes)])


def kept_bytes(problem: Problem, used: Iterable[int]) -> int:
    """Bytes of parameters that the main program keeps under a derivation."""
    return sum(problem.edges[e].kept for e in used)


def solve(problem: Problem, *, start: Sequence[int] = (), time_limit: float) -> Solution | None:
    """The cheapest acyclic derivation of the roots, or the best one found in `time_limit` seconds.

    `start`: edges of a known derivation, from which the search may begin. None if there is no
    solution, or none was found in time.
    """
    deadline = time.monotonic() + time_limit
    try:
        reduced = presolve(problem, deadline)
        if reduced is None:
            return None
        solution = _solve_parts(problem, reduced, start, deadline, joined=False)
        if solution is None or kept_bytes(problem, solution.edges) <= problem.kept_limit:
            return solution
        return _solve_parts(problem, reduced, start, deadline, joined=True)
    except OutOfTimeError:
        return None


def solve_trees(problem: Problem) -> Solution | None:
    """A derivation that is found at once, cheap by tree cost. None if it keeps too much memory."""
    edges = tree_solution(problem)
    if edges is None or kept_bytes(problem, edges) > problem.kept_limit:
        return None
    return Solution(edges, total(problem, edges), 0.0)


def _solve_parts(
    problem: Problem, reduced: Reduced, start: Sequence[int], deadline: float, *, joined: bool
) -> Solution | None:
    parts = _split(problem, reduced, joined=joined)
    solved: dict[object, tuple[list[int], float]] = {}
    chosen: list[int] = []
    bounds: list[float] = []
    for part in parts:
        if len(part) == 1 and problem.edges[part[0]].head in reduced.needed:
            chosen += part
            bounds.append(total(problem, part))
            continue
        keeps = joined and any(problem.edges[e].kept for e in part)
        local = Part(problem, reduced, part, limited=keeps)
        key = local.key()
        if key not in solved:
            found = local.solve(start, deadline)
            if found is None:
                return None
            solved[key] = found
        picked, bound = solved[key]
        chosen += [part[i] for i in picked]
        bounds.append(bound)
    used = derivation(problem, chosen)
    if used is None:
        return None
    seconds = total(problem, used)
    return Solution(used, seconds, min(seconds, math.fsum(bounds)))


def _split(problem: Problem, reduced: Reduced, *, joined: bool) -> list[list[int]]:
    """Edges in groups that share no undecided state, class or possible cycle, in order."""
    states, classes = len(problem.state_class), max(problem.state_class, default=0) + 1
    limit = states + classes  # the vertex of the memory limit
    arcs: list[tuple[int, int]] = []
    for e in reduced.edges:
        edge = problem.edges[e]
        arcs += [(edge.head, t) for t in edge.tails if t not in reduced.needed]
        if edge.node != MOVE:
            arcs.append((edge.head, states + problem.node_class[edge.node]))
        if joined and edge.kept:
            arcs.append((edge.head, limit))
    cycles = _cyclic_groups(problem, reduced.edges, classes)
    arcs += [(states + a, states + b) for group in cycles for a, b in pairwise(group)]
    labels = component_labels(limit + 1, arcs, strong=False)
    parts: dict[int, list[int]] = {}
    for e in reduced.edges:
        parts.setdefault(labels[problem.edges[e].head], []).append(e)
    return list(parts.values())


def _cyclic_groups(problem: Problem, edges: Iterable[int], classes: int) -> list[list[int]]:
    nodes = {problem.edges[e].node for e in edges} - {MOVE}
    arcs = [
        (problem.node_class[n], child) for n in sorted(nodes) for child in problem.node_children[n]
    ]
    groups: dict[int, list[int]] = {}
    for c, label in enumerate(component_labels(classes, arcs, strong=True)):
        groups.setdefault(label, []).append(c)
    return [group for group in groups.values() if len(group) > 1]


class Part:
    """One component as an integer program.

    Variables: each edge is used; each node is chosen; each undecided state is derived.
    """

    def __init__(
        self,
        problem: Problem,
        reduced: Reduced,
        part: list[int],
        *,
        limited: bool,
    ) -> None:
        self.problem = problem
        self.edges = [problem.edges[e] for e in part]
        self.numbers = part
        self.limit = problem.kept_limit if limited else math.inf
        self.deadline = math.inf
        self.needed = reduced.needed
        self.needed_classes = reduced.needed_classes
        self.nodes = list(dict.fromkeys(e.node for e in self.edges if e.node != MOVE))
        self.by_class: dict[int, list[int]] = {}
        for node in self.nodes:
            self.by_class.setdefault(problem.node_class[node], []).append(node)
        self.bits = reduced.order.class_bits(self.by_class)
        self.below = {n: self._below(reduced, n) for n in self.nodes}
        self.heads: dict[int, list[int]] = {}
        for i, edge in enumerate(self.edges):
            self.heads.setdefault(edge.head, []).append(i)
        open_states = [s for s in self.heads if s not in self.needed]
        count = len(self.edges)
        self.node_column = {n: count + i for i, n in enumerate(self.nodes)}
        self.state_column = {s: count + len(self.nodes) + i for i, s in enumerate(open_states)}
        self.columns = count + len(self.nodes) + len(open_states)
        # The solver's tolerances are absolute: costs are in units that make the largest 10⁴.
        seconds = [e.seconds for e in self.edges] + [problem.node_seconds[n] for n in self.nodes]
        self.scale = 1e4 / (max(seconds) or 1.0)

    def _below(self, reduced: Reduced, node: int) -> int:
        """The classes of this part that every solution with the node derives for it, as bits."""
        state, held = reduced.below[node]
        below = reduced.order.classes_of(held, state, self.bits)
        children = (self.bits.get(c) for c in self.problem.node_children[node])
        return functools.reduce(operator.or_, (1 << b for b in children if b is not None), below)

    def key(self) -> object:
        """Equal for components that are equal but for the numbers of states, classes, nodes."""
        states: dict[int, int] = {}
        classes: dict[int, int] = {}
        rows: list[object] = [self.limit]
        for edge in self.edges:
            tails = tuple(
                states.setdefault(t, len(states)) for t in edge.tails if t in self.state_column
            )
            head = states.setdefault(edge.head, len(states))
            node = self.node_column.get(edge.node, MOVE)
            rows.append((head, edge.head in self.needed, tails, node, edge.seconds, edge.kept))
        for node in self.nodes:
            inside = [c for c in self.problem.node_children[node] if c in self.by_class]
            uses = tuple(classes.setdefault(c, len(classes)) for c in inside)
            own = classes.setdefault(self.problem.node_class[node], len(classes))
            rows.append((own, uses, self.problem.node_seconds[node]))
        return tuple(rows)

    def solve(self, start: Sequence[int], deadline: float) -> tuple[list[int], float] | None:
        """Edges to use, by position, and a lower bound in seconds; None if none are found."""
        single = [*self.heads.values(), *self.by_class.values()]
        if all(len(options) == 1 for options in single) and not self.state_column:
            seconds = [self.problem.node_seconds[n] for n in self.nodes]
            bound = math.fsum([*seconds, *(e.seconds for e in self.edges)])
            return list(range(len(self.edges))), bound
        if math.isinf(self.limit):
            trees = cheapest_trees(self.problem, self.numbers, self.heads, self.needed)
            # Trees take what every solution derives as given, also above themselves.
            if trees is not None and not self._cycle_cuts(trees[0]):
                return trees
        self.deadline = deadline
        self.place = self._places()
        solver = self._solver()
        self._set_start(solver, start)
        while True:
            solver.setOptionValue("time_limit", max(deadline - time.monotonic(), 0.01))
            solver.run()
            info = solver.getInfo()
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                return None
            values = solver.getSolution().col_value
            picked = [i for i in range(len(self.edges)) if values[self.place[i]] > 0.5]
            cuts = self._cycle_cuts(picked)
            if not cuts:
                return picked, info.mip_dual_bound / self.scale
            if is_over(deadline):
                return None
            for columns, upper in cuts:
                terms = _collected(self.place, [(column, 1.0) for column in columns])
                index, value = list(terms), list(terms.values())
                solver.addRow(-highspy.kHighsInf, upper, len(index), index, value)

    def _places(self) -> list[int]:
        """The variable of the program for each column: those that are equal share one.

        A state that one edge derives is derived if that edge is used; one that a single variable
        needs, if that is 1; and a node with one edge is chosen if the edge is used. In an optimum
        nothing is used that is not needed, for no cost is below 0.
        """
        same = _Equal(self.columns)
        positions: dict[int, list[int]] = {}
        users: dict[int, list[int]] = {}
        for i, edge in enumerate(self.edges):
            positions.setdefault(edge.node, []).append(i)
            for tail in edge.tails:
                users.setdefault(tail, []).append(i)
        for node, column in self.node_column.items():
            if len(positions[node]) == 1:
                same.unite(column, positions[node][0])
        for state, column in self.state_column.items():
            if len(self.heads[state]) == 1:
                same.unite(column, self.heads[state][0])
        for state, column in self.state_column.items():
            using = {same.find(i) for i in users.get(state, ())}
            if len(using) == 1:
                same.unite(column, using.pop())
        numbers: dict[int, int] = {}
        return [numbers.setdefault(same.find(c), len(numbers)) for c in range(self.columns)]

    def _solver(self) -> highspy.Highs:
        rows = _Rows(self.place)
        self._add_derivations(rows)
        self._add_choices(rows)
        variables = max(self.place) + 1
        lp = highspy.HighsLp()
        lp.num_col_ = variables
        lp.num_row_ = len(rows.lower)
        lp.col_cost_ = np.array(self._costs(variables))
        lp.col_lower_ = np.zeros(variables)
        lp.col_upper_ = np.ones(variables)
        lp.row_lower_ = np.array(rows.lower)
        lp.row_upper_ = np.array(rows.upper)
        lp.integrality_ = [highspy.HighsVarType.kInteger] * variables
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(rows.starts)
        lp.a_matrix_.index_ = np.array(rows.index)
        lp.a_matrix_.value_ = np.array(rows.value)
        solver = highspy.Highs()
        for option, value in _OPTIONS.items():
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        for callback in (solver.cbMipInterrupt, solver.cbSimplexInterrupt):
            callback.subscribe(_look)
        return solver

    def _costs(self, variables: int) -> list[float]:
        costs = [0.0] * variables
        nodes = [self.problem.node_seconds[n] for n in self.nodes]
        for column, seconds in enumerate([*(e.seconds for e in self.edges), *nodes]):
            costs[self.place[column]] += seconds * self.scale
        return costs

    def _add_derivations(self, rows: _Rows) -> None:
        """A state takes one edge, if it is derived; an edge, the states that it needs."""
        for state, edges in self.heads.items():
            self._check_time()
            column = self.state_column.get(state)
            own = [] if column is None else [(column, -1.0)]
            derived = 1.0 if column is None else 0.0
            rows.add([(i, 1.0) for i in edges] + own, derived, derived)
            users: dict[int, list[tuple[int, float]]] = {}
            for i in edges:
                for tail in dict.fromkeys(self.edges[i].tails):
                    if tail in self.state_column:
                        users.setdefault(self.state_column[tail], []).append((i, 1.0))
            for tail_column, using in users.items():
                rows.add([*using, (tail_column, -1.0)], -math.inf, 0.0)

    def _add_choices(self, rows: _Rows) -> None:
        """An edge takes its node, a class at most one; and the memory limit."""
        for i, edge in enumerate(self.edges):
            if edge.node != MOVE:
                rows.add([(i, 1.0), (self.node_column[edge.node], -1.0)], -math.inf, 0.0)
        for c, nodes in self.by_class.items():
            chosen = 1.0 if c in self.needed_classes else 0.0
            rows.add([(self.node_column[n], 1.0) for n in nodes], chosen, 1.0)
        self._add_uses(rows)
        for columns in self._two_cycles():
            rows.add([(c, 1.0) for c in columns], -math.inf, 1.0)
        if math.isfinite(self.limit):
            kept = [(i, float(e.kept)) for i, e in enumerate(self.edges) if e.kept]
            rows.add(kept, -math.inf, self.limit)

    def _add_uses(self, rows: _Rows) -> None:
        """What a node needs has a node too. Implied, but the relaxation is far tighter for it:
        else a class is half used in one place and half in another, and paid for in neither."""
        undecided = {b: c for c, b in self.bits.items() if c not in self.needed_classes}
        inside = sum(1 << b for b in undecided)
        implied = {b: self._implied(c) & inside for b, c in undecided.items()}
        for nodes in self.by_class.values():
            uses: dict[int, list[int]] = {}
            for n in nodes:
                self._check_time()
                direct = below = self.below[n] & inside
                for b in _bits(below):
                    direct &= ~implied[b]
                for b in _bits(direct):
                    uses.setdefault(undecided[b], []).append(self.node_column[n])
            for used, columns in uses.items():
                taken = [(self.node_column[m], -1.0) for m in self.by_class[used]]
                rows.add([(column, 1.0) for column in columns] + taken, -math.inf, 0.0)

    def _implied(self, c: int) -> int:
        """The classes, as bits, that every solution with this class derives for it."""
        return functools.reduce(operator.and_, (self.below[n] for n in self.by_class[c]))

    def _two_cycles(self) -> list[list[int]]:
        """Pairs of classes each of which has nodes that need the other: at most one is chosen."""
        needs = {
            c: functools.reduce(operator.or_, (self.below[n] for n in nodes))
            for c, nodes in self.by_class.items()
        }
        classes = list(self.by_class)
        found: list[list[int]] = []
        for i, a in enumerate(classes):
            self._check_time()
            above = needs[a]
            own = self.bits[a]
            mutual = [b for b in classes[:i] if above >> self.bits[b] & 1 and needs[b] >> own & 1]
            found += [self._arc(a, b) + self._arc(b, a) for b in mutual]
        return found

    def _check_time(self) -> None:
        if is_over(self.deadline):
            raise OutOfTimeError

    def _arc(self, user: int, used: int) -> list[int]:
        """Columns of the nodes of one class that need another."""
        bit = self.bits[used]
        return [self.node_column[n] for n in self.by_class[user] if self.below[n] >> bit & 1]

    def _cycle_cuts(self, picked: list[int]) -> list[tuple[list[int], float]]:
        """For the cycles of a solution: not all classes along one may need the next."""
        chosen = choices(self.problem, (self.numbers[i] for i in picked))
        graph = {
            c: [d for d in chosen if self.below[n] >> self.bits[d] & 1] for c, n in chosen.items()
        }
        cuts: list[tuple[list[int], float]] = []
        for cycle in find_cycles(graph):
            arcs = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
            columns = [column for a, b in arcs for column in self._arc(a, b)]
            cuts.append((columns, len(cycle) - 1.0))
        return cuts

    def _set_start(self, solver: highspy.Highs, start: Sequence[int]) -> None:
        used = set(start)
        values = [0.0] * (max(self.place) + 1)
        for i, edge in enumerate(self.edges):
            if self.numbers[i] in used:
                values[self.place[i]] = 1.0
                if edge.node != MOVE:
                    values[self.place[self.node_column[edge.node]]] = 1.0
                if edge.head in self.state_column:
                    values[self.place[self.state_column[edge.head]]] = 1.0
        if any(values):
            solution = highspy.HighsSolution()
            solution.col_value = values
            solver.setSolution(solution)


def _look(event: highspy.highs.HighsCallbackEvent) -> None:
    """Python handles signals when this is called, and not while HiGHS runs."""
    if is_interrupted():
        event.interrupt()


_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    # HiGHS 1.15's own presolve finds some feasible programs infeasible (its issue 2204).
    "presolve": "off",
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
}


def _bits(mask: int) -> list[int]:
    """The positions of the ones."""
    digits = bin(mask)[:1:-1]
    found: list[int] = []
    i = digits.find("1")
    while i >= 0:
        found.append(i)
        i = digits.find("1", i + 1)
    return found


class _Equal:
    """Which numbers are one (union-find)."""

    def __init__(self, size: int) -> None:
        self._leader = list(range(size))

    def find(self, x: int) -> int:
        leader = self._leader
        while leader[x] != x:
            leader[x] = leader[leader[x]]
            x = leader[x]
        return x

    def unite(self, a: int, b: int) -> None:
        self._leader[self.find(a)] = self.find(b)


def _collected(place: Sequence[int], terms: Iterable[tuple[int, float]]) -> dict[int, float]:
    """The factor of each variable in a sum over columns."""
    factors: dict[int, float] = {}
    for column, factor in terms:
        variable = place[column]
        factors[variable] = factors.get(variable, 0.0) + factor
    return {variable: factor for variable, factor in factors.items() if factor}


class _Rows:
    """Constraints in compressed rows; `place` is the variable of each column."""

    def __init__(self, place: Sequence[int]) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.starts: list[int] = [0]
        self.index: list[int] = []
        self.value: list[float] = []
        self._place = place
        self._seen: set[tuple[object, ...]] = set()

    def add(self, terms: list[tuple[int, float]], lower: float, upper: float) -> None:
        """Add a constraint, unless there is an equal one or it is between constants."""
        factors = _collected(self._place, terms)
        key = (*factors.items(), lower, upper)
        if not factors or key in self._seen:
            return
        self._seen.add(key)
        self.lower.append(lower)
        self.upper.append(upper)
        self.index += factors
        self.value += factors.values()
        self.starts.append(len(self.index))
