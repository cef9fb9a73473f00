"""Functions to e-graphs and back."""

import numpy as np
import pytest
from support.ir import context, find_function, parse_module, random_inputs
from support.prenorm import Shape, prenorm_module
from support.programs import PROGRAMS
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from taso.dialects.interpret import interpret
from taso.passes.apply_rules import find_rule
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.rules.notation import Rule, any_var
from taso.passes.rules.ops import add, exp, relu
from taso.passes.search.convert import (
    UnsupportedError,
    from_selection,
    origin_choice,
    to_egraph,
)
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.extract import Selection, function_cost
from taso.passes.search.saturate import Limits

CPU = CostModel(device_named("cpu"))
H200 = CostModel(device_named("h200"))


def program(name: str) -> ModuleOp:
    if name != "prenorm":
        return parse_module(PROGRAMS[name])
    shape = Shape(layers=2, batch=2, length=3, hidden=4, heads=2, dtype="f64")
    return prenorm_module(shape, written_norm=True)


def largest_error(before: ModuleOp, after: ModuleOp) -> float:
    old, new = find_function(before), find_function(after)
    inputs = random_inputs(old, seed=3)
    pairs = zip(interpret(old, inputs), interpret(new, inputs), strict=True)
    return max(float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in pairs)


@pytest.mark.parametrize("name", [*PROGRAMS, "prenorm"])
def test_the_origin_choice_is_the_input_program(name: str) -> None:
    before, module = program(name), program(name)
    function = find_function(module)
    graph, roots = to_egraph(function)
    choice = origin_choice(graph, roots)
    from_selection(function, graph, roots, Selection(choice, 0.0, 0.0))
    module.verify()
    assert largest_error(before, module) == 0.0
    assert function_cost(function, H200) == pytest.approx(
        function_cost(find_function(before), H200), rel=1e-9
    )


@pytest.mark.parametrize("model", [CPU, H200], ids=["cpu", "h200"])
@pytest.mark.parametrize("name", [*PROGRAMS, "prenorm"])
def test_the_optimised_program_is_equal_and_costs_what_was_said(
    name: str, model: CostModel
) -> None:
    before, module = program(name), program(name)
    function = find_function(module)
    rules = [find_rule(rule) for rule in DEFAULT_RULES]
    done = optimize_function(function, rules, model, Limits())
    module.verify()
    assert done is not None
    assert largest_error(before, module) < 1e-9
    assert done.selection.cost <= done.cost_before
    cost = function_cost(function, model)
    assert cost == pytest.approx(done.selection.cost, rel=1e-6)
    assert cost <= function_cost(find_function(before), model) * (1 + 1e-9)


CHAINS = """
func.func @main(%a: tensor<3xf32>, %b: tensor<3xf32>, %c: tensor<3xf32>, %d: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>) {
  %unused = taso.exp %a : tensor<3xf32>
  %ab = taso.add %a, %b : tensor<3xf32>
  %cd = taso.add %c, %d : tensor<3xf32>
  %sum = taso.add %ab, %cd : tensor<3xf32>
  %twice = taso.mul %sum, %sum : tensor<3xf32>
  %more = taso.mul %twice, %b : tensor<3xf32>
  func.return %sum, %more : tensor<3xf32>, tensor<3xf32>
}"""


def test_chains_become_one_node_where_links_have_one_use() -> None:
    graph, (total, more) = to_egraph(find_function(parse_module(CHAINS)))
    a, b, c, d = range(4)
    assert sorted(len(n.children) for n in graph.nodes(total)) == [2, 4]
    assert graph.nodes(total)[-1].children == (a, b, c, d)
    # The square is used once, but its operand twice: the square is flattened, the sum is not.
    assert [n.children for n in graph.nodes(more)][-1] == (b, total, total)
    assert all(n.op != "exp" for cid in graph.class_ids() for n in graph.nodes(cid))


def test_exact_numerics_keep_chains_as_they_are() -> None:
    graph, roots = to_egraph(find_function(parse_module(CHAINS)), nary=False)
    assert all(len(n.children) < 3 for cid in graph.class_ids() for n in graph.nodes(cid))
    module = parse_module(CHAINS)
    rules = [find_rule(rule) for rule in DEFAULT_RULES]
    optimize_function(find_function(module), rules, CPU, Limits(), exact=True)
    assert largest_error(parse_module(CHAINS), module) == 0.0
    assert roots


def test_exact_numerics_leave_other_rules_out() -> None:
    x, y = any_var("x"), any_var("y")
    wrong = Rule("test-drop", lhs=(add(x, y),), rhs=(x,))
    exact = Rule("test-exact", lhs=(exp(x),), rhs=(relu(x),), numerics="exact")
    text = """
func.func @main(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<3xf32> {
  %s = taso.add %a, %b : tensor<3xf32>
  %e = taso.exp %s : tensor<3xf32>
  func.return %e : tensor<3xf32>
}"""
    function = find_function(parse_module(text))
    done = optimize_function(function, [wrong, exact], CPU, Limits(), exact=True)
    assert done is not None
    assert done.saturation.applied == {"test-exact": 1}


def test_an_nary_node_is_written_as_a_chain() -> None:
    module = parse_module(CHAINS)
    function = find_function(module)
    graph, roots = to_egraph(function)
    choice = origin_choice(graph, roots)
    choice[roots[0]] = graph.nodes(roots[0])[-1]
    from_selection(function, graph, roots, Selection(choice, 0.0, 0.0))
    module.verify()
    names = [op.name for op in function.body.block.ops]
    assert names == ["taso.add"] * 3 + ["taso.mul"] * 2 + ["func.return"]
    assert largest_error(parse_module(CHAINS), module) < 1e-6


def test_names_and_arguments_stay() -> None:
    module = parse_module(CHAINS)
    function = find_function(module)
    graph, roots = to_egraph(function)
    from_selection(function, graph, roots, Selection(origin_choice(graph, roots), 0.0, 0.0))
    values = [*function.body.block.args, *(v for op in function.body.block.ops for v in op.results)]
    assert [v.name_hint for v in values] == ["a", "b", "c", "d", "ab", "cd", "sum", "twice", "more"]


@pytest.mark.parametrize(
    "body, message",
    [
        ("func.func private @main()", "body of one block"),
        (
            """func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
                 %y = taso.kernel(%i = %x : tensor<3xf32>) -> tensor<3xf32> {
                   %e = taso.exp %i : tensor<3xf32>
                   taso.yield %e : tensor<3xf32>
                 }
                 func.return %y : tensor<3xf32>
               }""",
            "'taso.kernel' is no op of a tensor program",
        ),
        (
            """func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
                 %y = arith.addf %x, %x : tensor<3xf32>
                 func.return %y : tensor<3xf32>
               }""",
            "'arith.addf' is no op of a tensor program",
        ),
        ("func.func @main(%x: i32) -> i32 { func.return %x : i32 }", "T0"),
    ],
)
def test_what_the_egraph_does_not_hold_is_refused(body: str, message: str) -> None:
    ctx = context()
    ctx.allow_unregistered = True
    function = find_function(Parser(ctx, body).parse_module())
    with pytest.raises(UnsupportedError, match=message):
        to_egraph(function)
