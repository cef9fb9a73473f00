"""Element-wise ops. Operands and result have one type: broadcasting is an op of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, cast

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, result_def

from taso.dialects.base import (
    Array,
    Attrs,
    OpKind,
    TasoOp,
    TensorSpec,
    get_str,
    narrow,
    require,
    require_static,
)


class ElementwiseOp(TasoOp):
    """(C1) operands have one type; (C2) the element type is one that the op takes."""

    KIND: ClassVar[OpKind] = OpKind.ELEMENTWISE
    SAME_TYPE: ClassVar[bool] = True
    FLOAT_ONLY: ClassVar[bool] = True

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        first = operands[0]
        for other in operands[1:]:
            require(other == first, "C1", f"operand types differ: {first} and {other}")
        require(cls.takes(first), "C2", f"element type {first.dtype} is not taken")
        return (first,)

    @classmethod
    def takes(cls, operand: TensorSpec) -> bool:
        """Whether the op is defined on the element type of an operand."""
        return operand.is_float or not (cls.FLOAT_ONLY or operand.dtype == "i1")

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.asarray(cls.compute(*operands, **attrs)),)

    @staticmethod
    @abstractmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        """The meaning on arrays of one shape."""


class UnaryOp(ElementwiseOp):
    """An element-wise op of one operand."""

    operand = operand_def(TensorType)
    result = result_def(TensorType)


class BinaryOp(ElementwiseOp):
    """An element-wise op of two operands of one type."""

    COMMUTATIVE: ClassVar[bool] = False
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    result = result_def(TensorType)


@irdl_op_definition
class NegOp(UnaryOp):
    """-x, for floats and integers."""

    name = "taso.neg"
    FLOAT_ONLY: ClassVar[bool] = False

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.negative(operands[0])


@irdl_op_definition
class AbsOp(UnaryOp):
    """The magnitude of x, for floats and integers (of the least integer: itself)."""

    name = "taso.abs"
    FLOAT_ONLY: ClassVar[bool] = False

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.abs(operands[0])


@irdl_op_definition
class ExpOp(UnaryOp):
    """e to the power x."""

    name = "taso.exp"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.exp(operands[0])


@irdl_op_definition
class LogOp(UnaryOp):
    """The natural logarithm."""

    name = "taso.log"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.log(operands[0])


@irdl_op_definition
class SqrtOp(UnaryOp):
    """The square root; NaN below zero."""

    name = "taso.sqrt"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.sqrt(operands[0])


@irdl_op_definition
class RsqrtOp(UnaryOp):
    """1 / sqrt(x)."""

    name = "taso.rsqrt"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return 1.0 / np.sqrt(operands[0])


@irdl_op_definition
class TanhOp(UnaryOp):
    """The hyperbolic tangent."""

    name = "taso.tanh"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.tanh(operands[0])


@irdl_op_definition
class ErfOp(UnaryOp):
    """The error function."""

    name = "taso.erf"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return erf(operands[0])


def erf(x: Array) -> Array:
    """The error function of each element."""
    from scipy import special  # a quarter of a second to import, for few ops alone

    return cast(Array, special.erf(x))


@irdl_op_definition
class SinOp(UnaryOp):
    """The sine of an angle in radians."""

    name = "taso.sin"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.sin(operands[0])


@irdl_op_definition
class CosOp(UnaryOp):
    """The cosine of an angle in radians."""

    name = "taso.cos"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.cos(operands[0])


@irdl_op_definition
class AddOp(BinaryOp):
    """a + b, for floats and integers."""

    name = "taso.add"
    FLOAT_ONLY: ClassVar[bool] = False
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.add(operands[0], operands[1])


@irdl_op_definition
class SubOp(BinaryOp):
    """a - b, for floats and integers."""

    name = "taso.sub"
    FLOAT_ONLY: ClassVar[bool] = False

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.subtract(operands[0], operands[1])


@irdl_op_definition
class MulOp(BinaryOp):
    """a * b, for floats and integers."""

    name = "taso.mul"
    FLOAT_ONLY: ClassVar[bool] = False
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.multiply(operands[0], operands[1])


@irdl_op_definition
class DivOp(BinaryOp):
    """a / b, for floats."""

    name = "taso.div"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.divide(operands[0], operands[1])


@irdl_op_definition
class MaxOp(BinaryOp):
    """The larger of a and b, for floats and integers; NaN if either is NaN."""

    name = "taso.max"
    FLOAT_ONLY: ClassVar[bool] = False
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.maximum(operands[0], operands[1])


@irdl_op_definition
class MinOp(BinaryOp):
    """The smaller of a and b, for floats and integers; NaN if either is NaN."""

    name = "taso.min"
    FLOAT_ONLY: ClassVar[bool] = False
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.minimum(operands[0], operands[1])


@irdl_op_definition
class PowOp(BinaryOp):
    """a to the power b, for floats."""

    name = "taso.pow"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.power(operands[0], operands[1])


@irdl_op_definition
class CastOp(TasoOp):
    """Convert to the result's element type, of any to any.

    Floats round to nearest even, and to integers towards zero (out of range: unspecified);
    integers wrap; to i1, all but 0 is true.
    """

    name = "taso.cast"
    KIND: ClassVar[OpKind] = OpKind.ELEMENTWISE
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("dtype",)
    operand = operand_def(TensorType)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        return (require_static(TensorSpec(operands[0].shape, get_str(attrs, "dtype"))),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (narrow(operands[0], get_str(attrs, "dtype")),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size
