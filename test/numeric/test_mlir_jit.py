"""The oracle itself: each kind of op that the lowering emits, against NumPy."""

import ml_dtypes
import numpy as np
import pytest
from scipy import special
from support.mlir_jit import MlirError, run_linalg
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.dialects.linalg import Linalg
from xdsl.parser import Parser

FLOATS = {
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}
TOLERANCE = {"f16": 2e-3, "bf16": 2e-2, "f32": 1e-6, "f64": 1e-12}


def random(*shape: int, dtype: object = np.float32) -> np.ndarray:
    return np.random.default_rng(len(shape)).uniform(0.1, 2.0, shape).astype(dtype)


def main(arguments: str, results: str, body: str, outside: str = "") -> str:
    return f"{outside}\nfunc.func @main({arguments}) -> ({results}) {{\n{body}\n}}"


def unary(op: str, source: str, target: str, shape: str = "2x3") -> str:
    """A module that applies `%z = <op> %x …` to each element of a matrix."""
    return main(
        f"%a: tensor<{shape}x{source}>",
        f"tensor<{shape}x{target}>",
        f"""
  %e = tensor.empty() : tensor<{shape}x{target}>
  %r = linalg.generic {{
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}}
      ins(%a : tensor<{shape}x{source}>) outs(%e : tensor<{shape}x{target}>) {{
  ^bb0(%x: {source}, %o: {target}):
    %z = {op}
    linalg.yield %z : {target}
  }} -> tensor<{shape}x{target}>
  return %r : tensor<{shape}x{target}>""",
    )


def test_elementwise_generic() -> None:
    a = random(2, 3)
    (result,) = run_linalg(unary("arith.addf %x, %x : f32", "f32", "f32"), [a])
    np.testing.assert_array_equal(result, a + a)


def test_strided_and_readonly_inputs_are_not_written_to() -> None:
    text = main(
        "%a: tensor<2x3xf32>",
        "tensor<2x3xf32>, tensor<2x3xf32>",
        """
  %r = linalg.exp ins(%a : tensor<2x3xf32>) outs(%a : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r, %a : tensor<2x3xf32>, tensor<2x3xf32>""",
    )
    a = random(3, 2).T
    a.flags.writeable = False
    before = a.copy()
    changed, same = run_linalg(text, [a])
    np.testing.assert_allclose(changed, np.exp(a), rtol=1e-6)
    np.testing.assert_array_equal(same, before)
    np.testing.assert_array_equal(a, before)


def test_matmul() -> None:
    text = main(
        "%a: tensor<4x5xf32>, %b: tensor<5x3xf32>",
        "tensor<4x3xf32>",
        """
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  %r = linalg.matmul ins(%a, %b : tensor<4x5xf32>, tensor<5x3xf32>)
      outs(%f : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>""",
    )
    a, b = random(4, 5), random(5, 3)
    np.testing.assert_allclose(run_linalg(text, [a, b])[0], a @ b, rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS)
def test_transposed_contraction(dtype: str) -> None:
    """aᵀ[k, i] · bᵀ[j, k], accumulated in f32 or better."""
    wide = "f64" if dtype == "f64" else "f32"
    extend = "" if dtype == wide else f"arith.extf %{{}} : {dtype} to {wide}"
    x, y = ("%xe", "%ye") if extend else ("%x", "%y")
    text = main(
        f"%a: tensor<5x4x{dtype}>, %b: tensor<3x5x{dtype}>",
        f"tensor<4x3x{wide}>",
        f"""
  %zero = arith.constant 0.0 : {wide}
  %f = tensor.splat %zero : tensor<4x3x{wide}>
  %r = linalg.generic {{
      indexing_maps = [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (j, k)>,
                       affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%a, %b : tensor<5x4x{dtype}>, tensor<3x5x{dtype}>) outs(%f : tensor<4x3x{wide}>) {{
  ^bb0(%x: {dtype}, %y: {dtype}, %o: {wide}):
    {"%xe = " + extend.format("x") if extend else ""}
    {"%ye = " + extend.format("y") if extend else ""}
    %m = arith.mulf {x}, {y} : {wide}
    %s = arith.addf %o, %m : {wide}
    linalg.yield %s : {wide}
  }} -> tensor<4x3x{wide}>
  return %r : tensor<4x3x{wide}>""",
    )
    a, b = random(5, 4, dtype=FLOATS[dtype]), random(3, 5, dtype=FLOATS[dtype])
    expected = a.T.astype(np.float64) @ b.T.astype(np.float64)
    np.testing.assert_allclose(run_linalg(text, [a, b])[0], expected, rtol=1e-6)


