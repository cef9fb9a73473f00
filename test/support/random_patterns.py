"""Random programs: moves that draw several ops, as rewrite rules look for them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from xdsl.ir import SSAValue

from taso.dialects.base import TasoOp, TensorSpec, spec_of
from taso.dialects.movement import pack_constant

if TYPE_CHECKING:
    from support.random_programs import Writer


def siblings(w: Writer) -> None:
    """Products that share an operand, with biases or without, added up or apart."""
    x = w.ranked(2, 3)
    k, n = spec_of(x).shape[-1], w.random.choice(w.sizes)
    biased = w.random.random() < 0.4
    products: list[SSAValue] = []
    for _ in range(w.random.randint(2, 4)):
        width = n if w.random.random() < 0.7 else w.random.choice(w.sizes)
        product = w.emit("matmul", x, w.parameter((k, width)))
        if biased:
            product = w.emit("add", product, w.over(w.vector(width), product, -1 + _rank(product)))
        products.append(product)
    if spec_of(products[0]) == spec_of(products[1]) and w.random.random() < 0.6:
        w.emit(w.random.choice(["add", "sub"]), products[0], products[1])


def right_siblings(w: Writer) -> None:
    """Products that share their right operand."""
    x = w.ranked(2)
    w.emit("matmul", w.parameter((w.random.choice(w.sizes), spec_of(x).shape[0])), x)
    y = w.emit("matmul", w.parameter((w.random.choice(w.sizes), spec_of(x).shape[0])), x)
    z = w.emit("matmul", w.parameter((spec_of(y).shape[0], spec_of(x).shape[0])), x)
    w.emit("add", y, z)


def product_chain(w: Writer) -> None:
    """x a b, and x (a b): what associates."""
    x = w.ranked(2, 3)
    sizes = [spec_of(x).shape[-1], *(w.random.choice(w.sizes) for _ in range(2))]
    a, b = (w.parameter(pair) for pair in pairwise(sizes))
    if w.random.random() < 0.5:
        w.emit("matmul", w.emit("matmul", x, a), b)
    else:
        w.emit("matmul", x, w.emit("matmul", a, b))


def low_rank(w: Writer) -> None:
    """x w + (x a) b: an adapter of low rank."""
    x = w.ranked(2, 3)
    k, n, r = spec_of(x).shape[-1], w.random.choice(w.sizes), w.random.choice(w.sizes)
    adapted = w.emit("matmul", w.emit("matmul", x, w.parameter((k, r))), w.parameter((r, n)))
    w.emit("add", w.emit("matmul", x, w.parameter((k, n))), adapted)


def gated(w: Writer) -> None:
    """act(x a) · (x b)."""
    x = w.ranked(2, 3)
    k, n = spec_of(x).shape[-1], w.random.choice(w.sizes)
    gate, up = (w.emit("matmul", x, w.parameter((k, n))) for _ in range(2))
    w.emit("mul", w.emit(w.random.choice(["silu", "sigmoid", "relu"]), gate), up)


def joined_inner(w: Writer) -> None:
    """x a + y b, of equal results."""
    x = w.ranked(2)
    m, k = spec_of(x).shape
    n, j = w.random.choice(w.sizes), w.random.choice(w.sizes)
    y = w.parameter((m, j))
    left = w.emit("matmul", x, w.parameter((k, n)))
    w.emit("add", left, w.emit("matmul", y, w.parameter((j, n))))


def scaled_product(w: Writer) -> None:
    """A product of a scaled operand, scaled itself, or with scaled columns."""
    x = w.ranked(2, 3)
    product = w.emit("matmul", x, w.parameter((spec_of(x).shape[-1], w.random.choice(w.sizes))))
    if w.random.random() < 0.5:
        w.emit("mul", product, w.splat(w.random.choice([0.5, 2.0, -1.0]), product))
    else:
        columns = w.over(w.vector(spec_of(product).shape[-1]), product, _rank(product) - 1)
        product = w.emit("mul", product, columns)
        w.emit("reduce_sum", product, axes=(w.random.randrange(_rank(product)),))


def transposes(w: Writer) -> None:
    """Transposes in pairs, around an op or of both operands of a product."""
    x = w.any(lambda spec: spec.dtype == w.dtype and spec.rank >= 2)
    rank = _rank(x)
    perm = (*range(rank - 2), rank - 1, rank - 2)
    turned = w.emit("transpose", x, perm=perm)
    match w.random.randrange(4):
        case 0:
            w.emit("transpose", turned, perm=perm)
        case 1:
            inner = w.emit(w.random.choice(["relu", "tanh", "neg"]), turned)
            w.emit("transpose", inner, perm=perm)
        case 2:
            shape = (spec_of(x).shape[-2], w.random.choice(w.sizes))
            other = w.emit("transpose", w.parameter(shape[::-1]), perm=(1, 0))
            w.emit("transpose", w.emit("matmul", turned, other), perm=perm)
        case _:
            w.emit("softmax", turned, axis=w.random.randrange(rank))


def moved_about(w: Writer) -> None:
    """What is split and joined again, sliced twice, or reshaped back and forth."""
    x = w.anything()
    axis, shape = w.axis(x), spec_of(x).shape
    cut = w.random.randint(0, shape[axis])
    match w.random.randrange(4):
        case 0:
            parts = w.emit_all("split", [x], {"axis": axis, "sizes": (cut, shape[axis] - cut)})
            w.emit("concat", *w.random.sample(list(parts), 2), axis=axis)
        case 1:
            one = w.emit("slice", x, axis=axis, start=0, stop=cut)
            w.emit(
                "concat", one, w.emit("slice", x, axis=axis, start=cut, stop=shape[axis]), axis=axis
            )
        case 2:
            both = w.emit("concat", x, w.like(spec_of(x)), axis=axis)
            start, stop = sorted(w.random.randint(0, 2 * shape[axis]) for _ in range(2))
            w.emit("slice", both, axis=axis, start=start, stop=stop)
        case _:
            w.emit("reshape", w.emit("reshape", x, shape=(spec_of(x).size, 1)), shape=shape)


def reductions(w: Writer) -> None:
    """Reductions of reductions, of scaled and of broadcast values; the mean as a sum."""
    x = w.ranked(2, 3)
    axis = w.axis(x)
    name = w.random.choice(["reduce_sum", "reduce_max", "reduce_mean"])
    match w.random.randrange(4):
        case 0:
            inner = w.emit(name, x, axes=(axis,))
            w.emit(name, inner, axes=(w.axis(inner),))
        case 1:
            w.emit(name, w.emit("mul", x, w.splat(0.5, x)), axes=(axis,))
        case 2:
            wide = w.emit("broadcast", x, dims=tuple(range(_rank(x))), shape=(*spec_of(x).shape, 3))
            w.emit(name, wide, axes=(w.axis(wide),))
        case _:
            total = w.emit("reduce_sum", x, axes=(axis,))
            count = max(spec_of(x).shape[axis], 1)
            w.emit("div", total, w.splat(float(count), total))


def softmax(w: Writer) -> None:
    """Written out, shifted or not, and at times its logarithm."""
    x = w.ranked(2, 3)
    axis = w.axis(x)
    if w.random.random() < 0.7:
        x = w.emit("sub", x, w.along(w.emit("reduce_max", x, axes=(axis,)), x, axis))
    powers = w.emit("exp", x)
    total = w.emit("reduce_sum", powers, axes=(axis,))
    if w.random.random() < 0.3:
        w.emit("sub", x, w.along(w.emit("log", total), x, axis))
    else:
        w.emit("div", powers, w.along(total, x, axis))


def norm(w: Writer) -> None:
    """A layer norm, or along another axis; the correction is any. With gain and bias, or not."""
    x = w.ranked(2, 3, 4)
    axis = w.axis(x)
    mean = w.emit("reduce_mean", x, axes=(axis,))
    variance = w.emit("var", x, axes=(axis,), correction=w.random.choice([0, 1]))
    shifted = w.emit("add", variance, w.splat(1e-2, variance))
    centred = w.emit("sub", x, w.along(mean, x, axis))
    if w.random.random() < 0.5:
        normal = w.emit("mul", centred, w.along(w.emit("rsqrt", shifted), x, axis))
    else:
        normal = w.emit("div", centred, w.along(w.emit("sqrt", shifted), x, axis))
    for name in w.random.choice([(), ("mul",), ("mul", "add")]):
        normal = w.emit(name, normal, w.over(w.vector(spec_of(x).shape[axis]), x, axis))


def batch_norm(w: Writer) -> None:
    """By the statistics of a batch, over all axes but one."""
    x = w.ranked(2, 3, 4)
    axis, shape = w.axis(x), spec_of(x).shape
    axes = tuple(i for i in range(len(shape)) if i != axis)
    mean = w.emit("reduce_mean", x, axes=axes)
    variance = w.emit("var", x, axes=axes, correction=w.random.choice([0, 1]))
    scale = w.emit("rsqrt", w.emit("add", variance, w.splat(1e-2, variance)))
    normal = w.emit("mul", w.emit("sub", x, w.over(mean, x, axis)), w.over(scale, x, axis))
    gained = w.emit("mul", normal, w.over(w.vector(shape[axis]), x, axis))
    w.emit("relu", w.emit("add", gained, w.over(w.vector(shape[axis]), x, axis)))


def rms_norm(w: Writer) -> None:
    x = w.ranked(2, 3)
    axis = w.axis(x)
    squares = w.emit("reduce_mean", w.emit("mul", x, x), axes=(axis,))
    scale = w.emit("rsqrt", w.emit("add", squares, w.splat(1e-2, squares)))
    normal = w.emit("mul", x, w.along(scale, x, axis))
    w.emit("mul", normal, w.over(w.vector(spec_of(x).shape[axis]), x, axis))


def attention(w: Writer) -> None:
    """Written out: scaled before or after the product, masked, causal or neither."""
    query = w.ranked(2, 3, 4)
    rank, (*batch, m, d) = _rank(query), spec_of(query).shape
    n = w.random.choice([m, *w.sizes])
    key, values = w.parameter((*batch, n, d)), w.parameter((*batch, n, w.random.choice(w.sizes)))
    perm = (*range(rank - 2), rank - 1, rank - 2)
    scaling = w.random.randrange(3)
    if scaling == 1:
        query = w.emit("mul", query, w.splat(0.5, query))
    scores = w.emit("matmul", query, w.emit("transpose", key, perm=perm))
    if scaling == 2:
        scores = w.emit("mul", scores, w.splat(0.5, scores))
    masking = w.random.randrange(4)
    if masking == 1:
        scores = w.emit("add", scores, w.parameter((*batch, m, n)))
    if masking == 2:
        scores = _masked(w, scores)
    weights = w.emit("softmax", scores, axis=rank - 1)
    w.emit("matmul", weights, values)


def _masked(w: Writer, scores: SSAValue) -> SSAValue:
    """-inf is added to scores, or selected, but for one in each row at least."""
    shape = spec_of(scores).shape
    seen = w.rng.random(shape) < 0.6
    seen[..., :1] = True
    if w.random.random() < 0.5:
        mask = w.emit_hidden("constant", **pack_constant(np.where(seen, 0.0, -np.inf), w.dtype))
        return w.emit_hidden("add", scores, mask)
    kept = w.emit("constant", **pack_constant(seen, "i1"))
    least = w.emit_hidden("constant", **pack_constant(np.full(shape, -np.inf), w.dtype))
    return w.emit_hidden("select", kept, scores, least)


def convolution(w: Writer) -> None:
    """Alone, or with a bias, a scale for each channel, fixed statistics, an activation."""
    x = w.images()
    channels = spec_of(x).shape[1]
    groups = w.random.choice([g for g in (1, 1, 2, 3, channels) if g and channels % g == 0])
    outputs = groups * w.random.randint(1, 3)
    windows = {"stride": w.pair(1, 2), "padding": w.pair(0, 2), "dilation": w.pair(1, 2)}
    weight = w.parameter((outputs, channels // groups, *w.pair(1, 3)))
    y = w.emit("conv2d", x, weight, **windows, groups=groups)
    affine = [
        (),
        ("add",),
        ("mul",),
        ("mul", "add"),
        ("sub", "mul", "mul", "add"),
        ("add", "mul", "add"),
    ]
    for name in w.random.choice(affine):
        y = w.emit(name, y, w.over(w.vector(outputs), y, 1))
    if w.random.random() < 0.2:
        y = w.emit("mul", y, w.splat(0.5, y))
    if w.random.random() < 0.4:
        w.emit("relu", y)


def sibling_convolutions(w: Writer) -> None:
    """Of one image, with windows of one size or 1×1 beside 3×3; joined, added up or apart."""
    x = w.images()
    channels, outputs = spec_of(x).shape[1], w.random.randint(1, 3)
    stride, made = w.pair(1, 2), []
    for _ in range(w.random.randint(2, 3)):
        kernel = w.random.choice([1, 3])
        weight = w.parameter((outputs, channels, kernel, kernel))
        attrs = {"stride": stride, "padding": (kernel // 2,) * 2, "dilation": (1, 1), "groups": 1}
        made.append(w.emit("conv2d", x, weight, **attrs))
    match w.random.randrange(4):
        case 0:
            w.emit("concat", *made, axis=1)
        case 1:
            w.emit("add", *made[:2])
        case 2:
            for y in made:
                w.emit("relu", y)
        case _:
            pass


def convolution_of_concat(w: Writer) -> None:
    """A convolution of images joined by channels; pools beside it."""
    x = w.images()
    both = w.emit("concat", x, w.like(spec_of(x)), axis=1)
    weight = w.parameter((w.random.randint(1, 3), spec_of(both).shape[1], *w.pair(1, 3)))
    attrs = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    y = w.emit("conv2d", both, weight, **attrs)
    window = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    if w.random.random() < 0.5:
        w.emit("max_pool2d", w.emit("relu", y), **window, dilation=(1, 1))
    else:
        w.emit("avg_pool2d", y, **window, count_include_pad=True)


def residual(w: Writer) -> None:
    """x + f(x), twice: sums of sums."""
    x = w.any(lambda spec: spec.dtype == w.dtype)
    for _ in range(w.random.randint(1, 3)):
        x = w.emit("add", x, w.emit(w.random.choice(["tanh", "sin", "relu", "neg"]), x))


def cancelling(w: Writer) -> None:
    """What is taken away again, doubled or undone."""
    x = w.any()
    match w.random.randrange(6):
        case 0:
            w.emit("neg", w.emit("neg", x))
        case 1:
            w.emit("sub", x, w.emit("neg", w.like(spec_of(x))))
        case 2:
            w.emit("add", x, w.emit("neg", w.like(spec_of(x))))
        case 3:
            w.emit("mul", w.emit("mul", x, w.splat(2.0, x)), w.splat(0.5, x))
        case 4:
            w.emit("relu", w.emit("relu", x))
        case _:
            w.emit("div", w.like(spec_of(x)), w.emit("sqrt", w.positive(x)))


def repetition(w: Writer) -> None:
    """The last ops once more, with another value in the place of some operands."""
    ops = [op for op in w.block.ops if isinstance(op, TasoOp)]
    start = len(ops) - w.random.randint(1, min(len(ops), 12)) if ops else 0
    copies: dict[SSAValue, SSAValue] = {}
    for op in ops[start:]:
        operands = [copies.get(v, v) for v in op.operands]
        if not w.known.keys() >= set(operands):
            return
        for i, v in enumerate(operands):
            if v in op.operands and w.random.random() < 0.4:
                operands[i] = _another(w, v)
        made = w.emit_all(op.name.removeprefix("taso."), operands, dict(op.attrs()))
        copies.update(zip(op.results, made, strict=True))


def _another(w: Writer, value: SSAValue) -> SSAValue:
    """A value of the type. Integers may be indices in range, and so they stay."""
    spec: TensorSpec = spec_of(value)
    return w.like(spec) if spec.is_float else value


MOVES: tuple[Callable[[Writer], None], ...] = (
    *(siblings, siblings, right_siblings, product_chain, low_rank, gated, joined_inner),
    *(scaled_product, transposes, transposes, moved_about, moved_about, reductions),
    *(softmax, norm, batch_norm, rms_norm, attention, attention, residual, cancelling),
    *(convolution, convolution, sibling_convolutions, convolution_of_concat),
    *(repetition, repetition),
)
"""Each is drawn as often as it stands here."""


def _rank(value: SSAValue) -> int:
    return spec_of(value).rank
