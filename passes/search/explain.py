"""Why the program that the search chose equals the one that it was given, rule by rule.

The proof is taken from what the e-graph recorded (Flatt et al., Small proofs from congruence
closure, FMCAD 2022), and laid out as rewrites of the whole program, in an order in which they
can be applied, each with what it saves under the cost model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from xdsl.dialects import func
from xdsl.ir import SSAValue

from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import NARY, RESULT, EGraph, ENode
from taso.passes.search.explain_equations import Equations
from taso.passes.search.explain_moves import Move, find_moves
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.explain_replay import Replay
from taso.passes.search.explain_terms import TermProgram, below, read_terms, selected_terms
from taso.passes.search.explain_text import Writer
from taso.passes.search.extract import Selection, function_cost
from taso.passes.statistics import format_time

SHARING = "share-equal-terms"
"""The step that computes equal terms once, and drops what no result needs."""

NO_SAVING = 1e-8
"""Savings below this many seconds are said to be none."""


@dataclass(frozen=True)
class Step:
    """One rewrite. `before` are the ops that it replaces, `after` those that it puts there."""

    rule: str
    """The rule's name; with `backward`, it was used right to left."""
    backward: bool
    at: tuple[str, ...]
    """Names of the values that it rewrites."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    seconds: tuple[float, float]
    """Of the whole program before and after, under the cost model."""
    pattern: object = field(repr=False, default=None)
    """Equal for steps that do the same to other values."""

    @property
    def saving(self) -> float:
        """Seconds; negative for a step that makes way for others."""
        return self.seconds[0] - self.seconds[1]


@dataclass(frozen=True)
class Trace:
    """The steps but for sharing, as rewrites of terms, and the terms of the results."""

    forest: ProofForest
    program: TermProgram
    writer: Writer
    moves: tuple[Move, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Explanation:
    """The steps from a function to what the search made of it, in order."""

    function: str
    steps: tuple[Step, ...]
    seconds: tuple[float, float]
    """Of the function as given and as chosen, under the cost model."""
    trace: Trace | None = field(default=None, repr=False)
    """None where there was no search."""

    def replay(self, function: func.FuncOp) -> Iterator[str]:
        """Apply the steps to the function, as it was given, one by one and in place.

        Yields the rule's name after each. Each step is matched in the IR and built as
        `taso-apply-rules` does it. Raises `ReplayError` where one does not follow from its rule.
        """
        if self.trace is None:
            return
        replay = Replay(self.trace.forest, function)
        if len(self.trace.moves) < len(self.steps):
            replay.share()
            yield SHARING
        for move in self.trace.moves:
            replay.apply(move)
            yield _rule(move)

    def __str__(self) -> str:
        return "\n".join(_text(self))


def explain(
    function: func.FuncOp,
    graph: EGraph,
    roots: Sequence[int],
    selection: Selection,
    rules: Sequence[Rule | RuleFamily],
    model: CostModel,
) -> Explanation:
    """The steps from a function, as it was given, to a selection from its saturated e-graph.

    `roots` are as `to_egraph` gives them; `rules` those that the graph was saturated with.
    """
    equations = Equations(graph, rules)
    forest = equations.forest
    values, before = read_terms(function, forest)
    after = selected_terms(forest, graph, roots, selection.choice)
    moves = find_moves(forest, equations.all, before, after)
    program = TermProgram(forest, function)
    writer = Writer(forest, program, values)
    ends = moves[-1].after if moves else tuple(before)
    trace = Trace(forest, program, writer, tuple(moves), tuple(before), ends)
    shared = _sharing(function, forest, values, before, writer)
    untimed = [_step(forest, program, writer, move) for move in moves]
    states = [tuple(before), *(move.after for move in moves)]
    patterns = [step.pattern for step in untimed]
    costs = _costs(lambda i: program.cost(states[i], model), patterns)
    given = function_cost(function, model)
    steps = [replace(step, seconds=(costs[i], costs[i + 1])) for i, step in enumerate(untimed)]
    if shared is not None:
        steps.insert(0, Step(SHARING, False, *shared, (given, costs[0])))
    return Explanation(function.sym_name.data, tuple(steps), (given, costs[-1]), trace)


def _costs(
    cost: Callable[[int], float], patterns: Sequence[object], *, tolerance: float = 1e-9
) -> list[float]:
    """The cost of each program on a way of steps with these patterns; `cost` computes one.

    Steps of one pattern save the same, as a rule. Where that adds up to what a stretch of the
    way saves, the programs on it are not looked at one by one.
    """
    costs = {0: cost(0), len(patterns): cost(len(patterns))}
    savings: dict[object, float] = {}
    stack = [(0, len(patterns))]
    while stack:
        start, end = stack.pop()
        if end - start == 0:
            continue
        if end - start == 1:
            savings.setdefault(patterns[start], costs[start] - costs[end])
            continue
        saved = [savings.get(pattern, math.nan) for pattern in patterns[start:end]]
        if abs(sum(saved) - (costs[start] - costs[end])) <= tolerance * costs[0]:
            for i, saving in zip(range(start + 1, end), saved, strict=False):
                costs[i] = costs[i - 1] - saving
            continue
        middle = (start + end) // 2
        costs[middle] = cost(middle)
        stack += [(middle, end), (start, middle)]
    return [costs[i] for i in range(len(patterns) + 1)]


def _rule(move: Move) -> str:
    return NARY if move.equation is None else move.equation.name


def _sharing(
    function: func.FuncOp,
    forest: ProofForest,
    values: dict[SSAValue, int],
    roots: Sequence[int],
    writer: Writer,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Names and lines of the ops that are computed before, or for nothing; None without any."""
    live = set(below(forest, roots))
    seen: set[int] = set()
    names: list[str] = []
    before: list[str] = []
    after: list[str] = []
    for op in function.body.block.ops:
        terms = [values[result] for result in op.results]
        if not terms:
            continue
        node = forest.terms[terms[0]]
        whole = node.children[0] if node.op == RESULT else terms[0]
        if whole in live and whole not in seen:
            seen.add(whole)
            continue
        known = [writer.name(term) for term in terms]
        hints = [r.name_hint or name for r, name in zip(op.results, known, strict=True)]
        names += hints
        before.append(writer.line(whole, dict(enumerate(hints))))
        if whole in live:
            after += [f"%{h} is %{n}" for h, n in zip(hints, known, strict=True) if h != n]
    return (_distinct(names), _counted(before), tuple(after)) if names else None


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _counted(lines: Sequence[str]) -> tuple[str, ...]:
    """Each line once, with how often it is there."""
    counts = Counter(lines)
    return tuple(f"{line} (×{n})" if n > 1 else line for line, n in counts.items())


