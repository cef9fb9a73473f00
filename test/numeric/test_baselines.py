"""The searches that ours is compared with: right, and no better than ours on these graphs."""

from __future__ import annotations

import pytest
from baselines import greedy, tree_cost
from graphs import GRAPHS
from support.ir import find_function
from xdsl.dialects.builtin import ModuleOp

from taso.passes.apply_rules import find_rule
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU, H200, Device
from taso.passes.search.extract import function_cost
from taso.passes.search.saturate import Limits

RULES = [find_rule(name) for name in DEFAULT_RULES]
PROGRAMS = {
    "nasrnn": {"steps": 1, "hidden": 64},
    "experts": {"tokens": 32, "hidden": 64},
    "bert": {"layers": 1, "heads": 2, "tokens": 32, "hidden": 64},
    "gated-mlp": {"layers": 1, "tokens": 32, "hidden": 64},
    "lora-8-parameters": {"tokens": 64, "width": 128},
    "linear-attention": {"heads": 2, "tokens": 256, "hidden": 64},
    "matrix-chain": {"count": 6},
}


def ours(module: ModuleOp, model: CostModel) -> float:
    result = optimize_function(find_function(module.clone()), RULES, model, Limits())
    assert result is not None
    return result.selection.cost


@pytest.mark.parametrize("device", [CPU, H200], ids=lambda device: device.name)
@pytest.mark.parametrize("name", PROGRAMS)
def test_none_is_better_than_the_search(name: str, device: Device) -> None:
    model = CostModel(device)
    module = GRAPHS[name](**PROGRAMS[name])
    before = function_cost(find_function(module), model)
    best = ours(module, model) * (1 - 1e-9)
    assert best <= greedy(module, RULES, model) <= before
    assert best <= tree_cost(find_function(module), RULES, model, Limits())


def test_greedy_joins_products_that_share_an_input() -> None:
    model = CostModel(H200)
    module = GRAPHS["experts"](tokens=32, hidden=64)
    assert greedy(module, RULES, model) == pytest.approx(ours(module, model), rel=1e-3)


def test_greedy_misses_what_takes_a_step_that_does_not_pay() -> None:
    """x W + (x A) B is first x W + x (A B), which costs more, and only then x (W + A B)."""
    model = CostModel(H200)
    module = GRAPHS["lora-8-parameters"]()
    assert greedy(module, RULES, model) > 1.1 * ours(module, model)


def test_tree_cost_misses_what_pays_only_if_it_is_shared() -> None:
    """One wide product costs more than each of those that it replaces."""
    model = CostModel(H200)
    module = GRAPHS["gated-mlp"](layers=1)
    before = function_cost(find_function(module), model)
    found = tree_cost(find_function(module), RULES, model, Limits())
    assert found == pytest.approx(before, rel=1e-3)
    assert ours(module, model) < 0.99 * found
