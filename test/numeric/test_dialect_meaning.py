"""The NumPy meaning of each op, against torch, scipy or plain loops in float64."""

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats
from support.ir import random_array

from taso.dialects.base import Array, AttrValue, TensorSpec
from taso.dialects.taso import OPS

Reference = Callable[[Sequence[Array], dict[str, AttrValue]], Sequence[Array]]
Case = tuple[list[tuple[int, ...] | TensorSpec], dict[str, AttrValue]]
"""Operands, floats but where a type is given, and attributes."""

SHAPES = [(), (1,), (7,), (3, 5), (2, 1, 7), (0, 4)]
ONE = [([s], {}) for s in SHAPES]
TWO = [([s, s], {}) for s in SHAPES]


def by_torch(function: Callable[..., torch.Tensor]) -> Reference:
    """A reference from a torch function of the operands and, by name, the attributes."""

    def reference(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
        result = function(*(torch.tensor(a) for a in operands), **attrs)
        pieces = result if isinstance(result, tuple) else (result,)
        return [piece.numpy() for piece in pieces]

    return reference


SORT: dict[str, AttrValue] = {
    "overload": "aten.sort.default",
    "arguments": "$0, 0",
    "random": False,
    "results": "tensor<5x3xf64>, tensor<5x3xi64>",
}


def broadcast(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
    out = np.empty(attrs["shape"])
    for index in np.ndindex(out.shape):
        out[index] = operands[0][tuple(index[d] for d in attrs["dims"])]
    return [out]


def einsum(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
    left, result = attrs["equation"].split("->")
    sizes: dict[str, int] = {}
    for term, operand in zip(left.split(","), operands, strict=True):
        sizes |= dict(zip(term, operand.shape, strict=True))
    out = np.zeros([sizes[letter] for letter in result])
    for values in product(*(range(n) for n in sizes.values())):
        at = dict(zip(sizes, values, strict=True))
        factors = [
            operand[tuple(at[letter] for letter in term)]
            for term, operand in zip(left.split(","), operands, strict=True)
        ]
        out[tuple(at[letter] for letter in result)] += math.prod(factors)
    return [out]


def batch_norm(x: torch.Tensor, gamma, beta, axis: int, eps: float, correction: int):
    others = [i for i in range(x.ndim) if i != axis]
    variance = x.var(others, correction=correction, keepdim=True)
    along = [-1 if i == axis else 1 for i in range(x.ndim)]
    unit = (x - x.mean(others, keepdim=True)) / torch.sqrt(variance + eps)
    return unit * gamma.reshape(along) + beta.reshape(along)


def layer_norm(x: torch.Tensor, gamma, beta, eps: float):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta, eps)


def attention(q: torch.Tensor, k, v, *masks, scale: float, causal: bool):
    scores = scale * torch.einsum("...md,...nd->...mn", q, k)
    for mask in masks:
        scores = scores + mask
    if causal:
        unseen = torch.arange(k.shape[-2]) > torch.arange(q.shape[-2])[:, None]
        scores = scores.masked_fill(unseen, -math.inf)
    return torch.softmax(scores, -1) @ v


def gather(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
    table, indices = operands
    moved = np.moveaxis(table, attrs["axis"], 0)
    rows = [moved[i] for i in indices.reshape(-1)]
    stacked = np.array(rows).reshape(*indices.shape, *moved.shape[1:])
    order = list(range(indices.ndim, stacked.ndim))
    order[attrs["axis"] : attrs["axis"]] = range(indices.ndim)
    return [stacked.transpose(order)]


def group_norm(x: torch.Tensor, gamma, beta, groups: int, eps: float):
    return torch.nn.functional.group_norm(x, groups, gamma, beta, eps)


def rms_norm(x: torch.Tensor, gamma, eps: float):
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) * gamma


def constant(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
    values = np.frombuffer(attrs["value"], np.float64)
    return [np.resize(values, attrs["shape"]) if values.size else np.zeros(attrs["shape"])]


def gelu(operands: Sequence[Array], attrs: dict[str, AttrValue]) -> Sequence[Array]:
    (x,) = operands
    if attrs["approximate"] == "none":
        return [x * stats.norm.cdf(x)]
    return [torch.nn.functional.gelu(torch.tensor(x), approximate="tanh").numpy()]


def avg_pool2d(x: torch.Tensor, count_include_pad: bool, **attrs):
    kernel, stride, padding = (attrs[name] for name in ("kernel", "stride", "padding"))
    counted = {"count_include_pad": count_include_pad}
    return torch.nn.functional.avg_pool2d(x, kernel, stride, padding, **counted)


def max_pool2d(x: torch.Tensor, kernel, stride, padding, dilation):
    return torch.max_pool2d(x, kernel, stride, padding, dilation)


def pad(x: torch.Tensor, low, high, value: float):
    sides = [n for side in reversed(list(zip(low, high, strict=True))) for n in side]
    return torch.nn.functional.pad(x, sides, value=value)


def conv(stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups: int = 1) -> dict[str, AttrValue]:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


WINDOWS: list[Case] = [
    ([(2, 3, 7, 6)], {"kernel": (2, 3), "stride": (2, 3), "padding": (0, 1)}),
    ([(1, 2, 5, 5)], {"kernel": (3, 2), "stride": (1, 2), "padding": (1, 1)}),
    ([(1, 1, 1, 1)], {"kernel": (1, 1), "stride": (1, 1), "padding": (0, 0)}),
    ([(3, 1, 1, 2)], {"kernel": (2, 2), "stride": (1, 1), "padding": (1, 0)}),
    ([(0, 2, 4, 4)], {"kernel": (2, 3), "stride": (1, 1), "padding": (0, 0)}),
]

REDUCED = [
    ([(3, 4, 5)], {"axes": (1,)}),
    ([(3, 4, 5)], {"axes": (0, 2)}),
    ([(1, 7)], {"axes": (0, 1)}),
    ([(0, 4)], {"axes": (1,)}),
]

PREDICATES = ("eq", "ne", "lt", "le", "gt", "ge")
ALONG = [([(3, 5)], {"axis": 0}), ([(2, 4, 3)], {"axis": 1}), ([(0, 4)], {"axis": 1})]
NORMALISED = [([(3, 5)], {"axis": 0}), ([(2, 1, 7)], {"axis": 2}), ([(0, 4)], {"axis": 1})]


def indices(*shape: int) -> TensorSpec:
    """Integers, drawn from 0 to 2."""
    return TensorSpec(shape, "i64")


MEANINGS: dict[str, tuple[Reference, list[Case]]] = {
    "abs": (by_torch(torch.abs), ONE),
    "add": (by_torch(lambda a, b: a + b), TWO),
    "and": (by_torch(torch.bitwise_and), TWO),
    "argmax": (by_torch(lambda a, axis: torch.argmax(a, axis)), ALONG),
    "argmin": (by_torch(lambda a, axis: torch.argmin(a, axis)), ALONG),
    "attention": (
        by_torch(attention),
        [
            ([(3, 4), (5, 4), (5, 2)], {"scale": 0.5, "causal": False}),
            ([(2, 3, 1, 4), (2, 3, 7, 4), (2, 3, 7, 1)], {"scale": 1.25, "causal": False}),
            ([(0, 4), (5, 4), (5, 2)], {"scale": 1.0, "causal": False}),
            ([(3, 4), (5, 4), (5, 2), (3, 5)], {"scale": 0.5, "causal": False}),
            ([(5, 4), (3, 4), (3, 2)], {"scale": 0.5, "causal": True}),
            ([(2, 3, 1, 4), (2, 3, 7, 4), (2, 3, 7, 1)], {"scale": 1.25, "causal": True}),
            ([(2, 5, 4), (2, 6, 4), (2, 6, 2), (2, 5, 6)], {"scale": 0.5, "causal": True}),
            ([(0, 4), (5, 4), (5, 2), (0, 5)], {"scale": 1.0, "causal": True}),
        ],
    ),
    "avg_pool2d": (
        by_torch(avg_pool2d),
        [(x, {**a, "count_include_pad": c}) for x, a in WINDOWS for c in (True, False)],
    ),
    "batch_norm": (
        by_torch(batch_norm),
        [
            ([(5, 3), (3,), (3,)], {"axis": 1, "eps": 1e-5, "correction": 1}),
            ([(3, 4, 5), (3,), (3,)], {"axis": 0, "eps": 0.25, "correction": 0}),
            ([(2, 7, 1, 3), (7,), (7,)], {"axis": 1, "eps": 1e-3, "correction": 0}),
        ],
    ),
    "broadcast": (
        broadcast,
        [
            ([()], {"dims": (), "shape": (2, 3)}),
            ([(3,)], {"dims": (0,), "shape": (3, 2)}),
            ([(2, 3)], {"dims": (1, 3), "shape": (4, 2, 1, 3)}),
            ([(1,)], {"dims": (1,), "shape": (0, 1)}),
        ],
    ),
    "cast": (
        by_torch(lambda a, dtype: a.to(torch.int64)),
        [([s], {"dtype": "i64"}) for s in SHAPES],
    ),
    "compare": (
        by_torch(lambda a, b, predicate: getattr(torch, predicate)(a, b)),
        [([s, s], {"predicate": p}) for s in SHAPES for p in PREDICATES],
    ),
    "concat": (
        by_torch(lambda *parts, axis: torch.cat(parts, axis)),
        [
            ([(2, 3), (2, 1), (2, 0)], {"axis": 1}),
            ([(1, 5), (4, 5)], {"axis": 0}),
            ([(7,)], {"axis": 0}),
        ],
    ),
    "constant": (
        constant,
        [
            ([], {"value": np.array([0.1]).tobytes(), "shape": (3, 2), "dtype": "f64"}),
            ([], {"value": np.arange(6.0).tobytes(), "shape": (3, 2), "dtype": "f64"}),
            ([], {"value": b"", "shape": (0, 2), "dtype": "f64"}),
        ],
    ),
    "cos": (by_torch(torch.cos), ONE),
    "conv2d": (
        by_torch(lambda x, w, **attrs: torch.conv2d(x, w, None, **attrs)),
        [
            ([(2, 3, 7, 6), (4, 3, 3, 2)], conv()),
            ([(1, 4, 9, 7), (6, 2, 2, 3)], conv((2, 1), (1, 2), (3, 2), groups=2)),
            ([(2, 3, 4, 5), (6, 1, 3, 3)], conv(padding=(1, 1), groups=3)),
            ([(1, 1, 1, 1), (1, 1, 1, 1)], conv()),
            ([(1, 2, 1, 1), (3, 2, 3, 3)], conv((2, 2), (1, 1))),
            ([(0, 3, 4, 4), (2, 3, 3, 3)], conv()),
        ],
    ),
    "cumsum": (by_torch(lambda a, axis: torch.cumsum(a, axis)), [*ALONG, ([(3, 0)], {"axis": 1})]),
    "div": (by_torch(lambda a, b: a / b), TWO),
    "einsum": (
        einsum,
        [
            ([(2, 3), (3, 4)], {"equation": "ij,jk->ik"}),
            ([(2, 3), (3, 4), (4,)], {"equation": "ij,jk,k->i"}),
            ([(2, 3, 5)], {"equation": "abc->ca"}),
            ([(2,), (3,)], {"equation": "a,b->ba"}),
            ([(), (3,)], {"equation": ",a->"}),
            ([()], {"equation": "->"}),
            ([(2, 0), (0, 4)], {"equation": "ij,jk->ik"}),
        ],
    ),
    "erf": (by_torch(torch.erf), ONE),
    "exp": (by_torch(torch.exp), ONE),
    "extern": (
        by_torch(lambda a, **_: torch.sort(a, dim=0)),
        [([(5, 3)], SORT), ([(1, 0)], {**SORT, "results": "tensor<1x0xf64>, tensor<1x0xi64>"})],
    ),
    "gather": (
        gather,
        [
            ([(5, 3), indices(2, 4)], {"axis": 0}),
            ([(3, 5, 2), indices(3)], {"axis": 1}),
            ([(2, 4), indices()], {"axis": 1}),
            ([(3,), indices(1, 0)], {"axis": 0}),
            ([(3, 0), indices(2)], {"axis": 0}),
        ],
    ),
    "gelu": (gelu, [([s], {"approximate": a}) for s in SHAPES for a in ("none", "tanh")]),
    "group_norm": (
        by_torch(group_norm),
        [
            ([(2, 6, 5, 3), (6,), (6,)], {"groups": 3, "eps": 1e-5}),
            ([(1, 4), (4,), (4,)], {"groups": 1, "eps": 0.5}),
            ([(3, 2, 7), (2,), (2,)], {"groups": 2, "eps": 1e-5}),
            ([(0, 4, 3), (4,), (4,)], {"groups": 2, "eps": 1e-5}),
        ],
    ),
    "layer_norm": (
        by_torch(layer_norm),
        [
            ([(3, 5), (5,), (5,)], {"eps": 1e-5}),
            ([(2, 1, 7), (7,), (7,)], {"eps": 0.5}),
            ([(0, 4), (4,), (4,)], {"eps": 1e-5}),
        ],
    ),
    "log": (by_torch(torch.log), ONE),
    "log_softmax": (by_torch(lambda a, axis: torch.log_softmax(a, axis)), NORMALISED),
    "matmul": (
        by_torch(torch.matmul),
        [
            ([(2, 3), (3, 4)], {}),
            ([(5, 2, 3), (3, 4)], {}),
            ([(2, 3), (5, 3, 4)], {}),
            ([(2, 5, 1, 3), (2, 5, 3, 1)], {}),
            ([(2, 0), (0, 4)], {}),
        ],
    ),
    "max": (by_torch(torch.maximum), TWO),
    "min": (by_torch(torch.minimum), TWO),
    "max_pool2d": (
        by_torch(max_pool2d),
        [
            *[(x, {**attrs, "dilation": (1, 1)}) for x, attrs in WINDOWS],
            (
                [(1, 2, 8, 7)],
                {"kernel": (2, 3), "stride": (1, 2), "padding": (1, 1), "dilation": (3, 2)},
            ),
        ],
    ),
    "mul": (by_torch(lambda a, b: a * b), TWO),
    "neg": (by_torch(lambda a: 0 - a), ONE),
    "not": (by_torch(torch.bitwise_not), ONE),
    "or": (by_torch(torch.bitwise_or), TWO),
    "pad": (
        by_torch(pad),
        [
            ([(2, 3)], {"low": (1, 0), "high": (0, 2), "value": -0.5}),
            ([(2, 0, 1)], {"low": (0, 2, 0), "high": (0, 1, 3), "value": math.inf}),
            ([()], {"low": (), "high": (), "value": 1.0}),
        ],
    ),
    "pow": (by_torch(torch.pow), TWO),
    "reduce_max": (by_torch(lambda a, axes: torch.amax(a, axes)), REDUCED),
    "reduce_mean": (by_torch(lambda a, axes: torch.mean(a, axes)), REDUCED),
    "reduce_min": (by_torch(lambda a, axes: torch.amin(a, axes)), REDUCED),
    "reduce_sum": (
        by_torch(lambda a, axes: torch.sum(a, axes)),
        [*REDUCED, ([(3, 0)], {"axes": (1,)})],
    ),
    "relu": (by_torch(torch.relu), ONE),
    "reshape": (
        by_torch(lambda a, shape: a.reshape(shape)),
        [
            ([(2, 3, 4)], {"shape": (4, 6)}),
            ([()], {"shape": (1, 1)}),
            ([(0, 4)], {"shape": (5, 0)}),
        ],
    ),
    "rms_norm": (
        by_torch(rms_norm),
        [
            ([(3, 5), (5,)], {"eps": 1e-5}),
            ([(2, 1, 7), (7,)], {"eps": 0.5}),
            ([(0, 4), (4,)], {"eps": 1e-5}),
        ],
    ),
    "rsqrt": (by_torch(torch.rsqrt), ONE),
    "select": (by_torch(torch.where), [([s, s, s], {}) for s in SHAPES]),
    "sigmoid": (by_torch(torch.sigmoid), ONE),
    "silu": (by_torch(torch.nn.functional.silu), ONE),
    "sin": (by_torch(torch.sin), ONE),
    "slice": (
        by_torch(lambda a, axis, start, stop: torch.narrow(a, axis, start, stop - start)),
        [
            ([(3, 5)], {"axis": 1, "start": 1, "stop": 4}),
            ([(3, 5)], {"axis": 0, "start": 2, "stop": 2}),
        ],
    ),
    "softmax": (by_torch(lambda a, axis: torch.softmax(a, axis)), NORMALISED),
    "split": (
        by_torch(lambda a, axis, sizes: torch.split(a, sizes, axis)),
        [
            ([(3, 5)], {"axis": 1, "sizes": (1, 0, 4)}),
            ([(3, 5)], {"axis": 0, "sizes": (3,)}),
        ],
    ),
    "sqrt": (by_torch(torch.sqrt), ONE),
    "sub": (by_torch(lambda a, b: a - b), TWO),
    "tanh": (by_torch(torch.tanh), ONE),
    "transpose": (
        by_torch(lambda a, perm: a.permute(perm)),
        [
            ([(2, 3, 4)], {"perm": (2, 0, 1)}),
            ([(1, 5)], {"perm": (1, 0)}),
            ([()], {"perm": ()}),
            ([(0, 4)], {"perm": (1, 0)}),
        ],
    ),
    "var": (
        by_torch(lambda a, axes, correction: torch.var(a, axes, correction=correction)),
        [(s, {**a, "correction": c}) for s, a in REDUCED[:3] for c in (0, 1)],
    ),
    "xor": (by_torch(torch.bitwise_xor), TWO),
}
DTYPES: dict[str, Sequence[str | tuple[str, ...]]] = {
    "abs": ("f64", "i64"),
    "and": ("i1", "i64"),
    "compare": ("f64", "i64", "i1"),
    "min": ("f64", "i64"),
    "not": ("i1", "i64"),
    "or": ("i1", "i64"),
    "select": [("i1", t, t) for t in ("f64", "i64", "i1")],
    "xor": ("i1", "i64"),
}
"""Element types, of all operands or one by one; what is not listed is tested in f64."""
POSITIVE = {"log", "sqrt", "rsqrt", "pow"}


MEANINGS_BY_DTYPE = [(name, dtypes) for name in OPS for dtypes in DTYPES.get(name, ["f64"])]


def draw(spec: TensorSpec, rng: np.random.Generator) -> Array:
    """Random elements, of floats with a wider spread."""
    array = random_array(spec, rng)
    return 3 * array if spec.is_float else array


@pytest.mark.parametrize(("name", "dtypes"), MEANINGS_BY_DTYPE)
def test_meaning(name: str, dtypes: str | tuple[str, ...]) -> None:
    reference, cases = MEANINGS[name]
    rng = np.random.default_rng()
    for shapes, attrs in cases:
        each = [dtypes] * len(shapes) if isinstance(dtypes, str) else dtypes
        specs = [
            s if isinstance(s, TensorSpec) else TensorSpec(s, dtype)
            for s, dtype in zip(shapes, each, strict=True)
        ]
        operands = [
            rng.integers(0, 3, spec.shape) if shape is spec else draw(spec, rng)
            for shape, spec in zip(shapes, specs, strict=True)
        ]
        if name in POSITIVE:
            operands[0] = np.abs(operands[0]) + 0.1
        results = OPS[name].evaluate(operands, attrs)
        expected = reference(operands, attrs)
        inferred = OPS[name].infer(specs, attrs)
        for result, wanted, spec in zip(results, expected, inferred, strict=True):
            assert result.shape == spec.shape
            np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-13)


def test_every_meaning_is_of_an_op() -> None:
    assert MEANINGS.keys() == OPS.keys()
