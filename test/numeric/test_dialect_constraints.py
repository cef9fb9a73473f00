"""Each named constraint of each op is broken once: in `infer`, and in text, with its place."""

import math
import re

import pytest
from support.ir import parse_module
from xdsl.utils.exceptions import ParseError, VerifyException

from taso.dialects.base import Attrs, AttrValue, ConstraintError, TensorSpec, format_real
from taso.dialects.elementwise import BinaryOp, ElementwiseOp, UnaryOp
from taso.dialects.reduction import ExtremumOp
from taso.dialects.taso import OPS


def f32(*shape: int) -> TensorSpec:
    return TensorSpec(shape, "f32")


def i1(*shape: int) -> TensorSpec:
    return TensorSpec(shape, "i1")


NORM: Attrs = {"eps": 1e-5}
BATCH: Attrs = {"axis": 1, "eps": 1e-5, "correction": 0}
ATTENTION: Attrs = {"scale": 0.5}
CONV: Attrs = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
POOL: Attrs = {"kernel": (2, 2), "stride": (1, 1), "padding": (0, 0)}
IMAGE = f32(2, 4, 5, 5)
ATTENTION: Attrs = {"scale": 0.5, "causal": False}
EXTERN: Attrs = {
    "overload": "aten.relu.default",
    "arguments": "$0",
    "random": False,
    "results": "tensor<2xf32>",
}
VALUE = b"\0" * 8


def i64(*shape: int) -> TensorSpec:
    return TensorSpec(shape, "i64")


GROUPS: Attrs = {"groups": 2, "eps": 1e-5}

