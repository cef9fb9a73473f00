"""Predicted against measured on this CPU, over equal variants of each of 20 graphs.

python bench/cost_correlation.py [GRAPH ...] writes results/cost.json and results/cost.md beside
itself; with names of graphs it prints the table alone. Run it on a quiet machine.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from cost_graphs import graphs
from cost_variants import variants
from scipy.stats import kendalltau
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.build import generate, main_of
from taso.frontends.compile import CANDIDATES
from taso.frontends.cost_cache import environment
from taso.frontends.fastest import contender, fastest
from taso.lowering.measure import measure
from taso.lowering.measure_calls import measure_call
from taso.lowering.measured_cost import Call, MeasuredCostModel, calls_of
from taso.lowering.runtime import Program, draw_inputs
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU
from taso.passes.search.extract import function_cost
from taso.passes.search.program import Program as ProgramGraph
from taso.passes.statistics import opaque_ops

RESULTS = Path(__file__).parent / "results"
VARIANTS = 10
ROUNDS = 2
"""How often each call is measured."""
SECONDS = 6.0
"""For the samples of the variants of a graph."""


def main(names: Sequence[str]) -> None:
    found = hold(names)
    print("\n" + _table(found))
    if not names:
        RESULTS.mkdir(exist_ok=True)
        used = environment("cpu")
        # How torch was built names paths of another machine.
        used["libraries"] = used["libraries"].partition("  - Build settings")[0].rstrip()
        content = {"environment": used, "graphs": found}
        (RESULTS / "cost.json").write_text(json.dumps(content, indent=1) + "\n")
        (RESULTS / "cost.md").write_text(_table(found))


def hold(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is predicted and measured of the graphs named, or of all; printed as it comes."""
    torch.set_flush_denormal(True)  # random inputs may give numbers that CPUs are slow on
    found: dict[str, dict[str, Any]] = {}
    for name, make in graphs().items():
        if not names or name in names:
            found[name] = _graph(make())
            print(_row(name, found[name]), flush=True)
    return found


def _graph(given: ModuleOp) -> dict[str, Any]:
    """Predicted and measured seconds of a graph's variants, and what is chosen of them."""
    roofline = CostModel(CPU)
    modules = variants(given, roofline, VARIANTS)
    tuned = MeasuredCostModel(CPU, _measured_calls(modules))
    trusted = frozenset(opaque_ops(main_of(given)))
    programs = [Program.from_source(generate(m, trusted=trusted)) for m in modules]
    arguments = draw_inputs(programs[0].arguments, 0, "cpu")
    calls = {str(i): contender(program, arguments) for i, program in enumerate(programs)}
    with torch.no_grad():
        timings = measure(calls, rounds=100, time_limit=SECONDS)
    predicted = {
        name: [function_cost(main_of(m), model, given=main_of(given)) for m in modules]
        for name, model in (("roofline", roofline), ("measured calls", tuned))
    }
    order = sorted(range(len(modules)), key=predicted["measured calls"].__getitem__)[:CANDIDATES]
    run = order[fastest([modules[i] for i in order], device="cpu", trusted=trusted)]
    return {
        "measured_us": [1e6 * timings[str(i)].median for i in range(len(modules))],
        "spread": [timings[str(i)].spread for i in range(len(modules))],
        "predicted_us": {name: [1e6 * s for s in costs] for name, costs in predicted.items()},
        "chosen": run,
    }


def _measured_calls(modules: Sequence[ModuleOp]) -> dict[str, float]:
    """Seconds of every call of the programs."""
    calls: dict[str, Call] = {}
    for module in modules:
        program = ProgramGraph(main_of(module))
        calls |= calls_of(program, program.roots, MeasuredCostModel(CPU, {}))
    rounds = [{key: measure_call(c, "cpu") for key, c in calls.items()} for _ in range(ROUNDS)]
    return {key: min(seconds[key] for seconds in rounds) for key in calls}


def tau(row: Mapping[str, Any], model: str) -> float | None:
    """Kendall's rank correlation; None where there is nothing to rank."""
    costs = [round(us, 3) for us in row["predicted_us"][model]]
    if len(costs) < 3 or len(set(costs)) < 2:
        return None
    found: Any = kendalltau(costs, row["measured_us"])
    return float(found.statistic)


def off(row: Mapping[str, Any], index: int) -> float:
    """How much longer a variant takes than the fastest."""
    return row["measured_us"][index] / min(row["measured_us"]) - 1


def _first(row: Mapping[str, Any], model: str) -> int:
    costs: list[float] = row["predicted_us"][model]
    return costs.index(min(costs))


def _row(name: str, row: Mapping[str, Any]) -> str:
    measured = row["measured_us"]
    taus = [tau(row, model) for model in row["predicted_us"]]
    cells = [name, str(len(measured)), f"{min(measured):.0f} – {max(measured):.0f}"]
    cells += ["–" if tau is None else f"{tau:.2f}" for tau in taus]
    cells += [f"{off(row, _first(row, model)):.1%}" for model in row["predicted_us"]]
    cells.append(f"{off(row, row['chosen']):.1%}")
    return f"| {' | '.join(cells)} |"


def _table(found: Mapping[str, Mapping[str, Any]]) -> str:
    models = ("roofline", "measured calls")
    heads = ["graph", "variants", "measured, µs", *(f"τ, {m}" for m in models)]
    heads += [*(f"first by {m}" for m in models), "chosen"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [_row(name, row) for name, row in found.items()]
    taus = {m: [t for row in found.values() if (t := tau(row, m)) is not None] for m in models}
    medians = [f"{statistics.median(taus[m]):.2f}" if taus[m] else "–" for m in models]
    first = [statistics.median(off(r, _first(r, m)) for r in found.values()) for m in models]
    worst = max(off(row, row["chosen"]) for row in found.values())
    cells = ["**median** (chosen: the worst)", "", "", *medians, *(f"{o:.1%}" for o in first)]
    return "\n".join([*lines, f"| {' | '.join([*cells, f'{worst:.1%}'])} |"]) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
