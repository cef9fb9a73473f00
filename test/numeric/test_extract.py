"""Extraction is exact under the cost model, acyclic, bounded in memory, and repeatable."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from support.extraction import cheapest_by_enumeration, random_graph
from support.ir import find_function
from support.prenorm import Shape, prenorm_module

from taso.dialects.base import TensorSpec
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.search.convert import origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU, DEVICES, H200
from taso.passes.search.egraph import EGraph, ENode, Reason, make_node
from taso.passes.search.extract import Encoding, ExtractionError, extract, selection_cost
from taso.passes.search.outputs import Outputs
from taso.passes.search.problem import find_cycles
from taso.passes.search.saturate import saturate

TRANSPOSE = {"perm": (1, 0)}


def matrix(rows: int, columns: int) -> TensorSpec:
    return TensorSpec((rows, columns), "f32")


def is_program(choice: dict[int, ENode], roots: list[int]) -> bool:
    """Every class that the roots reach has a node, and none depends on itself."""
    stack, seen = list(roots), set(roots)
    while stack:
        node = choice[stack.pop()]
        stack += set(node.children) - seen
        seen |= set(node.children)
    return seen == set(choice) and not find_cycles({c: n.children for c, n in choice.items()})


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("seed", range(60))
def test_equals_enumeration(device: str, seed: int) -> None:
    graph, roots, _ = random_graph(seed, size=5 + seed % 5, unions=1 + seed % 4)
    model = CostModel(DEVICES[device], memory_growth=(0.0, 0.25, math.inf)[seed % 3])
    encoding = Encoding(graph, roots, model)
    encoding.problem.kept_limit = encoding.kept_limit(())
    expected = cheapest_by_enumeration(encoding.problem)
    if math.isinf(expected):  # the limit leaves no program, and without an input it gives way
        encoding.problem.kept_limit = math.inf
        expected = cheapest_by_enumeration(encoding.problem)
    selection = extract(graph, roots, model)
    assert selection.cost == pytest.approx(expected, rel=1e-9)
    assert selection.cost <= selection.bound * (1 + 1e-9)
    assert is_program(selection.choice, roots)
    assert selection_cost(graph, roots, selection.choice, model) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("seed", range(40))
def test_equals_enumeration_where_results_are_to_be_in_memory_of_their_own(
    device: str, seed: int
) -> None:
    graph, roots, origin = random_graph(seed, size=5 + seed % 4, unions=1 + seed % 4)
    model = CostModel(DEVICES[device], memory_growth=math.inf)
    encoding = Encoding(graph, roots, model, Outputs.of(graph, roots, origin))
    selection = extract(graph, roots, model, origin=origin)
    assert selection.cost == pytest.approx(cheapest_by_enumeration(encoding.problem), rel=1e-9)
    assert selection.cost <= selection.bound * (1 + 1e-9)
    again = selection_cost(graph, roots, selection.choice, model, origin=origin)
    assert again == pytest.approx(selection.cost, rel=1e-9)


def turned_product(rows: int, columns: int, inner: int) -> tuple[EGraph, int, dict[int, ENode]]:
    """xᵀ @ yᵀ as the input program, equal to (y @ x)ᵀ."""
    graph = EGraph()
    x = graph.add_input(0, matrix(inner, rows), param=False)
    y = graph.add_input(1, matrix(columns, inner), param=False)
    turned = [graph.add(make_node("transpose", TRANSPOSE, (c,))) for c in (x, y)]
    root = graph.add(ENode("matmul", (), tuple(turned)))
    origin = dict(enumerate(graph.birth))
    product = graph.add(ENode("matmul", (), (y, x)))
    graph.union(root, graph.add(make_node("transpose", TRANSPOSE, (product,))), Reason("test"))
    graph.rebuild()
    return graph, graph.find(root), origin


def test_a_result_that_was_computed_is_not_left_as_a_view() -> None:
    """It would be copied at the end of each call; a kernel stores it as it shall be for nothing."""
    graph, root, origin = turned_product(96, 64, 32)
    assert extract(graph, [root], CostModel(CPU)).choice[root].op == "transpose"
    selection = extract(graph, [root], CostModel(CPU), origin=origin)
    assert selection.choice[root].op == "matmul"
    fused = CostModel(H200)
    cost = selection_cost(graph, [root], origin, fused, origin=origin)
    other = dict(extract(graph, [root], fused).choice)
    assert other[root].op == "transpose"
    assert selection_cost(graph, [root], other, fused, origin=origin) <= cost


def test_a_view_of_a_result_costs_a_copy() -> None:
    graph, root, origin = turned_product(96, 64, 32)
    model = CostModel(CPU)
    other = extract(graph, [root], model).choice
    copied = selection_cost(graph, [root], other, model, origin=origin)
    copy = CPU.launch + 2 * 4 * 96 * 64 / CPU.bandwidth
    bare = selection_cost(graph, [root], other, model)
    assert copied - bare == pytest.approx(copy, rel=1e-9)
    returned_too = graph.find(other[root].children[0])
    both = selection_cost(graph, [root, returned_too], other, model, origin={**origin, **other})
    assert both == pytest.approx(bare, rel=1e-9)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_is_repeatable(seed: int) -> None:
    graphs = [random_graph(seed, size=14, unions=4) for _ in range(2)]
    found = [extract(graph, roots, CostModel(H200)) for graph, roots, _ in graphs]
    assert found[0] == found[1]
    assert list(found[0].choice) == list(found[1].choice)


@pytest.mark.parametrize("time_limit", [0.0, 10.0])
@pytest.mark.parametrize("seed", range(200, 220))
def test_is_never_worse_than_the_input(seed: int, time_limit: float) -> None:
    graph, roots, origin = random_graph(seed, size=16, unions=5)
    model = CostModel(H200)
    selection = extract(graph, roots, model, origin=origin, time_limit=time_limit)
    assert selection.cost <= selection_cost(graph, roots, origin, model, origin=origin)
    assert selection.bound <= selection.cost
    assert is_program(selection.choice, roots)


@pytest.mark.parametrize("device", DEVICES)
def test_twelve_layers_are_solved_to_the_optimum(device: str) -> None:
    module = prenorm_module(Shape(layers=12, hidden=256, length=128, dtype="f16"))
    graph, roots = to_egraph(find_function(module))
    origin = origin_choice(graph, roots)
    saturate(graph, [*RULES.values(), *FAMILIES.values()])
    selection = extract(graph, roots, CostModel(DEVICES[device]), origin=origin, time_limit=60.0)
    assert selection.cost <= selection.bound * (1 + 1e-9)
    ops = Counter(node.op for node in selection.choice.values())
    # Queries, keys and values are one product.
    assert ops["matmul"] == 12 * 4
    assert ops["attention"] == 12


def test_shared_terms_count_once() -> None:
    """Each of two sums is cheaper with a product of its own, and both with the shared one."""
    graph = EGraph()
    x, w = (graph.add_input(i, matrix(512, 512), param=False) for i in range(2))
    v = graph.add_input(2, TensorSpec((512, 512), "f32"), param=False)
    thin = [graph.add_input(3 + i, matrix(512, 300), param=False) for i in range(2)]
    other = [graph.add_input(5 + i, matrix(300, 512), param=False) for i in range(2)]
    shared = graph.add(ENode("matmul", (), (x, w)))
    roots: list[int] = []
    for i, (a, b) in enumerate(zip(thin, other, strict=True)):
        own = graph.add(ENode("matmul", (), (a, b)))
        root = graph.add(ENode("relu" if i else "exp", (), (own,)))
        graph.union(root, graph.add(ENode("relu" if i else "exp", (), (shared,))), Reason("test"))
        roots.append(root)
    graph.rebuild()
    both = extract(graph, roots, CostModel(CPU))
    assert {graph.find(shared)} <= set(both.choice)
    alone = extract(graph, roots[:1], CostModel(CPU))
    assert graph.find(shared) not in alone.choice
    assert v not in both.choice


def test_a_cycle_is_no_program_however_cheap() -> None:
    """Two views of each other cost nothing; what they view has to be computed all the same."""
    graph = EGraph()
    a = graph.add_input(0, matrix(64, 64), param=False)
    product = graph.add(ENode("matmul", (), (a, a)))
    turned = graph.add(make_node("transpose", TRANSPOSE, (product,)))
    back = graph.add(make_node("transpose", TRANSPOSE, (turned,)))
    graph.union(product, back, Reason("test"))
    wide = graph.add(make_node("concat", {"axis": 0}, (product, turned)))
    halves = graph.add(make_node("split", {"axis": 0, "sizes": (64, 64)}, (wide,)))
    for i, part in enumerate((product, turned)):
        graph.union(graph.add(ENode("result", (i,), (halves,))), part, Reason("test"))
    graph.rebuild()
    for device in DEVICES.values():
        selection = extract(graph, [graph.find(turned)], CostModel(device))
        assert is_program(selection.choice, [graph.find(turned)])
        assert selection.choice[graph.find(product)].op == "matmul"


def test_a_cycle_alone_is_refused() -> None:
    graph = EGraph()
    a = graph.add_input(0, matrix(8, 8), param=False)
    b = graph.add(make_node("transpose", TRANSPOSE, (a,)))
    graph.union(graph.add(make_node("transpose", TRANSPOSE, (b,))), a, Reason("test"))
    graph.rebuild()
    cycle = {
        c: graph.canonical(make_node("transpose", TRANSPOSE, (d,))) for c, d in ((a, b), (b, a))
    }
    with pytest.raises(ExtractionError, match="acyclic"):
        selection_cost(graph, [a], cycle, CostModel(CPU))


@pytest.mark.parametrize("growth, joined", [(0.0, False), (0.25, False), (0.6, True)])
def test_prepared_memory_is_bounded(growth: float, joined: bool) -> None:
    """x@v + x@w = x@(v + w) prepares one matrix more where v and w are needed elsewhere too."""
    graph = EGraph()
    x, y = (graph.add_input(i, matrix(128, 256), param=False) for i in range(2))
    v, w = (graph.add_input(2 + i, matrix(256, 64), param=True) for i in range(2))
    parts = [graph.add(ENode("matmul", (), (x, p))) for p in (v, w)]
    total = graph.add(ENode("add", (), tuple(parts)))
    weights = graph.add(ENode("add", (), (v, w)))
    graph.union(total, graph.add(ENode("matmul", (), (x, weights))), Reason("test"))
    graph.rebuild()
    others = [graph.add(ENode("matmul", (), (y, p))) for p in (v, w)]
    roots = [graph.find(c) for c in (total, *others)]
    origin = {c: graph.birth[c] for c in range(len(graph.birth)) if graph.find(c) == c}
    selection = extract(graph, roots, CostModel(CPU, memory_growth=growth), origin=origin)
    assert (weights in selection.choice) == joined
    freed = extract(graph, roots[:1], CostModel(CPU, memory_growth=0.0), origin=origin)
    assert weights in freed.choice