BROKEN: list[tuple[str, str, list[TensorSpec], Attrs]] = [
    ("argmax", "C1", [f32(2)], {"axis": 1}),
    ("argmax", "C1", [f32(2, 0)], {"axis": 1}),
    ("argmax", "C2", [i1(2)], {"axis": 0}),
    ("argmin", "C1", [f32(2)], {"axis": -1}),
    ("argmin", "C1", [f32(0)], {"axis": 0}),
    ("argmin", "C2", [i1(2)], {"axis": 0}),
    ("attention", "C1", [f32(2, 3), f32(4, 3), f32(1, 4, 2)], ATTENTION),
    ("attention", "C1", [f32(3), f32(3), f32(3)], ATTENTION),
    ("attention", "C2", [i1(2, 3), i1(4, 3), i1(4, 2)], ATTENTION),
    ("attention", "C3", [f32(2, 3), f32(4, 5), f32(4, 2)], ATTENTION),
    ("attention", "C3", [f32(2, 3), f32(4, 3), f32(5, 2)], ATTENTION),
    ("attention", "C3", [f32(2, 3), f32(0, 3), f32(0, 2)], ATTENTION),
    ("attention", "C3", [f32(1, 2, 3), f32(2, 4, 3), f32(2, 4, 2)], ATTENTION),
    ("attention", "C2", [f32(2, 3), f32(4, 3), f32(4, 2), i1(2, 4)], ATTENTION),
    ("attention", "C4", [f32(2, 3), f32(4, 3), f32(4, 2), f32(4)], ATTENTION),
    ("attention", "C4", [f32(2, 3), f32(4, 3), f32(4, 2), f32(1, 4)], ATTENTION),
    ("batch_norm", "C1", [f32(2, 3), f32(3), f32(3)], {**BATCH, "axis": 2}),
    ("batch_norm", "C1", [f32(3), f32(3), f32(3)], {**BATCH, "axis": 0}),
    ("batch_norm", "C2", [i1(2, 3), i1(3), i1(3)], BATCH),
    ("batch_norm", "C2", [f32(2, 3), f32(3), TensorSpec((3,), "f64")], BATCH),
    ("batch_norm", "C3", [f32(2, 3), f32(3), f32(2)], BATCH),
    ("batch_norm", "C4", [f32(2, 3), f32(3), f32(3)], {**BATCH, "correction": -1}),
    ("broadcast", "C1", [f32(3)], {"dims": (), "shape": (3,)}),
    ("broadcast", "C2", [f32(2, 3)], {"dims": (1, 0), "shape": (3, 2)}),
    ("broadcast", "C2", [f32(2)], {"dims": (1,), "shape": (2,)}),
    ("broadcast", "C3", [f32(1)], {"dims": (0,), "shape": (4,)}),
    ("compare", "C1", [f32(2), f32(1)], {"predicate": "lt"}),
    ("compare", "C1", [f32(2), TensorSpec((2,), "f64")], {"predicate": "lt"}),
    ("compare", "C2", [f32(2), f32(2)], {"predicate": "LT"}),
    ("concat", "C1", [], {"axis": 0}),
    ("concat", "C2", [f32(2)], {"axis": 1}),
    ("concat", "C2", [f32()], {"axis": 0}),
    ("concat", "C3", [f32(2, 3), f32(3, 3)], {"axis": 1}),
    ("concat", "C3", [f32(2), TensorSpec((2,), "f64")], {"axis": 0}),
    ("conv2d", "C1", [f32(4, 5, 5), f32(4, 4, 3, 3)], CONV),
    ("conv2d", "C1", [IMAGE, f32(4, 4, 3)], CONV),
    ("conv2d", "C2", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "stride": (0, 1)}),
    ("conv2d", "C2", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "stride": (1,)}),
    ("conv2d", "C2", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "padding": (0, -1)}),
    ("conv2d", "C2", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "dilation": (1, 1, 1)}),
    ("conv2d", "C3", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "groups": 0}),
    ("conv2d", "C3", [IMAGE, f32(6, 1, 3, 3)], {**CONV, "groups": 4}),
    ("conv2d", "C3", [IMAGE, f32(3, 2, 3, 3)], {**CONV, "groups": 2}),
    ("conv2d", "C3", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "groups": 2}),
    ("conv2d", "C4", [IMAGE, f32(4, 4, 3, 6)], CONV),
    ("conv2d", "C4", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "dilation": (3, 1)}),
    ("conv2d", "C4", [f32(2, 4, 0, 5), f32(4, 4, 1, 1)], {**CONV, "padding": (2, 2)}),
    ("conv2d", "C4", [f32(2, 0, 5, 5), f32(4, 0, 3, 3)], CONV),
    ("conv2d", "C4", [IMAGE, f32(0, 4, 3, 3)], CONV),
    ("conv2d", "C5", [IMAGE, TensorSpec((4, 4, 3, 3), "f16")], CONV),
    ("conv2d", "C5", [i1(2, 4, 5, 5), i1(4, 4, 3, 3)], CONV),
    ("cumsum", "C1", [f32(2)], {"axis": 1}),
    ("cumsum", "C2", [i1(2)], {"axis": 0}),
    ("einsum", "C1", [f32(2, 2)], {"equation": "ii->i"}),
    ("einsum", "C1", [f32(2)], {"equation": "i->j"}),
    ("einsum", "C1", [f32(2)], {"equation": "i"}),
    ("einsum", "C2", [f32(2)], {"equation": "i,i->i"}),
    ("einsum", "C2", [f32(2)], {"equation": "ij->i"}),
    ("einsum", "C3", [f32(2), f32(3)], {"equation": "i,i->i"}),
    ("einsum", "C4", [f32(2), TensorSpec((2,), "f64")], {"equation": "i,i->i"}),
    ("einsum", "C4", [i1(2)], {"equation": "i->"}),
    ("gather", "C1", [f32(2, 3), i64(4)], {"axis": 2}),
    ("gather", "C1", [f32(), i64()], {"axis": 0}),
    ("gather", "C2", [f32(2, 3), f32(4)], {"axis": 0}),
    ("gather", "C2", [f32(2, 3), i1(4)], {"axis": 0}),
    ("gather", "C3", [f32(0, 3), i64(4)], {"axis": 0}),
    ("group_norm", "C1", [f32(2), f32(2), f32(2)], GROUPS),
    ("group_norm", "C1", [f32(2, 3), f32(3), f32(3)], GROUPS),
    ("group_norm", "C1", [f32(2, 4), f32(4), f32(4)], {**GROUPS, "groups": 0}),
    ("group_norm", "C1", [f32(2, 4, 0), f32(4), f32(4)], GROUPS),
    ("group_norm", "C2", [f32(2, 4), f32(4), i1(4)], GROUPS),
    ("group_norm", "C3", [f32(2, 4), f32(4), f32(2)], GROUPS),
    ("extern", "C1", [f32(2)], {**EXTERN, "overload": "aten.relu"}),
    ("extern", "C1", [f32(2)], {**EXTERN, "overload": "aten.re lu.default"}),
    ("extern", "C1", [f32(2)], {**EXTERN, "overload": "aten.import.default"}),
    ("extern", "C2", [f32(2)], {**EXTERN, "arguments": "$0,1"}),
    ("extern", "C3", [f32(2)], {**EXTERN, "arguments": "1"}),
    ("extern", "C3", [f32(2)], {**EXTERN, "arguments": "$0, $1"}),
    ("extern", "C3", [f32(2), f32(2)], {**EXTERN, "arguments": "[None, $1]"}),
    ("extern", "C4", [f32(2)], {**EXTERN, "results": ""}),
    ("gelu", "C3", [f32(2)], {"approximate": "erf"}),
    ("layer_norm", "C1", [f32(), f32(), f32()], NORM),
    ("layer_norm", "C1", [f32(2, 0), f32(0), f32(0)], NORM),
    ("layer_norm", "C2", [i1(2, 3), i1(3), i1(3)], NORM),
    ("layer_norm", "C3", [f32(2, 3), f32(2), f32(3)], NORM),
    ("log_softmax", "C1", [f32(2)], {"axis": 1}),
    ("log_softmax", "C1", [f32(2, 0)], {"axis": 1}),
    ("log_softmax", "C2", [i1(2)], {"axis": 0}),
    ("matmul", "C1", [f32(3), f32(3, 4)], {}),
    ("matmul", "C2", [f32(2, 3), f32(4, 3)], {}),
    ("matmul", "C3", [f32(2, 2, 3), f32(1, 3, 4)], {}),
    ("matmul", "C4", [f32(2, 3), TensorSpec((3, 4), "f16")], {}),
    ("matmul", "C4", [i1(2, 3), i1(3, 4)], {}),
    ("pad", "C1", [f32(2, 3)], {"low": (1,), "high": (0, 0), "value": 0.0}),
    ("pad", "C1", [f32(2, 3)], {"low": (1, 0), "high": (0, -1), "value": 0.0}),
    ("pad", "C2", [f32(2)], {"low": (1,), "high": (0,), "value": math.nan}),
    ("pad", "C2", [f32(2)], {"low": (1,), "high": (0,), "value": -0.0}),
    ("pad", "C2", [i1(2)], {"low": (1,), "high": (0,), "value": 2.0}),
    ("pad", "C2", [TensorSpec((2,), "i32")], {"low": (1,), "high": (0,), "value": 2.0**31}),
    ("pad", "C2", [TensorSpec((2,), "i64")], {"low": (1,), "high": (0,), "value": 0.5}),
    ("reduce_max", "C3", [f32(2, 0)], {"axes": (1,)}),
    ("reduce_min", "C3", [i1(2, 0)], {"axes": (1,)}),
    ("rms_norm", "C1", [f32(), f32()], NORM),
    ("rms_norm", "C1", [f32(2, 0), f32(0)], NORM),
    ("rms_norm", "C2", [f32(2, 3), i1(3)], NORM),
    ("rms_norm", "C3", [f32(2, 3), f32(2)], NORM),
    ("reshape", "C1", [f32(2, 3)], {"shape": (5,)}),
    ("select", "C1", [i1(2), f32(2), TensorSpec((2,), "f16")], {}),
    ("select", "C2", [f32(2), f32(2), f32(2)], {}),
    ("select", "C2", [i1(1), f32(2), f32(2)], {}),
    ("slice", "C1", [f32(2)], {"axis": -1, "start": 0, "stop": 1}),
    ("slice", "C2", [f32(2)], {"axis": 0, "start": 1, "stop": 3}),
    ("slice", "C2", [f32(2)], {"axis": 0, "start": 2, "stop": 1}),
    ("softmax", "C1", [f32(2)], {"axis": 1}),
    ("softmax", "C1", [f32(2, 0)], {"axis": 1}),
    ("softmax", "C2", [i1(2)], {"axis": 0}),
    ("split", "C1", [f32(2)], {"axis": 1, "sizes": (2,)}),
    ("split", "C2", [f32(2)], {"axis": 0, "sizes": (3, -1)}),
    ("split", "C2", [f32(2)], {"axis": 0, "sizes": ()}),
    ("transpose", "C1", [f32(2, 3)], {"perm": (0, 0)}),
    ("transpose", "C1", [f32(2, 3)], {"perm": (0,)}),
    ("var", "C3", [f32(2)], {"axes": (0,), "correction": -1}),
]
for _name in ("reduce_sum", "reduce_max", "reduce_mean", "reduce_min", "var"):
    _extra: dict[str, AttrValue] = {"correction": 0} if _name == "var" else {}
    for _axes in ((), (1, 0), (2,), (0, 0)):
        BROKEN.append((_name, "C1", [f32(2, 3)], {"axes": _axes, **_extra}))
    if _name not in ("reduce_max", "reduce_min"):
        BROKEN.append((_name, "C2", [i1(2, 3)], {"axes": (0,), **_extra}))
