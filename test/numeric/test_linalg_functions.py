"""Whole modules in linalg: private functions, what they record, kernels, views, parameters."""

from collections.abc import Callable

import numpy as np
import pytest
from support.linalg import OpCase, check, lowered, main_of, module_of, parse, random_inputs
from xdsl.context import Context
from xdsl.dialects import arith, func
from xdsl.dialects.builtin import DictionaryAttr, FloatAttr, IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.dialects.linalg import ops as linalg
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.attention import AttentionOp
from taso.dialects.composite import LayerNormOp, SoftmaxOp
from taso.dialects.spec import TensorSpec, spec_of
from taso.lowering.convert_taso_to_linalg import ConvertTasoToLinalgPass
from taso.lowering.linalg.functions import recorded_op


def private_functions(module: ModuleOp) -> list[func.FuncOp]:
    return [f for f in module.ops if isinstance(f, func.FuncOp) and f.sym_visibility is not None]


def check_text(text: str) -> ModuleOp:
    """Parse, check on random inputs, and give the linalg."""
    module = parse(text)
    specs = [spec_of(arg) for arg in main_of(module).args]
    return check(module, random_inputs(specs, np.random.default_rng()))


def names(module: ModuleOp) -> list[str]:
    return [op.name for op in module.walk()]


# Views


def test_transposed_and_broadcast_operands_become_maps() -> None:
    """No copy of a view that generics alone read, and no constant tensor of a splat."""
    linalg_module = check_text(
        """
func.func @main(%a: tensor<3x4xf32>, %b: tensor<4x3xf32>, %c: tensor<3xf32>) -> tensor<3x3xf32> {
  %bt = taso.transpose %b, perm = [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %at = taso.transpose %a, perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %p = taso.matmul %bt, %at : tensor<3x4xf32>, tensor<4x3xf32> -> tensor<3x3xf32>
  %cb = taso.broadcast %c, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
  %ct = taso.transpose %cb, perm = [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
  %s = taso.add %p, %ct : tensor<3x3xf32>
  %k = taso.constant 0.125 : tensor<3x3xf32>
  %r = taso.mul %s, %k : tensor<3x3xf32>
  func.return %r : tensor<3x3xf32>
}"""
    )
    assert set(names(linalg_module)).isdisjoint({"linalg.transpose", "linalg.broadcast"})
    assert names(linalg_module).count("linalg.generic") == 3
    assert names(linalg_module).count("linalg.fill") == 1


def test_transposed_square_matmul() -> None:
    """xDSL's custom form of `linalg.matmul` has no maps: the product must not be that."""
    check_text(
        """
func.func @main(%a: tensor<5x5xf32>, %b: tensor<5x5xf32>) -> tensor<5x5xf32> {
  %at = taso.transpose %a, perm = [1, 0] : tensor<5x5xf32> -> tensor<5x5xf32>
  %p = taso.matmul %at, %b : tensor<5x5xf32>, tensor<5x5xf32> -> tensor<5x5xf32>
  func.return %p : tensor<5x5xf32>
}"""
    )


def test_views_that_other_ops_read() -> None:
    """Returned, reshaped, reduced, called with; read twice, they are made once."""
    linalg_module = check_text(
        """
func.func @main(%a: tensor<3x4xf32>) -> (tensor<5x4x3xf32>, tensor<12xf32>, tensor<4x3xf32>,
                                        tensor<4x3xf32>, tensor<3xf32>, tensor<2x3xf32>) {
  %t = taso.transpose %a, perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %b = taso.broadcast %t, dims = [1, 2] : tensor<4x3xf32> -> tensor<5x4x3xf32>
  %f = taso.reshape %t : tensor<4x3xf32> -> tensor<12xf32>
  %s = taso.softmax %t, axis = 1 : tensor<4x3xf32> -> tensor<4x3xf32>
  %r = taso.reduce_sum %t, axes = [0] : tensor<4x3xf32> -> tensor<3xf32>
  %ones = taso.constant 2.0 : tensor<2x5x4xf32>
  %o = taso.einsum %ones, %b, equation = "abc,bcd->ad"
      : tensor<2x5x4xf32>, tensor<5x4x3xf32> -> tensor<2x3xf32>
  func.return %b, %f, %t, %s, %r, %o : tensor<5x4x3xf32>, tensor<12xf32>, tensor<4x3xf32>,
      tensor<4x3xf32>, tensor<3xf32>, tensor<2x3xf32>
}"""
    )
    main = main_of(linalg_module)
    assert sum(op.name == "linalg.transpose" for op in main.walk()) == 2


