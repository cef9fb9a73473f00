"""The e-graph: hash-consing, congruence, analyses."""

import random

import pytest
from support.egraphs import check_invariants
from support.extraction import random_graph

from taso.dialects.base import ConstraintError, TensorSpec
from taso.dialects.values import splat_constant, splat_value
from taso.passes.search.egraph import EGraph, ENode, Reason, SpecMismatchError, make_node

SPEC = TensorSpec((3, 5), "f32")
ROW = TensorSpec((5,), "f32")
TEST = Reason("test")


def unary(graph: EGraph, op: str, x: int) -> int:
    return graph.add(ENode(op, (), (x,)))


def constant(graph: EGraph, value: float, spec: TensorSpec = SPEC) -> int:
    return graph.add(make_node("constant", splat_constant(value, spec)))


def test_equal_nodes_are_one_class() -> None:
    graph = EGraph()
    x, y = graph.add_input(0, SPEC, False), graph.add_input(1, SPEC, False)
    assert unary(graph, "exp", x) == unary(graph, "exp", x)
    assert unary(graph, "exp", x) != unary(graph, "exp", y)
    assert graph.add_input(0, SPEC, False) == x
    assert graph.add(ENode("add", (), (x, y))) == graph.add(ENode("add", (), (y, x)))
    assert graph.add(ENode("sub", (), (x, y))) != graph.add(ENode("sub", (), (y, x)))


def test_union_merges_users_upwards() -> None:
    graph = EGraph()
    x, y = graph.add_input(0, SPEC, False), graph.add_input(1, SPEC, False)
    tops = [unary(graph, "tanh", unary(graph, "exp", v)) for v in (x, y)]
    assert graph.union(x, y, TEST)
    assert not graph.union(x, y, TEST)
    graph.rebuild()
    assert graph.find(tops[0]) == graph.find(tops[1])
    assert [u.reason.rule for u in graph.unions] == ["test", "congruence", "congruence"]
    check_invariants(graph)


def test_merged_operands_are_sorted_again() -> None:
    graph = EGraph()
    a, b, c = (graph.add_input(i, SPEC, False) for i in range(3))
    three, two = graph.add(ENode("add", (), (a, b, c))), graph.add(ENode("add", (), (b, b, a)))
    graph.union(c, a, TEST)
    graph.union(a, b, TEST)
    graph.rebuild()
    assert graph.find(three) == graph.find(two)
    assert graph.nodes(three) == [ENode("add", (), (a, a, a))]
    check_invariants(graph)


def test_types_must_agree() -> None:
    graph = EGraph()
    x, row = graph.add_input(0, SPEC, False), graph.add_input(1, ROW, False)
    with pytest.raises(
        SpecMismatchError, match="rule test equates tensor<3x5xf32> and tensor<5xf32>"
    ):
        graph.union(x, row, TEST)
    with pytest.raises(ConstraintError, match="C1"):
        graph.add(ENode("add", (), (x, row)))


def test_splat_constants_fold_at_any_shape() -> None:
    graph = EGraph()
    huge = TensorSpec((10**5, 10**5), "f32")
    product = graph.add(ENode("mul", (), tuple(constant(graph, v, huge) for v in (2.0, 3.0, 7.0))))
    attrs = graph.constant(product)
    assert attrs is not None
    assert splat_value(attrs) == 42.0
    assert graph.is_param(product)


def test_constants_and_params_learnt_late_reach_users() -> None:
    graph = EGraph()
    x, weight = graph.add_input(0, SPEC, False), graph.add_input(1, SPEC, True)
    user = graph.add(ENode("add", (), (unary(graph, "exp", x), weight)))
    negated = unary(graph, "neg", x)
    assert not graph.is_param(user)
    assert graph.constant(negated) is None
    graph.union(x, constant(graph, 2.0), TEST)
    graph.rebuild()
    assert graph.is_param(user)
    attrs = graph.constant(negated)
    assert attrs is not None
    assert splat_value(attrs) == -2.0
    assert any(n.op == "constant" for n in graph.nodes(negated))
    check_invariants(graph)


def test_results_of_constants_fold() -> None:
    graph = EGraph()
    attrs = {"axis": 1, "sizes": (2, 3)}
    whole = graph.add(make_node("split", attrs, (constant(graph, 4.0),)))
    assert [s.shape for s in graph.specs(whole)] == [(3, 2), (3, 3)]
    piece = graph.add(ENode("result", (1,), (whole,)))
    assert graph.spec(piece).shape == (3, 3)
    folded = graph.constant(piece)
    assert folded is not None
    assert splat_value(folded) == 4.0


@pytest.mark.parametrize("seed", range(20))
def test_invariants_hold_after_every_rebuild(seed: int) -> None:
    graph, _, _ = random_graph(seed, size=60, unions=5)
    check_invariants(graph)
    rng = random.Random(seed)
    for _ in range(4):
        for _ in range(3):
            a, b = rng.sample(graph.class_ids(), 2)
            if graph.specs(a) == graph.specs(b):
                graph.union(a, b, TEST)
        graph.rebuild()
        check_invariants(graph)


def test_residual_sums_that_merge_stay_congruent() -> None:
    # Sums over sums that become equal at the bottom collapse all the way up.
    graph = EGraph()
    x, y = graph.add_input(0, SPEC, False), graph.add_input(1, SPEC, False)
    towers = [x, y]
    for _ in range(12):
        towers = [graph.add(ENode("add", (), (t, unary(graph, "tanh", t)))) for t in towers]
    graph.union(x, y, TEST)
    graph.rebuild()
    assert graph.find(towers[0]) == graph.find(towers[1])
    check_invariants(graph)
    assert len(graph.class_ids()) == 1 + 2 * 12
