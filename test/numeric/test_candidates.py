"""The k cheapest programs: distinct, in order, and ranked again with their kernels formed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from support.extraction import random_graph
from support.ir import find_function, parse_module
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from taso.passes.form_kernels import FormKernelsPass
from taso.passes.formed_cost import formed_cost
from taso.passes.optimize import OptimizePass
from taso.passes.rules.library import DEFAULT_RULES, RULES
from taso.passes.search.candidates import extract_several
from taso.passes.search.convert import from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU, DEVICES, H200
from taso.passes.search.extract import extract, function_cost, selection_cost
from taso.passes.search.saturate import saturate

EXAMPLES = Path(__file__).parents[2] / "examples"


def module_of(name: str) -> ModuleOp:
    return parse_module((EXAMPLES / f"{name}.mlir").read_text())


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("seed", range(30))
def test_candidates_are_distinct_and_in_order(device: str, seed: int) -> None:
    graph, roots, origin = random_graph(seed, size=12, unions=4)
    model = CostModel(DEVICES[device], memory_growth=math.inf)
    best = extract(graph, roots, model, origin=origin)
    found = extract_several(graph, roots, model, 5, origin=origin)
    assert found[0] == best
    assert len({frozenset(each.choice.items()) for each in found}) == len(found)
    costs = [each.cost for each in found]
    assert costs == sorted(costs)
    for each in found:
        again = selection_cost(graph, roots, each.choice, model, origin=origin)
        assert again == pytest.approx(each.cost, rel=1e-9)


def test_the_second_best_lacks_a_node_of_the_best() -> None:
    """A chain of four has five orders, of which one is never better than another that shares its
    first product; more candidates are not made up."""
    module = module_of("matrix_chain")
    graph, roots = to_egraph(find_function(module))
    origin = origin_choice(graph, roots)
    saturate(graph, [RULES["matmul-associate"], RULES["matmul-associate-reversed"]])
    orders = extract_several(graph, roots, CostModel(CPU), 9, origin=origin)
    assert len(orders) == 4
    assert [each.cost for each in orders] == sorted(each.cost for each in orders)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["softmax", "distributivity", "matrix_chain"])
def test_formed_kernels_cost_what_the_extraction_says_where_it_can_form_them(
    name: str, device: str
) -> None:
    given, module = module_of(name), module_of(name)
    for each in (OptimizePass(device), FormKernelsPass(device)):
        each.apply(Context(), module)
    main, model = find_function(module), CostModel(DEVICES[device])
    formed = formed_cost(main, model, given=find_function(given))
    assert formed == pytest.approx(function_cost(main, model), rel=1e-3)


SHARED_REGISTERS = """
func.func @main(%x: tensor<64x128x96xf32>)
    -> (tensor<64x96xf32>, tensor<128x96xf32>) {
  %e = taso.exp %x : tensor<64x128x96xf32>
  %a = taso.reduce_sum %e, axes = [1] : tensor<64x128x96xf32> -> tensor<64x96xf32>
  %b = taso.reduce_sum %e, axes = [0] : tensor<64x128x96xf32> -> tensor<128x96xf32>
  func.return %a, %b : tensor<64x96xf32>, tensor<128x96xf32>
}
"""


def test_what_passes_between_kernels_goes_through_memory() -> None:
    """Sums along different axes run in different kernels: one of them has to load what both use."""
    given, module = parse_module(SHARED_REGISTERS), parse_module(SHARED_REGISTERS)
    FormKernelsPass("h200").apply(Context(), module)
    main, model = find_function(module), CostModel(H200)
    formed = formed_cost(main, model, given=find_function(given))
    stored = 2 * 4 * 64 * 128 * 96 / H200.bandwidth
    assert formed - function_cost(main, model) > 0.9 * stored


@pytest.mark.parametrize("device", ["cpu", "h200"])
@pytest.mark.parametrize("name", ["distributivity", "batch_norm_relu"])
def test_the_pass_takes_the_cheapest_of_the_candidates(name: str, device: str) -> None:
    one, several = module_of(name), module_of(name)
    OptimizePass(device).apply(Context(), one)
    OptimizePass(device, candidates=4).apply(Context(), several)
    several.verify()
    costs: list[float] = []
    for module in (one, several):
        FormKernelsPass(device).apply(Context(), module)
        given = find_function(module_of(name))
        model = CostModel(DEVICES[device])
        costs.append(formed_cost(find_function(module), model, given=given))
    assert costs[1] <= costs[0] * (1 + 1e-9)


def test_no_candidates_are_refused() -> None:
    with pytest.raises(PassFailedException, match="candidates is 0, expected 1 or more"):
        OptimizePass(candidates=0).apply(Context(), module_of("softmax"))


def test_candidates_are_programs() -> None:
    module = module_of("attention")
    graph, roots = to_egraph(find_function(module))
    origin = origin_choice(graph, roots)
    saturate(graph, [RULES[name] for name in DEFAULT_RULES if name in RULES])
    for each in extract_several(graph, roots, CostModel(CPU), 4, origin=origin):
        copied = module.clone()
        from_selection(find_function(copied), graph, roots, each)
        copied.verify()
