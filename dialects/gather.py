"""Rows of a table, chosen by a tensor of indices."""

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
    TensorSpec,
    get_int,
    require,
    require_axis,
)
from taso.dialects.movement import MovementOp


@irdl_op_definition
class GatherOp(MovementOp):
    """The parts of `table` along `axis` that `indices` name, as `numpy.take` has it.

    table: [*p, n, *r], n along `axis`; indices: [*s], from 0 to n - 1; result: [*p, *s, *r].
    An index outside of that range (a negative one too) is an error of the program: what the
    result then holds is not specified.
    (C1) `axis` is an axis of the table; (C2) indices are i32 or i64; (C3) n is not 0, unless
    there are no indices.
    """

    name = "taso.gather"
    KIND: ClassVar[OpKind] = OpKind.COPY
    table = operand_def(TensorType)
    indices = operand_def(TensorType)
    axis = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (table, indices), axis = operands, get_int(attrs, "axis")
        require_axis(axis, table.rank, "C1")
        require(indices.dtype in ("i32", "i64"), "C2", f"indices {indices} are no integers")
        filled = table.shape[axis] > 0 or indices.size == 0
        require(filled, "C3", f"indices {indices} into an empty axis of {table}")
        return (table.with_shape([*table.shape[:axis], *indices.shape, *table.shape[axis + 1 :]]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        table, indices = operands
        return (np.take(table, indices, axis=get_int(attrs, "axis"), mode="clip"),)

    @classmethod
    def bytes_accessed(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """The parts that are read and written; not the table, which may be much larger."""
        (result,) = cls.infer(operands, attrs)
        return 2 * result.bytes + operands[1].bytes
