"""Reductions over axes, which the result lacks."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.base import (
    INT,
    INTS,
    Array,
    Attrs,
    OpKind,
    TasoOp,
    TensorSpec,
    get_int,
    get_ints,
    require,
    require_axis,
)


class ReductionOp(TasoOp):
    """(C1) `axes` ascend within the operand's rank, at least one; (C2) the type is taken."""

    KIND: ClassVar[OpKind] = OpKind.REDUCTION
    FLOAT_ONLY: ClassVar[bool] = False
    TAKES_BOOLEANS: ClassVar[bool] = False
    operand = operand_def(TensorType)
    axes = prop_def(INTS)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), axes = operands, get_ints(attrs, "axes")
        ascending = len(axes) > 0 and list(axes) == sorted(set(axes))
        inside = all(0 <= a < x.rank for a in axes)
        require(ascending and inside, "C1", f"axes {list(axes)} of a tensor of rank {x.rank}")
        taken = x.is_float or not (cls.FLOAT_ONLY or (x.dtype == "i1" and not cls.TAKES_BOOLEANS))
        require(taken, "C2", f"element type {x.dtype} is not taken")
        return (x.with_shape([n for i, n in enumerate(x.shape) if i not in axes]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.asarray(cls.reduce(operands[0], get_ints(attrs, "axes"), attrs)),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size

    @staticmethod
    @abstractmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        """The meaning on one array; the result lacks the axes."""


@irdl_op_definition
class ReduceSumOp(ReductionOp):
    """The sum; 0 over no elements. Floats accumulate in float32 or wider."""

    name = "taso.reduce_sum"

    @staticmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        return np.sum(x, axis=axes)


class ExtremumOp(ReductionOp):
    """(C3) every reduced axis has elements."""

    TAKES_BOOLEANS: ClassVar[bool] = True

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        results = super().infer(operands, attrs)
        (x,), axes = operands, get_ints(attrs, "axes")
        require(all(x.shape[a] > 0 for a in axes), "C3", f"extremum over an empty axis of {x}")
        return results


@irdl_op_definition
class ReduceMaxOp(ExtremumOp):
    """The largest element; NaN if any is NaN. Of booleans, whether any is true."""

    name = "taso.reduce_max"

    @staticmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        return np.max(x, axis=axes)


@irdl_op_definition
class ReduceMinOp(ExtremumOp):
    """The least element; NaN if any is NaN. Of booleans, whether all are true."""

    name = "taso.reduce_min"

    @staticmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        return np.min(x, axis=axes)


@irdl_op_definition
class ReduceMeanOp(ReductionOp):
    """The mean; NaN over no elements."""

    name = "taso.reduce_mean"
    FLOAT_ONLY: ClassVar[bool] = True

    @staticmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        return np.divide(np.sum(x, axis=axes), _count(x, axes))


@irdl_op_definition
class VarOp(ReductionOp):
    """The sum of squared distances from the mean over (count - correction), as torch.var.

    (C3) `correction` is not negative. At most `correction` elements give NaN or inf.
    """

    name = "taso.var"
    FLOAT_ONLY: ClassVar[bool] = True
    axes = prop_def(INTS)
    correction = prop_def(INT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        correction = get_int(attrs, "correction")
        require(correction >= 0, "C3", f"correction {correction} is negative")
        return super().infer(operands, attrs)

    @staticmethod
    def reduce(x: Array, axes: tuple[int, ...], attrs: Attrs) -> Array:
        count = _count(x, axes)
        mean = np.divide(np.sum(x, axis=axes, keepdims=True), count)
        squares = np.sum((x - mean) ** 2, axis=axes)
        return np.divide(squares, max(count - get_int(attrs, "correction"), 0))

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return 4 * operands[0].size


def _count(x: Array, axes: tuple[int, ...]) -> int:
    return math.prod(x.shape[a] for a in axes)


class ArgExtremumOp(TasoOp):
    """The index along `axis` of the first extremum, i64; of the first NaN if there is one.

    (C1) `axis` is an axis with elements; (C2) elements are numbers.
    """

    KIND: ClassVar[OpKind] = OpKind.REDUCTION
    operand = operand_def(TensorType)
    axis = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), axis = operands, get_int(attrs, "axis")
        require_axis(axis, x.rank, "C1")
        require(x.shape[axis] > 0, "C1", f"extremum along an empty axis of {x}")
        require(x.dtype != "i1", "C2", f"element type {x.dtype} is not taken")
        return (TensorSpec((*x.shape[:axis], *x.shape[axis + 1 :]), "i64"),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        return operands[0].size


@irdl_op_definition
class ArgMaxOp(ArgExtremumOp):
    """Where the largest element is."""

    name = "taso.argmax"

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.asarray(np.argmax(operands[0], axis=get_int(attrs, "axis"))),)


@irdl_op_definition
class ArgMinOp(ArgExtremumOp):
    """Where the least element is."""

    name = "taso.argmin"

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (np.asarray(np.argmin(operands[0], axis=get_int(attrs, "axis"))),)
