"""Padding with a constant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.assembly import fits_integer
from taso.dialects.base import (
    FLOAT,
    INTS,
    Array,
    Attrs,
    OpKind,
    TensorSpec,
    get_float,
    get_ints,
    require,
    require_static,
)
from taso.dialects.movement import MovementOp


@irdl_op_definition
class PadOp(MovementOp):
    """The operand with low[i] elements of `value` before axis i, and high[i] after it.

    (C1) `low` and `high` have a number from 0 on for each axis; (C2) an integer or boolean
    operand takes a `value` of its type. NaN and -0.0 are no values (C2): as attributes, they
    would not be told from others by comparing.
    """

    name = "taso.pad"
    KIND: ClassVar[OpKind] = OpKind.COPY
    ADDS_ELEMENTS: ClassVar[bool] = True
    operand = operand_def(TensorType)
    low = prop_def(INTS)
    high = prop_def(INTS)
    value = prop_def(FLOAT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), low, high = operands, get_ints(attrs, "low"), get_ints(attrs, "high")
        fits = len(low) == len(high) == x.rank and min((*low, *high), default=0) >= 0
        require(fits, "C1", f"low {list(low)} and high {list(high)} do not pad {x}")
        value = get_float(attrs, "value")
        require(_is_value(value, x.dtype), "C2", f"{value} is no value of type {x.dtype}")
        shape = [a + n + b for a, n, b in zip(low, x.shape, high, strict=True)]
        return (require_static(x.with_shape(shape)),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        (x,), low, high = operands, get_ints(attrs, "low"), get_ints(attrs, "high")
        shape = [a + n + b for a, n, b in zip(low, x.shape, high, strict=True)]
        result = np.full(shape, get_float(attrs, "value"), x.dtype)
        result[tuple(slice(a, a + n) for a, n in zip(low, x.shape, strict=True))] = x
        return (result,)


def _is_value(value: float, dtype: str) -> bool:
    if math.isnan(value) or (value == 0 and math.copysign(1, value) < 0):
        return False
    if dtype == "i1":
        return value in (0, 1)
    whole = math.isfinite(value) and value.is_integer()
    return dtype not in ("i32", "i64") or (whole and fits_integer(int(value), dtype))
