"""How long the search takes on whole models, and how that grows with their depth."""

import gc
import resource
import time
from functools import cache

import pytest
from deep_models import DEPTHS, MODELS, deep_model
from graphs import GRAPHS
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.build import main_of
from taso.passes.apply_rules import find_rule
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import H200
from taso.passes.search.egraph import EGraph
from taso.passes.search.saturate import Limits, saturate
from taso.passes.statistics import statistics

RULES = [find_rule(name) for name in DEFAULT_RULES]
LIMITS = dict(zip(DEPTHS, (3.0, 6.0, 10.0), strict=True))
"""Seconds by the number of layers."""
GRAPH_LIMIT = 10.0
GROWTH = 1.5
"""Times linear in the number of ops."""
GAP = 0.01


def optimize(module: ModuleOp) -> tuple[float, float]:
    """Seconds to optimise, and the gap that is left."""
    saturate(EGraph(), RULES)  # compiles the rules, once
    gc.collect()
    started = time.perf_counter()
    result = optimize_function(main_of(module), RULES, CostModel(H200), Limits())
    seconds = time.perf_counter() - started
    assert result is not None
    found = result.selection
    return seconds, (found.cost - found.bound) / found.cost


@cache
def of_model(name: str, layers: int) -> tuple[int, float, float]:
    """Ops, seconds and gap."""
    module = deep_model(name, layers)
    ops = statistics(main_of(module)).ops
    seconds, gap = optimize(module)
    print(f"{name} of {layers} layers: {seconds:.2f} s")
    return ops, seconds, gap


@pytest.mark.parametrize("layers", DEPTHS)
@pytest.mark.parametrize("name", MODELS)
def test_models_are_optimised_in_time_and_to_the_end(name: str, layers: int) -> None:
    _, seconds, gap = of_model(name, layers)
    assert seconds < LIMITS[layers]
    assert gap < GAP


@pytest.mark.parametrize("name", MODELS)
def test_time_grows_with_the_depth(name: str) -> None:
    (few, fast, _), (many, slow, _) = of_model(name, DEPTHS[0]), of_model(name, DEPTHS[-1])
    print(f"{name}: {slow / fast:.1f} times the time for {many / few:.1f} times the ops")
    assert slow / fast <= GROWTH * many / few


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_optimised_in_time_and_to_the_end(name: str) -> None:
    seconds, gap = optimize(GRAPHS[name]())
    print(f"{name}: {seconds:.2f} s")
    assert seconds < GRAPH_LIMIT
    assert gap < GAP


def test_twenty_thousand_ops_fit_into_memory() -> None:
    module = GRAPHS["bert"](layers=600, heads=12, tokens=128, hidden=768)
    assert len(list(main_of(module).body.block.ops)) > 20_000
    seconds, _ = optimize(module)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"20,000 ops: {seconds:.1f} s, {peak / 1e9:.2f} GB")
    assert peak < 4e9