for _name, _extra in (
    ("max_pool2d", {"dilation": (1, 1)}),
    ("avg_pool2d", {"count_include_pad": False}),
):
    _pool: Attrs = {**POOL, **_extra}
    BROKEN += [
        (_name, "C1", [f32(4, 5, 5)], _pool),
        (_name, "C1", [TensorSpec((2, 4, 5, 5), "i64")], _pool),
        (_name, "C2", [IMAGE], {**_pool, "kernel": (2, 0)}),
        (_name, "C2", [IMAGE], {**_pool, "kernel": (2, 2, 2)}),
        (_name, "C2", [IMAGE], {**_pool, "stride": (0, 1)}),
        (_name, "C2", [IMAGE], {**_pool, "padding": (-1, 0)}),
        (_name, "C3", [IMAGE], {**_pool, "padding": (2, 0)}),
        (_name, "C4", [IMAGE], {**_pool, "kernel": (6, 2)}),
        (_name, "C4", [f32(2, 0, 5, 5)], _pool),
        (_name, "C4", [f32(2, 4, 5, 0)], {**_pool, "padding": (0, 1)}),
    ]
BROKEN.append(("max_pool2d", "C2", [IMAGE], {**POOL, "dilation": (1, 0)}))
BROKEN.append(("max_pool2d", "C4", [IMAGE], {**POOL, "dilation": (1, 5)}))
for _name, _op in OPS.items():
    if issubclass(_op, ElementwiseOp):
        _extra = {"approximate": "none"} if _name == "gelu" else {}
        _count = 2 if issubclass(_op, BinaryOp) else 1
        for _dtype in ("f32", "i1", "i32"):
            if not _op.takes(TensorSpec((2,), _dtype)):
                BROKEN.append((_name, "C2", [TensorSpec((2,), _dtype)] * _count, _extra))
    if issubclass(_op, BinaryOp):
        _dtype = "f32" if _op.takes(f32(2)) else "i1"
        BROKEN.append((_name, "C1", [TensorSpec((n,), _dtype) for n in (2, 1)], {}))

