"""Convolutions of images."""

from __future__ import annotations

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
    require,
)
from taso.dialects.window import Window, require_places, sliding, window_of


@irdl_op_definition
class Conv2dOp(TasoOp):
    """Cross-correlation, as torch.conv2d has it: [n, c, h, w] with [o, c/groups, kh, kw].

    Element (o, y, x) of the result [n, o, oh, ow] is the sum of the weights of o times the window
    at (y, x) · `stride` of the image padded with zeros, in which elements are `dilation` apart.
    Channels form `groups` runs: outputs of a run see the inputs of the same run.
    (C1) both operands have rank 4; (C2) `stride` and `dilation` are two numbers from 1 on,
    `padding` two from 0 on; (C3) `groups` parts both channels, and the weight has the channels
    of a group; (C4) only n may be 0, and the window fits; (C5) the element types are one float
    type. Floats accumulate in float32 or wider.
    """

    name = "taso.conv2d"
    KIND: ClassVar[OpKind] = OpKind.CONTRACTION
    FLOAT_ONLY: ClassVar[bool] = True
    image = operand_def(TensorType)
    weight = operand_def(TensorType)
    stride = prop_def(INTS)
    padding = prop_def(INTS)
    dilation = prop_def(INTS)
    groups = prop_def(INT)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        x, weight = operands
        require(x.rank == weight.rank == 4, "C1", f"{x} with {weight}: a rank is not 4")
        require(0 not in weight.shape, "C4", f"{weight} has no elements")
        window = conv_window(weight, attrs)
        groups, channels = get_int(attrs, "groups"), (x.shape[1], weight.shape[0])
        parts = groups >= 1 and all(n % groups == 0 for n in channels)
        require(parts, "C3", f"{groups} groups do not part channels {list(channels)}")
        given, expected = weight.shape[1], channels[0] // groups
        require(given == expected, "C3", f"weight for {given} channels, a group has {expected}")
        same = x.dtype == weight.dtype and x.is_float
        require(same, "C5", f"element types {x.dtype}, {weight.dtype} are not one float type")
        places = require_places(window, x, "C4")
        return (x.with_shape([x.shape[0], weight.shape[0], *places]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        """For each group, the matrix of its weights times the matrix of all windows."""
        x, weight = operands
        (n, _, _, _), (o, c, kh, kw) = x.shape, weight.shape
        groups = get_int(attrs, "groups")
        window = conv_window(TensorSpec(weight.shape, "f64"), attrs)
        windows = sliding(x, window, 0.0)
        oh, ow = windows.shape[2:4]
        rows = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, c * kh * kw, oh * ow)
        with np.errstate(all="ignore"):
            result = np.matmul(weight.reshape(groups, o // groups, c * kh * kw), rows)
        return (result.reshape(n, o, oh, ow),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        (result,) = cls.infer(operands, attrs)
        _, c, kh, kw = operands[1].shape
        return 2 * result.size * c * kh * kw


def conv_window(weight: TensorSpec, attrs: Attrs) -> Window:
    """The window of a convolution. Raises `ConstraintError` (C2)."""
    return window_of(weight.shape[2:], attrs, "C2")
