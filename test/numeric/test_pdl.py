"""A rule's PDL, its matcher on IR and its matcher on the e-graph find the same places."""

import random

import pytest
from support.ir import context, find_function, random_inputs
from support.rule_programs import assert_same_meaning, random_program
from xdsl.dialects import pdl
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreters.pdl import PDLMatcher, PDLRewritePattern
from xdsl.ir import OpResult
from xdsl.parser import Parser
from xdsl.pattern_rewriter import PatternRewriteWalker

from taso.dialects.interpret import interpret
from taso.passes.rules.library import RULES
from taso.passes.rules.match_ir import IRMatcher, ParamAnalysis
from taso.passes.rules.notation import Rule, any_var
from taso.passes.rules.ops import add, mul, splat_like
from taso.passes.rules.pdl import has_pdl, native_functions, to_pdl
from taso.passes.rules.run_pdl import rewrite_patterns
from taso.passes.search.convert import to_egraph
from taso.passes.search.match import compile_rule, matches

x, y = any_var("x"), any_var("y")
w, v = any_var("w", param=True), any_var("v", param=True)
# What the library has no rule for: variables that have to be parameters.
OWN = [
    Rule("test-param", lhs=(add(add(x, w), v),), rhs=(add(x, add(w, v)),)),
    Rule("test-param-splat", lhs=(mul(splat_like(0.1, "w"), w),), rhs=(w,)),
]
PDL_RULES = [rule for rule in RULES.values() if has_pdl(rule)] + OWN
SINGLE = [rule for rule in RULES.values() if len(rule.lhs) == 1] + OWN


def program_for(rule: Rule, seed: int) -> ModuleOp:
    """The rule's left side twice, and those of two other rules."""
    rng = random.Random(f"{rule.name} {seed}")
    others = rng.sample(list(RULES.values()), 2)
    return random_program([rule, *others, rule], rng.getrandbits(32))


def values_of(module: ModuleOp) -> list[OpResult]:
    return [v for op in find_function(module).body.block.ops for v in op.results]


def ir_places(rule: Rule, module: ModuleOp) -> set[int]:
    """Positions among the program's values of the results of roots."""
    ops = list(find_function(module).body.block.ops)
    matcher = IRMatcher(rule)
    position = {value: i for i, value in enumerate(values_of(module))}
    return {
        position[root]
        for op in ops
        for match in matcher.matches_from(op, ops)
        for root in match.roots
    }


def matched_by(pattern: PDLRewritePattern, op: object) -> bool:
    root = pattern.pdl_rewrite_op.root
    assert isinstance(root, OpResult)
    matcher = PDLMatcher(native_constraints=pattern.native_constraints)
    constraints = [
        c
        for c in pattern.pdl_rewrite_op.parent_op().walk()
        if isinstance(c, pdl.ApplyNativeConstraintOp)
    ]
    return matcher.match_operation(root, root.op, op) and all(
        matcher.check_native_constraints(c) for c in constraints
    )


def pdl_places(rule: Rule, module: ModuleOp) -> set[int]:
    patterns = rewrite_patterns(rule, context(), ParamAnalysis())
    position = {value: i for i, value in enumerate(values_of(module))}
    return {
        position[result]
        for op in find_function(module).body.block.ops
        if any(matched_by(pattern, op) for pattern in patterns)
        for result in op.results
    }


@pytest.mark.parametrize("rule", PDL_RULES, ids=lambda rule: rule.name)
def test_pdl_finds_what_the_ir_matcher_finds(rule: Rule) -> None:
    places: set[int] = set()
    for seed in range(2):
        module = program_for(rule, seed)
        found = ir_places(rule, module)
        places |= found  # none where all of a program's splats have no elements
        assert pdl_places(rule, module) == found
    assert places


@pytest.mark.parametrize("rule", SINGLE, ids=lambda rule: rule.name)
def test_egraph_finds_what_the_ir_matcher_finds(rule: Rule) -> None:
    for seed in range(2):
        module = program_for(rule, seed)
        # Every value is a result, in order; equal values are one class.
        graph, classes = to_egraph(find_function(module), nary=False)
        # A match whose right side has undefined attributes is one that the e-graph drops later.
        build = compile_rule(rule).right.build
        roots = [m.roots for m in matches(graph, rule) if build(graph, m) is not None]
        found = {graph.find(root) for (root,) in roots}
        assert found == {graph.find(classes[i]) for i in ir_places(rule, module)}


@pytest.mark.parametrize("rule", PDL_RULES, ids=lambda rule: rule.name)
def test_pdl_text_reads_back_and_names_its_functions(rule: Rule) -> None:
    module = to_pdl(rule)
    module.verify()
    text = str(module)
    assert str(Parser(context(), text).parse_module()) == text
    called = {
        (
            "constraint" if isinstance(op, pdl.ApplyNativeConstraintOp) else "rewrite",
            op.constraint_name.data,
        )
        for op in module.walk()
        if isinstance(op, pdl.ApplyNativeConstraintOp | pdl.ApplyNativeRewriteOp)
    }
    assert called == {(f.kind, f.name) for f in native_functions(rule)}


@pytest.mark.parametrize("rule", [r for r in PDL_RULES if r not in OWN[1:]], ids=lambda r: r.name)
def test_pdl_keeps_the_meaning(rule: Rule) -> None:
    changed = False  # a program with splats of no elements alone has no place for some rules
    for seed in range(3):
        module = program_for(rule, seed)
        inputs = random_inputs(find_function(module), seed)
        expected = interpret(find_function(module), inputs, wide=True)
        before = str(module)
        for pattern in rewrite_patterns(rule, context(), ParamAnalysis()):
            PatternRewriteWalker(pattern, apply_recursively=False).rewrite_module(module)
        module.verify()
        changed |= str(module) != before
        assert_same_meaning(interpret(find_function(module), inputs, wide=True), expected)
    assert changed
