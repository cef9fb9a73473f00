"""Boolean logic, on i1 and on the bits of integers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from xdsl.irdl import irdl_op_definition

from taso.dialects.base import Array, TensorSpec
from taso.dialects.elementwise import BinaryOp, ElementwiseOp, UnaryOp


class BitwiseOp(ElementwiseOp):
    """An element-wise op on booleans, or bit by bit on integers."""

    FLOAT_ONLY: ClassVar[bool] = False

    @classmethod
    def takes(cls, operand: TensorSpec) -> bool:
        return not operand.is_float


@irdl_op_definition
class AndOp(BitwiseOp, BinaryOp):
    """Both a and b."""

    name = "taso.and"
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.bitwise_and(operands[0], operands[1])


@irdl_op_definition
class OrOp(BitwiseOp, BinaryOp):
    """a, b or both."""

    name = "taso.or"
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.bitwise_or(operands[0], operands[1])


@irdl_op_definition
class XorOp(BitwiseOp, BinaryOp):
    """Either a or b."""

    name = "taso.xor"
    COMMUTATIVE: ClassVar[bool] = True

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.bitwise_xor(operands[0], operands[1])


@irdl_op_definition
class NotOp(BitwiseOp, UnaryOp):
    """The opposite of x: of an integer, all bits are flipped."""

    name = "taso.not"

    @staticmethod
    def compute(*operands: Array, **attrs: object) -> Array:
        return np.bitwise_not(operands[0])
