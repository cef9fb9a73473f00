"""Which calls of torch ops an IR file may make: all else is refused in one line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.ir import find_function, parse_module
from support.torch_source import check_torch
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, StringAttr, i1

from taso.dialects.extern import ExternOp
from taso.dialects.extern_arguments import parse_arguments
from taso.dialects.extern_schema import ExternError, check_call, find_overload, is_random
from taso.dialects.interpret import interpret
from taso.dialects.spec import TensorSpec
from taso.lowering.pipeline import lower
from taso.lowering.torch_source import torch_source
from taso.tools import taso, taso_opt

MATRIX = TensorSpec((3, 4), "f32")
ALLOWED = [
    ("aten.roll.default", "$0, [1], [0]", [MATRIX], [MATRIX]),
    ("aten.gelu.default", "$0, approximate='tanh'", [MATRIX], [MATRIX]),
    ("aten.div.Tensor_mode", "$0, $0, rounding_mode='floor'", [MATRIX], [MATRIX]),
    (
        "aten.index.Tensor",
        "$0, [$1]",
        [MATRIX, TensorSpec((5,), "i64")],
        [TensorSpec((5, 4), "f32")],
    ),
    ("aten.full.default", "[2], inf, dtype=float64", [], [TensorSpec((2,), "f64")]),
    ("aten.split.Tensor", "$0, 2", [MATRIX], [TensorSpec((n, 4), "f32") for n in (2, 1)]),
    ("aten._softmax.default", "$0, 1, False", [MATRIX], [MATRIX]),
    # A number that stands for a tensor gives way to those of its kind.
    ("aten.mul.Tensor", "$0, 100000.0", [TensorSpec((2,), "f16")], [TensorSpec((2,), "f16")]),
    ("aten.add.Tensor", "0.5, $0", [TensorSpec((2,), "i32")], [TensorSpec((2,), "f32")]),
]
REFUSED = [
    ("namespace", "prims.add.default", "$0, $0", "no op of aten"),
    ("custom op", "mylib.op.default", "$0", "no op of aten"),
    ("op", "aten.rolled.default", "$0", "is no op of torch"),
    ("overload", "aten.roll.other", "$0", "is no op of torch"),
    ("attribute of torch.ops", "aten.name.default", "$0", "is no op of torch"),
    ("dunder", "aten.__class__.mro", "$0", "trusted alone"),
    ("in place", "aten.add_.Tensor", "$0, $0", "changes its arguments"),
    ("out", "aten.add.out", "$0, $0, out=$0", "changes its arguments"),
    (
        "running statistics",
        "aten.batch_norm.default",
        "$0, None, None, $0, $0, True, 0.1, 1e-05, False",
        "changes the running statistics",
    ),
    ("file", "aten.from_file.default", "'/etc/passwd', None, 12", "trusted alone"),
    ("internal", "aten._fused_dropout.default", "$0, 0.5", "trusted alone"),
    ("library", "aten.cudnn_convolution.default", "$0, $0", "trusted alone"),
    ("unset memory", "aten.empty.memory_format", "[3, 4]", "trusted alone"),
    ("other storage", "aten.set.source_Tensor", "$0, $0", "trusted alone"),
    ("no tensor", "aten.size.int", "$0, 0", "gives no tensor"),
    ("text", "aten.gelu.default", "$0, approximate='/etc/passwd'", "argument approximate, a str"),
    ("text of another", "aten.gelu.default", "$0, approximate='floor'", "argument approximate"),
    ("free text", "aten.einsum.default", "'ij->ji', [$0]", "argument equation, a str"),
    ("device", "aten.zeros_like.default", "$0, device=None", "argument device"),
    ("too many", "aten.relu.default", "$0, 1", "takes 1 arguments by position, not 2"),
    ("too few", "aten.roll.default", "$0", "needs argument shifts"),
    ("unknown", "aten.relu.default", "$0, slope=1", "takes no argument slope here"),
    ("given twice", "aten.roll.default", "$0, [1], shifts=[2]", "takes no argument shifts here"),
    ("number for a tensor", "aten.relu.default", "1", "argument self, a Tensor"),
    ("numbers alone", "aten.mul.Tensor", "2, 3", "argument self, a Tensor"),
    ("number not wrapped", "aten.maximum.default", "$0, 1", "argument other, a Tensor"),
    ("tensor for a number", "aten.roll.default", "$0, $0", "argument shifts, a List"),
    ("float for an int", "aten.flip.default", "$0, [0.5]", "argument dims, a List"),
    ("bool for an int", "aten.flip.default", "$0, [True]", "argument dims, a List"),
    ("dtype for a number", "aten.add.Scalar", "$0, float32", "argument other, a number"),
    ("None for a tensor", "aten.relu.default", "None", "argument self, a Tensor"),
    ("random", "aten.native_dropout.default", "$0, 0.5, True", "is random, and is not said"),
    ("axis", "aten.flip.default", "$0, [5]", "refused by torch"),
    ("large", "aten.full.default", "[9999999999999999999], 0", "refused by torch"),
    ("shape from data", "aten.nonzero.default", "$0", "can't be checked"),
    ("other shape", "aten.t.default", "$0", r"gives tensor<4x3xf32>, not tensor<3x4xf32>"),
    ("other dtype", "aten.isnan.default", "$0", r"gives tensor<3x4xi1>, not tensor<3x4xf32>"),
    ("complex", "aten.complex.default", "$0, $0", "gives tensor<3x4xcomplex64>, not"),
    ("several", "aten.sort.default", "$0", r"gives tensor<3x4xf32>, tensor<3x4xi64>, not"),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=lambda case: case[0])
def test_allowed(case: tuple[str, str, list[TensorSpec], list[TensorSpec]]) -> None:
    name, arguments, operands, results = case
    call = check_call(name, parse_arguments(arguments), operands, results, random=False)
    assert str(call.overload) == name


def program(overload: str, arguments: str, *, random: bool = False) -> str:
    operands, types = ("%a, ", f"{MATRIX} ") if "$0" in arguments else ("", "")
    attrs = f'overload = "{overload}", arguments = "{arguments}", random = {str(random).lower()}'
    return f"""
