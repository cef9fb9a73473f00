"""Explanations: their steps lead from the program given to the program chosen, one by one."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.ir import context, find_function, parse_module, random_inputs
from support.prenorm import Shape, prenorm_module
from support.programs import PROGRAMS
from support.random_programs import random_program
from support.rule_programs import assert_same_meaning
from support.rule_programs import random_program as rule_program
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.base import Array
from taso.dialects.interpret import interpret
from taso.passes.apply_rules import find_rule
from taso.passes.optimize import OptimizePass, optimize_function
from taso.passes.rules.library import DEFAULT_RULES, FAMILIES, RULES
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.egraph import ENode
from taso.passes.search.explain import SHARING, Explanation, Step, grouped
from taso.passes.search.explain_proof import Edge, ProofForest
from taso.passes.search.explain_replay import Replay, ReplayError
from taso.passes.search.explain_terms import Lowering, read_terms
from taso.passes.search.saturate import Limits

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMITS = Limits(nodes=3000, iterations=8, seconds=60.0)


def explained(
    module: ModuleOp, *, exact: bool = False, limits: Limits = LIMITS
) -> tuple[ModuleOp, Explanation]:
    """The module optimised, and the explanation of its `@main`."""
    result = module.clone()
    rules = [find_rule(name) for name in DEFAULT_RULES]
    model = CostModel(device_named("cpu"))
    done = optimize_function(
        find_function(result), rules, model, limits, exact=exact, explained=True
    )
    assert done is not None
    assert done.explanation is not None
    assert done.explanation.seconds[1] == pytest.approx(done.selection.cost, rel=1e-6)
    return result, done.explanation


def same_program(one: ModuleOp, other: ModuleOp) -> bool:
    """The functions `@main` are equal but for names and the order of ops."""
    forest = ProofForest()
    lower = Lowering(forest)
    a, b = (read_terms(find_function(m), forest)[1] for m in (one, other))
    return [lower(t) for t in a] == [lower(t) for t in b]


def check(module: ModuleOp, inputs: list[Array], *, exact: bool = False) -> Explanation:
    """Replay the steps, and compare each program on the way with the first in float64."""
    optimized, explanation = explained(module, exact=exact)
    want = interpret(find_function(module), inputs, wide=True)
    current = module.clone()
    rules: list[str] = []
    for rule in explanation.replay(find_function(current)):
        current.verify()
        rules.append(rule)
        assert_same_meaning(interpret(find_function(current), inputs, wide=True), want)
    assert rules == [step.rule for step in explanation.steps]
    assert same_program(current, optimized), f"{current}\nis not\n{optimized}"
    return explanation


@pytest.mark.parametrize("name", PROGRAMS)
def test_steps_lead_to_the_output(name: str) -> None:
    module = parse_module(PROGRAMS[name])
    explanation = check(module, random_inputs(find_function(module), 1))
    costs = [explanation.seconds[0], *(step.seconds[1] for step in explanation.steps)]
    assert [step.seconds[0] for step in explanation.steps] == costs[:-1]
    assert costs[-1] == explanation.seconds[1]


@pytest.mark.parametrize("seed", range(30))
def test_random_programs_are_explained(seed: int) -> None:
    program = random_program(seed, "f64")
    check(program.module.clone(), program.inputs, exact=seed % 5 == 0)


@pytest.mark.parametrize("seed", range(30))
def test_places_of_rules_are_explained(seed: int) -> None:
    names = list(RULES)
    rules = [RULES[names[(7 * seed + 41 * i) % len(names)]] for i in range(4)]
    family = list(FAMILIES.values())[seed % len(FAMILIES)]
    module = rule_program([*rules, family.members[2 + seed % 3]], seed)
    check(module, random_inputs(find_function(module), seed))


JOINED = """
func.func @main(%x: tensor<8x64xf64>, %w0: tensor<64x64xf64> {taso.param},
    %w1: tensor<64x32xf64> {taso.param}, %w2: tensor<64x16xf64> {taso.param})
    -> (tensor<8x64xf64>, tensor<8x32xf64>, tensor<8x16xf64>) {
  %y0 = taso.matmul %x, %w0 : tensor<8x64xf64>, tensor<64x64xf64> -> tensor<8x64xf64>
  %y1 = taso.matmul %x, %w1 : tensor<8x64xf64>, tensor<64x32xf64> -> tensor<8x32xf64>
  %y2 = taso.matmul %x, %w2 : tensor<8x64xf64>, tensor<64x16xf64> -> tensor<8x16xf64>
  %r = taso.relu %y1 : tensor<8x32xf64>
  func.return %y0, %r, %y2 : tensor<8x64xf64>, tensor<8x32xf64>, tensor<8x16xf64>
}"""


def test_a_rule_of_several_roots_is_one_step_at_several_places() -> None:
    module = parse_module(JOINED)
    (step,) = check(module, random_inputs(find_function(module), 1)).steps
    assert (step.rule, set(step.at)) == ("matmul-concat-weights-3", {"y0", "y1", "y2"})
    assert len(step.before) == 3
    assert len(step.after) == 3
    assert step.after[-1].startswith("%y0, %y1, %y2 = taso.split ")
    assert step.saving > 0


SUMS = """
func.func @main(%a: tensor<64x32xf64>, %b: tensor<32x16xf64>, %c: tensor<32x16xf64>,
    %x: tensor<64x16xf64>, %y: tensor<64x16xf64>) -> tensor<64x16xf64> {
  %ab = taso.matmul %a, %b : tensor<64x32xf64>, tensor<32x16xf64> -> tensor<64x16xf64>
  %ac = taso.matmul %a, %c : tensor<64x32xf64>, tensor<32x16xf64> -> tensor<64x16xf64>
  %s = taso.add %ab, %x : tensor<64x16xf64>
  %t = taso.add %s, %y : tensor<64x16xf64>
  %u = taso.add %t, %ac : tensor<64x16xf64>
  func.return %u : tensor<64x16xf64>
}"""


def test_summands_that_stand_apart_are_first_brought_together() -> None:
    module = parse_module(SUMS)
    steps = check(module, random_inputs(find_function(module), 1)).steps
    rules = [step.rule for step in steps]
    assert "associate-chain" in rules[: rules.index("matmul-factor-left")]


SHARED = """
func.func @main(%x: tensor<32x64xf64>, %w: tensor<64x64xf64>, %v: tensor<64x64xf64>)
    -> (tensor<32x64xf64>, tensor<32x64xf64>) {
  %t = taso.transpose %x, perm = [1, 0] : tensor<32x64xf64> -> tensor<64x32xf64>
  %tt = taso.transpose %t, perm = [1, 0] : tensor<64x32xf64> -> tensor<32x64xf64>
  %again = taso.transpose %t, perm = [1, 0] : tensor<64x32xf64> -> tensor<32x64xf64>
  %p = taso.matmul %tt, %w : tensor<32x64xf64>, tensor<64x64xf64> -> tensor<32x64xf64>
  %q = taso.matmul %tt, %v : tensor<32x64xf64>, tensor<64x64xf64> -> tensor<32x64xf64>
  %s = taso.add %q, %again : tensor<32x64xf64>
  func.return %p, %s : tensor<32x64xf64>, tensor<32x64xf64>
}"""


def test_what_is_shared_is_rewritten_once() -> None:
    module = parse_module(SHARED)
    steps = check(module, random_inputs(find_function(module), 1)).steps
    assert [s.rule for s in steps] == [SHARING, "transpose-compose", "transpose-identity"]
    assert steps[0].at == ("again",)


def test_equal_steps_of_equal_layers_are_written_once() -> None:
    module = prenorm_module(Shape(layers=5, dtype="f64"))
    explanation = check(module, random_inputs(find_function(module), 1))
    joins = [g for g in grouped(explanation.steps) if g[0].rule.startswith("matmul-concat")]
    assert [len(group) for group in joins] == [5]
    assert str(explanation).count("matmul-concat-linear-3 ×5 at ") == 1


@pytest.mark.parametrize("limits", [Limits(nodes=40), Limits(iterations=1)])
def test_a_search_cut_short_explains_what_it_chose(limits: Limits) -> None:
    module = parse_module(PROGRAMS["attention"])
    optimized, explanation = explained(module, limits=limits)
    current = module.clone()
    list(explanation.replay(find_function(current)))
    assert same_program(current, optimized)


def test_a_program_that_stays_has_no_steps() -> None:
    optimized, _ = explained(parse_module(PROGRAMS["softmax"]))
    _, explanation = explained(optimized)
    assert explanation.steps == ()
    assert str(explanation).endswith(", 0 steps")


def test_a_step_that_does_not_follow_from_its_rule_is_refused() -> None:
    module = parse_module(JOINED)
    _, explanation = explained(module)
    assert explanation.trace is not None
    (move,) = explanation.trace.moves
    first, second, third = move.places
    swapped = (first._replace(after=second.after), second._replace(after=first.after), third)
    assert move.equation is not None
    other = replace(move.equation, rule=FAMILIES["matmul-concat-weights-left"].members[3])
    for wrong in (
        replace(move, places=swapped),
        replace(move, equation=other),
        replace(move, after=move.after[::-1]),
        replace(move, leaves=(move.leaves[0], move.leaves[2], move.leaves[1], move.leaves[3])),
    ):
        with pytest.raises(ReplayError):
            Replay(explanation.trace.forest, find_function(module.clone())).apply(wrong)


def test_a_negative_zero_matched_as_zero_is_explained() -> None:
    text = """
