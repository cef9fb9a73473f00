"""Scans: each element of the result collects those before it along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.base import (
    INT,
    Array,
    Attrs,
    OpKind,
    TasoOp,
    TensorSpec,
    get_int,
    require,
    require_axis,
)


@irdl_op_definition
class CumSumOp(TasoOp):
    """The sums of the elements up to each, itself included, along `axis`.

    Floats accumulate in float32 or wider. (C1) `axis` is an axis; (C2) elements are numbers.
    """

    name = "taso.cumsum"
    KIND: ClassVar[OpKind] = OpKind.REDUCTION
    operand = operand_def(TensorType)
    axis = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,) = operands
        require_axis(get_int(attrs, "axis"), x.rank, "C1")
        require(x.dtype != "i1", "C2", f"element type {x.dtype} is not taken")
        return (x,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.cumsum(operands[0], axis=get_int(attrs, "axis")),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size