def test_reductions_to_a_row_and_to_rank_0() -> None:
    text = main(
        "%a: tensor<4x5xf32>",
        "tensor<4xf32>, tensor<f32>",
        """
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %f = tensor.splat %zero : tensor<4xf32>
  %g = tensor.splat %low : tensor<f32>
  %r = linalg.reduce ins(%a : tensor<4x5xf32>) outs(%f : tensor<4xf32>) dimensions = [1]
    (%x: f32, %o: f32) {
      %s = arith.addf %x, %o : f32
      linalg.yield %s : f32
    }
  %t = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>],
      iterator_types = ["reduction", "reduction"]}
      ins(%a : tensor<4x5xf32>) outs(%g : tensor<f32>) {
  ^bb0(%x: f32, %o: f32):
    %m = arith.maximumf %x, %o : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %r, %t : tensor<4xf32>, tensor<f32>""",
    )
    a = -random(4, 5)
    row, scalar = run_linalg(text, [a])
    np.testing.assert_allclose(row, a.sum(1), rtol=1e-6)
    assert scalar.shape == ()
    assert scalar == a.max()


def test_private_functions() -> None:
    """Called on a slice and twice; one gives back its argument, and one value twice."""
    private = """
func.func private @pair(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
    attributes {taso.op = "negate", taso.options = {axis = 1 : i64, axes = array<i64: 0, 1>}} {
  %e = tensor.empty() : tensor<2x3xf32>
  %r = linalg.negf ins(%a : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %a, %r : tensor<2x3xf32>, tensor<2x3xf32>
}
func.func private @twice(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %r, %s = func.call @pair(%a) : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
  return %s, %s : tensor<2x3xf32>, tensor<2x3xf32>
}"""
    text = main(
        "%a: tensor<2x6xf32> {taso.param}",
        "tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x6xf32>",
        """
  %s = tensor.extract_slice %a[0, 3] [2, 3] [1, 1] : tensor<2x6xf32> to tensor<2x3xf32>
  %r, %t = func.call @twice(%s) : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
  %u, %v = func.call @pair(%s) : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
  %i = tensor.insert_slice %v into %a[0, 0] [2, 3] [1, 1]
      : tensor<2x3xf32> into tensor<2x6xf32>
  return %t, %u, %i : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x6xf32>""",
        private,
    )
    a = random(2, 6)
    right = a[:, 3:]
    t, u, i = run_linalg(text, [a])
    np.testing.assert_array_equal(t, -right)
    np.testing.assert_array_equal(u, right)
    np.testing.assert_array_equal(i, np.concatenate([-right, right], 1))


