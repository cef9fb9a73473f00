"""Constant folding on plain data, for the IR's folder and for the e-graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taso.dialects.spec import (
    Attrs,
    OpKind,
    TensorSpec,
    get_ints,
    get_str,
    widen,
)
from taso.dialects.values import pack_constant, splat_constant, splat_value, unpack_constant

if TYPE_CHECKING:
    from taso.dialects.base import TasoOp

MAX_FOLDED_ELEMENTS = 65_536
"""Constants are folded into one of at most this many elements (splats: any size)."""

MAX_FOLDED_FLOPS = 1 << 26
"""Ops of more FLOPs are left to run: folding is to take no time and no memory worth a mention."""


def evaluate_constants(
    op: type[TasoOp], operands: Sequence[Attrs], attrs: Attrs
) -> list[Attrs] | None:
    """The results of an op on constants; None where they would be too large, and for calls.

    Operands and results are the attributes of `constant`s. Arithmetic runs in float64 and is
    rounded once. An op whose operands are splats and which works element by element, or only
    moves elements, is evaluated on one element, so that a splat stays one at any shape.
    """
    if op.KIND is OpKind.OPAQUE:
        return None  # to evaluate it takes torch, and what it costs is not known
    specs = [TensorSpec(get_ints(a, "shape"), get_str(a, "dtype")) for a in operands]
    results = op.infer(specs, attrs)
    if operands and all(splat_value(a) is not None for a in operands):
        if op.KIND is OpKind.ELEMENTWISE:
            return [_evaluate_splats(op, operands, attrs, results[0])]
        moves = op.KIND in (OpKind.VIEW, OpKind.COPY) and not op.ADDS_ELEMENTS
        if moves and len({a["value"] for a in operands}) == 1:
            return [_resized_splat(operands[0], r) for r in results]
    if any(t.size > MAX_FOLDED_ELEMENTS for t in (*specs, *results)):
        return None
    if op.flops(specs, attrs) > MAX_FOLDED_FLOPS:
        return None
    arrays = op.evaluate([widen(unpack_constant(a)) for a in operands], attrs)
    return [pack_constant(a, r.dtype) for a, r in zip(arrays, results, strict=True)]


def _evaluate_splats(
    op: type[TasoOp], operands: Sequence[Attrs], attrs: Attrs, result: TensorSpec
) -> Attrs:
    scalars = [widen(unpack_constant({**a, "shape": ()})) for a in operands]
    (value,) = op.evaluate(scalars, attrs)
    return {**pack_constant(np.asarray(value), result.dtype), "shape": result.shape}


def _resized_splat(splat: Attrs, spec: TensorSpec) -> Attrs:
    return {**splat, "shape": spec.shape} if spec.size else splat_constant(0, spec)
