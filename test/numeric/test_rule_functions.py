"""The named functions of attributes: what they compute, and that they are total."""

import random

import numpy as np
import pytest

from taso.dialects.base import AttrValue
from taso.passes.rules.functions import FUNCTIONS, parameter_types
from taso.passes.rules.library import RULES

assert RULES  # the functions of all families are registered with them

TEXTS = ("ab,bc->ac", "ab->ba", "abc->b", "ba,cb,cd->ad", "->", "a,b->ab", "none", "")

VALUES = [
    ("compose", ((1, 2, 0), (0, 2, 1)), (1, 0, 2)),
    ("compose", ((1, 0), (0,)), None),
    ("inverse", ((1, 2, 0),), (2, 0, 1)),
    ("inverse", ((0, 2),), None),
    ("is_identity", ((0, 1),), True),
    ("is_identity", ((1, 0),), False),
    ("swaps_last_two", ((0, 2, 1),), True),
    ("swaps_last_two", ((0,),), False),
    ("swap_last_two", (3,), (0, 2, 1)),
    ("swap_last_two", (1,), None),
    ("rank", ((4, 5),), 2),
    ("equal", (1, 1.0), True),
    ("others", ((1,), 3), (0, 2)),
    ("last_axes", (1, 3), (2,)),
    ("last_axes", (2, 1), None),
    ("only", ((4,),), 4),
    ("only", ((1, 2),), None),
    ("without", ((4, 5, 6), (0, 2)), (5,)),
    ("count", ((4, 5, 6), (0, 2)), 24),
    ("count", ((4,), (1,)), None),
    ("size_along", ((4, 5), 1), 5),
    ("size_along", ((4, 5), 2), None),
    ("renumber", ((0, 3), (1, 2)), (0, 1)),
    ("renumber", ((0, 3), (3,)), None),
    ("reindex", ((1,), (0, 2)), (2,)),
    ("sources", ((2, 0, 1), (0, 1)), (0, 2)),
    ("perm_of_rest", ((2, 0, 1), (0,)), (0, 1)),
    ("perm_of_rest", ((2, 1, 0), (1,)), (1, 0)),
    ("both_axes", ((1,), (1,), 3), (1, 2)),
    ("ascending", ((0, 2),), True),
    ("ascending", ((0, 0),), False),
    ("index_of", ((2, 0, 1), 2), 0),
    ("index_of", ((0,), 1), None),
    ("plus", (1, 2), 3),
    ("minus", (3, 1), 2),
    ("times", (3, 0.5), 1.5),
    ("reciprocal", (4.0,), 0.25),
    ("reciprocal", (0.0,), None),
    ("whole", (2.0,), 2),
    ("whole", (-1.0,), None),
    ("whole", (0.5,), None),
    ("is_positive", (0,), False),
    ("is_positive", (1,), True),
    ("is_zero", ((0, 0),), True),
    ("is_zero", ((0, 1),), False),
    ("at_most", (2, 2), True),
    ("at_most", (3, 2), False),
    ("sums", ((1, 2), (3, 4)), (4, 6)),
    ("sums", ((1,), (3, 4)), None),
    ("convolution_shape", ((2, 4, 5, 6), (3, 2, 3, 3), (2, 1), (1, 0), (1, 2)), (2, 3, 3, 2)),
    ("convolution_shape", ((2, 4, 5, 6), (3, 4, 7, 7), (1, 1), (0, 0), (1, 1)), None),
    ("convolution_shape", ((4,), (3, 4, 7, 7), (1, 1), (0, 0), (1, 1)), None),
    ("pooled_shape", ((2, 4, 5, 6), (2, 3), (2, 1), (0, 1)), (2, 4, 2, 6)),
    ("pooled_shape", ((2, 4, 5, 6), (2, 3, 4), (2, 1), (0, 1)), None),
    ("moved", ((2, 0, 1), (0,)), (1,)),
    ("gather", ((7, 8, 9), (2, 0)), (9, 7)),
    ("gather", ((7,), (-1,)), None),
    ("product_shape", ((2, 3, 4), (4, 5)), (2, 3, 5)),
    ("product_shape", ((3, 4), (2, 4, 5)), (2, 3, 5)),
    ("product_shape", ((4,), (4, 5)), None),
    ("permutation_of", ("abc->cab",), (2, 0, 1)),
    ("permutation_of", ("abc->ca",), None),
    ("summed_axes", ("abc->ca",), (1,)),
    ("summed_axes", ("ab->ba",), None),
    ("permutation_of_kept", ("abc->ca",), (1, 0)),
    ("matmul_operand", ("ba,bc->ac", 0), (1, 0)),
    ("matmul_operand", ("ba,bc->ac", 1), (0, 1)),
    ("matmul_operand", ("abc,bcd->ad", 0), None),
    ("matmul_operand", ("ab,b->a", 0), None),
    ("matmul_operand", ("xab,xbc->axc", 0), (0, 1, 2)),
    ("matmul_result", ("xab,xbc->axc",), (1, 0, 2)),
    ("matmul_result", ("xab,bc->xac",), (0, 1, 2)),
    ("matmul_result", ("ab,bc->ca",), (1, 0)),
    ("fused", ("ab,bc->ac", "xy,yz->xz", 0), "ab,bc,cd->ad"),
    ("fused", ("ab,bc->ac", "xy,yz->xz", 1), "ab,bc,cd->ad"),
    ("fused", ("ab,bc->ac", "x->x", 0), None),
    ("pair", ("ab,bc,cd->ad", 0, 1), "ab,bc->ac"),
    ("pair", ("ab,bc,cd->ad", 0, 2), None),
    ("pair", ("a,b,c->abc", 0, 2), "a,b->ab"),
    ("after_pair", ("ab,bc,cd->ad", 1, 2), "ab,ca->cb"),
    ("with_operand_permuted", ("ab,bc->ac", 1, (1, 0)), "ab,cb->ac"),
    ("with_result_permuted", ("ab,bc->ac", (1, 0)), "ab,bc->ca"),
]


@pytest.mark.parametrize("name, args, expected", VALUES)
def test_values(name: str, args: tuple[AttrValue, ...], expected: AttrValue | None) -> None:
    assert FUNCTIONS[name](*args) == expected


def test_every_function_has_values_here() -> None:
    assert {name for name, *_ in VALUES} == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_total_on_values_of_its_types(name: str) -> None:
    rng = random.Random()
    for _ in range(300):
        args = [_value(kind, rng) for kind in parameter_types(name)]
        result = FUNCTIONS[name](*args)
        assert result is None or isinstance(result, bool | int | float | str | tuple)


def _value(kind: type, rng: random.Random) -> AttrValue:
    if kind is tuple:
        return tuple(rng.randint(-1, 4) for _ in range(rng.randint(0, 4)))
    if kind is str:
        return rng.choice(TEXTS)
    if kind is int:
        return rng.randint(-1, 4)
    return rng.choice((0, 1, -1, 0.5, 3.0, 1e308, float("inf"), float("nan")))


def test_compose_is_one_transpose_after_another() -> None:
    rng = random.Random()
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    for _ in range(20):
        inner, outer = (tuple(rng.sample(range(4), 4)) for _ in range(2))
        both = FUNCTIONS["compose"](inner, outer)
        np.testing.assert_array_equal(x.transpose(inner).transpose(outer), x.transpose(both))
