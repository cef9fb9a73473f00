"""The text of a constant: `1.5` or `true` for a splat, else `dense<…>` as MLIR writes it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from xdsl.parser import Parser

from taso.dialects.assembly import (
    fits_integer,
    format_real,
    nearest_float,
    parse_optional_real,
)
from taso.dialects.spec import (
    FLOAT_DTYPES,
    Array,
    Attrs,
    AttrValue,
    ConstraintError,
    TensorSpec,
    get_str,
    narrow,
    require,
)
from taso.dialects.values import (
    bytes_of_hex,
    hex_text,
    is_finite,
    pack_constant,
    packed_bytes,
    splat_constant,
    splat_value,
    unpack_constant,
)

MAX_LISTED_ELEMENTS = 100
"""Constants of more elements are written in hex, as MLIR does by default."""

_MAX_RANK = 64

Number: TypeAlias = bool | int | float


class Elements(NamedTuple):
    """Numbers in row-major order; one of shape () is a splat."""

    values: list[Number]
    shape: tuple[int, ...]


Literal: TypeAlias = Elements | bytes


def format_literal(attrs: Attrs) -> str:
    """The text of a constant, which reads back to the same bits."""
    array, dtype = unpack_constant(attrs), get_str(attrs, "dtype")
    value = splat_value(attrs)
    if value is not None and (value == value or attrs["value"] == _plain_nan(dtype)):
        return _format_number(value, dtype)
    if array.size == 0:
        return "dense<>"
    if array.size <= MAX_LISTED_ELEMENTS and is_finite(attrs):
        return f"dense<{_format_list(array, dtype)}>"
    return f'dense<"{hex_text(attrs)}">'


def _plain_nan(dtype: str) -> AttrValue:
    """The bytes that `nan` stands for; a NaN with other bits is written in hex."""
    return pack_constant(np.asarray(np.nan), dtype)["value"]


def _format_list(array: Array, dtype: str) -> str:
    if array.ndim == 0:
        return _format_number(array.item(), dtype)
    return f"[{', '.join(_format_list(part, dtype) for part in array)}]"


def _format_number(value: Number, dtype: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return shortest_real(float(value), dtype)


def shortest_real(value: float, dtype: str) -> str:
    """The shortest text that rounds to this value of a float type."""
    short = float(str(narrow(np.asarray(value), dtype)))
    # The text is read as a float64 and rounded: rarely, the shortest lies too near a tie.
    exact = narrow(np.asarray(short), dtype) == value or np.isnan(value)
    return format_real(short if exact else value)


def parse_literal(parser: Parser) -> Literal:
    """Parse what `format_literal` writes; the type, which comes later, is not known yet."""
    if parser.parse_optional_keyword("dense") is None:
        return Elements([_parse_number(parser)], ())
    parser.parse_punctuation("<")
    if parser.parse_optional_punctuation(">") is not None:
        return b""
    at = parser.pos
    text = parser.parse_optional_str_literal()
    try:
        literal = _parse_list(parser, 0) if text is None else bytes_of_hex(text)
    except ConstraintError as e:
        parser.raise_error(str(e), at)
    parser.parse_punctuation(">")
    return literal


def _parse_list(parser: Parser, depth: int) -> Elements:
    require(depth <= _MAX_RANK, "C1", f"a tensor has at most {_MAX_RANK} axes")
    parts = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, lambda: _parse_list(parser, depth + 1)
    )
    if parts is None:
        return Elements([_parse_number(parser)], ())
    inner = parts[0].shape if parts else ()
    require(all(part.shape == inner for part in parts), "C1", "rows of elements differ in length")
    return Elements([v for part in parts for v in part.values], (len(parts), *inner))


def _parse_number(parser: Parser) -> Number:
    boolean = parser.parse_optional_boolean()
    if boolean is not None:
        return boolean
    return parser.expect(lambda: parse_optional_real(parser), "expected a number or dense<…>")


def literal_attrs(literal: Literal, spec: TensorSpec) -> Attrs:
    """Attributes of the constant of this type; `ConstraintError` if the literal is none."""
    if isinstance(literal, bytes):
        return packed_bytes(literal, spec)
    for value in literal.values:
        fits = _is_element(value, spec.dtype)
        require(fits, "C2", f"{str(value).lower()} is no value of type {spec.dtype}")
    array = np.array(literal.values) if not spec.is_float else _floats(literal.values)
    if not literal.shape:
        return splat_constant(array[0], spec)
    fits = literal.shape == spec.shape
    require(fits, "C1", f"elements of shape {list(literal.shape)} do not fill {spec}")
    return pack_constant(array.reshape(spec.shape), spec.dtype)


def _floats(values: list[Number]) -> Array:
    return np.array([nearest_float(v) for v in values], np.float64)


def _is_element(value: Number, dtype: str) -> bool:
    match value:
        case bool():
            return dtype == "i1"
        case int():
            return dtype in FLOAT_DTYPES or (dtype != "i1" and fits_integer(value, dtype))
        case _:
            return dtype in FLOAT_DTYPES
