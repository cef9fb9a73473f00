"""Each op as torch source, run on the CPU and on CUDA, against its NumPy meaning."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from support.linalg import OpCase, module_of, random_inputs
from support.torch_source import DEVICES, check_torch, program_of

from taso.dialects.movement import pack_constant
from taso.dialects.spec import FLOAT_DTYPES, TensorSpec, numpy_dtype
from taso.dialects.taso import OPS
from taso.lowering.runtime import lower
from taso.lowering.torch_source import torch_source

INTEGERS = ("i32", "i64")
NUMBERS = (*FLOAT_DTYPES, *INTEGERS)
ALL = (*NUMBERS, "i1")

LOGICAL = ("i1", *INTEGERS)

Shape = tuple[int, ...]
Case = tuple[list[Shape], dict[str, Any]]

POINTS: list[Shape] = [(3, 5), (), (1, 1), (2, 0, 3)]
UNARY: list[Case] = [([shape], {}) for shape in POINTS]
BINARY: list[Case] = [([shape, shape], {}) for shape in POINTS]
REDUCED: list[Case] = [
    ([(3, 5)], {"axes": (0,)}),
    ([(3, 5)], {"axes": (1,)}),
    ([(2, 3, 5)], {"axes": (0, 2)}),
    ([(2, 1, 5)], {"axes": (0, 1, 2)}),
    ([(0, 3)], {"axes": (1,)}),
    ([(7,)], {"axes": (0,)}),
]
REDUCED_TO_NOTHING: list[Case] = [([(3, 0)], {"axes": (1,)})]


ALONG: list[Case] = [
    ([(3, 5)], {"axis": 1}),
    ([(2, 7, 3)], {"axis": 1}),
    ([(6,)], {"axis": 0}),
    ([(1, 3)], {"axis": 0}),
    ([(0, 3)], {"axis": 1}),
]


def _statistics(axis: int, correction: int) -> dict[str, Any]:
    return {"axis": axis, "eps": 1e-3, "correction": correction}


def _conv(*, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1) -> dict[str, Any]:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def _pool(kernel: Shape, stride: Shape, padding: Shape, **attrs: Any) -> dict[str, Any]:
    return {"kernel": kernel, "stride": stride, "padding": padding, **attrs}


POOLED: list[tuple[Shape, tuple[Shape, Shape, Shape]]] = [
    ((2, 3, 7, 6), ((2, 2), (2, 2), (0, 0))),
    ((1, 2, 6, 5), ((3, 2), (2, 1), (1, 1))),
    ((1, 1, 1, 1), ((1, 1), (1, 1), (0, 0))),
    ((1, 2, 1, 3), ((3, 3), (1, 2), (1, 1))),
    ((0, 2, 4, 4), ((2, 3), (1, 1), (1, 1))),
]

ADDCMUL = {
    "overload": "aten.addcmul.default",
    "arguments": "$1, $0, $1, value=-1.5",
    "random": False,
    "results": "tensor<4x3xf32>",
}
STACK = {
    "overload": "aten.stack.default",
    "arguments": "[$0, $1, $0], -1",
    "random": False,
    "results": "tensor<4x3x3xf32>",
}
CASES: dict[str, tuple[tuple[str, ...], list[Case]]] = {
    "add": (NUMBERS, BINARY),
    "sub": (NUMBERS, BINARY),
    "mul": (NUMBERS, BINARY),
    "max": (NUMBERS, BINARY),
    "min": (NUMBERS, BINARY),
    "and": (LOGICAL, BINARY),
    "or": (LOGICAL, BINARY),
    "xor": (LOGICAL, BINARY),
    "not": (LOGICAL, UNARY),
    "compare": (
        ALL,
        [
            ([shape, shape], {"predicate": predicate})
            for shape in POINTS
            for predicate in ("eq", "ne", "lt", "le", "gt", "ge")
        ],
    ),
    "select": (ALL, [([shape] * 3, {}) for shape in POINTS]),
    "div": (FLOAT_DTYPES, BINARY),
    "pow": (FLOAT_DTYPES, BINARY),
    "neg": (NUMBERS, UNARY),
    "abs": (NUMBERS, UNARY),
    "erf": (FLOAT_DTYPES, UNARY),
    "sin": (FLOAT_DTYPES, UNARY),
    "cos": (FLOAT_DTYPES, UNARY),
    "sigmoid": (FLOAT_DTYPES, UNARY),
    "silu": (FLOAT_DTYPES, UNARY),
    "relu": (NUMBERS, UNARY),
    "exp": (FLOAT_DTYPES, UNARY),
    "log": (FLOAT_DTYPES, UNARY),
    "sqrt": (FLOAT_DTYPES, UNARY),
    "rsqrt": (FLOAT_DTYPES, UNARY),
    "tanh": (FLOAT_DTYPES, UNARY),
    "extern": (("f32",), [([(4, 3), (4, 3)], ADDCMUL), ([(4, 3), (4, 3)], STACK)]),
    "gelu": (
        FLOAT_DTYPES,
        [([shape], {"approximate": how}) for shape in POINTS for how in ("none", "tanh")],
    ),
    "cast": (ALL, [([shape], {"dtype": to}) for shape in ((3, 5), (), (0, 2)) for to in ALL]),
    "constant": (ALL, []),  # below
    "transpose": (
        ALL,
        [
            ([(3, 5)], {"perm": (1, 0)}),
            ([(2, 3, 5)], {"perm": (0, 2, 1)}),
            ([(2, 3, 5)], {"perm": (2, 0, 1)}),
            ([()], {"perm": ()}),
            ([(0, 2)], {"perm": (1, 0)}),
        ],
    ),
    "reshape": (
        ALL,
        [
            ([(2, 6)], {"shape": (3, 4)}),
            ([(2, 3, 5)], {"shape": (6, 5)}),
            ([(6, 5)], {"shape": (2, 3, 1, 5)}),
            ([(1, 1)], {"shape": ()}),
            ([()], {"shape": (1, 1)}),
            ([(0, 3)], {"shape": (5, 0)}),
        ],
    ),
    "broadcast": (
        ALL,
        [
            ([(5,)], {"dims": (1,), "shape": (3, 5)}),
            ([(3,)], {"dims": (0,), "shape": (3, 5)}),
            ([(2, 5)], {"dims": (0, 2), "shape": (2, 3, 5, 4)}),
            ([()], {"dims": (), "shape": (2, 3)}),
            ([(1, 3)], {"dims": (0, 1), "shape": (1, 3)}),
            ([(3,)], {"dims": (1,), "shape": (0, 3)}),
        ],
    ),
    "concat": (
        ALL,
        [
            ([(2, 3), (4, 3)], {"axis": 0}),
            ([(2, 3), (2, 1), (2, 0)], {"axis": 1}),
            ([(2, 3)], {"axis": 1}),
            ([(0,), (3,)], {"axis": 0}),
        ],
    ),
    "split": (
        ALL,
        [
            ([(7, 3)], {"axis": 0, "sizes": (2, 5)}),
            ([(3, 7)], {"axis": 1, "sizes": (1, 0, 6)}),
            ([(3,)], {"axis": 0, "sizes": (3,)}),
        ],
    ),
    "slice": (
        ALL,
        [
            ([(7, 3)], {"axis": 0, "start": 2, "stop": 5}),
            ([(3, 7)], {"axis": 1, "start": 6, "stop": 7}),
            ([(3, 7)], {"axis": 1, "start": 4, "stop": 4}),
            ([(3, 7)], {"axis": 0, "start": 0, "stop": 3}),
        ],
    ),
    "reduce_sum": (NUMBERS, REDUCED + REDUCED_TO_NOTHING),
    "reduce_max": (ALL, REDUCED),
    "reduce_min": (ALL, REDUCED),
    "argmax": (NUMBERS, ALONG),
    "argmin": (NUMBERS, ALONG),
    "cumsum": (NUMBERS, [*ALONG, ([(3, 0)], {"axis": 1})]),
    "gather": (ALL, []),  # below
    "reduce_mean": (FLOAT_DTYPES, REDUCED + REDUCED_TO_NOTHING),
    "var": (
        FLOAT_DTYPES,
        [
            (shapes, {**attrs, "correction": correction})
            for shapes, attrs in [*REDUCED, ([(3, 1)], {"axes": (1,)}), *REDUCED_TO_NOTHING]
            for correction in (0, 1, 4)
        ],
    ),
    "pad": (
        ALL,
        [
            ([(3, 2)], {"low": (1, 0), "high": (0, 3), "value": 1.0}),
            ([(2, 3, 2)], {"low": (0, 1, 0), "high": (0, 0, 0), "value": 0.0}),
            ([(3, 0)], {"low": (1, 2), "high": (0, 0), "value": 1.0}),
            ([()], {"low": (), "high": (), "value": 0.0}),
        ],
    ),
    "conv2d": (
        FLOAT_DTYPES,
        [
            ([(2, 3, 7, 6), (4, 3, 3, 2)], _conv()),
            ([(2, 3, 8, 5), (4, 3, 3, 3)], _conv(stride=(2, 1), padding=(1, 2))),
            (
                [(1, 2, 9, 7), (3, 2, 2, 3)],
                _conv(stride=(1, 3), padding=(0, 1), dilation=(2, 2)),
            ),
            ([(2, 4, 5, 6), (6, 2, 3, 1)], _conv(stride=(2, 2), padding=(1, 0), groups=2)),
            ([(2, 3, 4, 5), (6, 1, 3, 3)], _conv(padding=(1, 1), groups=3)),
            ([(1, 1, 1, 1), (1, 1, 1, 1)], _conv()),
            ([(0, 3, 4, 4), (2, 3, 3, 3)], _conv()),
        ],
    ),
    "max_pool2d": (
        FLOAT_DTYPES,
        [
            *[([shape], _pool(*window, dilation=(1, 1))) for shape, window in POOLED],
            ([(1, 2, 8, 7)], _pool((2, 3), (1, 2), (1, 1), dilation=(3, 2))),
        ],
    ),
    "avg_pool2d": (
        FLOAT_DTYPES,
        [
            ([shape], _pool(*window, count_include_pad=counted))
            for shape, window in POOLED
            for counted in (True, False)
        ],
    ),
    "matmul": (
        NUMBERS,
        [
            ([(3, 5), (5, 4)], {}),
            ([(1, 5), (5, 1)], {}),
            ([(2, 3, 5), (2, 5, 4)], {}),
            ([(2, 3, 5), (5, 4)], {}),
            ([(3, 5), (2, 5, 4)], {}),
            ([(2, 1, 3, 5), (2, 1, 5, 4)], {}),
            ([(2, 3, 4, 5), (5, 7)], {}),
            ([(3, 0), (0, 4)], {}),
            ([(0, 5), (5, 4)], {}),
        ],
    ),
    "einsum": (
        NUMBERS,
        [
            ([(3, 5), (5, 4)], {"equation": "ab,bc->ac"}),
            ([(3, 5), (5, 4)], {"equation": "ab,bc->ca"}),
            ([(5, 3), (4, 5)], {"equation": "ba,cb->ac"}),
            ([(3, 5), (3, 5)], {"equation": "ab,ab->a"}),
            ([(3, 5), (3, 5)], {"equation": "ab,ab->"}),
            ([(3, 5), (5,)], {"equation": "ab,b->a"}),
            ([(5,), (5, 3)], {"equation": "a,ab->b"}),
            ([(5,), (5,)], {"equation": "a,a->"}),
            ([(3,), (5,)], {"equation": "a,b->ba"}),
            ([(2, 3, 5), (2, 4, 5)], {"equation": "abc,adc->adb"}),
            ([(2, 3, 5), (3, 5, 4)], {"equation": "abc,bcd->ad"}),
            ([(3, 5), (4, 7)], {"equation": "ab,cd->ac"}),
            ([(2, 3, 5), (5, 4, 7)], {"equation": "abc,cde->abde"}),
            ([(3, 5)], {"equation": "ab->ba"}),
            ([(3, 5)], {"equation": "ab->b"}),
            ([(3, 5), (5, 4), (4, 2)], {"equation": "ab,bc,cd->ad"}),
            ([(3,), (5,), (3, 5)], {"equation": "a,b,ab->"}),
        ],
    ),
    "softmax": (
        FLOAT_DTYPES,
        [
            ([(3, 5)], {"axis": 1}),
            ([(3, 5, 2)], {"axis": 1}),
            ([(7,)], {"axis": 0}),
            ([(3, 1)], {"axis": 1}),
            ([(0, 4)], {"axis": 1}),
        ],
    ),
    "log_softmax": (
        FLOAT_DTYPES,
        [
            ([(3, 5)], {"axis": 1}),
            ([(3, 5, 2)], {"axis": 1}),
            ([(7,)], {"axis": 0}),
            ([(0, 4)], {"axis": 1}),
        ],
    ),
    "rms_norm": (
        FLOAT_DTYPES,
        [
            ([(3, 5), (5,)], {"eps": 1e-5}),
            ([(2, 3, 7), (7,)], {"eps": 1e-3}),
            ([(5,), (5,)], {"eps": 1e-5}),
            ([(0, 5), (5,)], {"eps": 1e-5}),
            ([(3, 1), (1,)], {"eps": 1e-5}),
        ],
    ),
    "group_norm": (
        FLOAT_DTYPES,
        [
            ([(2, 6, 5), (6,), (6,)], {"groups": 3, "eps": 1e-5}),
            ([(2, 6, 5, 3), (6,), (6,)], {"groups": 1, "eps": 1e-3}),
            ([(3, 4), (4,), (4,)], {"groups": 2, "eps": 1e-5}),
            ([(1, 3, 2), (3,), (3,)], {"groups": 3, "eps": 1e-5}),
            ([(0, 4, 2), (4,), (4,)], {"groups": 2, "eps": 1e-5}),
        ],
    ),
    "layer_norm": (
        FLOAT_DTYPES,
        [
            ([(3, 5), (5,), (5,)], {"eps": 1e-5}),
            ([(2, 3, 7), (7,), (7,)], {"eps": 1e-3}),
            ([(5,), (5,), (5,)], {"eps": 1e-5}),
            ([(0, 5), (5,), (5,)], {"eps": 1e-5}),
            ([(3, 1), (1,), (1,)], {"eps": 1e-5}),
        ],
    ),
    "batch_norm": (
        FLOAT_DTYPES,
        [
            ([shape, (shape[axis],), (shape[axis],)], _statistics(axis, c))
            for shape, axis in [((7, 3), 1), ((3, 7), 0), ((5, 3, 2), 2), ((5, 3, 2, 2), 1)]
            for c in (0, 1)
        ]
        + [
            # One value a channel, fewer than the correction, none, no channels.
            ([(1, 3), (3,), (3,)], _statistics(1, 0)),
            ([(1, 3), (3,), (3,)], _statistics(1, 1)),
            ([(2, 3), (3,), (3,)], _statistics(1, 2)),
            ([(0, 3), (3,), (3,)], _statistics(1, 0)),
            ([(3, 0), (0,), (0,)], _statistics(1, 0)),
        ],
    ),
    "attention": (
        FLOAT_DTYPES,
        [
            (shapes, {"scale": scale, "causal": causal})
            for *shapes, scale in [
                ((3, 8), (5, 8), (5, 4), 0.35),
                ((2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 5, 8), 0.125),
                ((2, 0, 8), (2, 5, 8), (2, 5, 3), 1.0),
                ((1, 1), (1, 1), (1, 1), 2.0),
                ((3, 8), (5, 8), (5, 4), (3, 5), 0.35),
                ((4, 7, 3), (4, 5, 3), (4, 5, 3), (4, 7, 5), 0.35),
                ((2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 5, 8), (2, 3, 4, 5), 0.125),
                ((2, 2, 3, 4, 8), (2, 2, 3, 5, 8), (2, 2, 3, 5, 4), (2, 2, 3, 4, 5), 1.0),
                ((2, 0, 8), (2, 5, 8), (2, 5, 3), (2, 0, 5), 1.0),
            ]
            for causal in (False, True)
        ],
    ),
}
POSITIVE = {"log", "sqrt", "rsqrt", "pow", "div"}
ACCUMULATED = {"einsum", "matmul", "reduce_mean", "reduce_sum", "var", "softmax", "layer_norm"}
ACCUMULATED |= {"batch_norm", "attention", "gelu", "pow", "rsqrt", "silu", "tanh"}
ACCUMULATED |= {"cumsum", "group_norm", "log_softmax", "rms_norm"}
ACCUMULATED |= {"batch_norm", "attention", "gelu", "pow", "rsqrt", "tanh"}
ACCUMULATED |= {"avg_pool2d", "conv2d"}


def test_every_op_is_here() -> None:
    assert CASES.keys() == OPS.keys()


def _operands(name: str, shapes: list[Shape], dtype: str) -> list[TensorSpec]:
    """Of one element type, but for a condition."""
    specs = [TensorSpec(shape, dtype) for shape in shapes]
    return [TensorSpec(shapes[0], "i1"), *specs[1:]] if name == "select" else specs


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][1]])
def test_op(name: str, device: str) -> None:
    dtypes, cases = CASES[name]
    rng = np.random.default_rng()
    for dtype in dtypes:
        typed = [OpCase(name, _operands(name, shapes, dtype), attrs) for shapes, attrs in cases]
        specs = [t for case in typed for t in case.operands]
        inputs = random_inputs(specs, rng, positive=name in POSITIVE)
        check_torch(module_of(typed), inputs, accumulated=name in ACCUMULATED, device=device)


@pytest.mark.parametrize("dtype", ALL)
def test_constant(dtype: str) -> None:
    rng = np.random.default_rng()
    arrays = [np.asarray(1), np.ones((2, 3)), np.zeros((0, 2))]
    arrays += [rng.integers(0, 2, shape) for shape in ((7,), (2, 3, 1), (9, 11))]
    if dtype in FLOAT_DTYPES:
        arrays += [rng.normal(size=(3, 2)), np.array([np.nan, np.inf, -np.inf, -0.0, 0.1])]
        arrays += [np.asarray(-np.inf), np.full((2, 2), np.nan)]
    cases = [OpCase("constant", [], pack_constant(array, dtype)) for array in arrays]
    check_torch(module_of(cases), [])


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_largest_constant(dtype: str) -> None:
    largest = float(ml_dtypes.finfo(numpy_dtype(dtype)).max)
    arrays = [np.full(shape, x) for shape in ((), (2, 3)) for x in (largest, -largest)]
    check_torch(module_of([OpCase("constant", [], pack_constant(a, dtype)) for a in arrays]), [])


SPECIAL = np.array([[np.nan, 1.0, -2.0], [np.inf, 3.0, 0.5], [-np.inf, 0.0, -0.0]])


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    "name",
    [
        *("abs", "cos", "erf", "sigmoid", "silu", "sin"),
        *("relu", "neg", "exp", "log", "sqrt", "tanh", "softmax", "reduce_max", "reduce_min"),
        *("reduce_sum", "argmax", "argmin", "cumsum"),
    ],
)
def test_nan_and_inf_go_through_unary(name: str, dtype: str) -> None:
    attrs: dict[str, Any] = {}
    if name.startswith("reduce"):
        attrs = {"axes": (1,)}
    elif name in ("softmax", "argmax", "argmin", "cumsum"):
        attrs = {"axis": 1}
    case = OpCase(name, [TensorSpec(SPECIAL.shape, dtype)], attrs)
    check_torch(module_of([case]), [SPECIAL.astype(numpy_dtype(dtype))], accumulated=True)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    "name, attrs",
    [
        *((name, {}) for name in ("add", "sub", "mul", "div", "max", "min")),
        *(("compare", {"predicate": p}) for p in ("eq", "ne", "lt", "le", "gt", "ge")),
    ],
)
def test_nan_and_inf_go_through_binary(name: str, attrs: dict[str, Any], dtype: str) -> None:
    left, right = (a.reshape(-1) for a in np.meshgrid(SPECIAL, SPECIAL))
    inputs = [a.astype(numpy_dtype(dtype)) for a in (left, right)]
    case = OpCase(name, [TensorSpec(left.shape, dtype)] * 2, attrs)
    check_torch(module_of([case]), inputs)


@pytest.mark.parametrize("indices", INTEGERS)
@pytest.mark.parametrize("dtype", ALL)
def test_gather(dtype: str, indices: str) -> None:
    shapes: list[tuple[Shape, Shape, int]] = [
        ((5, 3), (2, 4), 0),
        ((3, 5, 2), (3,), 1),
        ((3, 5, 2), (2, 2), 2),
        ((2, 5), (), 1),
        ((5,), (1, 2), 0),
        ((5, 0), (3,), 0),
        ((5, 2), (0,), 0),
    ]
    rng = np.random.default_rng()
    cases: list[OpCase] = []
    inputs: list[np.ndarray] = []
    for table, shape, axis in shapes:
        specs = [TensorSpec(table, dtype), TensorSpec(shape, indices)]
        cases.append(OpCase("gather", specs, {"axis": axis}))
        drawn = rng.integers(0, table[axis], shape)
        inputs += [*random_inputs(specs[:1], rng), np.asarray(drawn, numpy_dtype(indices))]
    check_torch(module_of(cases), inputs)


def test_gather_raises_where_an_index_is_outside() -> None:
    specs = [TensorSpec((5, 3), "f32"), TensorSpec((2,), "i64")]
    program = program_of(module_of([OpCase("gather", specs, {"axis": 0})]))
    for wrong in (5, -1):
        with pytest.raises(IndexError, match="out of range"):
            program.run([torch.ones(5, 3), torch.tensor([0, wrong])])


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_attention_keeps_nan_and_inf_of_the_query(special: float, dtype: str) -> None:
    rng = np.random.default_rng()
    query, key, value = (rng.uniform(0.3, 2, shape) for shape in ((3, 4), (5, 4), (5, 2)))
    query[1] = special
    mask = np.where(rng.random((3, 5)) < 0.3, -np.inf, rng.normal(size=(3, 5)))
    mask[2] = -np.inf
    for operands in ([query, key, value], [query, key, value, mask]):
        inputs = [a.astype(numpy_dtype(dtype)) for a in operands]
        specs = [TensorSpec(a.shape, dtype) for a in inputs]
        cases = [
            OpCase("attention", specs, {"scale": 0.5, "causal": causal}) for causal in (False, True)
        ]
        check_torch(module_of(cases), inputs * 2, accumulated=True)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_attention_to_keys_that_have_the_least_float(dtype: str, device: str) -> None:
    """Where all have it that are not at -inf, the query sees them; some kernels overflow there."""
    rng = np.random.default_rng()
    query, key, value = (
        rng.normal(size=shape) for shape in ((1, 2, 4, 8), (1, 2, 5, 8), (1, 2, 5, 8))
    )
    least = float(ml_dtypes.finfo(numpy_dtype(dtype)).min)
    mask = rng.normal(size=(1, 2, 4, 5))
    mask[..., 0, :] = least
    mask[..., 1, :] = [-np.inf, least, -np.inf, least, -np.inf]
    mask[..., 2, :] = -np.inf
    inputs = [a.astype(numpy_dtype(dtype)) for a in (query, key, value, mask)]
    specs = [TensorSpec(a.shape, dtype) for a in inputs]
    cases = [OpCase("attention", specs, {"scale": 0.5, "causal": c}) for c in (False, True)]
    check_torch(module_of(cases), inputs * 2, accumulated=True, device=device)


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_masks_of_repeated_rows_stay_small(dtype: str) -> None:
    """What is done to them on CUDA is done to each element once."""
    specs = [TensorSpec((2, 3, 4, 8), dtype)] * 3 + [TensorSpec((2, 3, 4, 4), dtype)]
    module = module_of([OpCase("attention", specs, {"scale": 0.5, "causal": False})])
    lines = torch_source(lower(module)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith(".is_cuda:"))
    bounds = [line.strip() for line in lines[start + 1 : start + 3]]
    mask = torch.zeros(4, dtype=torch.float32).expand(2, 3, 4, 4)
    scope = {"torch": torch, "x3": mask}
    exec("\n".join(bounds), scope)
    given = scope["x3"]
    assert isinstance(given, torch.Tensor)
    assert given.shape == mask.shape
    assert given.stride() == mask.stride()
