"""Norms by statistics of each element of the batch alone: root mean square, and groups.

`layer_norm` and `batch_norm` stand in `composite`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def

from taso.dialects.base import (
    FLOAT,
    INT,
    Attrs,
    Emitter,
    TensorSpec,
    get_float,
    get_int,
    require,
)
from taso.dialects.composite import CompositeOp, along, require_float, unit
from taso.dialects.elementwise import AddOp, MulOp, RsqrtOp
from taso.dialects.movement import BroadcastOp, ReshapeOp
from taso.dialects.reduction import ReduceMeanOp

_V = TypeVar("_V")


@irdl_op_definition
class RmsNormOp(CompositeOp):
    """x · rsqrt(mean(x²) + eps) · gamma over the last axis (Zhang and Sennrich, 2019).

    x: [*b, n]; gamma: [n].
    (C1) x has rank 1 or more with elements in the last axis; (C3) gamma is [n].
    """

    name = "taso.rms_norm"
    operand = operand_def(TensorType)
    gamma = operand_def(TensorType)
    eps = prop_def(FLOAT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        x, gamma = operands
        require(x.rank >= 1 and x.shape[-1] > 0, "C1", f"no last axis to normalise in {x}")
        require_float(operands)
        require(gamma.shape == x.shape[-1:], "C3", f"{gamma} does not fit {x}")
        return (x,)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        x, gamma = operands
        shape = to.spec(x).shape
        last = (len(shape) - 1,)
        power = to.emit(ReduceMeanOp, [to.emit(MulOp, [x, x])], axes=last)
        shifted = to.emit(AddOp, [power, to.splat(get_float(attrs, "eps"), to.spec(power))])
        scaled = to.emit(MulOp, [x, along(to, to.emit(RsqrtOp, [shifted]), x, last)])
        return to.emit(MulOp, [scaled, to.emit(BroadcastOp, [gamma], dims=last, shape=shape)])


@irdl_op_definition
class GroupNormOp(CompositeOp):
    """(x - mean) · rsqrt(var + eps) · gamma + beta over groups of channels (Wu and He, 2018).

    x: [b, c, *s], the channels in `groups` runs of equal length; gamma, beta: [c]. Mean and
    variance are those of a run of channels with all that follows; the variance divides by n.
    (C1) x has rank 2 or more, `groups` divides c, and a group has elements; (C3) gamma and
    beta are [c].
    """

    name = "taso.group_norm"
    operand = operand_def(TensorType)
    gamma = operand_def(TensorType)
    beta = operand_def(TensorType)
    groups = prop_def(INT)
    eps = prop_def(FLOAT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        x, groups = operands[0], get_int(attrs, "groups")
        divides = x.rank >= 2 and groups > 0 and x.shape[1] % groups == 0
        require(divides, "C1", f"{groups} groups of the channels of {x}")
        require(math.prod(x.shape[1:]) > 0, "C1", f"a group of {x} has no elements")
        require_float(operands)
        for vector in operands[1:]:
            require(vector.shape == x.shape[1:2], "C3", f"{vector} does not fit {x}")
        return (x,)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        x, gamma, beta = operands
        shape, groups = to.spec(x).shape, get_int(attrs, "groups")
        rows = (shape[0], groups, math.prod(shape[1:]) // groups)
        grouped = to.emit(ReshapeOp, [x], shape=rows)
        normal = unit(to, grouped, (2,), get_float(attrs, "eps"), 0)
        scale, shift = (
            to.emit(BroadcastOp, [vector], dims=(1,), shape=shape) for vector in (gamma, beta)
        )
        scaled = to.emit(MulOp, [to.emit(ReshapeOp, [normal], shape=shape), scale])
        return to.emit(AddOp, [scaled, shift])
