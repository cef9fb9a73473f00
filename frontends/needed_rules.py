"""Which rules a result of the search is owed to."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from xdsl.dialects import func

from taso.passes.apply_rules import find_rule
from taso.passes.optimize import is_exact
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search.convert import UnsupportedError, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.extract import extract
from taso.passes.search.saturate import Limits, saturate


class _Found(NamedTuple):
    applied: tuple[str, ...]
    cost: float
    limits: Limits
    """What the search took, with as much again in nodes."""


def needed_rules(
    function: func.FuncOp, model: CostModel, limits: Limits, *, exact: bool
) -> tuple[str, ...]:
    """Rules that find the cheapest program, without any one of which it costs more.

    They are found by leaving out one after the other: a minimal set, of which there can be
    several. Empty where the gain is from sharing equal terms alone.
    """
    try:
        first = _search(function, DEFAULT_RULES, model, limits, exact)
    except UnsupportedError:
        return ()
    needed = first.applied
    for name in first.applied:
        others = tuple(n for n in needed if n != name)
        # Rules that shrink terms keep others from growing the graph: bound it without them.
        if _search(function, others, model, first.limits, exact).cost <= first.cost * (1 + 1e-9):
            needed = others
    return needed


def _search(
    function: func.FuncOp, rules: Sequence[str], model: CostModel, limits: Limits, exact: bool
) -> _Found:
    graph, roots = to_egraph(function, nary=not exact)
    origin = origin_choice(graph, roots)
    found = [find_rule(name) for name in rules]
    report = saturate(graph, [r for r in found if is_exact(r)] if exact else found, limits)
    selection = extract(graph, roots, model, origin=origin, time_limit=limits.seconds)
    tight = Limits(2 * graph.size, report.iterations, limits.seconds)
    applied = [n for n, r in zip(rules, found, strict=True) if _is_applied(r, report.applied)]
    return _Found(tuple(applied), selection.cost, tight)


def _is_applied(rule: Rule | RuleFamily, applied: Container[str]) -> bool:
    """A family stands for its members."""
    if isinstance(rule, Rule):
        return rule.name in applied
    return any(member.name in applied for member in rule.members.values())
