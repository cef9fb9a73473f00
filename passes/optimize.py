"""`taso-optimize`: the cheapest equal program that rewriting finds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from taso.passes.apply_rules import find_rule
from taso.passes.collector import paused_collector
from taso.passes.form_kernels import form_kernels
from taso.passes.formed_cost import formed_cost
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.rules.library import DEFAULT_RULES, by_name
from taso.passes.rules.notation import Rule, RuleError, RuleFamily
from taso.passes.rules.text import parse_rules
from taso.passes.search import progress
from taso.passes.search.candidates import extract_several
from taso.passes.search.convert import UnsupportedError, from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.egraph import EGraph
from taso.passes.search.explain import Explanation, explain
from taso.passes.search.extract import Selection
from taso.passes.search.interrupt import interruptible
from taso.passes.search.saturate import Limits, Report, saturate

ENCODING, WRITING = 5, 4
"""How long a program of 20,000 ops takes to encode for extraction without a search, and to be
picked by tree cost, where there is no time for more, and written back: by its time of reading."""
LONGEST_READING = 1e-4
"""Seconds an op, on a busy machine; what a program takes beyond is not for its size."""
NUMERICS = ("reassociating", "exact")

Chooser: TypeAlias = Callable[[Sequence[ModuleOp]], int]
"""Which of some modules to take: equal programs, with parameters hoisted and kernels formed, of
which each is the first function of its module."""


@dataclass(frozen=True)
class OptimizePass(ModulePass):
    """Replaces each function by the cheapest equal one found, never by one that costs more.

    device: whose cost model decides, a name in `search/devices.py`.
    numerics: with `exact`, results stay bitwise the same: rules that reassociate are off.
    iterations, node-limit, time-limit: where the search stops (rounds, new e-nodes, seconds).
    rules: names of rules and families instead of the default ones.
    rule-file: a file of more rules, in their text form.
    candidates: how many of the cheapest programs are compared again with their kernels formed.
    explain: a file to write the steps to that lead from each function to what it became.

    A function that is more than one block of `taso` ops is left as it is, with a warning.
    """

    name = "taso-optimize"

    device: str = "cpu"
    numerics: str = NUMERICS[0]
    iterations: int = Limits.iterations
    node_limit: int = Limits.nodes
    time_limit: int | float = Limits.seconds
    rules: tuple[str, ...] | None = None
    rule_file: str | None = None
    candidates: int = 1
    explain: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            self.run(op, CostModel(device_named(self.device)))
        except ValueError as e:  # an unknown device
            raise PassFailedException(str(e)) from e

    def run(self, op: ModuleOp, model: CostModel, choose: Chooser | None = None) -> None:
        """Apply the pass under another cost model, and with another choice among candidates."""
        if self.numerics not in NUMERICS:
            expected = " or ".join(NUMERICS)
            raise PassFailedException(f"numerics is '{self.numerics}', expected {expected}")
        if self.candidates < 1:
            raise PassFailedException(f"candidates is {self.candidates}, expected 1 or more")
        try:
            rules = self._rules()
            explanations: list[Explanation] = []
            with interruptible():
                for function in [f for f in op.walk() if isinstance(f, func.FuncOp)]:
                    if not function.is_declaration:
                        explanations += self._optimize(function, rules, model, choose)
        except ValueError as e:  # a rule that is wrong
            raise PassFailedException(str(e)) from e
        if self.explain is not None:
            _write(self.explain, "\n\n".join(map(str, explanations)) + "\n")

    def _rules(self) -> list[Rule | RuleFamily]:
        names = DEFAULT_RULES if self.rules is None else self.rules
        rules = [find_rule(name) for name in names]
        if self.rule_file is not None:
            more = read_rules(self.rule_file)
            known = {rule.name for rule in rules}
            if taken := [rule.name for rule in more if rule.name in known]:
                where = f"{self.rule_file}:1:1: rule {taken[0]}"
                raise RuleError(f"{where}: name: a rule in use has it already")
            rules += more
        return rules

    def _optimize(
        self,
        function: func.FuncOp,
        rules: Sequence[Rule | RuleFamily],
        model: CostModel,
        choose: Chooser | None,
    ) -> list[Explanation]:
        limits = Limits(self.node_limit, self.iterations, self.time_limit)
        exact, explained = self.numerics == "exact", self.explain is not None
        many = self.candidates
        try:
            done = optimize_function(
                function,
                rules,
                model,
                limits,
                exact=exact,
                candidates=many,
                choose=choose,
                explained=explained,
            )
        except UnsupportedError as e:
            _warn(function, str(e))
            return []
        return [] if done is None or done.explanation is None else [done.explanation]


def read_rules(path: str) -> list[Rule]:
    """The rules of a file, those that hold both ways in both directions.

    Raises `PassFailedException` if it can't be read, `RuleError` if it is malformed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as e:
        raise PassFailedException(f"{path}: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise PassFailedException(f"{path}: byte {e.start} is not UTF-8") from e
    rules = parse_rules(text, path)
    if not rules:
        raise RuleError(f"{path}:1:1: expected a rule, found none")
    try:
        return list(by_name(rules).values())
    except RuleError as e:
        raise RuleError(f"{path}:1:1: {e}") from e


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as e:
        raise PassFailedException(f"{path}: {e.strerror}") from e


@dataclass(frozen=True)
class Optimized:
    """What was done to a function; costs in seconds under the cost model."""

    saturation: Report
    cost_before: float
    selection: Selection
    explanation: Explanation | None
    """If it was asked for."""


def optimize_function(
    function: func.FuncOp,
    rules: Sequence[Rule | RuleFamily],
    model: CostModel,
    limits: Limits,
    *,
    exact: bool = False,
    candidates: int = 1,
    choose: Chooser | None = None,
    explained: bool = False,
) -> Optimized | None:
    """Rewrite the function's body in place; None where a limit that is not positive keeps it.

    Half of `limits.seconds` is for saturation at most, what is left for extraction. Of the
    `candidates` cheapest programs `choose` takes one, by default the cheapest with its kernels
    formed. Ctrl-C ends the search, with the best program found so far. Raises
    `UnsupportedError` if the e-graph can't hold the function, `RuleError` if a rule is wrong.
    """
    if min(limits.nodes, limits.iterations, limits.seconds) <= 0:
        _warn(function, "a limit of the search is not positive")
        return None
    usable = [rule for rule in rules if is_exact(rule)] if exact else rules
    with interruptible() as interrupt, progress.shown(function.sym_name.data, limits.seconds):
        found = _search(
            function,
            usable,
            model,
            limits,
            exact=exact,
            candidates=candidates,
            choose=choose,
            explained=explained,
        )
    if interrupt.requested:
        _note(function, "the search was interrupted; this is the best program found so far")
    return found


def _search(
    function: func.FuncOp,
    rules: Sequence[Rule | RuleFamily],
    model: CostModel,
    limits: Limits,
    *,
    exact: bool,
    candidates: int,
    choose: Chooser | None,
    explained: bool,
) -> Optimized | None:
    with paused_collector():  # there are no cycles, and it takes a quarter of the time
        started = time.monotonic()
        graph, roots = to_egraph(function, nary=not exact)
        origin = origin_choice(graph, roots)
        reading = min(time.monotonic() - started, LONGEST_READING * graph.size)
        needed = (ENCODING + WRITING) * reading
        if limits.seconds + 0.1 < needed:
            _warn(function, f"a search of it takes {needed:.1f} s at least")
            return None
        seconds = max(limits.seconds - needed, 0.0) / 2
        report = saturate(graph, rules, Limits(limits.nodes, limits.iterations, seconds))
        left = max(limits.seconds - (time.monotonic() - started) - WRITING * reading, 0.0)
        found = extract_several(graph, roots, model, candidates, origin=origin, time_limit=left)
        selection = found[0]
        if len(found) > 1:
            modules = [_formed(function, graph, roots, each, model) for each in found]
            by_cost = partial(_cheapest, model=model, given=function)
            selection = found[(choose or by_cost)(modules)]
        explanation = None
        if explained:
            explanation = explain(function, graph, roots, selection, rules, model)
        from_selection(function, graph, roots, selection)
    return Optimized(report, found[0].before, selection, explanation)


def _formed(
    function: func.FuncOp, graph: EGraph, roots: Sequence[int], choice: Selection, model: CostModel
) -> ModuleOp:
    """A module of the function with its body chosen anew, parameters hoisted, kernels formed."""
    copied = function.clone()
    module = ModuleOp([copied])
    from_selection(copied, graph, roots, choice)
    HoistParamsPass().apply(Context(), module)
    form_kernels(copied.body.block, model)
    return module


def _cheapest(modules: Sequence[ModuleOp], *, model: CostModel, given: func.FuncOp) -> int:
    mains = [module.body.block.first_op for module in modules]
    costs = [formed_cost(f, model, given=given) for f in mains if isinstance(f, func.FuncOp)]
    return min(range(len(costs)), key=costs.__getitem__)


def is_exact(rule: Rule | RuleFamily) -> bool:
    """The rule changes no bit of any result."""
    if isinstance(rule, Rule):
        return rule.numerics == "exact"
    return all(member.numerics == "exact" for member in rule.members.values())


def _note(function: func.FuncOp, text: str) -> None:
    print(f"note: taso-optimize, @{function.sym_name.data}: {text}", file=sys.stderr)


def _warn(function: func.FuncOp, reason: str) -> None:
    name = function.sym_name.data
    print(f"warning: taso-optimize leaves @{name} as it is: {reason}", file=sys.stderr)