def test_splats_of_every_reader() -> None:
    check_text(
        """
func.func @main(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3x2xf32>, tensor<6xf32>,
                                        tensor<2xf32>, tensor<2x6xf32>, tensor<2x3xi32>) {
  %c = taso.constant 3.0 : tensor<f32>
  %b = taso.broadcast %c, dims = [] : tensor<f32> -> tensor<2x3xf32>
  %t = taso.transpose %b, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %f = taso.reshape %t : tensor<3x2xf32> -> tensor<6xf32>
  %e = taso.exp %b : tensor<2x3xf32>
  %z = taso.sub %e, %b : tensor<2x3xf32>
  %r = taso.reduce_sum %b, axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %j = taso.concat %a, %b, axis = 1 : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x6xf32>
  %i = taso.cast %b : tensor<2x3xf32> -> tensor<2x3xi32>
  func.return %z, %t, %f, %r, %j, %i : tensor<2x3xf32>, tensor<3x2xf32>, tensor<6xf32>,
      tensor<2xf32>, tensor<2x6xf32>, tensor<2x3xi32>
}"""
    )


def test_signs_of_zeros_are_kept_apart() -> None:
    check_text(
        """
func.func @main(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %one = taso.constant 1.0 : tensor<2xf32>
  %p = taso.constant 0.0 : tensor<2xf32>
  %n = taso.constant -0.0 : tensor<2xf32>
  %a0 = taso.mul %a, %p : tensor<2xf32>
  %sq = taso.mul %a0, %a0 : tensor<2xf32>
  %x = taso.add %sq, %p : tensor<2xf32>
  %y = taso.sub %n, %sq : tensor<2xf32>
  %u = taso.div %one, %x : tensor<2xf32>
  %v = taso.div %one, %y : tensor<2xf32>
  func.return %u, %v : tensor<2xf32>, tensor<2xf32>
}"""
    )


# Functions and kernels

TWO_LAYERS = """
builtin.module attributes {taso.version = 1 : i64} {
  func.func @main(%x: tensor<3x4xf32>, %w: tensor<4x4xf32> {taso.param, taso.source = 1 : i64})
      -> tensor<3x4xf32> {
    %h = taso.kernel(%a = %x : tensor<3x4xf32>, %b = %w : tensor<4x4xf32>) -> tensor<3x4xf32> {
      %p = taso.matmul %a, %b : tensor<3x4xf32>, tensor<4x4xf32> -> tensor<3x4xf32>
      %s = taso.softmax %p, axis = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
      taso.yield %s : tensor<3x4xf32>
    }
    %g = taso.kernel(%a = %h : tensor<3x4xf32>, %b = %w : tensor<4x4xf32>) -> tensor<3x4xf32> {
      %p = taso.matmul %a, %b : tensor<3x4xf32>, tensor<4x4xf32> -> tensor<3x4xf32>
      %s = taso.softmax %p, axis = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
      taso.yield %s : tensor<3x4xf32>
    }
    %y = taso.softmax %g, axis = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
    %z = taso.softmax %y, axis = 0 : tensor<3x4xf32> -> tensor<3x4xf32>
    func.return %z : tensor<3x4xf32>
  }
  func.func private @softmax_1(%x: tensor<3xf32>) -> tensor<3xf32> {
    func.return %x : tensor<3xf32>
  }
}"""


def test_equal_functions_are_shared() -> None:
    """One kernel of two, one softmax an axis, and no name that is taken."""
    linalg_module = check_text(TWO_LAYERS)
    shared = [f.sym_name.data for f in private_functions(linalg_module)]
    assert shared == ["softmax_1", "softmax_0", "kernel_0", "softmax_2"]


def test_attributes_of_module_and_arguments_stay() -> None:
    before = parse(TWO_LAYERS)
    after = lowered(before)
    assert after.attributes == before.attributes
    assert main_of(after).arg_attrs == main_of(before).arg_attrs
    assert main_of(after).arg_attrs is not None


