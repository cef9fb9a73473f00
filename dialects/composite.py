"""Composite ops. The decomposition of each into simpler ops is its meaning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def

from taso.dialects.base import (
    FLOAT,
    INT,
    Array,
    Attrs,
    Emitter,
    OpKind,
    TasoOp,
    TensorSpec,
    get_float,
    get_int,
    require,
    require_axis,
)
from taso.dialects.elementwise import AddOp, DivOp, ExpOp, LogOp, MulOp, RsqrtOp, SubOp
from taso.dialects.emit import NumPyEmitter, SpecEmitter
from taso.dialects.movement import BroadcastOp
from taso.dialects.reduction import ReduceMaxOp, ReduceMeanOp, ReduceSumOp, VarOp

_V = TypeVar("_V")


class CompositeOp(TasoOp):
    """An op of one result that is defined by `decompose`; (C2) element types are floats."""

    KIND: ClassVar[OpKind] = OpKind.COMPOSITE
    result = result_def(TensorType)

    @classmethod
    @abstractmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        """Write the op as simpler ones; the result has the op's type."""

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        return (cls.decompose(NumPyEmitter(), operands, attrs),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        emitter = SpecEmitter()
        cls.decompose(emitter, operands, attrs)
        return emitter.flops


def require_float(operands: Sequence[TensorSpec]) -> None:
    """(C2): element types are equal and floats."""
    first = operands[0].dtype
    agree = all(x.dtype == first for x in operands) and operands[0].is_float
    require(agree, "C2", f"element types {[x.dtype for x in operands]} are not one float type")


@irdl_op_definition
class SoftmaxOp(CompositeOp):
    """exp(x - max) / Σ exp(x - max) along `axis`. (C1) `axis` is an axis with elements."""

    name = "taso.softmax"
    operand = operand_def(TensorType)
    axis = prop_def(INT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        (x,), axis = operands, get_int(attrs, "axis")
        require_axis(axis, x.rank, "C1")
        require(x.shape[axis] > 0, "C1", f"softmax along an empty axis of {x}")
        require_float(operands)
        return (x,)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        (x,), axis = operands, get_int(attrs, "axis")
        largest = along(to, to.emit(ReduceMaxOp, [x], axes=(axis,)), x, (axis,))
        powers = to.emit(ExpOp, [to.emit(SubOp, [x, largest])])
        total = along(to, to.emit(ReduceSumOp, [powers], axes=(axis,)), x, (axis,))
        return to.emit(DivOp, [powers, total])


@irdl_op_definition
class LogSoftmaxOp(CompositeOp):
    """x - max - log Σ exp(x - max) along `axis`. (C1) `axis` is an axis with elements."""

    name = "taso.log_softmax"
    operand = operand_def(TensorType)
    axis = prop_def(INT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        return SoftmaxOp.infer(operands, attrs)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        (x,), axes = operands, (get_int(attrs, "axis"),)
        shifted = to.emit(SubOp, [x, along(to, to.emit(ReduceMaxOp, [x], axes=axes), x, axes)])
        total = to.emit(ReduceSumOp, [to.emit(ExpOp, [shifted])], axes=axes)
        return to.emit(SubOp, [shifted, along(to, to.emit(LogOp, [total]), x, axes)])


def along(to: Emitter[_V], reduced: _V, like: _V, axes: Sequence[int]) -> _V:
    """Broadcast a reduction of `like` over `axes` back to the shape of `like`."""
    shape = to.spec(like).shape
    dims = tuple(i for i in range(len(shape)) if i not in axes)
    return to.emit(BroadcastOp, [reduced], dims=dims, shape=shape)


@irdl_op_definition
class LayerNormOp(CompositeOp):
    """(x - mean) · rsqrt(var + eps) · gamma + beta over the last axis (Ba et al., 2016).

    x: [*b, n]; gamma, beta: [n]. The variance divides by n.
    (C1) x has rank 1 or more with elements in the last axis; (C3) gamma and beta are [n].
    """

    name = "taso.layer_norm"
    operand = operand_def(TensorType)
    gamma = operand_def(TensorType)
    beta = operand_def(TensorType)
    eps = prop_def(FLOAT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        x = operands[0]
        require(x.rank >= 1 and x.shape[-1] > 0, "C1", f"no last axis to normalise in {x}")
        require_float(operands)
        for vector in operands[1:]:
            require(vector.shape == x.shape[-1:], "C3", f"{vector} does not fit {x}")
        return (x,)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        x, gamma, beta = operands
        last = to.spec(x).rank - 1
        return _normalise(to, x, gamma, beta, (last,), (last,), get_float(attrs, "eps"), 0)


@irdl_op_definition
class BatchNormOp(CompositeOp):
    """Normalise by the batch's own statistics (Ioffe and Szegedy, 2015, training mode).

    x: any rank with c channels along `axis`; gamma, beta: [c]. Mean and variance run over all
    other axes; the variance divides by count - `correction` (torch.var: 1, batch_norm: 0).
    (C1) `axis` is one of two axes or more; (C3) gamma and beta are [c]; (C4) `correction` is
    not negative.
    """

    name = "taso.batch_norm"
    operand = operand_def(TensorType)
    gamma = operand_def(TensorType)
    beta = operand_def(TensorType)
    axis = prop_def(INT)
    eps = prop_def(FLOAT)
    correction = prop_def(INT)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        x, axis = operands[0], get_int(attrs, "axis")
        require_axis(axis, x.rank, "C1")
        require(x.rank >= 2, "C1", f"{x} has no axis to normalise over")
        require_float(operands)
        for vector in operands[1:]:
            require(vector.shape == (x.shape[axis],), "C3", f"{vector} does not fit {x}")
        require(get_int(attrs, "correction") >= 0, "C4", "correction is negative")
        return (x,)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        x, gamma, beta = operands
        axis = get_int(attrs, "axis")
        axes = tuple(i for i in range(to.spec(x).rank) if i != axis)
        eps, correction = get_float(attrs, "eps"), get_int(attrs, "correction")
        return _normalise(to, x, gamma, beta, axes, (axis,), eps, correction)


def _normalise(
    to: Emitter[_V],
    x: _V,
    gamma: _V,
    beta: _V,
    axes: tuple[int, ...],
    dims: tuple[int, ...],
    eps: float,
    correction: int,
) -> _V:
    """unit(x) · gamma + beta, where gamma and beta have the axes `dims` of x."""
    shape = to.spec(x).shape
    normal = unit(to, x, axes, eps, correction)
    scaled = to.emit(MulOp, [normal, to.emit(BroadcastOp, [gamma], dims=dims, shape=shape)])
    return to.emit(AddOp, [scaled, to.emit(BroadcastOp, [beta], dims=dims, shape=shape)])


def unit(to: Emitter[_V], x: _V, axes: tuple[int, ...], eps: float, correction: int) -> _V:
    """(x - mean) · rsqrt(var + eps), with the statistics over `axes`."""
    mean = along(to, to.emit(ReduceMeanOp, [x], axes=axes), x, axes)
    variance = to.emit(VarOp, [x], axes=axes, correction=correction)
    shifted = to.emit(AddOp, [variance, to.splat(eps, to.spec(variance))])
    scale = along(to, to.emit(RsqrtOp, [shifted]), x, axes)
    return to.emit(MulOp, [to.emit(SubOp, [x, mean]), scale])
