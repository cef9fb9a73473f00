"""What every op of the `taso` dialect has: a form, a verifier, a meaning, and its costs.

An op class states its facts once, on plain data, so that the IR, the e-graph, the rule
checker and the cost model share them:

* `infer`: operand types to result types, or a `ConstraintError` that names the constraint;
* `evaluate`: the NumPy meaning, in the arithmetic of the arrays given;
* `flops`: floating-point operations (a multiply-add counts two).

Operand and result types are `TensorSpec`s, attributes a mapping from name to plain value.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeAlias, TypeVar, cast

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    TensorType,
    f64,
    i1,
    i64,
)
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyOf,
    AttrConstraint,
    BaseAttr,
    IRDLOperation,
    ParamAttrConstraint,
    eq,
    traits_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

Array: TypeAlias = npt.NDArray[Any]
AttrValue: TypeAlias = bool | int | float | str | bytes | tuple[int, ...]
Attrs: TypeAlias = Mapping[str, AttrValue]

MAX_FOLDED_ELEMENTS = 65_536
"""Constants are folded into one of at most this many elements (splats: any size)."""

_NUMPY_DTYPES: dict[str, npt.DTypeLike] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
    "i1": np.bool_,
    "i32": np.int32,
    "i64": np.int64,
}
_ELEMENT_TYPES: dict[str, Attribute] = {
    "f16": Float16Type(),
    "bf16": BFloat16Type(),
    "f32": Float32Type(),
    "f64": Float64Type(),
    "i1": IntegerType(1),
    "i32": IntegerType(32),
    "i64": IntegerType(64),
}
_DTYPE_OF_ELEMENT_TYPE = {t: name for name, t in _ELEMENT_TYPES.items()}
FLOAT_DTYPES = ("f16", "bf16", "f32", "f64")


class ConstraintError(ValueError):
    """Operands or attributes break a constraint of an op; the text opens with its name."""


def require(holds: bool, constraint: str, message: str) -> None:
    """Raise `ConstraintError` "(constraint) message" unless `holds`."""
    if not holds:
        raise ConstraintError(f"({constraint}) {message}")


class TensorSpec(NamedTuple):
    """A ranked tensor type with static shape as plain data."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def bytes(self) -> int:
        """Bytes of a dense buffer of this type."""
        return self.size * numpy_dtype(self.dtype).itemsize

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOAT_DTYPES

    def with_shape(self, shape: Sequence[int]) -> TensorSpec:
        return TensorSpec(tuple(shape), self.dtype)

    def __str__(self) -> str:
        return f"tensor<{''.join(f'{d}x' for d in self.shape)}{self.dtype}>"


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The NumPy dtype of an element type's name (`bf16` is ml_dtypes')."""
    return np.dtype(_NUMPY_DTYPES[dtype])


def spec_of(value: SSAValue | Attribute) -> TensorSpec:
    """The `TensorSpec` of a value or type; `ConstraintError` (T0) if it is no such tensor."""
    attr = value.type if isinstance(value, SSAValue) else value
    if not isinstance(attr, TensorType):
        raise ConstraintError(f"(T0) expected a ranked tensor, got {attr}")
    tensor = cast("TensorType[Any]", attr)
    dtype = _DTYPE_OF_ELEMENT_TYPE.get(tensor.element_type)
    require(dtype is not None, "T0", f"element type {tensor.element_type} is not supported")
    shape = tensor.get_shape()
    require(all(d >= 0 for d in shape), "T0", f"{tensor} has a dynamic dim; shapes are static")
    return TensorSpec(tuple(shape), cast(str, dtype))


def tensor_type(spec: TensorSpec) -> TensorType[Any]:
    """The builtin tensor type of a `TensorSpec`."""
    return TensorType(cast(Any, _ELEMENT_TYPES[spec.dtype]), spec.shape)


# Attributes: the constraint used in `prop_def` says which plain value a property holds.
INT: AttrConstraint = ParamAttrConstraint(IntegerAttr, [BaseAttr(Attribute), eq(i64)])
BOOL: AttrConstraint = ParamAttrConstraint(IntegerAttr, [BaseAttr(Attribute), eq(i1)])
FLOAT: AttrConstraint = ParamAttrConstraint(FloatAttr, [BaseAttr(Attribute), eq(f64)])
INTS: AttrConstraint = ParamAttrConstraint(DenseArrayBase, [eq(i64), BaseAttr(Attribute)])
STR: AttrConstraint = BaseAttr(StringAttr)


def to_attribute(value: AttrValue, kind: AttrConstraint | None = None) -> Attribute:
    """The xDSL attribute of a plain value; an int where `kind` is FLOAT becomes a float."""
    match value:
        case bool():
            return IntegerAttr(int(value), i1)
        case int() if kind is not FLOAT:
            return IntegerAttr(value, i64)
        case int() | float():
            return FloatAttr(float(value), f64)
        case str():
            return StringAttr(value)
        case tuple():
            return DenseArrayBase.from_list(i64, value)
        case bytes():
            raise TypeError("bytes are held by constants alone")


def from_attribute(attr: Attribute) -> AttrValue:
    """The plain value of an attribute that `to_attribute` makes."""
    match attr:
        case IntegerAttr():
            value = int(attr.value.data)
            return bool(value) if attr.type == i1 else value
        case FloatAttr():
            return float(attr.value.data)
        case StringAttr():
            return attr.data
        case DenseArrayBase():
            return tuple(int(v) for v in cast("DenseArrayBase[Any]", attr).iter_values())
        case _:
            raise TypeError(f"no plain value for attribute {attr}")


class OpKind(Enum):
    """How results depend on operands; what a fusing back end needs to know of an op."""

    CONSTANT = "constant"
    VIEW = "view"  # the same elements under other indices; no arithmetic, no launch
    COPY = "copy"  # moves elements into a new buffer
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    CONTRACTION = "contraction"
    COMPOSITE = "composite"
    REGION = "region"


_V = TypeVar("_V")


class Emitter(Protocol[_V]):
    """Where a decomposition writes its ops: IR, NumPy, an e-graph."""

    def emit(self, op: type[TasoOp], operands: Sequence[_V], **attrs: AttrValue) -> _V:
        """Apply a single-result op."""
        ...

    def spec(self, value: _V) -> TensorSpec: ...

    def splat(self, value: float, spec: TensorSpec) -> _V:
        """A constant of type `spec` that holds `value` everywhere."""
        ...


class TasoOp(HasFolderInterface, IRDLOperation, ABC):
    """Base of all ops: (T0) types are static tensors, (T1) results are those inferred."""

    KIND: ClassVar[OpKind]
    SAME_TYPE: ClassVar[bool] = False
    """All operands and the result have one type, which is printed once."""
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ()
    """Attributes that the result type carries (`shape`, `dtype`): no property holds them."""

    traits = traits_def(Pure())

    @classmethod
    @abstractmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        """Result types. Raises `ConstraintError` if the operands or attributes do not fit."""

    @classmethod
    @abstractmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        """The meaning, in the arithmetic of the operands' own NumPy dtypes."""

    @classmethod
    @abstractmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """Floating-point operations; a multiply-add counts two."""

    @classmethod
    def bytes_accessed(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """Bytes read and written when the op runs alone; a view moves none."""
        if cls.KIND in (OpKind.VIEW, OpKind.CONSTANT):
            return 0
        return sum(t.bytes for t in (*operands, *cls.infer(operands, attrs)))

    @classmethod
    def attribute_kinds(cls) -> dict[str, AttrConstraint]:
        """Property names in printing order, each with its kind (INT, FLOAT, …)."""
        return {name: d.constr for name, d in cls.get_irdl_definition().properties.items()}

    @classmethod
    def create_op(cls, operands: Sequence[SSAValue], attrs: Attrs) -> Self:
        """Build the op from plain attributes; result types are inferred."""
        results = cls.infer([spec_of(v) for v in operands], attrs)
        return cls.create(
            operands=operands,
            result_types=[tensor_type(t) for t in results],
            properties=cls._properties(attrs),
        )

    @classmethod
    def _properties(cls, attrs: Attrs) -> dict[str, Attribute]:
        kinds = cls.attribute_kinds()
        return {name: to_attribute(attrs[name], kind) for name, kind in kinds.items()}

    def attrs(self) -> dict[str, AttrValue]:
        """Attributes as plain values, in the order in which they are printed."""
        plain = {name: from_attribute(self.properties[name]) for name in self.attribute_kinds()}
        carried: dict[str, AttrValue] = {}
        if self.RESULT_ATTRS:
            result = spec_of(self.results[0])
            carried = {name: getattr(result, name) for name in self.RESULT_ATTRS}
        return plain | carried

    def operand_specs(self) -> tuple[TensorSpec, ...]:
        return tuple(spec_of(v) for v in self.operands)

    def result_specs(self) -> tuple[TensorSpec, ...]:
        return tuple(spec_of(v) for v in self.results)

    def reference(self, *operands: Array) -> tuple[Array, ...]:
        """The meaning in float64 (integers: int64), rounded once to the result types.

        Operands and results have the types' NumPy dtypes; shapes are those of the op.
        """
        wide = [widen(a) for a in operands]
        results = type(self).evaluate(wide, self.attrs())
        specs = self.result_specs()
        return tuple(narrow(r, t.dtype) for r, t in zip(results, specs, strict=True))

    def verify_(self) -> None:
        try:
            given = self.result_specs()
            expected = type(self).infer(self.operand_specs(), self.attrs())
            require(
                given == expected,
                "T1",
                f"result is {_join(given)}, expected {_join(expected)}",
            )
        except ConstraintError as e:
            raise VerifyException(f"'{self.name}' {e}") from e

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        """Fold constants, up to `MAX_FOLDED_ELEMENTS` (splats: any size)."""
        from taso.dialects.fold import fold_constants

        return fold_constants(self)

    # Assembly: `taso.op %a, %b, name = value, … {attr-dict} : T, U -> R`.

    def print(self, printer: Printer) -> None:
        sep = " "
        for operand in self.operands:
            printer.print_string(sep)
            printer.print_operand(operand)
            sep = ", "
        for name in self.attribute_kinds():
            printer.print_string(f"{sep}{name} = ")
            print_value(printer, self.properties[name])
            sep = ", "
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        if self.SAME_TYPE:
            printer.print_attribute(self.results[0].type)
            return
        printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_string(" -> ")
        printer.print_list(self.result_types, printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos
        operands, properties = _parse_operands_and_values(cls, parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types_at = parser.pos
        types: list[Attribute] = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_type
        )
        if cls.SAME_TYPE:
            if len(types) != 1:
                parser.raise_error(f"'{cls.name}' takes one type", types_at, parser.pos)
            types, results = types * len(operands), types
        else:
            parser.parse_punctuation("->")
            results = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        values = parser.resolve_operands(operands, types, types_at)
        op = cls.create(
            operands=values, result_types=results, properties=properties, attributes=attributes
        )
        try:
            op.verify_constructs()
            op.verify_()
        except VerifyException as e:
            parser.raise_error(str(e), start, parser.pos)
        return op

    def verify_constructs(self) -> None:
        """Check operand, result and property counts and kinds against the op definition."""
        type(self).get_irdl_definition().verify(self)


def _join(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(map(str, specs))


def _parse_operands_and_values(
    cls: type[TasoOp], parser: Parser
) -> tuple[list[UnresolvedOperand], dict[str, Attribute]]:
    operands: list[UnresolvedOperand] = []
    properties: dict[str, Attribute] = {}
    kinds = cls.attribute_kinds()
    while True:
        if (operand := parser.parse_optional_unresolved_operand()) is not None:
            operands.append(operand)
        elif (name := parser.parse_optional_identifier()) is not None:
            if name not in kinds or name in properties:
                parser.raise_error(f"'{cls.name}' has no attribute '{name}' here")
            parser.parse_punctuation("=")
            properties[name] = parse_value(parser, kinds[name])
        elif operands or properties:
            parser.raise_error("expected an operand or an attribute name")
        if parser.parse_optional_punctuation(",") is None:
            break
    if missing := [name for name in kinds if name not in properties]:
        parser.raise_error(f"'{cls.name}' needs attribute '{missing[0]}'")
    return operands, properties


def print_value(printer: Printer, attr: Attribute) -> None:
    """Print a property as a bare value."""
    match attr:
        case FloatAttr():
            printer.print_string(format_real(attr.value.data))
        case IntegerAttr() if attr.type == i1:
            printer.print_string("true" if attr.value.data else "false")
        case IntegerAttr():
            printer.print_string(str(attr.value.data))
        case DenseArrayBase():
            values = cast("DenseArrayBase[Any]", attr).iter_values()
            printer.print_string(f"[{', '.join(str(v) for v in values)}]")
        case _:
            printer.print_attribute(attr)


def parse_value(parser: Parser, kind: AttrConstraint) -> Attribute:
    """Parse what `print_value` prints for a property of this kind."""
    if kind is INTS:
        items = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
        )
        return to_attribute(tuple(items))
    if kind is BOOL:
        return to_attribute(parser.parse_boolean())
    if kind is INT:
        return to_attribute(parser.parse_integer(allow_boolean=False))
    if kind is FLOAT:
        value = parse_optional_real(parser)
        if value is None:
            parser.raise_error("expected a number")
        return to_attribute(float(value))
    return StringAttr(parser.parse_str_literal())


def format_real(value: float) -> str:
    """A float as text that `parse_real` reads back to the same float64."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    digits = repr(value)
    mantissa, e, exponent = digits.partition("e")
    return f"{mantissa}.0{e}{exponent}" if e and "." not in mantissa else digits


def parse_optional_real(parser: Parser) -> int | float | None:
    """A decimal number, `inf`, `-inf` or `nan`, if present."""
    for word in ("inf", "nan"):
        if parser.parse_optional_keyword(word) is not None:
            return float(word)
    if parser.parse_optional_punctuation("-") is not None:
        if parser.parse_optional_keyword("inf") is not None:
            return -math.inf
        return -parser.parse_number()
    return parser.parse_optional_number()


def widen(array: Array) -> Array:
    """float64 for floats, int64 for integers, bool as it is."""
    if array.dtype == np.bool_:
        return array
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64)
    return array.astype(np.float64)


def narrow(array: Array, dtype: str) -> Array:
    """Round once to the element type; values too large become inf as the hardware has it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(array).astype(numpy_dtype(dtype))