def test_a_kernel_of_several_results() -> None:
    linalg_module = check_text(
        """
func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %h:2 = taso.kernel(%a = %x : tensor<3xf32>) -> tensor<3xf32>, tensor<3xf32> {
    %e = taso.exp %a : tensor<3xf32>
    taso.yield %a, %e : tensor<3xf32>, tensor<3xf32>
  }
  func.return %h#1, %h#0 : tensor<3xf32>, tensor<3xf32>
}"""
    )
    (kernel,) = private_functions(linalg_module)
    assert kernel.attributes == {"taso.op": StringAttr("taso.kernel")}
    assert recorded_op(kernel) is None


def test_a_second_run_changes_nothing() -> None:
    once = lowered(parse(TWO_LAYERS))
    assert lowered(once).is_structurally_equivalent(once)


def test_ops_of_other_dialects_stay() -> None:
    module = parse(
        """
func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  %t = taso.exp %x : tensor<3xf32>
  %y = func.call @twice(%t) : (tensor<3xf32>) -> tensor<3xf32>
  %z = taso.neg %y : tensor<3xf32>
  func.return %z : tensor<3xf32>
}
func.func private @twice(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = taso.add %x, %x : tensor<3xf32>
  func.return %y : tensor<3xf32>
}
func.func private @elsewhere(tensor<3xf32>) -> tensor<3xf32>"""
    )
    after = str(lowered(module))
    assert "func.call @twice" in after
    assert "taso" not in after


@pytest.mark.parametrize(
    "body, message",
    [
        (
            """
  %c = arith.constant true
  %r = scf.if %c -> (tensor<3xf32>) {
    %e = taso.exp %x : tensor<3xf32>
    scf.yield %e : tensor<3xf32>
  } else {
    scf.yield %x : tensor<3xf32>
  }
  func.return %r : tensor<3xf32>""",
            "'scf.if' holds ops of taso",
        ),
        (
            """
  %e = taso.exp %x : tensor<3xf32>
  cf.br ^bb1(%e : tensor<3xf32>)
^bb1(%y: tensor<3xf32>):
  func.return %y : tensor<3xf32>""",
            "@main has branches; expected one block",
        ),
    ],
)
def test_control_flow_is_refused(body: str, message: str) -> None:
    module = parse(f"func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {{{body}\n}}")
    with pytest.raises(PassFailedException, match=message):
        lowered(module)


# Records

MATRIX = TensorSpec((3, 5), "f32")
VECTOR = TensorSpec((5,), "f32")
RECORDED = [
    OpCase("softmax", [MATRIX], {"axis": 1}),
    OpCase("layer_norm", [MATRIX, VECTOR, VECTOR], {"eps": 1e-5}),
    OpCase("batch_norm", [MATRIX, VECTOR, VECTOR], {"axis": 1, "eps": 1e-5, "correction": 1}),
    OpCase("attention", [MATRIX, MATRIX, MATRIX], {"scale": 0.125, "causal": False}),
    OpCase("gelu", [MATRIX], {"approximate": "tanh"}),
    OpCase("var", [MATRIX], {"axes": (0,), "correction": 1}),
    OpCase("reduce_mean", [MATRIX], {"axes": (0, 1)}),
    OpCase("reduce_sum", [TensorSpec((3, 5), "bf16")], {"axes": (0,)}),
    OpCase("matmul", [TensorSpec((3, 5), "f16"), TensorSpec((5, 2), "f16")], {}),
    OpCase("einsum", [MATRIX, VECTOR, VECTOR], {"equation": "ab,b,b->a"}),
    OpCase(
        "attention",
        [MATRIX, MATRIX, MATRIX, TensorSpec((3, 3), "f32")],
        {"scale": 1.0, "causal": True},
    ),
    OpCase("argmax", [MATRIX], {"axis": 1}),
    OpCase("argmin", [TensorSpec((3, 5), "i32")], {"axis": 0}),
    OpCase("cumsum", [MATRIX], {"axis": 0}),
    OpCase("gather", [MATRIX, TensorSpec((2,), "i64")], {"axis": 1}),
    OpCase("group_norm", [MATRIX, VECTOR, VECTOR], {"groups": 5, "eps": 1e-5}),
    OpCase("log_softmax", [MATRIX], {"axis": 0}),
    OpCase("rms_norm", [MATRIX, VECTOR], {"eps": 1e-5}),
]


