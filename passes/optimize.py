"""`taso-optimize`: the cheapest equal program that rewriting finds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from taso.passes.apply_rules import find_rule
from taso.passes.rules.library import DEFAULT_RULES, by_name
from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.rules.text import parse_rules
from taso.passes.search.convert import UnsupportedError, from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.extract import Selection, extract, selection_cost
from taso.passes.search.saturate import Limits, Report, saturate

NUMERICS = ("reassociating", "exact")


@dataclass(frozen=True)
class OptimizePass(ModulePass):
    """Replaces each function by the cheapest equal one found, never by one that costs more.

    device: whose cost model decides, a name in `search/devices.py`.
    numerics: with `exact`, results stay bitwise the same: rules that reassociate are off.
    iterations, node-limit, time-limit: where the search stops (rounds, new e-nodes, seconds).
    rules: names of rules and families instead of the default ones.
    rule-file: a file of more rules, in their text form.

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

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.numerics not in NUMERICS:
            expected = " or ".join(NUMERICS)
            raise PassFailedException(f"numerics is '{self.numerics}', expected {expected}")
        try:
            model = CostModel(device_named(self.device))
            rules = self._rules()
            for function in [f for f in op.walk() if isinstance(f, func.FuncOp)]:
                if not function.is_declaration:
                    self._optimize(function, rules, model)
        except ValueError as e:  # an unknown device, or a rule that is wrong
            raise PassFailedException(str(e)) from e

    def _rules(self) -> list[Rule | RuleFamily]:
        names = DEFAULT_RULES if self.rules is None else self.rules
        rules = [find_rule(name) for name in names]
        if self.rule_file is not None:
            rules += read_rules(self.rule_file)
        return rules

    def _optimize(
        self, function: func.FuncOp, rules: Sequence[Rule | RuleFamily], model: CostModel
    ) -> None:
        limits = Limits(self.node_limit, self.iterations, self.time_limit)
        try:
            optimize_function(function, rules, model, limits, exact=self.numerics == "exact")
        except UnsupportedError as e:
            _warn(function, str(e))


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
    return list(by_name(parse_rules(text, path)).values())


@dataclass(frozen=True)
class Optimized:
    """What was done to a function; costs in seconds under the cost model."""

    saturation: Report
    cost_before: float
    selection: Selection


def optimize_function(
    function: func.FuncOp,
    rules: Sequence[Rule | RuleFamily],
    model: CostModel,
    limits: Limits,
    *,
    exact: bool = False,
) -> Optimized | None:
    """Rewrite the function's body in place; None where a limit that is not positive keeps it.

    Half of `limits.seconds` is for saturation at most, what is left for extraction. Raises
    `UnsupportedError` if the e-graph can't hold the function, `RuleError` if a rule is wrong.
    """
    if min(limits.nodes, limits.iterations, limits.seconds) <= 0:
        _warn(function, "a limit of the search is not positive")
        return None
    graph, roots = to_egraph(function, nary=not exact)
    origin = origin_choice(graph, roots)
    usable = [rule for rule in rules if is_exact(rule)] if exact else rules
    saturation = Limits(limits.nodes, limits.iterations, limits.seconds / 2)
    report = saturate(graph, usable, saturation)
    left = max(limits.seconds - report.seconds, 0.0)
    selection = extract(graph, roots, model, origin=origin, time_limit=left)
    before = selection_cost(graph, roots, origin, model)
    from_selection(function, graph, roots, selection)
    return Optimized(report, before, selection)


def is_exact(rule: Rule | RuleFamily) -> bool:
    """The rule changes no bit of any result."""
    if isinstance(rule, Rule):
        return rule.numerics == "exact"
    return all(member.numerics == "exact" for member in rule.members.values())


def _warn(function: func.FuncOp, reason: str) -> None:
    name = function.sym_name.data
    print(f"warning: taso-optimize leaves @{name} as it is: {reason}", file=sys.stderr)
