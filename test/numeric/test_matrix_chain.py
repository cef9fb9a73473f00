"""The order of a chain of matrix products is the best one under the cost in use."""

import random
from functools import cache
from itertools import pairwise

import pytest

from taso.dialects.spec import TensorSpec
from taso.passes.rules.library import RULES
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.egraph import EGraph, ENode
from taso.passes.search.extract import extract, selection_cost
from taso.passes.search.saturate import saturate

SIZES = (1, 2, 3, 7, 10, 16, 33, 64, 129, 500, 1000, 2048)
ASSOCIATE = [RULES["matmul-associate"], RULES["matmul-associate-reversed"]]


def chain(sizes: list[int]) -> tuple[EGraph, int]:
    """The product of matrices of sizes[i] × sizes[i + 1], bracketed from the left."""
    graph = EGraph()
    shapes = list(pairwise(sizes))
    inputs = [graph.add_input(i, TensorSpec(s, "f32"), False) for i, s in enumerate(shapes)]
    product = inputs[0]
    for factor in inputs[1:]:
        product = graph.add(ENode("matmul", (), (product, factor)))
    return graph, product


@cache
def product_cost(device: str, m: int, k: int, n: int) -> float:
    """Seconds of one product under the cost model, alone in a program."""
    graph, root = chain([m, k, n])
    choice = {c: graph.nodes(c)[0] for c in graph.class_ids()}
    return selection_cost(graph, [root], choice, CostModel(device_named(device)))


def best_by_dynamic_programming(device: str, sizes: list[int]) -> float:
    """The cost of the best bracketing (Godbole, 1973), over the same cost of a product."""

    @cache
    def best(i: int, j: int) -> float:
        if j - i == 1:
            return 0.0
        return min(
            best(i, k) + best(k, j) + product_cost(device, sizes[i], sizes[k], sizes[j])
            for k in range(i + 1, j)
        )

    return best(0, len(sizes) - 1)


@pytest.mark.parametrize("device", ["cpu", "h200"])
def test_best_order_is_that_of_dynamic_programming(device: str) -> None:
    rng = random.Random(0)
    instances, better = 200, 0
    for instance in range(instances):
        sizes = [rng.choice(SIZES) for _ in range(4 + instance % 8)]
        graph, root = chain(sizes)
        origin = {c: graph.nodes(c)[0] for c in graph.class_ids()}
        model = CostModel(device_named(device))
        before = selection_cost(graph, [root], origin, model)
        assert saturate(graph, ASSOCIATE).stopped == "saturated"
        found = extract(graph, [graph.find(root)], model, origin=origin)
        assert found.cost == pytest.approx(best_by_dynamic_programming(device, sizes), rel=1e-9)
        assert found.bound == pytest.approx(found.cost, rel=1e-9)
        better += found.cost < before * (1 - 1e-9)
    assert better > instances / 2


@pytest.mark.parametrize("count", range(3, 11))
def test_every_bracketing_is_in_the_graph(count: int) -> None:
    graph, root = chain([2 + i for i in range(count + 1)])
    saturate(graph, ASSOCIATE)

    @cache
    def bracketings(cid: int) -> int:
        products = [n for n in graph.nodes(cid) if n.op == "matmul"]
        return sum(bracketings(a) * bracketings(b) for _, _, (a, b) in products) or 1

    catalan = [1]
    for n in range(count - 1):
        catalan.append(catalan[-1] * 2 * (2 * n + 1) // (n + 2))
    assert bracketings(graph.find(root)) == catalan[count - 1]
    # One class for each interval of the chain.
    assert len(graph.class_ids()) == count * (count + 1) // 2
