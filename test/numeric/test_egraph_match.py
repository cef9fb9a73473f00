"""Compiled matchers find what the notation's shared meaning finds, in every class."""

import pytest
from support.egraphs import reference_matches
from support.ir import find_function, parse_module
from support.prenorm import Shape, prenorm_module
from support.programs import PROGRAMS

from taso.dialects.base import TensorSpec
from taso.dialects.values import splat_constant
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.notation import (
    AttrVar,
    Batch,
    Dim,
    DimProduct,
    DimSum,
    Rule,
    RuleError,
    ShapeOf,
    Splat,
    any_var,
    dims,
    var,
)
from taso.passes.rules.ops import add, exp, matmul, mul, reshape, splat_like, sub, transpose
from taso.passes.search.convert import to_egraph
from taso.passes.search.egraph import EGraph, ENode, make_node
from taso.passes.search.match import apply_match, compile_rule, matches
from taso.passes.search.saturate import Limits, saturate

SQUARE = TensorSpec((4, 4), "f32")
m, n = dims("m n")
x, y = any_var("x"), any_var("y")
ONE_ROOT = [rule for rule in RULES.values() if len(rule.lhs) == 1]


def grown(name: str) -> EGraph:
    """A program's e-graph after a few rounds of all rules."""
    if name == "prenorm":
        shape = Shape(layers=1, batch=1, length=3, hidden=4, heads=2, dtype="f64")
        module = prenorm_module(shape, written_norm=True)
    else:
        module = parse_module(PROGRAMS[name])
    graph, _ = to_egraph(find_function(module))
    saturate(graph, [*RULES.values(), *FAMILIES.values()], Limits(nodes=400, iterations=4))
    return graph


@pytest.mark.parametrize("name", [*PROGRAMS, "prenorm"])
def test_matches_are_those_of_the_reference(name: str) -> None:
    graph = grown(name)
    total = 0
    for rule in ONE_ROOT:
        compiled = compile_rule(rule)
        found: set[tuple[object, ...]] = set()
        for match in matches(graph, rule):
            count = len(compiled.variables)
            variables = sorted(zip(compiled.variables, match.values[:count], strict=True))
            named: dict[type, dict[str, object]] = {Dim: {}, Batch: {}, AttrVar: {}}
            for symbol, value in zip(compiled.symbols, match.values[count:], strict=True):
                assert not isinstance(symbol, ShapeOf)
                named[type(symbol)][symbol.name] = value
            symbols = (tuple(sorted(named[kind].items())) for kind in (Dim, Batch, AttrVar))
            found.add((match.roots[0], match.rests[0], tuple(variables), *symbols))
        assert found == reference_matches(graph, rule), rule.name
        total += len(found)
    assert total > 0


def test_sums_and_products_of_sizes_are_solved() -> None:
    a, b = dims("a b")
    tensor = var("x", a, b, 3)
    flatten = reshape(tensor, (DimProduct((a, b)), 3))
    left, right = var("x", DimSum((a, b)), a), var("y", DimSum((a, b)), a)
    graph = EGraph()
    tall = graph.add_input(0, TensorSpec((2, 5, 3), "f32"), False)
    graph.add(ENode("reshape", ((10, 3),), (tall,)))
    graph.add(ENode("reshape", ((30,),), (tall,)))
    wide = tuple(graph.add_input(i, TensorSpec((7, 3), "f32"), False) for i in (1, 2))
    graph.add(ENode("add", (), wide))
    found = matches(graph, Rule("test-flatten", lhs=(flatten,), rhs=(flatten,)))
    assert [match.values[1:] for match in found] == [(2, 5)]
    rule = Rule("test-later", lhs=(add(left, right),), rhs=(left,))
    first, second = matches(graph, rule)
    values = dict(zip(compile_rule(rule).symbols, first.values[2:], strict=True))
    assert values == {a: 3, b: 4}
    assert {first.values[:2], second.values[:2]} == {wide, wide[::-1]}


def test_pairs_of_an_nary_sum_leave_the_rest() -> None:
    rule = Rule("test-neg", lhs=(add(x, exp(y)),), rhs=(sub(x, y),))
    graph = EGraph()
    a, b, c = (graph.add_input(i, SQUARE, False) for i in range(3))
    e = graph.add(ENode("exp", (), (c,)))
    total = graph.add(ENode("add", (), (a, b, b, e)))
    found = matches(graph, rule)
    assert [(s.values, s.rests) for s in found] == [((a, c), ((b, b),)), ((b, c), ((a, b),))]
    assert apply_match(graph, compile_rule(rule).right, found[1])
    difference = graph.lookup(ENode("sub", (), (b, c)))
    assert difference is not None
    assert ENode("add", (), (a, b, difference)) in graph.nodes(total)


