"""The text form of rules: round trips, located errors, and nothing but `RuleError` on any input."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.notation import (
    Batch,
    Dim,
    DimProduct,
    DimSum,
    Rule,
    RuleError,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import add, reshape, splat
from taso.passes.rules.text import parse_rules, print_rule

ALL_RULES = [
    *RULES.values(),
    *(member for family in FAMILIES.values() for member in family.members.values()),
]
SOME_TEXT = "".join(print_rule(rule) for rule in ALL_RULES[::7])


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_round_trip(rule: Rule) -> None:
    assert parse_rules(print_rule(rule)) == [rule]


def test_a_file_of_all_rules() -> None:
    text = "# all\n" + "\n# next\n".join(print_rule(rule) for rule in ALL_RULES)
    assert parse_rules(text) == ALL_RULES


def test_reads_as_written() -> None:
    assert print_rule(RULES["matmul-factor-left"]) == (
        "rule matmul-factor-left reassociating nonfinite-lost both-ways:\n"
        "  add(matmul(a: [*p, m, k], b: [*q, k, n]), matmul(a, c: [*q, k, n]))\n"
        "  => matmul(a, add(b, c))\n"
    )


def test_everything_that_the_notation_has() -> None:
    m, n = dims("m n")
    rows = DimProduct((DimSum((m, 1)), n))
    x = var("x", Batch("b"), m, n, param=True)
    like = reshape(add(var("flat", rows), splat(-0.5, rows)), (m, DimSum((n, n))))
    rule = Rule("test-all", (add(x, x), like), (add(x, x), like), numerics="exact")
    text = print_rule(rule)
    assert "x: param [*b, m, n]" in text
    assert "splat(-0.5): [(m + 1) * n]" in text
    assert parse_rules(text) == [rule]


@pytest.mark.parametrize(
    "text, message",
    [
        ("add(x, y) => x", "f:1:1: expected 'rule', found 'add'"),
        ("rule r exact:\n  add(x, y) x", "f:2:13: rule r: left side: expected '=>', found 'x'"),
        ("rule r fast: add(x, y) => x", "f:1:8: rule r: flags: no flag 'fast'"),
        ("rule r exact exact: neg(x) => x", "f:1:14: rule r: flags: numerics is given twice"),
        ("rule r: neg(x) => y", "f:1:1: rule r: variable y is not bound on the left"),
        ("\nrule r: spin(x) => x", "f:2:1: rule r: unknown op spin"),
        ("rule r: x => x", "f:1:1: rule r: a left term is no op"),
        ("rule r: neg(x), neg(y) => x", "f:1:1: rule r: as many terms on the right"),
        ("rule r: transpose(x) => x", "f:1:1: rule r: transpose has attributes ['perm'], not []"),
        ("rule r: neg(x) => transpose(x, perm=?p)", "f:1:38: rule r: right side: ?p stands for"),
        (
            "rule r: neg(x) => x where is_identity(?p)",
            "f:1:40: rule r: where: ?p stands for no attribute",
        ),
        ("rule r: neg(x) => x\n  where odd(1)", "f:1:1: rule r: unknown function odd"),
        (
            "rule r: transpose(x, perm=?p) => x where is_identity(?p, 1)",
            "f:1:1: rule r: is_identity takes (tuple), not (tuple, int)",
        ),
        (
            "rule r: reduce_sum(x, axes=?a) => transpose(x, perm=compose(?a, 3))",
            "f:1:1: rule r: compose takes (tuple, tuple), not (tuple, int)",
        ),
        ("rule r: neg(x: [m, *b]) => x", "f:1:1: rule r: a batch symbol stands first"),
        ("rule r: neg(x: [-1]) => x", "f:1:1: rule r: (-1,) is no shape"),
        ("rule r: add(x, x: [m]) => x", "f:1:16: rule r: left side: x has its shape where"),
        ("rule r: neg(perm=1, x) => x", "f:1:21: rule r: left side: operands come before"),
        ("rule r: neg(x: [m + 0.5]) => x", "f:1:24: rule r: left side: 0.5 is no dim"),
        ("rule r: neg(x) => §", "f:1:19: unexpected '§'"),
        ("rule r: neg(x", "f:1:14: rule r: left side: expected ')', found 'the end'"),
        ("rule r: " + "neg(" * 60 + "x", "rule r: left side: nested deeper than 50"),
        ("rule r: neg(x: [" + "9" * 5000 + "]) => x", "rule r: left side: the number is too long"),
        ("rule r: neg(x) => neg(x, x)", "f:1:1: rule r: neg takes 1 operands, not 2"),
        ("rule r: matmul(x) => x", "f:1:1: rule r: matmul takes 2 operands, not 1"),
        (
            'rule r: reduce_sum(x, axes=?a) => reduce_sum(x, axes="1")',
            "f:1:1: rule r: reduce_sum has axes of type tuple, not str",
        ),
        (
            'rule r: reduce_sum(x, axes=?a) => reduce_sum(x, axes=["1"])',
            "f:1:1: rule r: reduce_sum has axes with an entry of type int, not str",
        ),
        (
            "rule r: neg(x) => softmax(x, axis=0.5)",
            "f:1:1: rule r: softmax has axis of type int, not float",
        ),
        ("rule r both-ways: add(x, y) => neg(x)", "rule r-reversed: variable y is not bound"),
    ],
)
def test_errors_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rules(text, source="f")
    assert message in str(caught.value)


def test_one_variable_has_one_shape() -> None:
    with pytest.raises(RuleError, match="rule r: variable x has two shapes"):
        Rule("r", (add(any_var("x"), var("x", Dim("m"))),), (any_var("x"),))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_mutated_rules_raise_rule_errors_alone(seed: int) -> None:
    """Drop, repeat, swap and replace characters and pieces: parsed, or refused as it should be."""
    rng = random.Random(seed)
    at = rng.randrange(len(SOME_TEXT))
    text = SOME_TEXT[at : at + rng.randint(1, 1500)]
    for _ in range(rng.randint(1, 4)):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        piece = rng.choice([text[i:j], rng.choice('()[]*#?=:,+-"\n 09ax.\0é'), ""])
        text = text[:i] + piece + text[rng.choice([i, j]) :]
    try:
        rules = parse_rules(text)
    except RuleError:
        return
    assert [parse_rules(print_rule(rule)) for rule in rules] == [[rule] for rule in rules]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_raises_rule_errors_alone(text: str) -> None:
    with contextlib.suppress(RuleError):
        assert parse_rules(f"rule a-b exact:{text}")
