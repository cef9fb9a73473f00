"""Attention: the composite op of queries, keys, values and a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, opt_operand_def, prop_def

from taso.dialects.activation import ReluOp
from taso.dialects.base import (
    BOOL,
    FLOAT,
    Attrs,
    Emitter,
    TensorSpec,
    get_bool,
    get_float,
    numpy_dtype,
    require,
)
from taso.dialects.composite import CompositeOp, SoftmaxOp, along, require_float
from taso.dialects.contraction import MatMulOp
from taso.dialects.elementwise import (
    AddOp,
    CastOp,
    DivOp,
    ExpOp,
    LogOp,
    MaxOp,
    MulOp,
    SubOp,
)
from taso.dialects.movement import BroadcastOp, ConstantOp, TransposeOp, pack_constant
from taso.dialects.reduction import ReduceMaxOp, ReduceSumOp

_V = TypeVar("_V")


@irdl_op_definition
class AttentionOp(CompositeOp):
    """softmax(scale · q kᵀ + mask) v (Vaswani et al., 2017).

    q: [*b, m, d]; k: [*b, n, d]; v: [*b, n, e]; mask, if there is one: [*b, m, n]; result:
    [*b, m, e]. If `causal`, query i sees the keys 0 to i: -inf is added to the other scores.
    With a mask, or if causal, a query all of whose scores are -inf has weights 0, as in
    torch's scaled_dot_product_attention; else they are NaN, as those of softmax are.
    (C1) ranks are equal, at least 2; (C3) batch prefixes, d and n agree; n is not 0;
    (C4) the mask has the shape of the scores.
    """

    name = "taso.attention"
    query = operand_def(TensorType)
    key = operand_def(TensorType)
    values = operand_def(TensorType)
    mask = opt_operand_def(TensorType)
    scale = prop_def(FLOAT)
    causal = prop_def(BOOL)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        q, k, v, *masks = operands
        ranks = {x.rank for x in (q, k, v)}
        require(len(ranks) == 1 and q.rank >= 2, "C1", f"ranks of {q}, {k}, {v} do not fit")
        require_float(operands)
        require(
            q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
            and q.shape[-1] == k.shape[-1]
            and k.shape[-2] == v.shape[-2] > 0,
            "C3",
            f"query {q}, key {k} and value {v} do not fit",
        )
        scores = q.with_shape([*q.shape[:-1], k.shape[-2]])
        for mask in masks:
            require(mask == scores, "C4", f"mask {mask} for scores {scores}")
        return (q.with_shape([*q.shape[:-1], v.shape[-1]]),)

    @classmethod
    def decompose(cls, to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
        q, k, v, *masks = operands
        rank = to.spec(q).rank
        perm = (*range(rank - 2), rank - 1, rank - 2)
        scores = to.emit(MatMulOp, [q, to.emit(TransposeOp, [k], perm=perm)])
        scale = get_float(attrs, "scale")
        if scale != 1:
            scores = to.emit(MulOp, [scores, to.splat(scale, to.spec(scores))])
        if get_bool(attrs, "causal"):
            masks = [*masks, _causal_mask(to, to.spec(scores))]
        for mask in masks:
            scores = to.emit(AddOp, [scores, mask])
        weights = _masked_softmax(to, scores) if masks else _softmax(to, scores)
        return to.emit(MatMulOp, [weights, v])


def _softmax(to: Emitter[_V], scores: _V) -> _V:
    return to.emit(SoftmaxOp, [scores], axis=to.spec(scores).rank - 1)


def _masked_softmax(to: Emitter[_V], scores: _V) -> _V:
    """Softmax along the last axis, 0 in rows of -inf.

    Else the largest element is finite and the sum of powers at least 1: the bounds, one below
    the former and one for the latter, change rows of -inf alone.
    """
    last = (to.spec(scores).rank - 1,)
    largest = to.emit(ReduceMaxOp, [scores], axes=last)
    least = float(ml_dtypes.finfo(numpy_dtype(to.spec(scores).dtype)).min)
    shift = to.emit(MaxOp, [largest, to.splat(least, to.spec(largest))])
    powers = to.emit(ExpOp, [to.emit(SubOp, [scores, along(to, shift, scores, last)])])
    total = to.emit(ReduceSumOp, [powers], axes=last)
    divisor = to.emit(MaxOp, [total, to.splat(1, to.spec(total))])
    return to.emit(DivOp, [powers, along(to, divisor, scores, last)])


def _causal_mask(to: Emitter[_V], scores: TensorSpec) -> _V:
    """0 where the key is not after the query, else -inf: log(key < query + 1)."""
    m, n = scores.shape[-2:]
    ends = to.emit(ConstantOp, (), **pack_constant(np.arange(1, m + 1), "i64"))
    keys = to.emit(ConstantOp, (), **pack_constant(np.arange(n), "i64"))
    rows = to.emit(BroadcastOp, [ends], dims=(0,), shape=(m, n))
    columns = to.emit(BroadcastOp, [keys], dims=(1,), shape=(m, n))
    ahead = to.emit(ReluOp, [to.emit(SubOp, [rows, columns])])
    seen = to.emit(CastOp, [to.emit(CastOp, [ahead], dtype="i1")], dtype=scores.dtype)
    rank = len(scores.shape)
    mask = to.emit(LogOp, [seen])
    return to.emit(BroadcastOp, [mask], dims=(rank - 2, rank - 1), shape=scores.shape)
