"""Batch normalisation by statistics that are given, and by those of the batch."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from taso.dialects.base import TensorSpec
from taso.dialects.composite import BatchNormOp
from taso.dialects.elementwise import AddOp, MulOp, NegOp, RsqrtOp, SubOp
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts

Results = Sequence[SSAValue | None]


@converts("_native_batch_norm_legit_no_training.default")
def by_given_statistics(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue | None,
    bias: SSAValue | None,
    mean: SSAValue,
    variance: SSAValue,
    momentum: float,
    eps: float,
) -> Results:
    """x · scale + shift, as torch has it on a CPU; the saved statistics are empty.

    Scale and shift are computed from the parameters alone, and so once. As in torch, f16 and bf16
    compute in f32.
    """
    wide = to.accumulator
    given = [None if v is None else to.cast(v, wide) for v in (weight, bias)]
    centre, spread = (to.cast(v, wide) for v in (mean, variance))
    shifted = to.emit(AddOp, [spread, to.splat(eps, to.spec(spread))])
    scale = _times(to, to.emit(RsqrtOp, [shifted]), given[0])
    moved = to.emit(MulOp, [centre, scale])
    shift = to.emit(NegOp, [moved]) if given[1] is None else to.emit(SubOp, [given[1], moved])
    scaled = to.emit(MulOp, [to.cast(x, wide), to.along_axis(scale, 1, to.shape(x))])
    result = to.emit(AddOp, [scaled, to.along_axis(shift, 1, to.shape(x))])
    return to.cast(result, to.result.dtype), None, None


def _times(to: NodeWriter, x: SSAValue, factor: SSAValue | None) -> SSAValue:
    return x if factor is None else to.emit(MulOp, [x, factor])


@converts("_native_batch_norm_legit_functional.default")
def functional(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue | None,
    bias: SSAValue | None,
    mean: SSAValue,
    variance: SSAValue,
    training: bool,
    momentum: float,
    eps: float,
) -> Results:
    """With running statistics as two more results, which only training changes."""
    if training:
        raise UnsupportedError("it updates running statistics")
    results = by_given_statistics(to, x, weight, bias, mean, variance, momentum, eps)
    return *results, mean, variance


@converts("_native_batch_norm_legit.no_stats")
def by_batch_statistics(
    to: NodeWriter,
    x: SSAValue,
    weight: SSAValue | None,
    bias: SSAValue | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Results:
    """Without running statistics; those that torch saves for a gradient have no counterpart."""
    wide = to.accumulator
    vector = TensorSpec((to.shape(x)[1],), wide)
    gamma, beta = (
        to.splat(default, vector) if given is None else to.cast(given, wide)
        for given, default in ((weight, 1), (bias, 0))
    )
    operands = [to.cast(x, wide), gamma, beta]
    result = to.emit(BatchNormOp, operands, axis=1, eps=eps, correction=0)
    return to.cast(result, to.result.dtype), None, None