@pytest.mark.parametrize("dtype", [*FLOATS, "i1", "i32", "i64"])
def test_movement(dtype: str) -> None:
    """Strided copies of every element size: they go through `memrefCopy`."""
    value = "true" if dtype == "i1" else "7" if dtype.startswith("i") else "7.0"
    constant = "arith.constant true" if dtype == "i1" else f"arith.constant {value} : {dtype}"
    t = dtype
    text = main(
        f"%a: tensor<4x6x{t}>, %b: tensor<4x1x{t}>",
        f"tensor<4x7x{t}>, tensor<2x3x{t}>, tensor<4x6x{t}>, tensor<5x8x{t}>, "
        f"tensor<24x{t}>, tensor<2x2x6x{t}>",
        f"""
  %c = {constant}
  %0 = tensor.concat dim(1) %a, %b : (tensor<4x6x{t}>, tensor<4x1x{t}>) -> tensor<4x7x{t}>
  %1 = tensor.extract_slice %a[1, 0] [2, 3] [1, 2] : tensor<4x6x{t}> to tensor<2x3x{t}>
  %2 = tensor.insert_slice %1 into %a[0, 2] [2, 3] [2, 1]
      : tensor<2x3x{t}> into tensor<4x6x{t}>
  %3 = tensor.pad %a low[1, 0] high[0, 2] {{
  ^bb0(%i: index, %j: index):
    tensor.yield %c : {t}
  }} : tensor<4x6x{t}> to tensor<5x8x{t}>
  %4 = tensor.collapse_shape %a [[0, 1]] : tensor<4x6x{t}> into tensor<24x{t}>
  %5 = tensor.expand_shape %a [[0, 1], [2]] output_shape [2, 2, 6]
      : tensor<4x6x{t}> into tensor<2x2x6x{t}>
  return %0, %1, %2, %3, %4, %5 : tensor<4x7x{t}>, tensor<2x3x{t}>, tensor<4x6x{t}>,
      tensor<5x8x{t}>, tensor<24x{t}>, tensor<2x2x6x{t}>""",
    )
    numpy_type = {"i1": np.bool_, "i32": np.int32, "i64": np.int64, **FLOATS}[dtype]
    a = (random(4, 6) * 10 - 10).astype(numpy_type)
    b = (random(4, 1) * 10 - 10).astype(numpy_type)
    inserted = a.copy()
    inserted[0:4:2, 2:5] = a[1:3, 0:6:2]
    padding = np.array(7).astype(numpy_type)
    expected = [
        np.concatenate([a, b], 1),
        a[1:3, 0:6:2],
        inserted,
        np.pad(a, ((1, 0), (0, 2)), constant_values=padding),
        a.reshape(24),
        a.reshape(2, 2, 6),
    ]
    for got, want in zip(run_linalg(text, [a, b]), expected, strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


def test_zero_size() -> None:
    text = main(
        "%a: tensor<2x0xf32>, %b: tensor<2x3xf32>",
        "tensor<2x3xf32>, tensor<0x3xf32>, tensor<3x0x2xf32>",
        """
  %0 = tensor.concat dim(1) %a, %b : (tensor<2x0xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = tensor.extract_slice %b[1, 0] [0, 3] [1, 1] : tensor<2x3xf32> to tensor<0x3xf32>
  %s = arith.constant dense<[3, 0, 2]> : tensor<3xi64>
  %2 = tensor.reshape %1(%s) : (tensor<0x3xf32>, tensor<3xi64>) -> tensor<3x0x2xf32>
  return %0, %1, %2 : tensor<2x3xf32>, tensor<0x3xf32>, tensor<3x0x2xf32>""",
    )
    b = random(2, 3)
    same, *empty = run_linalg(text, [np.empty((2, 0), np.float32), b])
    np.testing.assert_array_equal(same, b)
    assert [array.shape for array in empty] == [(0, 3), (3, 0, 2)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "op, reference",
    [
        ("math.erf", special.erf),
        ("math.tanh", np.tanh),
        ("math.exp", np.exp),
        ("math.rsqrt", lambda x: 1 / np.sqrt(x)),
        ("math.sin", np.sin),
    ],
)
def test_math(op: str, reference: np.ufunc, dtype: str) -> None:
    a = random(2, 3, dtype=FLOATS[dtype])
    (result,) = run_linalg(unary(f"{op} %x : {dtype}", dtype, dtype), [a])
    assert result.dtype == a.dtype
    expected = reference(a.astype(np.float64))
    np.testing.assert_allclose(result.astype(np.float64), expected, rtol=TOLERANCE[dtype])


@pytest.mark.parametrize(
    "source, target",
    [(s, t) for s in FLOATS for t in FLOATS if FLOATS[s].itemsize != FLOATS[t].itemsize],
)
def test_float_conversions(source: str, target: str) -> None:
    widens = FLOATS[source].itemsize < FLOATS[target].itemsize
    op = f"{'arith.extf' if widens else 'arith.truncf'} %x : {source} to {target}"
    with np.errstate(over="ignore"):
        a = np.array([[0.1, -np.inf, np.nan], [1e5, -0.0, 1e-7]]).astype(FLOATS[source])
        expected = a.astype(FLOATS[target])
    (result,) = run_linalg(unary(op, source, target), [a])
    assert result.dtype == expected.dtype
    # As f64: NumPy does not take two NaNs of bf16 for equal.
    result, expected = result.astype(np.float64), expected.astype(np.float64)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(np.signbit(result[1]), np.signbit(expected[1]))


@pytest.mark.parametrize("target", ["f16", "bf16"])
def test_f64_is_rounded_once(target: str) -> None:
    """Just above the middle between 1 and its successor: through f32 it would be 1."""
    step = float(ml_dtypes.finfo(FLOATS[target]).eps)
    a = np.full((2, 3), 1 + step / 2 + 2.0**-40)
    (result,) = run_linalg(unary(f"arith.truncf %x : f64 to {target}", "f64", target), [a])
    np.testing.assert_array_equal(result.astype(np.float64), 1 + step)


def test_compare_and_select() -> None:
    text = main(
        "%c: tensor<6xi1>, %a: tensor<6xf32>, %b: tensor<6xf32>",
        "tensor<6xf32>, tensor<6xi1>",
        """
  %e = tensor.empty() : tensor<6xf32>
  %f = tensor.empty() : tensor<6xi1>
  %r:2 = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>,
                       affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
      ins(%c, %a, %b : tensor<6xi1>, tensor<6xf32>, tensor<6xf32>)
      outs(%e, %f : tensor<6xf32>, tensor<6xi1>) {
  ^bb0(%p: i1, %x: f32, %y: f32, %o: f32, %q: i1):
    %s = arith.select %p, %x, %y : f32
    %l = arith.cmpf olt, %x, %y : f32
    linalg.yield %s, %l : f32, i1
  } -> (tensor<6xf32>, tensor<6xi1>)
  return %r#0, %r#1 : tensor<6xf32>, tensor<6xi1>""",
    )
    a, b = random(6), random(6)[::-1]
    c = np.array([1, 0, 0, 1, 1, 0], bool)
    selected, less = run_linalg(text, [c, a, b])
    np.testing.assert_array_equal(selected, np.where(c, a, b))
    np.testing.assert_array_equal(less, a < b)
    assert less.dtype == np.bool_


IDENTITY = main("%a: tensor<2xf32>", "tensor<2xf32>", "return %a : tensor<2xf32>")


@pytest.mark.parametrize(
    "text, message",
    [
        ("garbage", "parse and verify"),
        (IDENTITY.replace("(tensor<2xf32>)", "(tensor<3xf32>)"), "doesn't match function result"),
        (unary("arith.addf %x, %x : f16", "f32", "f32"), "parse and verify"),
        (main("%a: tensor<2xf32>", "tensor<2xf32>", '%r = "taso.relu"(%a) : '
              "(tensor<2xf32>) -> tensor<2xf32>\nreturn %r : tensor<2xf32>"), "unregistered"),
        (main("%a: tensor<2xf32>", "tensor<2xf32>",
              "%r = math.tanh %a : tensor<2xf32>\nreturn %r : tensor<2xf32>"), "not bufferized"),
    ],
)  # fmt: skip
def test_bad_module(text: str, message: str) -> None:
    with pytest.raises(MlirError, match=message):
        run_linalg(text, [np.ones(2, np.float32)])


@pytest.mark.parametrize(
    "inputs, entry, message",
    [
        ([], "main", "takes 1 inputs, got 0"),
        ([np.ones(3, np.float32)], "main", r"input 0 of @main is float32\[2\], got float32\[3\]"),
        ([np.ones(2)], "main", r"got float64\[2\]"),
        ([np.ones(2, np.float32)], "other", "no function @other"),
    ],
)
def test_bad_call(inputs: list[np.ndarray], entry: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_linalg(IDENTITY, inputs, entry)


def reprinted(text: str) -> str:
    """What xDSL prints of a module, in its custom form."""
    context = Context()
    for dialect in (Arith, Builtin, Func, Linalg):
        context.load_dialect(dialect)
    return str(Parser(context, text).parse_module())


# The two silent faults of xDSL 0.74 that test/support/README.md warns of. When one of these
# tests fails, the fault is gone: remove the test and the warning.


def test_xdsl_forgets_the_maps_of_matmul() -> None:
    text = main(
        "%a: tensor<2x2xf32>, %b: tensor<2x2xf32>, %c: tensor<2x2xf32>",
        "tensor<2x2xf32>",
        """
  %r = "linalg.matmul"(%a, %b, %c) <{
      indexing_maps = [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (k, j)>,
                       affine_map<(i, j, k) -> (i, j)>],
      operandSegmentSizes = array<i32: 2, 1>}> ({
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }) : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>""",
    )
    a, b, zero = np.array([[1, 2], [3, 4]], "f"), np.eye(2, dtype="f"), np.zeros((2, 2), "f")
    np.testing.assert_array_equal(run_linalg(text, [a, b, zero])[0], a.T)
    np.testing.assert_array_equal(run_linalg(reprinted(text), [a, b, zero])[0], a)


def test_xdsl_reads_a_dense_infinity_as_an_integer() -> None:
    text = main(
        "",
        "tensor<2xf32>",
        """
  %c = arith.constant dense<0xFF800000> : tensor<2xf32>
  return %c : tensor<2xf32>""",
    )
    np.testing.assert_array_equal(run_linalg(text, [])[0], -np.inf)
    np.testing.assert_array_equal(run_linalg(reprinted(text), [])[0], np.float32(0xFF800000))