func.func @main(%a: {MATRIX}) -> {MATRIX} {{
  %r = taso.extern {operands}{attrs} : {types}-> {MATRIX}
  func.return %r : {MATRIX}
}}"""


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
@pytest.mark.parametrize("name", ["taso-opt", "taso run"])
def test_refused_in_one_line(
    case: tuple[str, str, str, str],
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, overload, arguments, message = case
    path, out = tmp_path / "in.mlir", tmp_path / "out.py"
    path.write_text(program(overload, arguments))
    command, args = {
        "taso-opt": (taso_opt.main, [str(path), "-t", "torch", "-o", str(out)]),
        "taso run": (taso.main, ["run", str(path)]),
    }[name]
    with pytest.raises(SystemExit) as e:
        command(args)
    printed = capsys.readouterr()
    assert (e.value.code, printed.out, out.exists()) == (1, "", False)
    assert printed.err.startswith(f"{path}:1:1: error: {overload}")
    assert printed.err.count("\n") == 1
    assert message.replace("\\", "") in printed.err


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_a_declared_function_is_checked_too(case: tuple[str, str, str, str]) -> None:
    _, overload, arguments, message = case
    module = lower(parse_module(program("aten.relu.default", "$0")))
    declared = find_function(module, "extern_0")
    names = {"overload": overload, "arguments": arguments}
    texts = {name: StringAttr(text) for name, text in names.items()}
    declared.attributes["taso.attrs"] = DictionaryAttr({**texts, "random": IntegerAttr(0, i1)})
    with pytest.raises(Exception, match=message if "$0" in arguments else "one block"):
        torch_source(module)


def test_text_reaches_the_source_escaped() -> None:
    """Even a trusted program has no text that ends a literal: the grammar has no quotes."""
    with pytest.raises(Exception, match=r"\(C2\)"):
        parse_module(program("aten.relu.default", "$0, 'x\\22); import os'"))


def test_trusted_overloads_are_called_whatever_they_are() -> None:
    name, given = "aten._fused_dropout.default", parse_arguments("$0, 0.5")
    types = [MATRIX], [MATRIX, TensorSpec((3, 4), "i1")]
    with pytest.raises(ExternError, match="trusted alone"):
        check_call(name, given, *types, random=True)
    call = check_call(name, given, *types, random=True, trusted=frozenset({name}))
    assert call.outputs == (True, True)


def test_outputs_that_are_no_tensors() -> None:
    specs = [TensorSpec(s, "f32") for s in ((1, 2, 5), (1, 3, 5), (2, 3, 1))]
    given = parse_arguments("$0, $1, $2, [2], [1], [0], [1], False, [0], 1, [True, False, True]")
    results = [specs[1], TensorSpec((2,), "f32")]
    call = check_call("aten.convolution_backward.default", given, specs, results, random=False)
    assert call.outputs == (True, False, True)


RANDOM = [
    ("aten.native_dropout.default", "$0, 0.5, True", True),
    ("aten.native_dropout.default", "$0, 0.5, False", False),
    ("aten.native_dropout.default", "$0, 0.5, None", True),
    ("aten.dropout.default", "$0, 0.5, train=False", False),
    ("aten.rand_like.default", "$0", True),
    ("aten.scaled_dot_product_attention.default", "$0, $0, $0", False),
    ("aten.scaled_dot_product_attention.default", "$0, $0, $0, dropout_p=0.5", True),
    ("aten.rrelu.default", "$0", False),
    ("aten.rrelu.default", "$0, training=True", True),
    ("aten.relu.default", "$0", False),
]


@pytest.mark.parametrize("overload, arguments, expected", RANDOM)
def test_what_is_random(overload: str, arguments: str, expected: bool) -> None:
    assert is_random(find_overload(overload), parse_arguments(arguments)) is expected


def test_the_dialect_does_not_import_torch() -> None:
    code = (
        "import sys, taso.dialects.taso, taso.tools.taso_opt, taso.lowering.torch_target;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_optimising_a_file_does_not_import_torch(tmp_path: Path) -> None:
    path = tmp_path / "in.mlir"
    path.write_text(program("aten.roll.default", "$0, [1], [0]"))
    code = (
        "import sys; from taso.tools.taso_opt import main;"
        f"main([{str(path)!r}, '-p', 'canonicalize,cse,taso-optimize,convert-taso-to-linalg']);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    "overload, arguments, random",
    [
        ("aten.native_dropout.default", "$0, 0.5, True", True),
        ("aten._fused_dropout.default", "$0, 0.5", False),
        ("aten.flip.default", "$0, [5]", False),
        ("aten.t.default", "$0", False),
    ],
)
def test_calls_without_a_reference(overload: str, arguments: str, random: bool) -> None:
    function = find_function(parse_module(program(overload, arguments, random=random)))
    with pytest.raises(TypeError, match=overload):
        interpret(function, [np.zeros((3, 4), np.float32)])


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64", "i32", "i64", "i1"])
def test_reference_of_each_element_type(dtype: str) -> None:
    spec = TensorSpec((3, 4), dtype)
    text = program("aten.roll.default", "$0, [1], [0]").replace(str(MATRIX), str(spec))
    (op,) = (o for o in parse_module(text).walk() if isinstance(o, ExternOp))
    given = np.arange(12).reshape(3, 4).astype(bool if dtype == "i1" else np.float32)
    (result,) = op.reference(given)
    np.testing.assert_array_equal(result, np.roll(given, 1, 0).astype(result.dtype))


def test_strides_do_not_matter() -> None:
    """`as_strided` of a transposed operand reads that in row-major order."""
    attrs = 'overload = "aten.as_strided.default", arguments = "$0, [2, 3], [1, 2], 1"'
    text = f"""
func.func @main(%a: tensor<3x4xf32>) -> tensor<2x3xf32> {{
  %t = taso.transpose %a, perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %r = taso.extern %t, {attrs}, random = false : tensor<4x3xf32> -> tensor<2x3xf32>
  func.return %r : tensor<2x3xf32>
}}"""
    check_torch(parse_module(text), [np.random.default_rng().normal(size=(3, 4)).astype("f4")])


def test_seeds_give_the_same_results_by_run_and_by_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "in.mlir", tmp_path / "out.py"
    path.write_text(program("aten.bernoulli.p", "$0, 0.5", random=True))
    taso.main(["run", str(path), "--seed", "7"])
    expected = capsys.readouterr().out
    taso_opt.main([str(path), "-p", "taso-optimize", "-t", "torch", "-o", str(out)])
    command = [sys.executable, str(out), "--seed", "7"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == expected
