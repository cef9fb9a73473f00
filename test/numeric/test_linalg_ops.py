"""Each op's linalg, run by upstream MLIR, against its NumPy meaning."""

from typing import Any

import numpy as np
import pytest
from support.linalg import OpCase, check, module_of, random_inputs
from support.linalg_cases import (
    ALL,
    FLOATS,
    INTEGERS,
    NUMBERS,
    Case,
    Shape,
    check_arrays,
    check_random,
)

from taso.dialects.spec import TensorSpec, numpy_dtype
from taso.dialects.taso import OPS
from taso.lowering.linalg.lower import DECLARED, DECOMPOSITIONS, LOWERINGS
from taso.lowering.linalg.scalar import SCALARS


def test_every_op_has_a_lowering() -> None:
    """Without exception, and in one way each."""
    tables = [list(LOWERINGS), list(DECOMPOSITIONS), list(SCALARS), list(DECLARED)]
    listed = [op.name for table in tables for op in table]
    assert sorted(listed) == sorted(op.name for op in OPS.values())


MOVEMENT: list[Case] = [
    ("transpose", [(3, 1, 5)], {"perm": (2, 0, 1)}),
    ("transpose", [()], {"perm": ()}),
    ("transpose", [(0, 3)], {"perm": (1, 0)}),
    ("broadcast", [(3, 5)], {"dims": (1, 2), "shape": (2, 3, 5)}),
    ("broadcast", [(3, 5)], {"dims": (0, 2), "shape": (3, 1, 5, 2)}),
    ("broadcast", [()], {"dims": (), "shape": (3, 0)}),
    ("broadcast", [()], {"dims": (), "shape": ()}),
    ("concat", [(3, 2), (3, 0), (3, 5)], {"axis": 1}),
    ("concat", [(3, 2), (3, 0)], {"axis": 1}),
    ("concat", [(0, 1), (0, 2)], {"axis": 1}),
    ("concat", [(1, 2), (7, 2)], {"axis": 0}),
    ("concat", [(3, 2)], {"axis": 1}),
    ("pad", [(3, 2)], {"low": (1, 0), "high": (0, 3), "value": 1.0}),
    ("pad", [(3,)], {"low": (0,), "high": (2,), "value": 0.0}),
    ("pad", [(3, 0)], {"low": (1, 2), "high": (0, 0), "value": 1.0}),
    ("pad", [(3, 0)], {"low": (1, 0), "high": (0, 0), "value": 0.0}),
    ("pad", [()], {"low": (), "high": (), "value": 0.0}),
    ("slice", [(3, 7)], {"axis": 1, "start": 2, "stop": 5}),
    ("slice", [(3, 7)], {"axis": 0, "start": 3, "stop": 3}),
    ("split", [(3, 7)], {"axis": 1, "sizes": (2, 0, 4, 1)}),
]


@pytest.mark.parametrize("dtype", ALL)
def test_movement(dtype: str) -> None:
    check_random(dtype, MOVEMENT)


@pytest.mark.parametrize(
    "source, target",
    [
        ((6, 5), (30,)),
        ((30,), (2, 3, 5)),
        ((2, 3, 5), (6, 5)),
        ((2, 15), (2, 3, 5)),
        ((6, 5), (5, 6)),
        ((6, 2, 5), (3, 4, 5)),
        ((1, 3, 1), (3,)),
        ((3,), (1, 3, 1)),
        ((1, 1), ()),
        ((), (1, 1)),
        ((), ()),
        ((1,), (1, 1, 1)),
        ((4, 1, 1), (1, 2, 2, 1)),
        ((2, 0, 3), (0, 7)),
        ((0,), (3, 0)),
    ],
)
def test_reshape(source: Shape, target: Shape) -> None:
    check_random("f32", [("reshape", [source], {"shape": target})])


MATMULS: list[list[Shape]] = [
    [(3, 7), (7, 5)],
    [(1, 1), (1, 3)],
    [(4, 4), (4, 4)],
    [(2, 3, 7), (7, 5)],
    [(3, 7), (2, 7, 5)],
    [(2, 1, 3, 7), (2, 1, 7, 5)],
    [(3, 0), (0, 5)],
    [(0, 3), (3, 5)],
]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_matmul(dtype: str) -> None:
    check_random(dtype, [("matmul", shapes, {}) for shapes in MATMULS])


