"""Constant folding: splats stay splats, large results stay unfolded, rounding happens once."""

from fractions import Fraction

import numpy as np
import pytest
from support.ir import context, find_function, parse_module, random_array
from xdsl.transforms.canonicalize import CanonicalizePass

from taso.dialects.base import MAX_FOLDED_ELEMENTS, Array, Attrs, TensorSpec, narrow, numpy_dtype
from taso.dialects.elementwise import AddOp, CastOp, MulOp
from taso.dialects.fold import evaluate_constants
from taso.dialects.movement import (
    ConstantOp,
    pack_constant,
    splat_constant,
    splat_value,
    unpack_constant,
)
from taso.dialects.taso import OPS

HUGE = TensorSpec((1 << 20, 1 << 20), "f32")


@pytest.mark.parametrize(
    "name, values, attrs, shape",
    [
        ("mul", [2.0, 3.5], {}, HUGE.shape),
        ("exp", [0.0], {}, HUGE.shape),
        ("compare", [2.0, 3.5], {"predicate": "lt"}, HUGE.shape),
        ("cast", [1.5], {"dtype": "f64"}, HUGE.shape),
        ("transpose", [2.0], {"perm": (1, 0)}, HUGE.shape),
        ("reshape", [2.0], {"shape": (1 << 40,)}, (1 << 40,)),
        ("broadcast", [2.0], {"dims": (1, 2), "shape": (3, *HUGE.shape)}, (3, *HUGE.shape)),
        ("concat", [2.0, 2.0], {"axis": 0}, (1 << 21, 1 << 20)),
        ("slice", [2.0], {"axis": 0, "start": 5, "stop": 7}, (2, 1 << 20)),
    ],
)
def test_splats_stay_splats(name, values, attrs, shape) -> None:
    op = OPS[name]
    (folded,) = evaluate_constants(op, [splat_constant(v, HUGE) for v in values], attrs)
    (scalar,) = OPS[name].evaluate([np.array([[v]]) for v in values], {**attrs, **SMALL[name]})
    assert folded["shape"] == shape
    assert splat_value(folded) == scalar.flat[0]


SMALL: dict[str, Attrs] = {name: {} for name in OPS} | {
    "reshape": {"shape": (1,)},
    "broadcast": {"shape": (3, 1, 1)},
    "slice": {"start": 0, "stop": 1},
}


@pytest.mark.parametrize("chosen, result", [("true", "%x"), ("false", "%y")])
def test_a_condition_that_is_one_constant_chooses(chosen: str, result: str) -> None:
    module = parse_module(f"""
        func.func @main(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {{
          %c = taso.constant {chosen} : tensor<3xi1>
          %r = taso.select %c, %x, %y
            : tensor<3xi1>, tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>
          func.return %r : tensor<3xf32>
        }}""")
    CanonicalizePass().apply(context(), module)
    text = str(module)
    assert f"func.return {result} : tensor<3xf32>" in text
    assert "taso." not in text


def test_split_of_a_splat() -> None:
    attrs: Attrs = {"axis": 0, "sizes": (0, 1 << 20)}
    empty, rest = evaluate_constants(OPS["split"], [splat_constant(2.0, HUGE)], attrs)
    assert (empty["value"], empty["shape"]) == (b"", (0, 1 << 20))
    assert (splat_value(rest), rest["shape"]) == (2.0, HUGE.shape)


def test_size_limit() -> None:
    at_limit = np.arange(MAX_FOLDED_ELEMENTS, dtype=np.float32)
    (folded,) = evaluate_constants(OPS["neg"], [pack_constant(at_limit, "f32")], {})
    np.testing.assert_array_equal(unpack_constant(folded), -at_limit)
    beyond = np.arange(MAX_FOLDED_ELEMENTS + 1, dtype=np.float32)
    assert evaluate_constants(OPS["neg"], [pack_constant(beyond, "f32")], {}) is None
    wide: Attrs = {"dims": (0,), "shape": (2, MAX_FOLDED_ELEMENTS)}
    assert evaluate_constants(OPS["broadcast"], [pack_constant(at_limit[:2], "f32")], wide) is None


@pytest.mark.parametrize("name", ["matmul", "concat", "reduce_sum", "softmax"])
def test_folds_to_the_reference(name: str) -> None:
    rng = np.random.default_rng()
    arity = 2 if name in ("matmul", "concat") else 1
    attrs: Attrs = {
        "concat": {"axis": 0},
        "reduce_sum": {"axes": (1,)},
        "softmax": {"axis": 0},
    }.get(name, {})
    arrays = [random_array(TensorSpec((5, 5), "f32"), rng) for _ in range(arity)]
    ops = [ConstantOp.create_op((), pack_constant(a, "f32")) for a in arrays]
    op = OPS[name].create_op([c.result for c in ops], attrs)
    (folded,) = evaluate_constants(OPS[name], [c.attrs() for c in ops], attrs)
    np.testing.assert_array_equal(unpack_constant(folded), op.reference(*arrays)[0])


def test_a_pad_of_a_splat_has_two_values() -> None:
    attrs: Attrs = {"low": (1,), "high": (2,), "value": 7.0}
    (folded,) = evaluate_constants(
        OPS["pad"], [splat_constant(2.0, TensorSpec((2,), "f32"))], attrs
    )
    np.testing.assert_array_equal(unpack_constant(folded), [7, 2, 2, 7, 7])
    huge = {"low": (0, 1), "high": (0, 0), "value": 2.0}
    assert evaluate_constants(OPS["pad"], [splat_constant(2.0, HUGE)], huge) is None


