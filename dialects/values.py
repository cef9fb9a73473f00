"""Constants as plain data: the attributes of a `taso.constant`, from and to arrays and IR.

They are `value` (bytes in row-major order, little-endian; a splat's are those of one element),
`shape` and `dtype`. The form is canonical: equal constants have equal attributes.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import BytesAttr, DenseIntOrFPElementsAttr, StringAttr

from taso.dialects.spec import (
    FLOAT_DTYPES,
    Array,
    Attrs,
    ConstraintError,
    TensorSpec,
    get_ints,
    get_str,
    narrow,
    numpy_dtype,
    tensor_type,
)


def pack_constant(array: Array, dtype: str) -> Attrs:
    """Attributes of a `constant`: one element's bytes if all elements are bitwise equal."""
    data = np.ascontiguousarray(narrow(np.asarray(array), dtype))
    return packed_bytes(data.tobytes(), TensorSpec(np.shape(array), dtype))


def packed_bytes(raw: bytes, spec: TensorSpec) -> Attrs:
    """Attributes of a `constant` with these bytes; booleans are true where not 0."""
    if spec.dtype == "i1":
        raw = np.not_equal(np.frombuffer(raw, np.uint8), 0).tobytes()
    item = numpy_dtype(spec.dtype).itemsize
    one = raw[:item]
    # Two elements tell most constants from splats without a look at the rest.
    fills = len(raw) == item * spec.size
    if fills and raw[item : 2 * item] == one and raw == one * spec.size:
        raw = one
    return {"value": raw, "shape": spec.shape, "dtype": spec.dtype}


def splat_constant(value: float, spec: TensorSpec) -> Attrs:
    """Attributes of a `constant` of type `spec` that holds `value` everywhere."""
    attrs = pack_constant(np.asarray(value), spec.dtype)
    return {**attrs, "value": attrs["value"] if spec.size else b"", "shape": spec.shape}


def finite_splat(value: float, spec: TensorSpec) -> Attrs | None:
    """As `splat_constant`; None where a finite value is beyond the range of the element type."""
    if isinstance(value, int) and not spec.is_float and not -(1 << 63) <= value < 1 << 63:
        return None
    attrs = splat_constant(value, spec)
    held = splat_value(attrs)
    return None if held is not None and math.isfinite(value) > math.isfinite(held) else attrs


def unpack_constant(attrs: Attrs) -> Array:
    """The array of a constant's attributes; a splat is a broadcast view of one element."""
    flat = _elements(attrs)
    shape = get_ints(attrs, "shape")
    return np.broadcast_to(flat[0], shape) if flat.size == 1 else flat.reshape(shape)


def splat_value(attrs: Attrs) -> float | int | bool | None:
    """The value that a constant holds everywhere, or None if it holds several or none."""
    flat = _elements(attrs)
    if flat.size != 1:
        return None
    match flat.dtype.kind:
        case "b":
            return bool(flat[0])
        case "i":
            return int(flat[0])
        case _:
            return float(flat[0])


def _elements(attrs: Attrs) -> Array:
    return np.frombuffer(cast(bytes, attrs["value"]), numpy_dtype(get_str(attrs, "dtype")))


def dense_attribute(attrs: Attrs) -> DenseIntOrFPElementsAttr[Any]:
    """The builtin dense attribute of a constant; a splat's has rank 0."""
    flat = _elements(attrs)
    shape = () if flat.size == 1 else get_ints(attrs, "shape")
    raw = flat.tobytes()
    if flat.dtype == np.bool_:  # xDSL packs a true i1 as -1
        raw = raw.replace(b"\x01", b"\xff")
    held = tensor_type(TensorSpec(shape, get_str(attrs, "dtype")))
    return DenseIntOrFPElementsAttr(cast(Any, held), BytesAttr(raw))


def constant_property(attrs: Attrs) -> DenseIntOrFPElementsAttr[Any] | StringAttr:
    """What a `taso.constant` holds: dense elements, or their bytes in hex.

    xDSL prints inf, NaN and large whole floats of a dense attribute as `0xff800000`, which it
    reads back as the integer 4286578688, and zeros of both signs as a splat: where that may
    happen, the bytes are kept as text.
    """
    if get_str(attrs, "dtype") in FLOAT_DTYPES:
        flat = _wide(attrs)
        plain = (np.abs(flat) < 1e5) & ~((flat == 0) & np.signbit(flat))
        if not np.all(plain):
            return StringAttr(hex_text(attrs))
    return dense_attribute(attrs)


def is_finite(attrs: Attrs) -> bool:
    """Whether no element is inf or NaN."""
    return bool(np.all(np.isfinite(_wide(attrs))))


def _wide(attrs: Attrs) -> Array:
    with np.errstate(invalid="ignore"):  # a signalling NaN
        return _elements(attrs).astype(np.float64)


def hex_text(attrs: Attrs) -> str:
    """A constant's bytes as `0x…`, as MLIR writes large dense attributes."""
    return f"0x{cast(bytes, attrs['value']).hex().upper()}"


def bytes_of_hex(text: str) -> bytes:
    """The bytes that `hex_text` wrote; `ConstraintError` (C1) for other text."""
    try:
        if text.startswith("0x"):
            return bytes.fromhex(text[2:])
    except ValueError:
        pass
    raise ConstraintError(f'(C1) "{text[:40]}" is not bytes in hex, "0x…"')
