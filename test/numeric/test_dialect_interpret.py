"""The interpreter, and what ops cost: FLOPs, bytes, and the format's version."""

import numpy as np
import pytest
from support.ir import find_function, parse_module, random_inputs
from xdsl.builder import Builder, InsertPoint
from xdsl.dialects import test
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import VerifyException

from taso.dialects.base import TasoOp, TensorSpec
from taso.dialects.composite import CompositeOp
from taso.dialects.emit import IREmitter
from taso.dialects.interpret import interpret
from taso.dialects.taso import OPS
from taso.dialects.version import VERSION, check_version, stamp_version

KERNELS = """
func.func @main(%a: tensor<3x5xf16>, %b: tensor<5xf16>) -> (tensor<3x5xf16>, tensor<3xf16>) {
  %row = taso.broadcast %b, dims = [1] : tensor<5xf16> -> tensor<3x5xf16>
  %k, %s = taso.kernel(%x = %a : tensor<3x5xf16>, %y = %row : tensor<3x5xf16>)
      -> tensor<3x5xf16>, tensor<3xf16> {
    %d = taso.mul %x, %y : tensor<3x5xf16>
    %inner = taso.kernel(%z = %d : tensor<3x5xf16>) -> tensor<3x5xf16> {
      %e = taso.exp %z : tensor<3x5xf16>
      taso.yield %e : tensor<3x5xf16>
    }
    %t = taso.reduce_sum %inner, axes = [1] : tensor<3x5xf16> -> tensor<3xf16>
    taso.yield %inner, %t : tensor<3x5xf16>, tensor<3xf16>
  }
  func.return %k, %s : tensor<3x5xf16>, tensor<3xf16>
}
"""


def test_kernels_round_after_each_op() -> None:
    function = find_function(parse_module(KERNELS))
    a, b = inputs = random_inputs(function, 1)
    product = (a.astype(np.float64) * b.astype(np.float64)).astype(np.float16)
    power = np.exp(product.astype(np.float64)).astype(np.float16)
    total = power.astype(np.float64).sum(1).astype(np.float16)
    results = interpret(function, inputs)
    assert [r.dtype for r in results] == [np.float16, np.float16]
    np.testing.assert_array_equal(results[0], power)
    np.testing.assert_array_equal(results[1], total)


def test_wide_never_rounds() -> None:
    function = find_function(parse_module(KERNELS))
    a, b = inputs = random_inputs(function, 2)
    power = np.exp(a.astype(np.float64) * b.astype(np.float64))
    results = interpret(function, inputs, wide=True)
    assert [r.dtype for r in results] == [np.float64, np.float64]
    np.testing.assert_allclose(results[0], power, rtol=1e-15)
    np.testing.assert_allclose(results[1], power.sum(1), rtol=1e-15)


def test_wide_casts() -> None:
    module = parse_module("""
      func.func @main(%a: tensor<2xf64>) -> (tensor<2xf16>, tensor<2xi32>, tensor<2xf64>) {
        %h = taso.cast %a : tensor<2xf64> -> tensor<2xf16>
        %i = taso.cast %a : tensor<2xf64> -> tensor<2xi32>
        %f = taso.cast %i : tensor<2xi32> -> tensor<2xf64>
        func.return %h, %i, %f : tensor<2xf16>, tensor<2xi32>, tensor<2xf64>
      }""")
    value = np.array([1.0001, -2.7])
    half, whole, back = interpret(find_function(module), [value], wide=True)
    assert half.tolist() == value.tolist()
    assert whole.tolist() == back.tolist() == [1, -2]


def test_random_inputs_are_fixed_by_the_seed() -> None:
    function = find_function(parse_module(KERNELS))
    first, again, other = (random_inputs(function, seed) for seed in (1, 1, 2))
    assert [a.tobytes() for a in first] == [a.tobytes() for a in again]
    assert [a.tobytes() for a in first] != [a.tobytes() for a in other]


def test_unknown_ops_have_no_meaning() -> None:
    module = parse_module("func.func @main() { func.return }")
    function = find_function(module)
    function.body.block.insert_op_before(test.TestOp(), function.body.block.first_op)
    with pytest.raises(TypeError, match=r"test\.op has no NumPy meaning"):
        interpret(function, [])


COMPOSITES = {
    "attention": ([(2, 3, 4), (2, 5, 4), (2, 5, 6), (2, 3, 5)], {"scale": 0.5, "causal": True}),
    "batch_norm": ([(3, 4, 5), (4,), (4,)], {"axis": 1, "eps": 1e-5, "correction": 1}),
    "group_norm": ([(3, 4, 5), (4,), (4,)], {"groups": 2, "eps": 1e-5}),
    "layer_norm": ([(3, 5), (5,), (5,)], {"eps": 1e-5}),
    "log_softmax": ([(3, 5)], {"axis": 0}),
    "rms_norm": ([(3, 5), (5,)], {"eps": 1e-5}),
    "softmax": ([(3, 5)], {"axis": 0}),
}


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if issubclass(op, CompositeOp)])
def test_decompositions_in_ir_mean_the_same(name: str) -> None:
    shapes, attrs = COMPOSITES[name]
    op = OPS[name]
    assert issubclass(op, CompositeOp)
    types = ", ".join(f"%a{i}: {TensorSpec(s, 'f64')}" for i, s in enumerate(shapes))
    function = find_function(parse_module(f"func.func @main({types}) {{ func.return }}"))
    block = function.body.block
    emitter = IREmitter(Builder(InsertPoint.before(block.last_op)))
    result = op.decompose(emitter, block.args, attrs)
    block.last_op.operands = [result]
    inputs = random_inputs(function, 3)
    (expected,) = op.evaluate(inputs, attrs)
    np.testing.assert_allclose(interpret(function, inputs)[0], expected, rtol=1e-13, atol=1e-15)
    parts = [o for o in block.ops if isinstance(o, TasoOp)]
    flops = sum(o.flops(o.operand_specs(), o.attrs()) for o in parts)
    assert op.flops([TensorSpec(s, "f64") for s in shapes], attrs) == flops