# What text alone can say wrong of a constant, and attributes alone.
BROKEN_CONSTANTS = [
    ("C1", "dense<[1.0, 2.0]> : tensor<3xf32>"),
    ("C1", "dense<[[1.0], [2.0, 3.0]]> : tensor<2x2xf32>"),
    ("C1", 'dense<"0x0000803F0000803F"> : tensor<3xf32>'),
    ("C1", 'dense<"0x00"> : tensor<f32>'),
    ("C1", 'dense<"0x0"> : tensor<f32>'),
    ("C1", 'dense<"7"> : tensor<f32>'),
    ("C1", "dense<> : tensor<2xf32>"),
    ("C2", "1.5 : tensor<i32>"),
    ("C2", "inf : tensor<i64>"),
    ("C2", "true : tensor<i32>"),
    ("C2", "1 : tensor<i1>"),
    ("C2", "true : tensor<f32>"),
    ("C2", "2147483648 : tensor<i32>"),
    ("C2", "dense<[1, -2147483649]> : tensor<2xi32>"),
    ("T0", "1 : tensor<i8>"),
]
BROKEN_GENERIC_CONSTANTS = [
    ("C1", "dense<1> : tensor<3xi32>", "tensor<4xi32>"),
    ("C1", "dense<1> : tensor<2x3xi32>", "tensor<3x2xi32>"),
    ("C1", '"0x0Z"', "tensor<2xf32>"),
    ("C2", "dense<1> : tensor<3xi32>", "tensor<3xf32>"),
    ("T0", "dense<1> : vector<3xi32>", "tensor<3xi32>"),
]


