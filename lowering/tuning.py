"""Measures the calls that the search could choose for a program."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.utils.exceptions import DiagnosticException

from taso.lowering.measure_calls import measure_call
from taso.lowering.measured_cost import Call, MeasuredCostModel, calls_of
from taso.passes.apply_rules import find_rule
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.convert import origin_choice, to_egraph
from taso.passes.search.devices import Device
from taso.passes.search.egraph import EGraph, ENode
from taso.passes.search.extract import extract
from taso.passes.search.program import Choice
from taso.passes.search.saturate import Limits, saturate

ROUNDS = 2
"""How often a call is measured; the least time counts. What disturbs one round is not there in the
other."""
EXTRACTIONS = 3
"""How often the best program is looked for, and measured where it does what was not measured."""


@dataclass(frozen=True)
class Tuned:
    """Of one program."""

    costs: Mapping[str, float]
    """Seconds of the calls that were measured now, by their keys."""
    calls: int
    """Calls that the search could choose."""
    missing: int
    """Calls without a measurement: time was up, or they cannot run alone."""


class Tuner:
    """Measures programs on a device until `deadline`, a `time.monotonic`.

    table: the cost model's device for it. costs: what is known beforehand. step: called after each
    measurement, with how many are done and how many there are in this round.
    """

    def __init__(
        self,
        device: str,
        table: Device,
        costs: Mapping[str, float],
        deadline: float,
        step: Callable[[int, int], None],
    ) -> None:
        self._device = device
        self._table = table
        self._known = costs
        self._deadline = deadline
        self._step = step

    def tune(self, function: func.FuncOp, limits: Limits) -> Tuned:
        """Measure what is not known of a function's calls, and of those of equal programs.

        Raises `UnsupportedError` if the e-graph can't hold the function.
        """
        graph, roots = to_egraph(function)
        origin = origin_choice(graph, roots)
        saturate(graph, [find_rule(name) for name in DEFAULT_RULES], limits)
        fresh: dict[str, float] = {}
        calls = {**self._calls(graph, roots), **self._calls(Choice(graph, origin), roots)}
        self._measure(calls, fresh)
        for _ in range(EXTRACTIONS):
            # Where values lie is known in a program; of the graph's classes it is assumed.
            more = self._calls(Choice(graph, self._best(graph, roots, origin, fresh)), roots)
            if more.keys() <= calls.keys():
                break
            calls |= more
            self._measure(more, fresh)
        known = self._known.keys() | fresh.keys()
        return Tuned(fresh, len(calls), len(calls.keys() - known))

    def _calls(self, graph: EGraph | Choice, roots: Sequence[int]) -> dict[str, Call]:
        return dict(calls_of(graph, roots, MeasuredCostModel(self._table, {})))

    def _best(
        self,
        graph: EGraph,
        roots: Sequence[int],
        origin: Mapping[int, ENode],
        fresh: Mapping[str, float],
    ) -> Mapping[int, ENode]:
        model = MeasuredCostModel(self._table, {**self._known, **fresh})
        left = max(self._deadline - time.monotonic(), 1.0)
        return extract(graph, roots, model, origin=origin, time_limit=left).choice

    def _measure(self, calls: Mapping[str, Call], fresh: dict[str, float]) -> None:
        """Add the times of the calls that have none yet."""
        model = MeasuredCostModel(self._table, {})
        left = {k: c for k, c in calls.items() if k not in self._known and k not in fresh}
        order = sorted(left, key=lambda key: -model.seconds(left[key]))
        for number in range(ROUNDS * len(order)):
            key = order[number % len(order)]
            if time.monotonic() > self._deadline:
                return
            try:
                seconds = measure_call(left[key], self._device)
            except (DiagnosticException, RuntimeError):
                continue  # nothing translates it, or it does not fit into memory
            fresh[key] = min(seconds, fresh.get(key, seconds))
            self._step(number + 1, ROUNDS * len(order))