EINSUMS: list[tuple[str, list[Shape]]] = [
    ("ij,jk->ik", [(3, 4), (4, 5)]),
    ("ij,kj->ki", [(3, 4), (5, 4)]),
    ("ij,jk,kl->il", [(3, 4), (4, 5), (5, 2)]),
    ("ij,kl,jk->il", [(3, 4), (5, 2), (4, 5)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 1)]),
    ("i,j->ji", [(3,), (4,)]),
    ("ij->ji", [(3, 4)]),
    ("ijk->j", [(3, 4, 2)]),
    ("ij,ij->", [(3, 4), (3, 4)]),
    ("ij,k->j", [(3, 4), (2,)]),
    (",i->i", [(), (4,)]),
    ("i,i,i,i->i", [(5,)] * 4),
    ("i,i,ij->j", [(5,), (5,), (5, 3)]),
    ("ij,jk->ik", [(3, 0), (0, 2)]),
]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_einsum(dtype: str) -> None:
    check_random(
        dtype, [("einsum", shapes, {"equation": text}) for text, shapes in EINSUMS], positive=True
    )


CONVOLUTIONS: list[tuple[list[Shape], tuple[Shape, Shape, Shape, int]]] = [
    # Image and weight; stride, padding, dilation, groups.
    ([(2, 3, 7, 6), (4, 3, 3, 2)], ((1, 1), (0, 0), (1, 1), 1)),
    ([(2, 3, 8, 5), (4, 3, 3, 3)], ((2, 1), (1, 2), (1, 1), 1)),
    ([(1, 2, 9, 7), (3, 2, 2, 3)], ((1, 3), (0, 1), (2, 2), 1)),
    ([(2, 4, 5, 6), (6, 2, 3, 1)], ((2, 2), (1, 0), (1, 1), 2)),
    ([(2, 3, 4, 5), (6, 1, 3, 3)], ((1, 1), (1, 1), (1, 1), 3)),
    ([(1, 1, 1, 1), (1, 1, 1, 1)], ((1, 1), (0, 0), (1, 1), 1)),
    ([(1, 1, 1, 1), (2, 1, 3, 3)], ((1, 1), (1, 1), (1, 1), 1)),
    ([(0, 3, 4, 4), (2, 3, 3, 3)], ((1, 1), (1, 1), (1, 1), 1)),
]


@pytest.mark.parametrize("dtype", FLOATS)
def test_conv2d(dtype: str) -> None:
    names = ("stride", "padding", "dilation", "groups")
    check_random(
        dtype,
        [
            ("conv2d", shapes, dict(zip(names, values, strict=True)))
            for shapes, values in CONVOLUTIONS
        ],
        positive=True,
    )


POOLS: list[tuple[Shape, tuple[Shape, Shape, Shape]]] = [
    # Image; kernel, stride, padding.
    ((2, 3, 7, 6), ((2, 2), (2, 2), (0, 0))),
    ((1, 2, 6, 5), ((3, 2), (2, 1), (1, 1))),
    ((1, 1, 1, 1), ((1, 1), (1, 1), (0, 0))),
    ((1, 2, 1, 3), ((3, 3), (1, 2), (1, 1))),
    ((0, 2, 4, 4), ((2, 3), (1, 1), (1, 1))),
]


@pytest.mark.parametrize("dtype", FLOATS)
def test_pools(dtype: str) -> None:
    names = ("kernel", "stride", "padding")
    pools = [(shape, dict(zip(names, values, strict=True))) for shape, values in POOLS]
    dilations = [(1, 1)] * len(POOLS)
    wide = ((1, 2, 8, 7), {"kernel": (2, 3), "stride": (1, 2), "padding": (1, 1)})
    largest: list[Case] = [
        ("max_pool2d", [shape], {**attrs, "dilation": dilation})
        for (shape, attrs), dilation in zip([*pools, wide], [*dilations, (3, 2)], strict=True)
    ]
    means: list[Case] = [
        ("avg_pool2d", [shape], {**attrs, "count_include_pad": counted})
        for shape, attrs in pools
        for counted in (True, False)
    ]
    check_random(dtype, [*largest, *means], positive=True)


@pytest.mark.parametrize("dtype", FLOATS)
def test_max_pool_of_special_values(dtype: str) -> None:
    """NaN comes out of each window that has one; a window may have nothing but padding."""
    image = np.array([[[[1.0, np.nan, -3.0, -np.inf, -np.inf, 2.0]]]])
    attrs = {"stride": (1, 1), "padding": (0, 1)}
    check_arrays("max_pool2d", [image], dtype, kernel=(1, 2), dilation=(1, 1), **attrs)
    narrow = np.array([[[[-5.0]]]])
    check_arrays("max_pool2d", [narrow], dtype, kernel=(1, 2), dilation=(1, 2), **attrs)