def text_of(value: AttrValue) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple():
            return str(list(value))
        case float():
            return format_real(value)
        case _:
            return str(value)


def custom_text(name: str, operands: list[TensorSpec], attrs: Attrs) -> str:
    """The op in a function; its result type, where nothing gives it, is a guess."""
    kinds = OPS[name].attribute_kinds()
    items = [f"%a{i}" for i in range(len(operands))]
    items += [f"{key} = {text_of(value)}" for key, value in attrs.items() if key in kinds]
    first = operands[0] if operands else f32()
    result = first.with_shape(attrs.get("shape", first.shape))
    types = str(first)
    if not OPS[name].SAME_TYPE:
        types = f"{', '.join(map(str, operands))} -> {result}"
    arguments = ", ".join(f"%a{i}: {t}" for i, t in enumerate(operands))
    return f"func.func @f({arguments}) {{\n  %r = taso.{name} {', '.join(items)} : {types}\n}}"


@pytest.mark.parametrize("name, constraint, operands, attrs", BROKEN)
def test_infer_names_the_constraint(name, constraint, operands, attrs) -> None:
    with pytest.raises(ConstraintError, match=rf"^\({constraint}\) "):
        OPS[name].infer(operands, attrs)


@pytest.mark.parametrize(
    "name, constraint, operands, attrs",
    # One type is printed for all operands: they cannot be written to differ. Nor is there text
    # without a result.
    [b for b in BROKEN if not (OPS[b[0]].SAME_TYPE and b[1] == "C1") and b[:2] != ("extern", "C4")],
)
def test_text_is_refused_with_its_place(name, constraint, operands, attrs) -> None:
    with pytest.raises(ParseError, match=rf"'taso.{name}' \({constraint}\) ") as caught:
        parse_module(custom_text(name, operands, attrs))
    assert str(caught.value.span.get_location()).startswith("test.mlir:2:")


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if issubclass(op, BinaryOp)])
def test_operand_types_in_generic_form(name: str) -> None:
    types = "(tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>"
    arguments = "%a: tensor<2xf32>, %b: tensor<1xf32>"
    text = f'%r = "taso.{name}"(%a, %b) : {types}'
    with pytest.raises(VerifyException, match=rf"'taso.{name}' \(C1\) "):
        parse_module(f"func.func @f({arguments}) {{ {text} func.return }}")


@pytest.mark.parametrize("constraint, text", BROKEN_CONSTANTS)
def test_constant_text(constraint: str, text: str) -> None:
    with pytest.raises(ParseError, match=rf"\({constraint}\) ") as caught:
        parse_module(f"func.func @f() {{\n  %c = taso.constant {text}\n}}")
    assert str(caught.value.span.get_location()).startswith("test.mlir:2:")


@pytest.mark.parametrize("constraint, value, type_", BROKEN_GENERIC_CONSTANTS)
def test_constant_in_generic_form(constraint: str, value: str, type_: str) -> None:
    with pytest.raises(VerifyException, match=rf"\({constraint}\) "):
        parse_module(f'"taso.constant"() <{{value = {value}}}> : () -> {type_}')


@pytest.mark.parametrize(
    "name, operands, attrs",
    [
        ("conv2d", [IMAGE, f32(4, 4, 3, 3)], {**CONV, "padding": (2**40, 2**40)}),
        ("pad", [f32(2)], {"low": (2**62,), "high": (0,), "value": 0.0}),
        ("reshape", [f32(6)], {"shape": (-2, -3)}),
        ("broadcast", [f32()], {"dims": (), "shape": (-1,)}),
        ("cast", [f32(2)], {"dtype": "f8"}),
        ("constant", [], {"value": VALUE, "shape": (-1, -1), "dtype": "f64"}),
        ("extern", [f32(2)], {**EXTERN, "results": "tensor<2xi8>"}),
        ("extern", [f32(2)], {**EXTERN, "results": "tensor<?xf32>"}),
    ],
)
def test_results_are_static_tensors(name, operands, attrs) -> None:
    with pytest.raises(ConstraintError, match=r"^\(T0\) "):
        OPS[name].infer(operands, attrs)


