"""Comparisons, and what is chosen by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.base import STR, Array, Attrs, OpKind, TasoOp, TensorSpec, get_str, require
from taso.dialects.movement import ConstantOp
from taso.dialects.values import splat_value

_COMPARISONS: Mapping[str, Callable[[Array, Array], Array]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
PREDICATES = tuple(_COMPARISONS)
"""Names of the comparisons, as torch has them."""


@irdl_op_definition
class CompareOp(TasoOp):
    """Whether a is equal to, less than, … b: an i1 an element, for operands of any element type.

    Of NaN, `ne` alone is true (IEEE 754). False is less than true.

    (C1) operands have one type; (C2) `predicate` is eq, ne, lt, le, gt or ge.
    """

    name = "taso.compare"
    KIND: ClassVar[OpKind] = OpKind.ELEMENTWISE
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    predicate = prop_def(STR)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        lhs, rhs = operands
        predicate = get_str(attrs, "predicate")
        require(lhs == rhs, "C1", f"operand types differ: {lhs} and {rhs}")
        known = predicate in PREDICATES
        require(known, "C2", f'predicate is "{predicate}", not one of {", ".join(PREDICATES)}')
        return (TensorSpec(lhs.shape, "i1"),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(invalid="ignore"):
            return (np.asarray(_COMPARISONS[get_str(attrs, "predicate")](*operands)),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size


@irdl_op_definition
class SelectOp(TasoOp):
    """a where the condition is true, b elsewhere, of any element type.

    (C1) a and b have one type; (C2) the condition is i1, of their shape.
    """

    name = "taso.select"
    KIND: ClassVar[OpKind] = OpKind.ELEMENTWISE
    condition = operand_def(TensorType)
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        condition, lhs, rhs = operands
        require(lhs == rhs, "C1", f"operand types differ: {lhs} and {rhs}")
        expected = TensorSpec(lhs.shape, "i1")
        require(condition == expected, "C2", f"condition is {condition}, expected {expected}")
        return (lhs,)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.where(*operands),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        """Where one constant is the whole condition, the operand that it chooses."""
        owner = self.condition.owner
        chosen = splat_value(owner.attrs()) if isinstance(owner, ConstantOp) else None
        if chosen is None:
            return super().fold()
        return [self.lhs if chosen else self.rhs]
