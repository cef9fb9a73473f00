"""Element-wise ops that follow layers: each is one function of x, rounded once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.irdl import irdl_op_definition, prop_def

from taso.dialects.base import STR, Array, Attrs, TensorSpec, get_str, require
from taso.dialects.elementwise import UnaryOp, erf


@irdl_op_definition
class ReluOp(UnaryOp):
    """max(x, 0), for floats and integers; NaN stays NaN."""

    name = "taso.relu"
    FLOAT_ONLY: ClassVar[bool] = False

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.maximum(operands[0], 0)


@irdl_op_definition
class GeluOp(UnaryOp):
    """x Φ(x): exactly by erf, or by the tanh approximation (Hendrycks and Gimpel, 2016).

    (C3) `approximate` is "none" or "tanh".
    """

    name = "taso.gelu"
    approximate = prop_def(STR)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        approximate = get_str(attrs, "approximate")
        known = approximate in ("none", "tanh")
        require(known, "C3", f'approximate is "{approximate}", not "none" or "tanh"')
        return super().infer(operands, attrs)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size * (4 if attrs["approximate"] == "none" else 8)

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        x = operands[0]
        if attrs["approximate"] == "none":
            return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))
        return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


@irdl_op_definition
class SigmoidOp(UnaryOp):
    """The logistic function, 1 / (1 + exp(-x))."""

    name = "taso.sigmoid"

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size * 4

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return 1.0 / (1.0 + np.exp(-operands[0]))


@irdl_op_definition
class SiluOp(UnaryOp):
    """x sigmoid(x), also called swish (Elfwing, Uchibe and Doya, 2017); NaN at -inf."""

    name = "taso.silu"

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size * 4

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        x = operands[0]
        return x / (1.0 + np.exp(-x))
