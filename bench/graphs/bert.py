"""BERT's encoder (Devlin et al., NAACL 2019), post-norm, with the attention written out."""

from __future__ import annotations

import math

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

EPSILON = 1e-12


def bert(
    *,
    layers: int = 8,
    heads: int = 16,
    tokens: int = 1024,
    hidden: int = 1024,
    dtype: str = "f32",
) -> ModuleOp:
    """Embeddings [tokens, hidden] to hidden states of the same shape; MLPs of 4 · hidden."""
    to = GraphBuilder(dtype)
    x = to.input(tokens, hidden)
    for _ in range(layers):
        x = to.layer_norm(to.add(x, _attention(to, x, heads)), EPSILON)
        x = to.layer_norm(to.add(x, _mlp(to, x)), EPSILON)
    return to.module(x)


def _attention(to: GraphBuilder, x: SSAValue, heads: int) -> SSAValue:
    hidden = to.shape(x)[1]
    q, k, v = (to.heads(to.linear(x, hidden), heads) for _ in range(3))
    scores = to.scale(to.matmul(q, to.transpose(k, 0, 2, 1)), 1 / math.sqrt(hidden // heads))
    mixed = to.matmul(to.apply("softmax", scores, axis=2), v)
    return to.linear(to.unite(mixed), hidden)


def _mlp(to: GraphBuilder, x: SSAValue) -> SSAValue:
    hidden = to.shape(x)[1]
    wide = to.apply("gelu", to.linear(x, 4 * hidden), approximate="none")
    return to.linear(wide, hidden)