def test_what_takes_long_to_compute_is_not_folded() -> None:
    """A window of as many elements over as many places; and one so far apart that few are read."""
    weight = pack_constant(np.ones((1, 1, 200, 200)), "f32")
    image = pack_constant(np.ones((1, 1, 1, 1)), "f32")
    attrs: Attrs = {"stride": (1, 1), "padding": (199, 199), "dilation": (1, 1), "groups": 1}
    assert evaluate_constants(OPS["conv2d"], [image, weight], attrs) is None
    small = pack_constant(np.arange(6.0).reshape(1, 1, 2, 3), "f32")
    far = 1 << 25
    attrs = {**attrs, "stride": (far, far), "padding": (far, far), "dilation": (far, far)}
    (folded,) = evaluate_constants(OPS["conv2d"], [image, small], attrs)
    np.testing.assert_array_equal(unpack_constant(folded).reshape(2, 1), [[4.0], [1.0]])


def test_zero_size_folds() -> None:
    empty = splat_constant(1.0, TensorSpec((0, 3), "f32"))
    (total,) = evaluate_constants(OPS["reduce_sum"], [empty], {"axes": (0,)})
    assert (splat_value(total), total["shape"]) == (0.0, (3,))
    assert evaluate_constants(OPS["exp"], [empty], {}) == [empty]


def test_integers_wrap() -> None:
    largest = pack_constant(np.array([2**31 - 1, 1]), "i32")
    (folded,) = evaluate_constants(OPS["add"], [largest, pack_constant(np.ones(2), "i32")], {})
    assert unpack_constant(folded).tolist() == [-(2**31), 2]


def test_canonicalize_folds_in_ir() -> None:
    module = parse_module("""
      func.func @main() -> (tensor<4x2xf32>, tensor<2xi1>) {
        %a = taso.constant 2.0 : tensor<2x4xf32>
        %b = taso.constant dense<[1.0, 0.0]> : tensor<2xf32>
        %t = taso.transpose %a, perm = [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
        %m = taso.mul %t, %t : tensor<4x2xf32>
        %c = taso.cast %b : tensor<2xf32> -> tensor<2xi1>
        func.return %m, %c : tensor<4x2xf32>, tensor<2xi1>
      }""")
    CanonicalizePass().apply(context(), module)
    module.verify()
    texts = [str(op) for op in find_function(module).body.block.ops]
    assert [text.split(" = ")[-1] for text in texts[:-1]] == [
        "taso.constant 4.0 : tensor<4x2xf32>",
        "taso.constant dense<[true, false]> : tensor<2xi1>",
    ]


def rounded(value: Fraction, dtype: str) -> Array:
    """The nearest value of a float type, ties to even, by exact comparison of neighbours."""
    near = np.array(float(value)).astype(numpy_dtype(dtype))
    bits = int(near.view(np.uint16))
    neighbours = np.array([bits, bits - 1, bits + 1], np.uint16)
    values = [float(v) for v in neighbours.view(numpy_dtype(dtype))]
    order = [
        (abs(Fraction(v) - value), int(b) % 2) for v, b in zip(values, neighbours, strict=True)
    ]
    return neighbours[order.index(min(order))].view(numpy_dtype(dtype))


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_sums_and_products_round_once(dtype: str) -> None:
    rng = np.random.default_rng()
    spec = TensorSpec((), dtype)
    for _ in range(300):
        a, b = (random_array(spec, rng) + 1 for _ in range(2))
        exact = [Fraction(float(v)) for v in (a, b)]
        operands = [pack_constant(v, dtype) for v in (a, b)]
        for op, value in ((AddOp, exact[0] + exact[1]), (MulOp, exact[0] * exact[1])):
            (folded,) = evaluate_constants(op, operands, {})
            if abs(value) > 1e-3:  # away from subnormals and zero, neighbours are bit patterns
                assert unpack_constant(folded).tobytes() == rounded(value, dtype).tobytes()


@pytest.mark.parametrize("source", ["f32", "f64"])
@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_values_beside_a_tie_round_once(dtype: str, source: str) -> None:
    """1 + half an ulp + a little: two roundings by way of a narrower type would give 1."""
    half = 2.0**-11 if dtype == "f16" else 2.0**-8
    little = 2.0**-40 if source == "f64" else 2.0**-20
    values = np.array([1 + half, 1 + half + little, 1 + half - little, -1 - half - little])
    up = 1 + 2 * half
    operand = pack_constant(values, source)
    (folded,) = evaluate_constants(CastOp, [operand], {"dtype": dtype})
    assert unpack_constant(folded).astype(float).tolist() == [1, up, 1, -up]


def test_bfloat16_extremes() -> None:
    values = np.array([np.inf, -np.inf, np.nan, 3.4e38, -1e300, 1e-300, -1e-300, -0.0, 9.2e-41])
    result = narrow(values, "bf16").astype(np.float64)
    expected = [np.inf, -np.inf, np.nan, np.inf, -np.inf, 0.0, -0.0, -0.0, 2.0**-133]
    np.testing.assert_array_equal(result, expected)
    assert np.signbit(result).tolist() == np.signbit(expected).tolist()