@pytest.mark.parametrize(
    "type_", ["tensor<?xf32>", "tensor<*xf32>", "tensor<2xi8>", "memref<2xf32>", "tensor<2xf32, 1>"]
)
def test_operands_are_static_tensors(type_: str) -> None:
    with pytest.raises(ParseError, match=r"\(T0\) "):
        parse_module(f"func.func @f(%a: {type_}) {{\n  %r = taso.exp %a : {type_}\n}}")
    text = f'%r = "taso.exp"(%a) : ({type_}) -> {type_}'
    with pytest.raises(VerifyException, match=r"\(T0\) |base attribute tensor"):
        parse_module(f"func.func @f(%a: {type_}) {{ {text} func.return }}")


def test_result_type_is_the_inferred_one() -> None:
    with pytest.raises(ParseError, match=r"\(T1\) result is tensor<2xf32>, expected tensor<f32>"):
        parse_module(custom_text("reduce_sum", [f32(2)], {"axes": (0,)}))


KERNELS = [
    (r"\(C2\)", "%r = taso.kernel(%x = %a : tensor<2xf32>) -> tensor<2xf32> {}"),
    (
        r"\(C2\)",
        "%r = taso.kernel(%x = %a : tensor<2xf32>) -> tensor<3xf32> "
        "{ taso.yield %x : tensor<2xf32> }",
    ),
    (
        "out of its IsolatedFromAbove",
        "%r = taso.kernel() -> tensor<2xf32> { taso.yield %a : tensor<2xf32> }",
    ),
    (
        "%late is used before",
        "%r = taso.kernel() -> tensor<2xf32> { taso.yield %late : tensor<2xf32> }",
    ),
    (
        r"\(C4\)",
        "%r = taso.kernel(%x = %a : tensor<2xf32>) -> tensor<2xf32> {"
        '%y = taso.extern %x, overload = "aten.relu.default", arguments = "$0", random = false : '
        "tensor<2xf32> -> tensor<2xf32> taso.yield %y : tensor<2xf32> }",
    ),
    ("%b is used before", "%r = taso.kernel(%x = %b : tensor<2xf32>) -> tensor<2xf32> {}"),
]
GENERIC_KERNELS = [
    (
        r"\(C1\)",
        '%r = "taso.kernel"(%a) ({ ^bb0(%x: tensor<3xf32>): '
        '"taso.yield"(%x) : (tensor<3xf32>) -> () }) : (tensor<2xf32>) -> tensor<3xf32>',
    ),
    (r"\(C3\)", '"taso.kernel"() ({ "taso.yield"() : () -> () }) : () -> ()'),
    ("parent", "taso.yield %a : tensor<2xf32>"),
]


@pytest.mark.parametrize("message, text", KERNELS)
def test_kernel_text(message: str, text: str) -> None:
    with pytest.raises(ParseError, match=message) as caught:
        parse_module(f"func.func @f(%a: tensor<2xf32>) {{\n  {text}\n}}")
    assert str(caught.value.span.get_location()).startswith("test.mlir:2:")


@pytest.mark.parametrize("message, text", GENERIC_KERNELS)
def test_kernel_in_generic_form(message: str, text: str) -> None:
    with pytest.raises(VerifyException, match=message):
        parse_module(f"func.func @f(%a: tensor<2xf32>) {{\n  {text}\n  func.return }}")


@pytest.mark.parametrize("name", OPS)
def test_every_named_constraint_is_broken(name: str) -> None:
    op = OPS[name]
    named = {c for cls in op.__mro__ for c in re.findall(r"\((C\d)\)", cls.__doc__ or "")}
    if issubclass(op, UnaryOp):
        named.discard("C1")  # it speaks of several operands
    if issubclass(op, ExtremumOp):
        named.discard("C2")  # every element type is taken
    broken = {constraint for other, constraint, *_ in BROKEN if other == name}
    if name == "constant":
        broken = {constraint for constraint, _ in BROKEN_CONSTANTS} - {"T0"}
    assert broken == named
