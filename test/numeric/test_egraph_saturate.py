"""Saturation: what it proves is true, it ends, and it does the same each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.egraphs import check_invariants, largest_disagreement
from support.ir import find_function, parse_module, random_inputs
from support.prenorm import Shape, prenorm_module
from support.programs import PROGRAMS
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.spec import TensorSpec
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES, FAMILIES, RULES
from taso.passes.rules.notation import Rule, RuleFamily, any_var, dims, var
from taso.passes.rules.ops import add, concat, exp, matmul, mul, neg, split
from taso.passes.search.convert import to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.egraph import EGraph, ENode, Union
from taso.passes.search.saturate import Limits, saturate
from taso.passes.search.siblings import MAX_JOINED

SQUARE = TensorSpec((4, 4), "f32")
ALL: list[Rule | RuleFamily] = [*RULES.values(), *FAMILIES.values()]
DEFAULT = [RULES.get(name) or FAMILIES[name] for name in DEFAULT_RULES]
k, m = dims("k m")


def program(name: str) -> ModuleOp:
    if not name.startswith("prenorm"):
        return parse_module(PROGRAMS[name])
    shape = Shape(layers=2, batch=2, length=3, hidden=4, heads=2, dtype="f64")
    return prenorm_module(shape, written_norm=name == "prenorm-written")


@pytest.mark.parametrize("name", [*PROGRAMS, "prenorm", "prenorm-written"])
def test_every_node_has_the_value_of_its_class(name: str) -> None:
    function = find_function(program(name))
    graph, _ = to_egraph(function)
    before = graph.size
    report = saturate(graph, ALL, Limits(nodes=3000, iterations=8))
    check_invariants(graph)
    assert graph.size > before
    assert report.applied
    for seed in range(2):
        error, where = largest_disagreement(graph, random_inputs(function, seed))
        assert error < 1e-9, where


def test_an_unsound_rule_is_seen_by_the_value_of_its_class() -> None:
    # The test above can fail.
    x, y = any_var("x"), any_var("y")
    function = find_function(program("factoring"))
    graph, _ = to_egraph(function)
    saturate(graph, [Rule("test-unsound", lhs=(add(x, y),), rhs=(mul(x, y),))], Limits(nodes=50))
    assert largest_disagreement(graph, random_inputs(function, 0))[0] > 0.1


@pytest.mark.parametrize("written_norm", [False, True])
@pytest.mark.parametrize("rules", [DEFAULT, ALL], ids=["default", "all"])
def test_twelve_prenorm_layers_stay_small(
    rules: list[Rule | RuleFamily], written_norm: bool
) -> None:
    graph, _ = to_egraph(find_function(prenorm_module(Shape(), written_norm=written_norm)))
    report = saturate(graph, rules)
    assert report.stopped == "saturated"
    assert graph.size < 5000
    assert report.seconds < 1.0


def transcript(graph: EGraph) -> str:
    """All that saturation did, as text."""
    classes = [f"{c}: {graph.nodes(c)}" for c in graph.class_ids()]
    unions = [
        f"{left} {right} {reason.rule}" for left, right, reason in map(Union._make, graph.unions)
    ]
    return "\n".join([*classes, *unions])


def print_transcript() -> None:
    for name in ("attention", "prenorm-written"):
        graph, _ = to_egraph(find_function(program(name)))
        saturate(graph, ALL, Limits(nodes=2000))
        print(transcript(graph))
    module = prenorm_module(Shape(), written_norm=True)
    optimize_function(find_function(module), DEFAULT, CostModel(device_named("cpu")), Limits())
    print(module)


def test_two_processes_do_the_same() -> None:
    code = "import test_egraph_saturate as t; t.print_transcript()"
    here = Path(__file__).parent
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{here}:{here.parent}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0].count("taso.matmul") > 12
    assert outputs[0] == outputs[1]


def test_residual_sums_are_not_flattened() -> None:
    graph, _ = to_egraph(find_function(prenorm_module(Shape(layers=4))))
    sums = [n for c in graph.class_ids() for n in graph.nodes(c) if n.op == "add"]
    # The last link of a layer joins the residual, the product and the bias.
    assert {len(n.children) for n in sums} == {2, 3}


def test_sums_of_products_factor_in_every_subset() -> None:
    graph = EGraph()
    a, *bs = (graph.add_input(i, SQUARE, False) for i in range(7))
    products = [graph.add(ENode("matmul", (), (a, b))) for b in bs]
    total = graph.add(ENode("add", (), tuple(products)))
    report = saturate(graph, [RULES["matmul-factor-left"]])
    assert report.stopped == "saturated"
    # One class for the sum of all, in whatever order it was summed up.
    (whole,) = {n.children[1] for n in graph.nodes(total) if n.op == "matmul"}
    assert ENode("add", (), tuple(bs)) in graph.nodes(whole)
    subsets = 2 ** len(bs) - 1
    assert len(graph.class_ids()) <= 1 + 2 * subsets + 2 ** len(bs)
    check_invariants(graph)


def concat_family(largest: int) -> RuleFamily:
    """x w0, x w1, … become x [w0 w1 …], split."""

    def member(count: int) -> Rule:
        widths = dims(" ".join(f"n{i}" for i in range(count)))
        weights = [var(f"w{i}", k, width) for i, width in enumerate(widths)]
        x = var("x", m, k)
        return Rule(
            f"test-concat-{count}",
            lhs=tuple(matmul(x, w) for w in weights),
            rhs=split(matmul(x, concat(*weights, axis=1)), widths, 1),
        )

    written = {n: member(n) for n in range(2, largest + 1)}
    return RuleFamily("test-concat", written, make=member)


def siblings(count: int) -> tuple[EGraph, list[int]]:
    graph = EGraph()
    x = graph.add_input(0, SQUARE, False)
    specs = [TensorSpec((4, 2 + i), "f32") for i in range(count)]
    weights = [graph.add_input(1 + i, spec, True) for i, spec in enumerate(specs)]
    return graph, [graph.add(ENode("matmul", (), (x, w))) for w in weights]


def test_siblings_join_as_a_group_and_in_pairs() -> None:
    graph, products = siblings(3)
    report = saturate(graph, [concat_family(8)])
    assert report.applied == {"test-concat-3": 1, "test-concat-2": 3}
    assert report.stopped == "saturated"
    assert all(sum(n.op == "result" for n in graph.nodes(p)) == 3 for p in products)
    check_invariants(graph)


def test_pairs_of_many_siblings_are_capped() -> None:
    graph, _ = siblings(20)
    report = saturate(graph, [concat_family(8)])
    assert report.applied == {"test-concat-20": 1, "test-concat-2": 28}


def test_more_siblings_than_rules_are_written_out_for_join_at_once() -> None:
    """The ninth of nine products that share an input stayed alone."""
    graph, products = siblings(9)
    assert saturate(graph, [concat_family(8)]).applied["test-concat-9"] == 1
    splits = [{n.children for n in graph.nodes(p) if n.op == "result"} for p in products]
    assert set.intersection(*splits)


def test_a_great_many_siblings_join_in_chunks() -> None:
    graph, _ = siblings(MAX_JOINED + 5)
    applied = saturate(graph, [concat_family(8)]).applied
    assert applied == {f"test-concat-{MAX_JOINED}": 1, "test-concat-5": 1, "test-concat-2": 28}


def test_roots_that_need_each_other_do_not_join() -> None:
    # y = x w, and z = x f(y) with f(y) in a weight's place: z needs y.
    graph = EGraph()
    x, w, v = (graph.add_input(i, SQUARE, param) for i, param in enumerate((False, True, True)))
    y = graph.add(ENode("matmul", (), (x, w)))
    hidden = graph.add(ENode("exp", (), (y,)))
    z = graph.add(ENode("matmul", (), (x, hidden)))
    third = graph.add(ENode("matmul", (), (x, v)))
    graph.classes[hidden].param = True
    saturate(graph, [concat_family(8)])

    def joined(a: int, b: int) -> bool:
        splits = [{n.children for n in graph.nodes(c) if n.op == "result"} for c in (a, b)]
        return bool(splits[0] & splits[1])

    assert joined(y, third)
    assert joined(z, third)
    assert not joined(y, z)


def test_joins_of_run_time_operands_are_left() -> None:
    graph = EGraph()
    x, a, b = (graph.add_input(i, SQUARE, False) for i in range(3))
    for w in (a, b):
        graph.add(ENode("matmul", (), (x, w)))
    assert saturate(graph, [concat_family(8)]).applied == {}


@pytest.mark.parametrize(
    "limits, stopped",
    [
        (Limits(nodes=40), "nodes"),
        (Limits(iterations=3), "iterations"),
        (Limits(nodes=10**9, iterations=10**9, seconds=0.05), "seconds"),
    ],
)
def test_limits_stop_the_search(limits: Limits, stopped: str) -> None:
    x = any_var("x")
    endless = Rule("test-endless", lhs=(exp(x),), rhs=(mul(exp(x), exp(neg(x))),))
    graph = EGraph()
    graph.add(ENode("exp", (), (graph.add_input(0, SQUARE, False),)))
    report = saturate(graph, [endless], limits)
    assert report.stopped == stopped
    assert report.iterations <= limits.iterations
    assert graph.size < limits.nodes + 10
    assert report.seconds < limits.seconds + 1
    check_invariants(graph)


def test_unions_say_by_which_rule() -> None:
    graph, _ = siblings(2)
    saturate(graph, [concat_family(2)])
    rules = {union.reason.rule for union in graph.unions}
    assert rules == {"test-concat-2"}
    (roots, rests, values) = graph.unions[0].reason.substitution
    assert rests == ((), ())
    assert isinstance(roots, tuple)
    assert isinstance(values, tuple)