REDUCTIONS: list[tuple[Shape, Shape]] = [
    ((3, 5), (1,)),
    ((3, 5), (0, 1)),
    ((2, 1, 7), (0, 2)),
    ((1, 3), (0,)),
    ((0, 3), (1,)),
]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_reductions(dtype: str) -> None:
    for name in ("reduce_sum", "reduce_max", "reduce_min"):
        check_random(
            dtype, [(name, [shape], {"axes": axes}) for shape, axes in REDUCTIONS], positive=True
        )


def test_reductions_of_booleans() -> None:
    for name in ("reduce_max", "reduce_min"):
        check_random("i1", [(name, [shape], {"axes": axes}) for shape, axes in REDUCTIONS])


ALONG: list[tuple[Shape, int]] = [((3, 5), 1), ((2, 7, 3), 1), ((6,), 0), ((1, 3), 0), ((0, 3), 1)]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_argmax_argmin_and_cumsum(dtype: str) -> None:
    for name in ("argmax", "argmin"):
        check_random(dtype, [(name, [shape], {"axis": axis}) for shape, axis in ALONG])
    sums: list[Case] = [("cumsum", [shape], {"axis": axis}) for shape, axis in ALONG]
    sums.append(("cumsum", [(3, 0)], {"axis": 1}))
    check_random(dtype, sums, positive=True)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["argmax", "argmin", "cumsum"])
def test_indexed_ops_on_special_values(name: str, dtype: str) -> None:
    """The first of equal elements; NaN is an extremum, and neither it nor inf goes back."""
    inf, nan = np.inf, np.nan
    rows = [[1, inf, inf, -1], [-inf, -inf, -inf, -inf], [1, nan, inf, nan], [inf, 2, -inf, 2]]
    check_arrays(name, [np.array(rows)], dtype, axis=1)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_extrema_of_least_and_largest_integers(dtype: str) -> None:
    limits = np.iinfo(numpy_dtype(dtype))
    rows = np.array([[limits.min, limits.min, 3], [limits.max, 0, limits.max]])
    for name in ("argmax", "argmin"):
        check_arrays(name, [rows], dtype, axis=1)
    check_arrays("reduce_min", [rows[1:, ::2]], dtype, axes=(1,))
    check_arrays("cumsum", [rows], dtype, axis=1)


@pytest.mark.parametrize("indices", INTEGERS)
@pytest.mark.parametrize("dtype", ALL)
def test_gather(dtype: str, indices: str) -> None:
    shapes: list[tuple[Shape, Shape, int]] = [
        ((5, 3), (2, 4), 0),
        ((3, 5, 2), (3,), 1),
        ((2, 5), (), 1),
        ((5,), (1, 2), 0),
        ((5,), (), 0),
        ((5, 0), (3,), 0),
        ((5, 2), (0,), 0),
    ]
    rng = np.random.default_rng()
    cases, inputs = [], []
    for table, s, axis in shapes:
        specs = [TensorSpec(table, dtype), TensorSpec(s, indices)]
        cases.append(OpCase("gather", specs, {"axis": axis}))
        inputs += random_inputs(specs[:1], rng)
        inputs.append(np.asarray(rng.integers(0, 5, s)).astype(indices.replace("i", "int")))
    check(module_of(cases), inputs, exact=True)


@pytest.mark.parametrize("dtype", FLOATS)
def test_mean_and_variance(dtype: str) -> None:
    means: list[Case] = [("reduce_mean", [x], {"axes": axes}) for x, axes in REDUCTIONS]
    check_random(dtype, means, positive=True)
    for correction in (0, 1):
        check_random(
            dtype,
            [("var", [x], {"axes": a, "correction": correction}) for x, a in REDUCTIONS],
        )


