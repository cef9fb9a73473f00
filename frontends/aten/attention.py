"""Attention, with the masks that torch takes."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from taso.dialects.attention import AttentionOp
from taso.dialects.base import Array, spec_of
from taso.dialects.elementwise import LogOp
from taso.dialects.movement import BroadcastOp
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts


@converts("scaled_dot_product_attention.default")
def attention(
    to: NodeWriter,
    query: SSAValue,
    key: SSAValue,
    value: SSAValue,
    attn_mask: SSAValue | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> SSAValue:
    """Batch axes are broadcast, of the mask too. A known mask that hides nothing is dropped."""
    if dropout_p != 0:
        raise UnsupportedError("dropout is set; call .eval() on the module first")
    if enable_gqa:
        heads = to.shape(query)[-3]
        key, value = (_repeat_heads(to, x, heads) for x in (key, value))
    batch = to.result.shape[:-2]
    operands = [to.expand(x, [*batch, *to.shape(x)[-2:]]) for x in (query, key, value)]
    scores = to.shape(query)[-2], to.shape(key)[-2]
    known = None if attn_mask is None else to.known(attn_mask)
    if known is not None and _hides_nothing(known):
        attn_mask = None
    elif known is not None and _is_causal(known, scores):
        attn_mask, is_causal = None, True
    if attn_mask is not None:
        operands.append(to.expand(_additive(to, attn_mask), [*batch, *scores]))
    default = to.shape(query)[-1] ** -0.5
    factor = default if scale is None else scale
    return to.emit(AttentionOp, operands, scale=factor, causal=is_causal)


def _repeat_heads(to: NodeWriter, x: SSAValue, heads: int) -> SSAValue:
    """[*b, g, n, d] to [*b, heads, n, d]: each head is repeated in place."""
    *batch, groups, n, d = to.shape(x)
    if groups == heads:
        return x
    rank = len(batch)
    shape = (*batch, groups, heads // groups, n, d)
    dims = (*range(rank + 1), rank + 2, rank + 3)
    return to.reshape(to.emit(BroadcastOp, [x], dims=dims, shape=shape), [*batch, heads, n, d])


def _additive(to: NodeWriter, mask: SSAValue) -> SSAValue:
    """What is added to the scores: for a mask of booleans log 1 or log 0."""
    if spec_of(mask).dtype != "i1":
        return to.cast(mask, to.result.dtype)
    return to.emit(LogOp, [to.cast(mask, to.result.dtype)])


def _hides_nothing(mask: Array) -> bool:
    return bool(np.all(mask if mask.dtype == np.bool_ else mask == 0))


def _is_causal(mask: Array, scores: tuple[int, int]) -> bool:
    """Whether query i sees the keys 0 to i, and no others."""
    if mask.shape[-2:] != scores:
        return False
    sees = np.tril(np.ones(scores, np.bool_))
    return bool(np.all(mask == (sees if mask.dtype == np.bool_ else np.where(sees, 0, -np.inf))))
