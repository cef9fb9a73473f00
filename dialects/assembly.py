"""Attributes of ops: the kinds of property, their plain values, and their text."""

from __future__ import annotations

import math
import sys
from typing import Any, cast

from xdsl.dialects.builtin import (
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import AttrConstraint, BaseAttr, ParamAttrConstraint, eq
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

from taso.dialects.spec import AttrValue, ConstraintError, TensorSpec, numpy_dtype, spec_of

# The constraint used in `prop_def` says which plain value a property holds.
_ANY = BaseAttr(Attribute)
INT: AttrConstraint = ParamAttrConstraint(IntegerAttr, (_ANY, eq(i64)))
BOOL: AttrConstraint = ParamAttrConstraint(IntegerAttr, (_ANY, eq(i1)))
FLOAT: AttrConstraint = ParamAttrConstraint(FloatAttr, (_ANY, eq(f64)))
INTS: AttrConstraint = ParamAttrConstraint(DenseArrayBase, (eq(i64), _ANY))
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


def print_value(printer: Printer, attr: Attribute) -> None:
    """Print a property as a bare value."""
    match value := from_attribute(attr):
        case bool():
            printer.print_string("true" if value else "false")
        case float():
            printer.print_string(format_real(value))
        case tuple():
            printer.print_string(str(list(value)))
        case str():
            printer.print_string_literal(value)
        case _:
            printer.print_string(str(value))


def parse_value(parser: Parser, kind: AttrConstraint) -> Attribute:
    """Parse what `print_value` prints for a property of this kind."""
    if kind is INTS:
        return to_attribute(
            tuple(
                parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, lambda: _parse_int64(parser)
                )
            )
        )
    if kind is BOOL:
        return to_attribute(parser.parse_boolean())
    if kind is INT:
        return to_attribute(_parse_int64(parser))
    if kind is FLOAT:
        number = parser.expect(lambda: parse_optional_real(parser), "expected a number")
        return to_attribute(nearest_float(number))
    return to_attribute(parser.parse_str_literal())


def _parse_int64(parser: Parser) -> int:
    at = parser.pos
    value = parser.parse_integer(allow_boolean=False)
    if not fits_integer(value, "i64"):
        parser.raise_error(f"{value} does not fit i64", at)
    return value


def resolve_operand(parser: Parser, operand: UnresolvedOperand, type_: Attribute) -> SSAValue:
    """The value of an operand; a located error if it is not defined above."""
    if operand.operand_name not in parser.ssa_values:
        name = f"%{operand.operand_name}"
        parser.raise_error(f"{name} is used before it is defined", operand.span)
    return parser.resolve_operand(operand, type_)


def parse_spec(parser: Parser) -> TensorSpec:
    """Parse a type; a located error if it is not a tensor type that the dialect takes."""
    at = parser.pos
    type_ = parser.parse_type()
    try:
        return spec_of(type_)
    except ConstraintError as e:
        parser.raise_error(str(e), at)


def fits_integer(value: int, dtype: str) -> bool:
    """Whether a signed integer type holds the value."""
    bits = 8 * numpy_dtype(dtype).itemsize
    return -(1 << bits - 1) <= value < 1 << bits - 1


def nearest_float(value: float) -> float:
    """The float64 nearest to a number, which may be an integer beyond its range."""
    if abs(value) <= sys.float_info.max or isinstance(value, float):
        return float(value)
    return math.inf if value > 0 else -math.inf


def format_real(value: float) -> str:
    """A float as text that `parse_optional_real` reads back to the same float64."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    mantissa, e, exponent = repr(value).partition("e")
    # MLIR's float literals have a point.
    return f"{mantissa}.0{e}{exponent}" if e and "." not in mantissa else mantissa + e + exponent


def parse_optional_real(parser: Parser) -> int | float | None:
    """A decimal number, `inf`, `-inf` or `nan`, if present."""
    if parser.parse_optional_punctuation("-") is not None:
        if parser.parse_optional_keyword("inf") is not None:
            return -math.inf
        return -parser.expect(lambda: _parse_optional_magnitude(parser), "expected a number")
    for word in ("inf", "nan"):
        if parser.parse_optional_keyword(word) is not None:
            return float(word)
    return _parse_optional_magnitude(parser)


def _parse_optional_magnitude(parser: Parser) -> int | float | None:
    value = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
    return parser.parse_optional_float(allow_negative=False) if value is None else value