@pytest.mark.parametrize("dtype", FLOATS)
def test_reductions_of_too_few_elements(dtype: str) -> None:
    check_random(
        dtype,
        [
            ("reduce_sum", [(3, 0)], {"axes": (1,)}),
            ("reduce_mean", [(3, 0)], {"axes": (1,)}),
            ("var", [(3, 0)], {"axes": (1,), "correction": 1}),
            ("var", [(3, 2)], {"axes": (1,), "correction": 2}),
        ],
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_reduce_max_of_special_values(dtype: str) -> None:
    rows = np.array([[1.0, np.nan, 3.0], [-np.inf] * 3, [-5.0, -3.0, -4.0]])
    check_arrays("reduce_max", [rows], dtype, axes=(1,))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_reduce_max_of_least_integers(dtype: str) -> None:
    least = np.iinfo(numpy_dtype(dtype)).min
    check_arrays("reduce_max", [np.array([[least, least], [least, -7]])], dtype, axes=(1,))


def test_half_sums_accumulate_in_f32() -> None:
    """In f16, ones would stop adding up at 2048."""
    check_arrays("reduce_sum", [np.ones((2, 4096))], "f16", axes=(1,))


@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax(dtype: str) -> None:
    """Large values do not overflow; a row of -inf is NaN, and NaN spreads over its row."""
    shapes: list[tuple[Shape, int]] = [((3, 7), 1), ((3, 7), 0), ((2, 1, 5), 1), ((4,), 0)]
    for name in ("softmax", "log_softmax"):
        check_random(dtype, [(name, [shape], {"axis": axis}) for shape, axis in shapes])
    rows = np.array([[6e4, 6e4, -6e4], [-np.inf] * 3, [1, np.nan, 2], [np.inf, 1, 2]])
    check_arrays("softmax", [rows], dtype, axis=1)
    check_arrays("log_softmax", [rows / 100], dtype, axis=1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_norms(dtype: str) -> None:
    layer: list[Case] = [
        ("layer_norm", [x, x[-1:], x[-1:]], {"eps": 1e-5}) for x in [(3, 7), (2, 3, 5), (7,)]
    ]
    batch: list[Case] = [
        ("batch_norm", [x, (n,), (n,)], {"axis": axis, "eps": 1e-5, "correction": correction})
        for x, axis, n, correction in [((9, 3), 1, 3, 1), ((9, 3), 1, 3, 0), ((3, 4, 5), 0, 3, 1)]
    ]
    rms: list[Case] = [("rms_norm", [x, x[-1:]], {"eps": 1e-5}) for x in [(3, 7), (2, 3, 5), (7,)]]
    group: list[Case] = [
        ("group_norm", [x, x[1:2], x[1:2]], {"groups": 2, "eps": 1e-5})
        for x in [(3, 4, 5), (2, 6, 3, 2), (0, 2, 3)]
    ]
    check_random(dtype, [*layer, *batch, *rms, *group])


@pytest.mark.parametrize("dtype", FLOATS)
def test_attention(dtype: str) -> None:
    shapes = [[(*b, 5, 7), (*b, 4, 7), (*b, 4, 3)] for b in [(), (2, 3)]]
    masked = [[*operands, (*operands[0][:-1], 4)] for operands in shapes]
    for causal in (False, True):
        attrs = {"scale": 0.37, "causal": causal}
        check_random(dtype, [("attention", operands, attrs) for operands in [*shapes, *masked]])


@pytest.mark.parametrize("dtype", FLOATS)
def test_masked_attention_of_special_values(dtype: str) -> None:
    """A row of the mask hides all keys, one query is NaN, a hidden key is inf."""
    rng = np.random.default_rng()
    query, key, values = (rng.uniform(0.3, 2, s) for s in ((4, 3), (5, 3), (5, 2)))
    mask = np.where(rng.random((4, 5)) < 0.4, -np.inf, rng.normal(size=(4, 5)))
    mask[1], query[2], key[3] = -np.inf, np.nan, np.inf
    check_arrays("attention", [query, key, values, mask], dtype, scale=0.37, causal=False)


@pytest.mark.parametrize(
    "dtype, values",
    [
        ("f32", [0.1, -0.0, 3e38]),
        ("f64", [0.1, 1e300, 1e-300]),
        ("f16", [0.1, 65504, 6e-8]),
        ("bf16", [0.1, 3e38, 1e-40]),
        *[(dtype, [1.0, np.inf, -np.inf, np.nan]) for dtype in FLOATS],
        ("i1", [True, False, True]),
        ("i32", [2**31 - 1, -(2**31), 7]),
        ("i64", [2**63 - 1, -(2**63), 7]),
    ],
)
def test_constant(dtype: str, values: list[Any]) -> None:
    """To the bit: a list, none, and each value as a splat."""
    array = np.array(values).astype(numpy_dtype(dtype))
    forms: list[tuple[Shape, np.ndarray]] = [(array.shape, array), ((0,), array[:0])]
    forms += [((2, 3), element) for element in array]
    cases = [
        OpCase("constant", [], {"shape": shape, "dtype": dtype, "value": data.tobytes()})
        for shape, data in forms
    ]
    check(module_of(cases), [], exact=True)
