"""Small graphs around matrix products: one kind of rewrite each."""

from __future__ import annotations

import random
from itertools import pairwise

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

EPSILON = 1e-5


def lora(
    *,
    rank: int = 8,
    adapters: str = "parameters",
    tokens: int = 128,
    width: int = 1024,
    dtype: str = "f32",
) -> ModuleOp:
    """x W + (x A) B of [tokens, width] (Hu et al., LoRA, ICLR 2022).

    adapters: whether A and B are "parameters" or "inputs" of each run.
    """
    to = GraphBuilder(dtype)
    x, weight = to.input(tokens, width), to.param(width, width)
    shapes = ((width, rank), (rank, width))
    if adapters == "parameters":
        a, b = (to.param(*shape, name="adapter") for shape in shapes)
    else:
        a, b = (to.input(*shape) for shape in shapes)
    return to.module(to.add(to.matmul(x, weight), to.matmul(to.matmul(x, a), b)))


def gated_mlp(
    *, layers: int = 12, tokens: int = 128, hidden: int = 768, dtype: str = "f32"
) -> ModuleOp:
    """Layers of x + down(silu(gate x) · up x), biased, on [tokens, hidden] (Shazeer, 2020)."""
    to = GraphBuilder(dtype)
    x = to.input(tokens, hidden)
    for _ in range(layers):
        y = to.layer_norm(x, EPSILON)
        gate, up = (to.linear(y, 4 * hidden) for _ in range(2))
        x = to.add(x, to.linear(to.mul(to.apply("silu", gate), up), hidden))
    return to.module(x)


def linear_attention(
    *, heads: int = 12, tokens: int = 1024, hidden: int = 768, dtype: str = "f32"
) -> ModuleOp:
    """(q kᵀ) v of [tokens, hidden] without a softmax (Katharopoulos et al., ICML 2020)."""
    to = GraphBuilder(dtype)
    x = to.input(tokens, hidden)
    q, k, v = (to.heads(to.linear(x, hidden), heads) for _ in range(3))
    mixed = to.matmul(to.matmul(q, to.transpose(k, 0, 2, 1)), v)
    return to.module(to.linear(to.unite(mixed), hidden))


def experts(
    *, count: int = 8, tokens: int = 128, hidden: int = 512, dtype: str = "f32"
) -> ModuleOp:
    """All experts on all of [tokens, hidden], weighed by a gate (Jacobs et al., 1991)."""
    to = GraphBuilder(dtype)
    x = to.input(tokens, hidden)
    gates = to.apply("softmax", to.linear(x, count), axis=1)
    weighed = [_expert(to, x, gates, i) for i in range(count)]
    total = weighed[0]
    for y in weighed[1:]:
        total = to.add(total, y)
    return to.module(total)


def _expert(to: GraphBuilder, x: SSAValue, gates: SSAValue, index: int) -> SSAValue:
    tokens, hidden = to.shape(x)
    column = to.apply("slice", gates, axis=1, start=index, stop=index + 1)
    y = to.relu(to.linear(x, hidden, bias=False))
    return to.mul(y, to.along(to.reshape(column, tokens), 0, y))


def matrix_chain(
    *, count: int = 12, largest: int = 1024, seed: int = 0, dtype: str = "f32"
) -> ModuleOp:
    """A product of matrices, from the left, of sizes that the seed draws."""
    to = GraphBuilder(dtype)
    draw = random.Random(seed)
    sizes = [draw.randint(1, largest) for _ in range(count + 1)]
    product, *factors = (to.input(*shape) for shape in pairwise(sizes))
    for factor in factors:
        product = to.matmul(product, factor)
    return to.module(product)