def test_inner_sums_match_in_both_orders_and_binary_only() -> None:
    rule = Rule("test-inner", lhs=(exp(add(x, exp(y))),), rhs=(mul(exp(x), exp(exp(y))),))
    graph = EGraph()
    a, b, c = (graph.add_input(i, SQUARE, False) for i in range(3))
    e = graph.add(ENode("exp", (), (a,)))
    for children in ((e, b), (b, e, c)):
        graph.add(ENode("exp", (), (graph.add(ENode("add", (), children)),)))
    assert [s.values for s in matches(graph, rule)] == [(b, a)]


def test_long_sums_are_not_split_in_pairs() -> None:
    rule = Rule("test-any", lhs=(add(x, y),), rhs=(add(y, x),))
    graph = EGraph()
    inputs = tuple(graph.add_input(i, SQUARE, False) for i in range(9))
    graph.add(ENode("add", (), inputs))
    assert matches(graph, rule) == []
    graph.add(ENode("add", (), inputs[:8]))
    assert len(matches(graph, rule)) == 8 * 7


def test_several_roots_are_found_through_what_they_share() -> None:
    terms = (matmul(x, var("a", m, n)), exp(matmul(x, var("b", m, n))))
    rule = Rule("test-pair", lhs=terms, rhs=terms)
    graph = EGraph()
    shared, other, *weights = (graph.add_input(i, SQUARE, False) for i in range(4))
    products = [graph.add(ENode("matmul", (), (shared, w))) for w in weights]
    stranger = graph.add(ENode("matmul", (), (other, weights[0])))
    top = graph.add(ENode("exp", (), (products[1],)))
    # products[1] is a first root, too: then both terms share it.
    assert [match.roots for match in matches(graph, rule)] == [(p, top) for p in products]
    assert stranger not in products


def test_rules_that_may_overflow_are_off_in_half_precision() -> None:
    rule = Rule("test-grow", lhs=(exp(x),), rhs=(exp(x),), overflow="may-grow")
    for dtype, count in (("f16", 0), ("bf16", 1), ("i32", 0)):
        graph = EGraph()
        source = graph.add_input(0, TensorSpec((2,), dtype), False)
        if dtype != "i32":
            graph.add(ENode("exp", (), (source,)))
        assert len(matches(graph, rule)) == count


def test_deep_patterns_compile() -> None:
    term, depth = x, 45
    for _ in range(depth):
        term = exp(term)
    graph = EGraph()
    top = source = graph.add_input(0, SQUARE, False)
    for _ in range(depth):
        top = graph.add(ENode("exp", (), (top,)))
    (match,) = matches(graph, Rule("test-deep", lhs=(term,), rhs=(exp(x),)))
    assert (match.roots, match.values) == ((top,), (source,))


def test_names_in_rules_never_reach_the_code() -> None:
    evil = 'x"); raise SystemExit("'
    weird = any_var(evil)
    perm = AttrVar(evil, "perm")
    rule = Rule("test-names", lhs=(transpose(weird, perm),), rhs=(transpose(weird, perm),))
    graph = EGraph()
    graph.add(ENode("transpose", ((1, 0),), (graph.add_input(0, SQUARE, False),)))
    assert len(matches(graph, rule)) == 1


def test_an_ill_typed_right_side_is_an_error() -> None:
    graph = EGraph()
    a, b = (graph.add_input(i, TensorSpec(s, "f32"), False) for i, s in enumerate(((2, 3), (3, 4))))
    graph.add(ENode("matmul", (), (a, b)))
    other_type = Rule("test-type", lhs=(matmul(x, y),), rhs=(x,))
    with pytest.raises(
        RuleError, match="rule test-type equates tensor<2x3xf32> and tensor<2x4xf32>"
    ):
        saturate(graph, [other_type])
    no_type = Rule("test-swap", lhs=(matmul(x, y),), rhs=(matmul(y, x),))
    with pytest.raises(RuleError, match=r"rule test-swap: the right side has no type: \(C2\)"):
        saturate(graph, [no_type])


def test_a_left_side_without_a_solution_is_refused() -> None:
    rule = Rule(
        "test-open", lhs=(add(x, Splat(0, (DimSum((m, n)),))),), rhs=(Splat(0, (DimSum((m, n)),)),)
    )
    with pytest.raises(RuleError, match="test-open: the left side does not determine its symbols"):
        compile_rule(rule)


def test_a_constant_named_twice_is_compared_twice() -> None:
    rule = Rule("test-twice", lhs=(mul(add(x, splat_like(2, "x")), splat_like(2, "x")),), rhs=(x,))
    for second, count in ((2.0, 1), (3.0, 0)):
        graph = EGraph()
        source = graph.add_input(0, SQUARE, False)
        two, other = (
            graph.add(make_node("constant", splat_constant(v, SQUARE))) for v in (2.0, second)
        )
        graph.add(ENode("mul", (), (graph.add(ENode("add", (), (source, two))), other)))
        assert len(matches(graph, rule)) == len(reference_matches(graph, rule)) == count