def total_flops(function: FuncOp) -> int:
    ops = [op for op in function.walk() if isinstance(op, TasoOp)]
    return sum(op.flops(op.operand_specs(), op.attrs()) for op in ops)


def product(m: int, k: int, n: int) -> int:
    return OPS["matmul"].flops([TensorSpec((m, k), "f32"), TensorSpec((k, n), "f32")], {})


def test_flops_of_distributivity() -> None:
    m, k, n = 1024, 512, 256
    module = parse_module(f"""
      func.func @main(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32> {{
        %0 = taso.matmul %a, %b : tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32> -> tensor<{m}x{n}xf32>
        %1 = taso.matmul %a, %b : tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32> -> tensor<{m}x{n}xf32>
        %2 = taso.add %0, %1 : tensor<{m}x{n}xf32>
        func.return %2 : tensor<{m}x{n}xf32>
      }}""")
    assert total_flops(find_function(module)) == 537_133_056
    added = OPS["add"].flops([TensorSpec((k, n), "f32")] * 2, {})
    assert added + product(m, k, n) == 268_566_528


def test_flops_of_a_chain() -> None:
    assert product(1000, 10, 1000) + product(1000, 1000, 10) + product(1000, 10, 1) == 40_020_000
    assert product(1000, 10, 1) + product(10, 1000, 1) + product(1000, 10, 1) == 60_000


@pytest.mark.parametrize(
    "name, shapes, attrs, flops, moved",
    [
        ("matmul", [(5, 2, 3), (3, 4)], {}, 2 * 5 * 2 * 3 * 4, 4 * (30 + 12 + 40)),
        ("einsum", [(2, 3), (3, 4)], {"equation": "ij,jk->ik"}, 48, 4 * (6 + 12 + 8)),
        ("einsum", [(2, 3), (3, 4), (4,)], {"equation": "ij,jk,k->i"}, 72, 4 * (6 + 12 + 4 + 2)),
        ("einsum", [(2,), (3,)], {"equation": "a,b->ab"}, 6, 4 * (2 + 3 + 6)),
        ("add", [(2, 3), (2, 3)], {}, 6, 4 * 18),
        ("reduce_sum", [(2, 3)], {"axes": (1,)}, 6, 4 * (6 + 2)),
        ("concat", [(2, 3), (1, 3)], {"axis": 0}, 0, 4 * 18),
        ("transpose", [(2, 3)], {"perm": (1, 0)}, 0, 0),
        ("reshape", [(2, 3)], {"shape": (6,)}, 0, 0),
        ("broadcast", [(2,)], {"dims": (0,), "shape": (2, 3)}, 0, 0),
        ("cast", [(2, 3)], {"dtype": "f16"}, 6, 4 * 6 + 2 * 6),
        ("exp", [(0, 3)], {}, 0, 0),
        ("argmax", [(2, 3)], {"axis": 1}, 6, 4 * 6 + 8 * 2),
        ("cumsum", [(2, 3)], {"axis": 1}, 6, 4 * 12),
    ],
)
def test_flops_and_bytes(name, shapes, attrs, flops, moved) -> None:
    specs = [TensorSpec(shape, "f32") for shape in shapes]
    assert OPS[name].flops(specs, attrs) == flops
    assert OPS[name].bytes_accessed(specs, attrs) == moved


def test_a_gather_moves_the_rows_that_it_reads() -> None:
    table, indices = TensorSpec((30_000, 7), "f16"), TensorSpec((2, 5), "i64")
    moved = OPS["gather"].bytes_accessed([table, indices], {"axis": 0})
    assert moved == 2 * (2 * 10 * 7) + 8 * 10
    assert OPS["gather"].flops([table, indices], {"axis": 0}) == 0


def test_version() -> None:
    module = ModuleOp([])
    check_version(module)
    stamp_version(module)
    assert f"taso.version = {VERSION} : i64" in str(module)
    check_version(parse_module(str(module)))


@pytest.mark.parametrize(
    "value, message",
    [
        (IntegerAttr(VERSION + 1, i64), f"taso.version is {VERSION + 1}, but this release reads"),
        (IntegerAttr(0, i64), "taso.version is 0, but this release reads"),
        (StringAttr("1"), 'taso.version is "1", expected an i64'),
    ],
)
def test_unknown_versions(value, message: str) -> None:
    with pytest.raises(VerifyException, match=message):
        check_version(ModuleOp([], {"taso.version": value}))
