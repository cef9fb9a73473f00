"""Extraction is exact under the cost model, acyclic, bounded in memory, and repeatable."""

from __future__ import annotations

import math

import pytest
from support.extraction import cheapest_by_enumeration, random_graph

from taso.dialects.base import TensorSpec
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU, DEVICES, H200
from taso.passes.search.egraph import EGraph, ENode, Reason, make_node
from taso.passes.search.extract import Encoding, ExtractionError, extract, selection_cost
from taso.passes.search.problem import find_cycles

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
    graph, roots, origin = random_graph(seed, size=5 + seed % 5, unions=1 + seed % 4)
    model = CostModel(DEVICES[device], memory_growth=(0.0, 0.25, math.inf)[seed % 3])
    encoding = Encoding(graph, roots, model)
    encoding.problem.kept_limit = encoding.kept_limit(None)
    expected = cheapest_by_enumeration(encoding.problem)
    if math.isinf(expected):
        pytest.skip("the memory limit leaves no program")
    selection = extract(graph, roots, model)
    assert selection.cost == pytest.approx(expected, rel=1e-9)
    assert selection.cost <= selection.bound * (1 + 1e-9)
    assert is_program(selection.choice, roots)
    assert selection_cost(graph, roots, selection.choice, model) == pytest.approx(expected, rel=1e-9)
