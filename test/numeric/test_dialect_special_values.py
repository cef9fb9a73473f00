"""The NumPy meaning of ops where NaN, infinities, signed zeros and empty choices are."""

import math

import numpy as np
import pytest
import torch

from taso.dialects.base import Array, AttrValue
from taso.dialects.taso import OPS

NAN, INF = math.nan, math.inf
SPECIAL: list[tuple[str, dict[str, AttrValue], list[list[float]], list[float]]] = [
    ("relu", {}, [[NAN, -INF, INF, -2.0]], [NAN, 0.0, INF, 0.0]),
    ("max", {}, [[NAN, 1.0, -INF], [0.0, NAN, INF]], [NAN, NAN, INF]),
    ("min", {}, [[NAN, 1.0, -INF], [0.0, NAN, INF]], [NAN, NAN, -INF]),
    ("abs", {}, [[NAN, -INF, -0.0]], [NAN, INF, 0.0]),
    ("sigmoid", {}, [[NAN, -INF, INF, -1e3]], [NAN, 0.0, 1.0, 0.0]),
    ("silu", {}, [[NAN, -INF, INF, -1e3]], [NAN, NAN, INF, 0.0]),
    ("erf", {}, [[NAN, -INF, INF]], [NAN, -1.0, 1.0]),
    ("sin", {}, [[NAN, -INF, INF]], [NAN, NAN, NAN]),
    *[
        ("compare", {"predicate": p}, [[NAN, NAN, INF, 0.0], [NAN, 1.0, INF, -0.0]], truth)
        for p, truth in [
            ("eq", [0.0, 0.0, 1.0, 1.0]),
            ("ne", [1.0, 1.0, 0.0, 0.0]),
            ("lt", [0.0, 0.0, 0.0, 0.0]),
            ("le", [0.0, 0.0, 1.0, 1.0]),
            ("gt", [0.0, 0.0, 0.0, 0.0]),
            ("ge", [0.0, 0.0, 1.0, 1.0]),
        ]
    ],
    ("log", {}, [[0.0, -1.0, INF]], [-INF, NAN, INF]),
    ("sqrt", {}, [[-1.0, INF, NAN]], [NAN, INF, NAN]),
    ("rsqrt", {}, [[0.0, INF]], [INF, 0.0]),
    ("div", {}, [[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]], [INF, -INF, NAN]),
    ("reduce_max", {"axes": (0,)}, [[1.0, NAN, INF]], [NAN]),
    ("reduce_min", {"axes": (0,)}, [[1.0, NAN, -INF]], [NAN]),
    ("reduce_sum", {"axes": (0,)}, [[INF, -INF]], [NAN]),
    ("argmax", {"axis": 0}, [[2.0, 3.0, -INF, 3.0]], [1.0]),
    ("argmax", {"axis": 0}, [[2.0, NAN, INF, NAN]], [1.0]),
    ("argmax", {"axis": 0}, [[-INF, -INF]], [0.0]),
    ("argmin", {"axis": 0}, [[2.0, -3.0, INF, -3.0]], [1.0]),
    ("argmin", {"axis": 0}, [[2.0, NAN, -INF]], [1.0]),
    ("cumsum", {"axis": 0}, [[1.0, INF, 2.0, NAN, 1.0]], [1.0, INF, INF, NAN, NAN]),
    ("log_softmax", {"axis": 0}, [[1e4, 0.0]], [0.0, -1e4]),
    ("log_softmax", {"axis": 0}, [[-INF, 0.0]], [-INF, 0.0]),
    ("reduce_mean", {"axes": (0,)}, [[]], [NAN]),
    ("var", {"axes": (0,), "correction": 1}, [[5.0]], [NAN]),
    ("var", {"axes": (0,), "correction": 2}, [[5.0, 6.0]], [INF]),
    ("softmax", {"axis": 0}, [[-INF, 0.0, 0.0]], [0.0, 0.5, 0.5]),
    ("softmax", {"axis": 0}, [[-INF, -INF]], [NAN, NAN]),
    ("pad", {"low": (1,), "high": (0,), "value": -INF}, [[2.0]], [-INF, 2.0]),
    ("cast", {"dtype": "i1"}, [[0.0, -0.0, 0.5, NAN]], [0.0, 0.0, 1.0, 1.0]),
    ("cast", {"dtype": "i32"}, [[1.9, -1.9]], [1.0, -1.0]),
    ("cast", {"dtype": "f16"}, [[65519.0, 65520.0, 1e-9]], [65504.0, INF, 0.0]),
]


def test_max_pool_of_nan_and_of_padding_alone() -> None:
    row = np.array([1.0, NAN, -3.0, -INF, -INF, 2.0]).reshape(1, 1, 1, 6)
    attrs = {"kernel": (1, 2), "stride": (1, 1), "padding": (0, 1), "dilation": (1, 1)}
    (result,) = OPS["max_pool2d"].evaluate([row], attrs)
    np.testing.assert_array_equal(result.ravel(), [1.0, NAN, NAN, -3.0, -INF, 2.0, 2.0])
    (result,) = OPS["max_pool2d"].evaluate([row[..., :1]], {**attrs, "dilation": (1, 2)})
    np.testing.assert_array_equal(result.ravel(), [-INF])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "attrs", "operands", "expected"), SPECIAL)
def test_special_values(name, attrs, operands, expected) -> None:
    (result,) = OPS[name].evaluate([np.array(a) for a in operands], attrs)
    np.testing.assert_array_equal(np.atleast_1d(result).astype(np.float64), expected)


ATTENTION = {"scale": 1.0, "causal": False}


def attend(q, k, v, *mask, **attrs) -> Array:
    operands = [np.array(a, np.float64) for a in (q, k, v, *mask)]
    return OPS["attention"].evaluate(operands, ATTENTION | attrs)[0]


@pytest.mark.filterwarnings("error")
def test_a_query_that_sees_no_key() -> None:
    """Its weights are 0 with a mask and if causal, as in torch; without, they are NaN."""
    query, key, values = [[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]
    hidden = [[-INF, -INF], [-INF, 0.0]]
    np.testing.assert_array_equal(attend(query, key, values, hidden), [[0.0], [6.0]])
    torch_gives = torch.nn.functional.scaled_dot_product_attention(
        *(torch.tensor(a, dtype=torch.float64) for a in (query, key, values, hidden)), scale=1.0
    )
    np.testing.assert_array_equal(torch_gives, [[0.0], [6.0]])
    minus = [[-INF], [2.0]]
    np.testing.assert_array_equal(attend(minus, key, values)[0], [NAN])
    np.testing.assert_array_equal(attend(minus, key, values, causal=True)[0], [0.0])


@pytest.mark.filterwarnings("error")
def test_masked_attention_keeps_nan() -> None:
    query, key, values = [[NAN], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]
    for mask in ([], [[[0.0, -INF], [0.0, -INF]]]):
        result = attend(query, key, values, *mask, causal=True)
        np.testing.assert_array_equal(np.isnan(result), [[True], [False]])


def test_booleans_are_reduced_by_any_and_all() -> None:
    rows = np.array([[True, False], [False, False], [True, True]])
    (largest,) = OPS["reduce_max"].evaluate([rows], {"axes": (1,)})
    (least,) = OPS["reduce_min"].evaluate([rows], {"axes": (1,)})
    np.testing.assert_array_equal(largest, rows.any(1))
    np.testing.assert_array_equal(least, rows.all(1))