def function_of(case: OpCase) -> func.FuncOp:
    """The private function of one op, printed and read back as a back end gets it."""
    (function,) = private_functions(parse(str(lowered(module_of([case])))))
    return function


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_recorded_op(case: OpCase) -> None:
    found = recorded_op(function_of(case))
    assert found is not None
    op, attrs = found
    assert op.name == f"taso.{case.name}"
    assert attrs == case.attrs


@pytest.mark.parametrize("name", ["relu", "transpose", "matmul", "reduce_max"])
def test_simple_ops_need_no_function(name: str) -> None:
    attrs = {"transpose": {"perm": (1, 0)}, "reduce_max": {"axes": (1,)}}.get(name, {})
    square = TensorSpec((3, 3), "f32")
    operands = [square] * (2 if name == "matmul" else 1)
    assert private_functions(lowered(module_of([OpCase(name, operands, attrs)]))) == []


def swap_a_scalar_op(function: func.FuncOp) -> None:
    op = next(op for op in function.walk() if isinstance(op, arith.SubfOp))
    op.parent_block().insert_op_before(new := arith.AddfOp(op.lhs, op.rhs), op)  # type: ignore[union-attr]
    op.result.replace_all_uses_with(new.result)
    op.detach()


def change_a_constant(function: func.FuncOp) -> None:
    op = next(op for op in function.walk() if isinstance(op, arith.ConstantOp))
    op.properties["value"] = FloatAttr(0.5, 32)


def swap_operands(function: func.FuncOp) -> None:
    op = [op for op in function.walk() if isinstance(op, arith.DivfOp)][-1]
    op.operands = [op.rhs, op.lhs]


def change_a_map(function: func.FuncOp) -> None:
    op = next(op for op in function.walk() if isinstance(op, linalg.GenericOp))
    op.properties["iterator_types"] = op.iterator_types.__class__(reversed(op.iterator_types.data))


def return_another_value(function: func.FuncOp) -> None:
    end = function.body.block.last_op
    assert end is not None
    end.operands = [function.body.block.args[0]]


@pytest.mark.parametrize(
    "tamper",
    [swap_a_scalar_op, change_a_constant, swap_operands, change_a_map, return_another_value],
)
def test_no_record_of_another_body(tamper: Callable[[func.FuncOp], None]) -> None:
    function = function_of(RECORDED[0])
    assert recorded_op(function) is not None
    tamper(function)
    assert recorded_op(function) is None


AXIS_0 = DictionaryAttr({"axis": IntegerAttr(0, i64)})


@pytest.mark.parametrize(
    "name, attribute",
    [
        ("taso.attrs", AXIS_0),
        ("taso.attrs", DictionaryAttr({"axis": IntegerAttr(2, i64)})),
        ("taso.attrs", DictionaryAttr({"axis": IntegerAttr(1, 32)})),
        ("taso.attrs", DictionaryAttr({"axis": StringAttr("1")})),
        ("taso.attrs", DictionaryAttr({})),
        ("taso.attrs", DictionaryAttr({**AXIS_0.data, "more": StringAttr("")})),
        ("taso.attrs", StringAttr("axis = 1")),
        ("taso.op", StringAttr("taso.log_softmax")),
        ("taso.op", StringAttr("softmax")),
        ("taso.op", StringAttr("taso.relu")),
        ("taso.op", StringAttr("taso.layer_norm")),
        ("taso.op", StringAttr("taso.kernel")),
        ("taso.op", IntegerAttr(1, i64)),
    ],
)
def test_no_stale_record(name: str, attribute: StringAttr) -> None:
    function = function_of(RECORDED[0])
    function.attributes[name] = attribute
    assert recorded_op(function) is None


def test_no_record_under_another_type() -> None:
    """A function that takes one operand more than the op."""
    function = function_of(RECORDED[0])
    function.body.block.insert_arg(function.body.block.args[0].type, 1)
    function.update_function_type()
    assert recorded_op(function) is None


def test_records_of_the_composites() -> None:
    """The classes by which a back end asks."""
    found = [recorded_op(function_of(RECORDED[i])) for i in (0, 1, 3)]
    assert [f and f[0] for f in found] == [SoftmaxOp, LayerNormOp, AttentionOp]


def test_pass_name() -> None:
    module = parse(TWO_LAYERS)
    ConvertTasoToLinalgPass().apply(Context(), module)
    module.verify()
    assert ConvertTasoToLinalgPass.name == "convert-taso-to-linalg"
    assert all(op.dialect_name() != "taso" for op in module.walk())