func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
  %z = taso.constant 0.0 : tensor<3xf64>
  %n = taso.neg %z : tensor<3xf64>
  %s = taso.add %x, %n : tensor<3xf64>
  %t = taso.exp %s : tensor<3xf64>
  func.return %t : tensor<3xf64>
}"""
    module = parse_module(text)
    steps = check(module, random_inputs(find_function(module), 1)).steps
    assert steps[-1].rule == "elementwise-add-zero"


def test_a_part_of_a_constant_is_explained() -> None:
    text = """
func.func @main(%x: tensor<5x3xf64>) -> (tensor<2x3xf64>, tensor<3x3xf64>) {
  %d = taso.sub %x, %x : tensor<5x3xf64>
  %a, %b = taso.split %d, axis = 0, sizes = [2, 3]
    : tensor<5x3xf64> -> tensor<2x3xf64>, tensor<3x3xf64>
  func.return %a, %b : tensor<2x3xf64>, tensor<3x3xf64>
}"""
    module = parse_module(text)
    steps = check(module, random_inputs(find_function(module), 1)).steps
    assert "constant-folding" in [step.rule for step in steps]


def test_a_proof_names_the_equations_between_two_terms() -> None:
    forest = ProofForest()
    a, b, c = (forest.term(ENode("input", (i,), ())) for i in range(3))
    fa, fc = forest.term(ENode("exp", (), (a,))), forest.term(ENode("exp", (), (c,)))
    d = forest.term(ENode("input", (3,), ()))
    forest.equate(fa, d, 0, 0)
    forest.equate(b, a, 1, 0)
    assert forest.find(fa) != forest.find(fc)
    forest.equate(b, c, 2, 1)
    assert forest.find(fa) == forest.find(fc)
    assert forest.path(a, c) == [Edge(1, 0, False), Edge(2, 1, True)]
    assert forest.path(c, a) == [Edge(2, 1, False), Edge(1, 0, True)]
    assert forest.path(fa, fc) == []
    assert forest.path(d, fc) == [Edge(0, 0, False)]


def test_operands_of_a_sum_in_any_order_are_congruent() -> None:
    forest = ProofForest()
    a, b, c = (forest.term(ENode("input", (i,), ())) for i in range(3))
    one, other = forest.term(ENode("add", (), (a, b))), forest.term(ENode("add", (), (c, a)))
    quotient, swapped = (forest.term(ENode("div", (), x)) for x in ((a, b), (c, a)))
    forest.equate(b, c, 0, 0)
    assert forest.find(one) == forest.find(other)
    assert forest.find(quotient) != forest.find(swapped)


def test_a_step_that_costs_says_so() -> None:
    step = Step("some-rule", False, ("x",), ("- a",), ("- b",), (1e-3, 2e-3), 1)
    text = str(Explanation("main", (step, replace(step, seconds=(2e-3, 5e-4))), (1e-3, 5e-4)))
    assert "1. some-rule ×2 at %x, %x: saves 500 µs in all; 500 µs left" in text
    assert "costs 1 ms; 2 ms left" in str(Explanation("main", (step,), (1e-3, 2e-3)))


def test_the_pass_writes_the_steps_of_every_function(tmp_path: Path) -> None:
    file = tmp_path / "steps.txt"
    other = JOINED.replace("@main", "@other")
    module = parse_module(PROGRAMS["chain"] + other)
    OptimizePass(explain=str(file)).apply(context(), module)
    text = file.read_text("utf-8")
    assert text.startswith("@main: ")
    assert "\n@other: " in text
    assert "matmul-associate" in text
    assert "matmul-concat-weights-3 at %y" in text


def test_explaining_changes_nothing(tmp_path: Path) -> None:
    plain, told = (parse_module(PROGRAMS["attention"]) for _ in range(2))
    OptimizePass().apply(context(), plain)
    OptimizePass(explain=str(tmp_path / "steps.txt")).apply(context(), told)
    assert str(plain) == str(told)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(PassFailedException, match=r"none/steps\.txt: No such file or directory"):
        OptimizePass(explain=str(tmp_path / "none" / "steps.txt")).apply(
            context(), parse_module(JOINED)
        )
