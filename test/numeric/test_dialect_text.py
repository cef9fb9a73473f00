"""The text of the dialect: round trips, constants to the bit, and malformed text."""

import random
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ir import parse_module
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError, VerifyException

from taso.dialects.base import Array, TasoOp, narrow, numpy_dtype
from taso.dialects.literal import shortest_real
from taso.dialects.movement import ConstantOp
from taso.dialects.spec import DTYPES, TensorSpec
from taso.dialects.taso import OPS, Taso
from taso.dialects.values import packed_bytes, unpack_constant

FILES = sorted((Path(__file__).parents[1] / "filecheck" / "dialects").glob("*.mlir"))
VALID = [path for path in FILES if path.stem != "invalid"]


def print_module(module: ModuleOp, *, generic: bool) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


@pytest.mark.parametrize("name", [op.name for op in Taso.operations])
def test_each_op_has_a_round_trip_test(name: str) -> None:
    checked = re.compile(rf"// CHECK.*: .*{re.escape(name)}\b")
    assert any(checked.search(path.read_text()) for path in VALID)


def test_all_op_classes_are_registered() -> None:
    def named(cls: type[TasoOp]) -> set[str]:
        own = {cls.name} if "name" in vars(cls) else set()
        return own.union(*(named(sub) for sub in cls.__subclasses__()))

    assert named(TasoOp) == {f"taso.{name}" for name in OPS}


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_attributes_survive_both_forms(path: Path) -> None:
    module = parse_module(path.read_text())
    again = parse_module(print_module(module, generic=True))
    assert str(parse_module(str(module))) == str(module)
    assert print_module(again, generic=True) == print_module(module, generic=True)
    ops, others = ([op for op in m.walk() if isinstance(op, TasoOp)] for m in (module, again))
    assert [(op.attrs(), op.attributes) for op in ops] == [
        (op.attrs(), op.attributes) for op in others
    ]


@st.composite
def constants(draw: st.DrawFn) -> ConstantOp:
    """A constant of any type, shape and bits: splats, NaN payloads, subnormals, empty ones."""
    dtype = draw(st.sampled_from(DTYPES))
    spec = TensorSpec(tuple(draw(st.lists(st.integers(0, 3), max_size=3))), dtype)
    item = numpy_dtype(dtype).itemsize
    special = narrow(np.array([0.0, -0.0, 1.0, 1e-5, 123457.0, np.inf, -np.inf, np.nan]), dtype)
    element = st.binary(min_size=item, max_size=item) | st.sampled_from(
        [value.tobytes() for value in special]
    )
    if draw(st.booleans()):
        raw = draw(element) * spec.size
    else:
        raw = b"".join(draw(st.lists(element, min_size=spec.size, max_size=spec.size)))
    return ConstantOp.create_op((), packed_bytes(raw, spec))


@settings(max_examples=300, deadline=None)
@given(constants(), st.booleans())
def test_constants_read_back_to_the_bit(op: ConstantOp, generic: bool) -> None:
    module = ModuleOp([op])
    (again,) = parse_module(print_module(module, generic=generic)).ops
    assert isinstance(again, ConstantOp)
    assert again.attrs() == op.attrs()
    assert again.value == op.value


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_every_half_reads_back(dtype: str) -> None:
    values = np.arange(0, 0x10000, 7, dtype=np.uint16).view(numpy_dtype(dtype))
    finite = values[np.isfinite(values.astype(np.float64))]
    texts = [shortest_real(float(value), dtype) for value in finite]
    again = narrow(np.array([float(text) for text in texts]), dtype)
    assert again.tobytes() == finite.tobytes()


def constant_of(text: str) -> Array:
    (op,) = parse_module(f"%c = taso.constant {text}").ops
    assert isinstance(op, ConstantOp)
    return unpack_constant(op.attrs())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1 : tensor<2xf32>", [1.0, 1.0]),
        ("-0.0 : tensor<1xf32>", [-0.0]),
        ("-inf : tensor<1xf16>", [-np.inf]),
        ("dense<[inf, nan, -1]> : tensor<3xf64>", [np.inf, np.nan, -1.0]),
        ("dense<2.5> : tensor<2xf32>", [2.5, 2.5]),
        ('dense<"0x0000803F"> : tensor<2xf32>', [1.0, 1.0]),
        ("0x10 : tensor<1xi32>", [16]),
        ("-9223372036854775808 : tensor<1xi64>", [-(2**63)]),
        (f"{10**400} : tensor<1xf64>", [np.inf]),
        ("65520.0 : tensor<1xf16>", [np.inf]),
    ],
)
def test_text_of_constants(text: str, expected: list[float]) -> None:
    value = constant_of(text)
    np.testing.assert_array_equal(value, np.array(expected, value.dtype))
    np.testing.assert_array_equal(np.signbit(value.astype(float)), np.signbit(expected))


@pytest.mark.parametrize(
    "text",
    [
        "dense<1> : tensor<2x2xi32>",
        "dense<[[1, 1], [1, 1]]> : tensor<2x2xi32>",
        "dense<1> : tensor<i32>",
    ],
)
def test_one_splat_has_one_form(text: str) -> None:
    (op,) = parse_module(f'%c = "taso.constant"() <{{value = {text}}}> : () -> tensor<2x2xi32>').ops
    assert isinstance(op, ConstantOp)
    assert op.attrs() == {"value": b"\1\0\0\0", "shape": (2, 2), "dtype": "i32"}


def test_true_has_one_form() -> None:
    generic, custom = parse_module(
        '%a = "taso.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<2xi1>\n'
        "%b = taso.constant true : tensor<2xi1>"
    ).ops
    assert isinstance(generic, ConstantOp)
    assert generic.attrs() == {"value": b"\1", "shape": (2,), "dtype": "i1"}
    assert isinstance(custom, ConstantOp)
    assert generic.value == custom.value


TOKEN = re.compile(r'"[^"]*"|[%@#]?[\w.]+|->|\s+|.', re.DOTALL)
NUMBER = re.compile(r"\d+")  # at a token's start: not the width of an integer type


def mutate(text: str, rng: random.Random) -> str:
    """Text with a truncation, or one token gone, doubled, replaced or with another number."""
    tokens = TOKEN.findall(text)
    i, j = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    match rng.randrange(6):
        case 0:
            return text[: rng.randrange(len(text))]
        case 1:
            del tokens[i]
        case 2:
            tokens[i] = tokens[j]
        case 3:
            tokens[i], tokens[j] = tokens[j], tokens[i]
        case 4:
            tokens.insert(i, tokens[j])
        case _:
            numbered = [k for k, token in enumerate(tokens) if NUMBER.match(token)]
            k = rng.choice(numbered)
            number = rng.choice(["0", "1", "2", "3", "-1", "99", str(2**63), "1.5", "true", "inf"])
            tokens[k] = NUMBER.sub(number, tokens[k], count=1)
    return "".join(tokens)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_malformed_text_is_refused_or_read(path: Path) -> None:
    lines = path.read_text().splitlines()
    text = "\n".join(line for line in lines if not line.strip().startswith("//"))
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    refused = 0
    for _ in range(120):
        broken = mutate(text, rng)
        try:
            parse_module(broken)
        except (ParseError, VerifyException):
            refused += 1
        except Exception as e:
            pytest.fail(f"seed {seed}: {type(e).__name__}: {e} for\n{broken}")
    assert refused > 25
