"""`taso-apply-rules` and `taso-simplify` keep a program's meaning."""

import random

import pytest
from support.ir import context, find_function, parse_module, random_inputs
from support.rule_programs import assert_same_meaning, random_program
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.interpret import interpret
from taso.passes.apply_rules import ApplyRulesPass, apply_rule, known_rules
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.match_ir import ParamAnalysis
from taso.passes.rules.notation import AttrVar, Call, Rule, any_var
from taso.passes.rules.ops import add, mul, neg, splat_like
from taso.passes.simplify import SimplifyPass, simplify


def assert_applies(name: str, rules: list[Rule], seed: int) -> None:
    """The rule changes a program that holds the left sides of `rules`, and keeps its meaning."""
    module = random_program(rules, seed)
    before = str(module)
    inputs = random_inputs(find_function(module), seed)
    expected = interpret(find_function(module), inputs, wide=True)
    ApplyRulesPass((name,)).apply(context(), module)
    module.verify()
    assert str(module) != before
    assert_same_meaning(interpret(find_function(module), inputs, wide=True), expected)


@pytest.mark.parametrize("name", RULES)
def test_rule_keeps_the_meaning(name: str) -> None:
    rng = random.Random(name)
    others = rng.sample(list(RULES.values()), 2)
    assert_applies(name, [RULES[name], *others, RULES[name]], rng.getrandbits(32))


@pytest.mark.parametrize("name", FAMILIES)
def test_family_keeps_the_meaning(name: str) -> None:
    rng = random.Random(name)
    for count in (2, 3, 9):
        member, other = FAMILIES[name].member(count), rng.choice(list(RULES.values()))
        assert_applies(name, [member, other], rng.getrandbits(32))
        assert_applies(f"{name}-{count}", [member, other], rng.getrandbits(32))


def test_rule_names_are_those_of_rules_families_and_members() -> None:
    known = known_rules()
    assert known["matmul-factor-left"] is RULES["matmul-factor-left"]
    assert known["matmul-concat-weights"] is FAMILIES["matmul-concat-weights"]
    assert known["matmul-concat-weights-3"] is FAMILIES["matmul-concat-weights"].members[3]


def test_unknown_rule_names_the_closest() -> None:
    with pytest.raises(PassFailedException, match="'matmul-factor-lft'; did you mean"):
        ApplyRulesPass(("matmul-factor-lft",)).apply(context(), parse_module(CHAIN))


CHAIN = """
func.func @main(%x: tensor<3x3xf64>, %y: tensor<3x3xf64>) -> tensor<3x3xf64> {
  %0 = taso.add %x, %y : tensor<3x3xf64>
  func.return %0 : tensor<3x3xf64>
}
"""


def test_simplify_that_does_not_end_is_an_error() -> None:
    x, y = any_var("x"), any_var("y")
    swap = Rule("test-swap", lhs=(add(x, y),), rhs=(add(y, x),))
    with pytest.raises(PassFailedException, match=r"no end after 80 .* test-swap"):
        simplify(context(), parse_module(CHAIN), [swap])


@pytest.mark.parametrize("seed", range(10))
def test_simplify_keeps_the_meaning_and_is_done(seed: int) -> None:
    rng = random.Random(seed)
    rules = rng.sample([rule for rule in RULES.values() if rule.simplifies], 8)
    module = random_program(rules, seed)
    inputs = random_inputs(find_function(module), seed)
    expected = interpret(find_function(module), inputs, wide=True)
    SimplifyPass().apply(context(), module)
    module.verify()
    assert_same_meaning(interpret(find_function(module), inputs, wide=True), expected)
    once = str(module)
    SimplifyPass().apply(context(), module)
    assert str(module) == once


PARAMS = """
func.func @main(%x: tensor<2x3xf32>, %w: tensor<3x4xf32> {taso.param}) -> tensor<2x4xf32> {
  %0 = taso.constant 0.1 : tensor<3x4xf32>
  %1 = taso.mul %w, %0 : tensor<3x4xf32>
  %2 = taso.neg %1 : tensor<3x4xf32>
  %3 = taso.matmul %x, %2 : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %4 = taso.neg %3 : tensor<2x4xf32>
  func.return %4 : tensor<2x4xf32>
}
"""


def test_param_variables_are_computed_from_parameters_and_constants() -> None:
    w = any_var("w", param=True)
    rule = Rule("test-param", lhs=(neg(w),), rhs=(w,))
    module = parse_module(PARAMS)
    apply_rule(rule, find_function(module).body.block, ParamAnalysis())
    module.verify()
    assert [op.name for op in find_function(module).body.block.ops] == [
        "taso.constant",
        "taso.mul",
        "taso.matmul",
        "taso.neg",
        "func.return",
    ]


@pytest.mark.parametrize("value, kept", [(0.1, 0), (0.1000001, 1), (1, 1)])
def test_a_number_matches_what_it_rounds_to(value: float, kept: int) -> None:
    rule = Rule("test-scale", lhs=(mul(any_var("x"), splat_like(value, "x")),), rhs=(any_var("x"),))
    module = parse_module(PARAMS)
    apply_rule(rule, find_function(module).body.block, ParamAnalysis())
    assert str(module).count("taso.mul") == kept


@pytest.mark.parametrize(
    "source, target, kept", [("f32", "f32", 0), ("f32", "f64", 1), ("i32", "i32", 1)]
)
def test_all_tensors_have_one_float_type(source: str, target: str, kept: int) -> None:
    module = parse_module(f"""
        func.func @main(%x: tensor<2x{source}>) -> tensor<2x{target}> {{
          %0 = taso.cast %x : tensor<2x{source}> -> tensor<2x{target}>
          func.return %0 : tensor<2x{target}>
        }}
    """)
    x = any_var("x")
    rule = Rule(
        "test-cast", lhs=(Call("cast", (x,), (("dtype", AttrVar("t", "text")),)),), rhs=(x,)
    )
    apply_rule(rule, find_function(module).body.block, ParamAnalysis())
    assert str(module).count("taso.cast") == kept
