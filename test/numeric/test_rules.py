"""Every rule equals itself on random instances, and is what it says."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

from taso.dialects.taso import OPS
from taso.passes.rules.check import check
from taso.passes.rules.instances import Instance, draw_instance
from taso.passes.rules.library import DEFAULT_RULES, FAMILIES, ON_REQUEST, RULES, by_name
from taso.passes.rules.matmul import FACTOR_LEFT
from taso.passes.rules.meaning import call_attrs, evaluate_term, infer_term
from taso.passes.rules.notation import Call, Rule, RuleError, Term, all_subterms, variables

FILECHECK = Path(__file__).parents[1] / "filecheck" / "rules"

ALL_RULES = [
    *RULES.values(),
    *(family.members[arity] for family in FAMILIES.values() for arity in (2, 3, 5)),
]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_both_sides_are_equal(rule: Rule) -> None:
    seed = random.randrange(2**32)
    verdict = check(rule, samples=10, seed=seed)
    assert verdict.holds, f"seed {seed}: {verdict.counterexample}"
    # Each kind of data found its instances: at least normal and positive ones.
    assert verdict.instances >= 20


@pytest.mark.parametrize("name", FAMILIES)
def test_family_members_are_named_by_arity(name: str) -> None:
    members = FAMILIES[name].members
    assert list(members) == list(range(2, 9))
    for arity, rule in members.items():
        assert rule.name == f"{name}-{arity}"
        assert len(rule.lhs) == len(rule.rhs) == arity


def test_default_rules_and_those_on_request_are_all_rules() -> None:
    assert sorted((*DEFAULT_RULES, *ON_REQUEST)) == sorted((*RULES, *FAMILIES))


def test_every_rule_is_shown_firing() -> None:
    """Each rule stands in a RUN line of its family's file, and its function is checked there."""
    for name in (*RULES, *FAMILIES):
        family, _, short = name.partition("-")
        text = (FILECHECK / f"{family}.mlir").read_text()
        runs = re.findall(r"RUN: .*taso-apply-rules\{rules=([\w,-]+)\}.*filecheck.*", text)
        assert name in ",".join(runs).split(","), f"{name}: no RUN line"
        assert f"-LABEL: func.func @{short.replace('-', '_')}(" in text, f"{name}: no function"


def test_names_are_unique() -> None:
    with pytest.raises(RuleError, match="matmul-factor-left: name: there are two of it"):
        by_name([FACTOR_LEFT, FACTOR_LEFT])


# A composite costs what its kernel costs: FLOPs do not compare it with its parts.
SIMPLIFYING = [r for r in RULES.values() if r.simplifies and r.family != "composite"]


@pytest.mark.parametrize("rule", SIMPLIFYING, ids=lambda rule: rule.name)
def test_simplifying_rules_never_add_flops(rule: Rule) -> None:
    rng = random.Random()
    for _ in range(10):
        instance = draw_instance(rule, rng, "f64")
        assert instance is not None
        results = [infer_term(t, instance.specs, instance.symbols, "f64") for t in rule.lhs]
        if all(spec.size > 0 for spec in results):
            assert _flops(rule.rhs, instance) <= _flops(rule.lhs, instance)


def _flops(terms: tuple[Term, ...], instance: Instance) -> int:
    """Of all distinct calls; constants and what is computed from them alone are free."""
    specs, symbols = instance.specs, instance.symbols
    total = 0
    for call in {t for t in all_subterms(terms) if isinstance(t, Call) and variables([t])}:
        operands = [infer_term(arg, specs, symbols, "f64") for arg in call.args]
        total += OPS[call.op].flops(operands, call_attrs(call, operands, specs, symbols))
    return total


def test_instances_reach_sizes_of_one_and_unequal_ones() -> None:
    rng = random.Random(0)
    shapes: set[tuple[int, ...]] = set()
    for _ in range(200):
        instance = draw_instance(FACTOR_LEFT, rng, "f64")
        assert instance is not None
        shapes.add(instance.specs["a"].shape)
    assert {len(shape) for shape in shapes} == {2, 3, 4, 5}
    assert any(shape[-1] == 1 for shape in shapes)
    assert any(shape[-1] != shape[-2] for shape in shapes)


def test_instances_mix_prefixes_of_one_operand_alone() -> None:
    rng = random.Random(1)
    ranks: set[tuple[bool, bool]] = set()
    for _ in range(100):
        instance = draw_instance(FACTOR_LEFT, rng, "f64")
        assert instance is not None
        ranks.add((instance.specs["a"].rank > 2, instance.specs["b"].rank > 2))
    assert ranks == {(False, False), (False, True), (True, False), (True, True)}


def test_a_term_means_what_numpy_says() -> None:
    rng = random.Random(2)
    instance = draw_instance(FACTOR_LEFT, rng, "f64")
    assert instance is not None
    draw = np.random.default_rng()
    arrays = {name: draw.standard_normal(spec.shape) for name, spec in instance.specs.items()}
    given = evaluate_term(FACTOR_LEFT.lhs[0], arrays, instance.specs, instance.symbols, "f64")
    a, b, c = (arrays[name] for name in "abc")
    np.testing.assert_allclose(given, a @ b + a @ c)