def _step(
    forest: ProofForest,
    program: TermProgram,
    writer: Writer,
    move: Move,
) -> Step:
    """The step of a move, not timed yet."""
    olds, news = [p.before for p in move.places], [p.after for p in move.places]
    stop = set(move.leaves)
    if move.equation is None or move.equation.rule is None:
        stop = set(below(forest, olds)) & set(below(forest, news))
    old, new = below(forest, olds, stop), below(forest, news, stop)
    at = tuple(writer.name(term) for term in olds)
    before = tuple(writer.lines(old))
    writer.follow(move)
    after = [*writer.lines(new)]
    for name, term in zip(at, news, strict=True):
        if term in stop:  # it was there already
            after.append(f"%{name} is %{writer.name(term)}")
    backward = not move.forward
    pattern = (
        _rule(move),
        backward,
        _pattern(forest, program, old),
        _pattern(forest, program, new),
    )
    return Step(_rule(move), backward, at, before, tuple(after), (0.0, 0.0), pattern)


def _pattern(forest: ProofForest, program: TermProgram, parts: Sequence[int]) -> object:
    """Ops, attributes, types, and which operand is which, without their names."""
    numbers: dict[int, int] = {}
    ops: list[object] = []
    for term in parts:
        node = forest.terms[term]
        for child in node.children:
            if child not in numbers:
                numbers[child] = len(numbers)
        operands = tuple(numbers[c] for c in node.children)
        ops.append((ENode(node.op, node.attrs, operands), program.specs(term)))
        numbers[term] = len(numbers)
    return tuple(ops)


def _text(explanation: Explanation) -> Iterator[str]:
    before, after = (format_time(s) for s in explanation.seconds)
    count = len(explanation.steps)
    steps = "1 step" if count == 1 else f"{count} steps"
    yield f"@{explanation.function}: {before} → {after}, {steps}"
    left = explanation.seconds[0]
    for number, group in enumerate(grouped(explanation.steps), 1):
        saving = sum(step.saving for step in group)
        left -= saving
        yield ""
        yield f"{number}. {heading(group)}: {_saved(group, saving)}; {format_time(left)} left"
        yield from (f"  - {line}" for line in group[0].before)
        yield from (f"  + {line}" for line in group[0].after)


def grouped(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps that do the same to other values together, in the order of their first."""
    groups: dict[object, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.pattern, []).append(step)
    return list(groups.values())


def heading(group: Sequence[Step]) -> str:
    """What a group of equal steps does, and where: `matmul-factor-left at %sum`."""
    first = group[0]
    rule = f"{first.rule}, right to left," if first.backward else first.rule
    times = f" ×{len(group)}" if len(group) > 1 else ""
    names = [f"%{name}" for step in group for name in step.at]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{rule}{times} at {shown}"


def _saved(group: Sequence[Step], saving: float) -> str:
    if abs(saving) < NO_SAVING:
        return "saves nothing by itself"
    said = "saves" if saving > 0 else "costs"
    total = f"{said} {format_time(abs(saving))}"
    return total if len(group) == 1 else f"{total} in all"
