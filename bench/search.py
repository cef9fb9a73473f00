"""Measures the search on the graphs of the literature and on whole models.

    python bench/search.py [NAME ...]

writes bench/results/search.json and bench/results/search.md; bench/README.md says what is in them.
Where graphs are named, the figures of the others stay.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from baselines import greedy, tree_cost
from deep_models import DEPTHS, MODELS, deep_model
from graphs import GRAPHS
from graphs.values import draw
from tables import TENSAT, Row, report
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.build import Build, generate, main_of
from taso.lowering.measure import Contender, measure
from taso.lowering.runtime import Program
from taso.passes.apply_rules import find_rule
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.egraph import EGraph
from taso.passes.search.extract import function_cost
from taso.passes.search.saturate import Limits, saturate
from taso.passes.statistics import statistics

FIGURES = Path(__file__).parent / "results" / "search.json"
DEVICE, CALLS = "h200", "h200-calls"
TIMING = 2.0
"""Seconds in which the program before and the one after take turns."""


@dataclass(frozen=True)
class Subject:
    name: str
    build: Callable[[], ModuleOp]
    is_deep: bool
    """Only the search is measured."""


def subjects() -> list[Subject]:
    """The graphs, and the models of 12 layers and more."""
    models = [
        Subject(f"{name}-{layers}", partial(deep_model, name, layers), layers > DEPTHS[0])
        for name in MODELS
        for layers in DEPTHS
    ]
    return [*(Subject(name, build, False) for name, build in GRAPHS.items()), *models]


@cache
def default_rules() -> list[Rule | RuleFamily]:
    return [find_rule(name) for name in DEFAULT_RULES]


def row_of(subject: Subject) -> Row:
    """Measure one graph."""
    module = subject.build()
    model = CostModel(device_named(DEVICE))
    calls = CostModel(device_named(CALLS))
    function = main_of(module.clone())
    gc.collect()
    started = time.perf_counter()
    result = optimize_function(function, default_rules(), model, Limits())
    seconds = time.perf_counter() - started
    assert result is not None
    with_calls = optimize_function(main_of(module.clone()), default_rules(), calls, Limits())
    assert with_calls is not None
    cost, bound = result.selection.cost, result.selection.bound
    known = Row(
        name=subject.name,
        ops=statistics(main_of(module)).ops,
        seconds=seconds,
        e_nodes=result.saturation.nodes,
        stopped=result.saturation.stopped,
        gap=max(0.0, (cost - bound) / cost) if cost else 0.0,
        before=function_cost(main_of(module), model),
        after=cost,
        calls_before=function_cost(main_of(module), calls),
        calls_after=with_calls.selection.cost,
        tensat_percent=TENSAT.get(subject.name),
    )
    return known if subject.is_deep else _compared(known, module, model)


def _compared(row: Row, module: ModuleOp, model: CostModel) -> Row:
    before, after = cpu_times(module)
    return replace(
        row,
        greedy=greedy(module, default_rules(), model),
        tree_cost=tree_cost(main_of(module), default_rules(), model, Limits()),
        cpu_before=before,
        cpu_after=after,
    )


def cpu_times(module: ModuleOp) -> tuple[float, float]:
    """Median seconds of the program as it stands and as optimised, both as torch source."""
    values = [torch.from_numpy(np.asarray(v)) for v in draw(main_of(module), seed=0)]
    contenders: dict[str, Contender] = {}
    for name, source in (("before", generate(module)), ("after", Build(module).source)):
        program = Program.from_source(source, name)
        paired = list(zip(program.arguments, values, strict=True))
        program.prepare([v for a, v in paired if a.is_parameter])
        contenders[name] = partial(program, *(v for a, v in paired if not a.is_parameter))
    with torch.no_grad():
        timings = measure(contenders, device="cpu", time_limit=TIMING)
    return timings["before"].median, timings["after"].median


def main(names: list[str]) -> None:
    known = subjects()
    unknown = set(names) - {s.name for s in known}
    if unknown:
        sys.exit(f"unknown graph '{min(unknown)}', expected {', '.join(s.name for s in known)}")
    compile_rules()
    rows = read_rows() if names else {}
    for subject in known:
        if not names or subject.name in names:
            rows[subject.name] = row_of(subject)
            print(f"{subject.name}: {rows[subject.name].seconds:.2f} s", file=sys.stderr)
    write_rows([rows[s.name] for s in known if s.name in rows])


def read_rows() -> dict[str, Row]:
    """The figures of the last run, by name."""
    if not FIGURES.exists():
        return {}
    rows = [Row(**figures) for figures in json.loads(FIGURES.read_text(encoding="utf-8"))]
    return {row.name: row for row in rows}


def write_rows(rows: Sequence[Row]) -> None:
    """Write the figures, and their tables beside them."""
    FIGURES.parent.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=2)
    FIGURES.write_text(f"{text}\n", encoding="utf-8")
    FIGURES.with_suffix(".md").write_text(report(rows), encoding="utf-8")


def compile_rules() -> None:
    """Once in a process, the rules become code: no graph's time has that in it."""
    saturate(EGraph(), default_rules())


if __name__ == "__main__":
    main(sys.argv[1:])
