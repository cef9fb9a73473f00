"""Random calls stay apart, in order, and in the program, whatever is done around them."""

import numpy as np
import pytest
import torch
from support.egraphs import check_invariants
from support.ir import context, find_function, parse_module
from support.torch_source import program_of
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.extern import ExternOp, is_random
from taso.dialects.kernel import KernelOp
from taso.passes.apply_rules import ApplyRulesPass, find_rule
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.rules.text import parse_rules
from taso.passes.search.convert import origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import DEVICES, device_named
from taso.passes.search.extract import function_cost, selection_cost
from taso.passes.search.saturate import Limits, saturate

MATRIX = "tensor<4x4xf32>"


def call(result: str, operand: str, rate: float) -> str:
    """A call that drops elements at this rate, by which tests know it again."""
    attrs = f'overload = "aten.native_dropout.default", arguments = "$0, {rate}, True"'
    types = f"{MATRIX} -> {MATRIX}, tensor<4x4xi1>"
    return f"%{result}, %{result}_mask = taso.extern %{operand}, {attrs}, random = true : {types}"


def matmul(result: str, a: str, b: str) -> str:
    return f"%{result} = taso.matmul %{a}, %{b} : {MATRIX}, {MATRIX} -> {MATRIX}"


def program(*lines: str, results: str) -> ModuleOp:
    types = ", ".join([MATRIX] * results.count("%"))
    typed = ", ".join([MATRIX] * results.count("%"))
    body = "\n  ".join(lines)
    arguments = f"%x: {MATRIX}, %v: {MATRIX}, %w: {MATRIX} {{taso.param}}"
    end = f"func.return {results} : {typed}"
    return parse_module(f"func.func @main({arguments}) -> ({types}) {{\n  {body}\n  {end}\n}}")


def rates(module: ModuleOp) -> list[str]:
    """The random calls in order, by their rates."""
    return [str(op.attrs()["arguments"]) for op in module.walk() if is_random(op)]


PROGRAMS = {
    "equal calls": program(
        call("a", "x", 0.5), call("b", "x", 0.5), f"%s = taso.add %a, %b : {MATRIX}", results="%s"
    ),
    "unused calls": program(
        call("a", "x", 0.1), call("b", "x", 0.2), call("c", "w", 0.3), results="%x"
    ),
    "results in another order": program(
        call("a", "x", 0.1), call("b", "v", 0.2), call("c", "x", 0.3), results="%c, %b, %a"
    ),
    # The products join, at a place where both operands of the wide product have to be there.
    "joined products": program(
        call("a", "x", 0.1),
        matmul("p", "a", "v"),
        call("b", "p", 0.2),
        matmul("q", "a", "w"),
        call("c", "q", 0.3),
        f"%s = taso.add %b, %c : {MATRIX}",
        call("d", "s", 0.4),
        results="%d",
    ),
    # One product needs a call that the other comes before: together they would be on a cycle.
    "products around a call": program(
        matmul("p", "x", "v"),
        call("a", "p", 0.1),
        call("b", "w", 0.2),
        matmul("q", "x", "b"),
        call("c", "q", 0.3),
        results="%a, %c",
    ),
    "factored": program(
        matmul("p", "x", "v"),
        matmul("q", "x", "w"),
        call("a", "v", 0.1),
        f"%s = taso.add %p, %q : {MATRIX}",
        call("b", "s", 0.2),
        call("c", "a", 0.3),
        results="%c, %b",
    ),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_optimised_programs_call_the_same_in_order(name: str, device: str) -> None:
    module = PROGRAMS[name].clone()
    expected = rates(module)
    for each in (OptimizePass(device), HoistParamsPass(), FormKernelsPass(device)):
        each.apply(context(), module)
        module.verify()
        assert rates(module) == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimised_programs_draw_what_the_given_ones_draw(name: str) -> None:
    given, module = PROGRAMS[name], PROGRAMS[name].clone()
    OptimizePass("cpu").apply(context(), module)
    inputs = [torch.randn(4, 4) for _ in range(3)]
    outputs: list[tuple[torch.Tensor, ...]] = []
    for each in (given, module):
        torch.manual_seed(3)
        outputs.append(program_of(each).run(inputs))
    for ours, theirs in zip(*outputs, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_graph_keeps_calls_apart(name: str) -> None:
    function = find_function(PROGRAMS[name].clone())
    graph, roots = to_egraph(function)
    saturate(graph, [find_rule(rule) for rule in DEFAULT_RULES], Limits(iterations=6))
    check_invariants(graph)
    externs = [n for c in graph.class_ids() for n in graph.nodes(c) if n.op == "extern"]
    assert len(externs) == len(rates(PROGRAMS[name]))
    calls = [c for c in graph.class_ids() if "extern" in graph.classes[c].by_op]
    assert not any(graph.is_param(c) for c in calls)
    model = CostModel(device_named("h200"))
    cost = selection_cost(graph, roots, origin_choice(graph, roots), model)
    assert function_cost(function, model) == pytest.approx(cost, rel=1e-9)


def test_a_rule_of_several_terms_moves_no_call() -> None:
    """The later product's operand can't move above the first product: it is a random call."""
    module = PROGRAMS["products around a call"].clone()
    before = str(module)
    ApplyRulesPass(("matmul-concat-weights",)).apply(context(), module)
    assert str(module) == before


def test_pure_calls_move_and_merge() -> None:
    attrs = 'overload = "aten.flip.default", arguments = "$0, [0]", random = false'
    module = program(
        matmul("p", "x", "v"),
        f"%f = taso.extern %w, {attrs} : {MATRIX} -> {MATRIX}",
        matmul("q", "x", "f"),
        f"%g = taso.extern %w, {attrs} : {MATRIX} -> {MATRIX}",
        matmul("r", "x", "g"),
        results="%p, %q, %r",
    )
    optimized = module.clone()
    OptimizePass("cpu").apply(context(), optimized)
    assert sum(isinstance(op, ExternOp) for op in optimized.walk()) == 1
    ApplyRulesPass(("matmul-concat-weights-left-2",)).apply(context(), module)
    ApplyRulesPass(("matmul-concat-weights-2",)).apply(context(), module)
    assert "taso.concat" in str(module)


def test_kernels_do_not_turn_calls_around() -> None:
    """The chain v → u → e would be one kernel, which needs the second call; the first needs u."""
    module = program(
        f"%u = taso.exp %v : {MATRIX}",
        call("a", "u", 0.1),
        call("b", "x", 0.2),
        f"%s = taso.add %u, %b : {MATRIX}",
        f"%t = taso.tanh %s : {MATRIX}",
        results="%a, %t",
    )
    FormKernelsPass("h200").apply(context(), module)
    module.verify()
    (kernel,) = (op for op in module.walk() if isinstance(op, KernelOp))
    assert [op.name for op in kernel.body.block.ops][:-1] == ["taso.add", "taso.tanh"]
    assert rates(module) == ["$0, 0.1, True", "$0, 0.2, True"]


def test_kernels_keep_the_order_of_calls_that_nothing_ties() -> None:
    """Ops that a kernel draws together leave the calls between them where they were."""
    module = program(
        f"%u = taso.exp %v : {MATRIX}",
        f"%early = taso.matmul %u, %x : {MATRIX}, {MATRIX} -> {MATRIX}",
        call("a", "x", 0.1),
        call("b", "x", 0.2),
        f"%s = taso.add %u, %b : {MATRIX}",
        results="%s, %early, %a",
    )
    FormKernelsPass("h200").apply(context(), module)
    module.verify()
    assert rates(module) == ["$0, 0.1, True", "$0, 0.2, True"]


def test_calls_without_operands_are_made_in_each_run() -> None:
    """Before it, there is no tensor that tells the device."""
    text = f"""
func.func @main(%x: {MATRIX}, %w: {MATRIX} {{taso.param}}) -> ({MATRIX}, {MATRIX}) {{
  %e = taso.extern overload = "aten.eye.default", arguments = "4", random = false : -> {MATRIX}
  %n = taso.neg %e : {MATRIX}
  %f = taso.exp %w : {MATRIX}
  func.return %n, %f : {MATRIX}, {MATRIX}
}}"""
    module = parse_module(text)
    for each in (OptimizePass("cpu"), HoistParamsPass()):
        each.apply(context(), module)
    assert len(list(find_function(module, "main__prepare").body.block.ops)) == 2
    inputs = [np.zeros((4, 4), np.float32), np.ones((4, 4), np.float32)]
    identity, exponents = program_of(parse_module(text)).run([torch.tensor(a) for a in inputs])
    assert torch.equal(identity, -torch.eye(4))
    assert exponents[0, 0].item() == pytest.approx(np.e)


def test_rules_name_no_opaque_op() -> None:
    text = """rule opaque exact:
  extern(a: [m], overload="x", arguments="y", random=1, results="z") => a
"""
    with pytest.raises(ValueError, match="nothing is known of extern"):
        parse_rules(text, "rules.txt")
