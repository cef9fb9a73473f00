"""Convolutions that become one: siblings on one input, sums, and groups made wider.

Outputs have weights of their own, so that weights of several convolutions stand end to end. With
groups, outputs stand group by group, and those of two convolutions would have to interleave.
"""

from __future__ import annotations

from taso.passes.rules.convolution import DILATION, PADDING, STRIDE, convolve
from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    Condition,
    Dim,
    DimExpr,
    DimProduct,
    DimSum,
    Rule,
    ShapeOf,
    Term,
    any_var,
    dims,
    sibling_family,
    var,
)
from taso.passes.rules.ops import add, broadcast, concat, pad, reshape, slice_, split
from taso.passes.rules.ops import transpose as permute

n, i, o, h, v, kh, kv, g = dims("n i o h v kh kv g")
x = any_var("x")


def _numbered(prefix: str, count: int) -> tuple[Dim, ...]:
    return dims(" ".join(f"{prefix}{k}" for k in range(count)))


def concat_weights(arity: int) -> Rule:
    """Convolutions that share their input and window are one with more outputs, then a split."""
    widths = _numbered("o", arity)
    weights = [var(f"w{k}", width, i, kh, kv) for k, width in enumerate(widths)]
    return Rule(
        f"convolution-concat-weights-{arity}",
        lhs=tuple(convolve(x, w, groups=1) for w in weights),
        rhs=split(convolve(x, concat(*weights, axis=0), groups=1), widths, 1),
    )


def concat_biased(arity: int) -> Rule:
    """The same with a bias for each output channel."""
    widths = _numbered("o", arity)
    weights = [var(f"w{k}", width, i, kh, kv) for k, width in enumerate(widths)]
    biases = [var(f"b{k}", width) for k, width in enumerate(widths)]
    wide = add(
        convolve(x, concat(*weights, axis=0), groups=1),
        broadcast(concat(*biases, axis=0), (1,), (n, DimSum(widths), h, v)),
    )
    return Rule(
        f"convolution-concat-biased-{arity}",
        lhs=tuple(
            add(convolve(x, w, groups=1), broadcast(bias, (1,), (n, width, h, v)))
            for w, bias, width in zip(weights, biases, widths, strict=True)
        ),
        rhs=split(wide, widths, 1),
    )


def interleave_groups(arity: int) -> Rule:
    """With groups: each group's weights end to end, and so its outputs."""
    widths = _numbered("o", arity)
    every = DimSum(widths)
    weights = [var(f"w{k}", DimProduct((g, width)), i, kh, kv) for k, width in enumerate(widths)]
    inner = DimProduct((i, kh, kv))
    joined = concat(
        *(reshape(w, (g, o_, inner)) for w, o_ in zip(weights, widths, strict=True)), axis=1
    )
    wide = convolve(x, reshape(joined, (DimProduct((g, every)), i, kh, kv)), groups=g)
    places = Apply("convolution_shape", (ShapeOf("x"), ShapeOf("w0"), STRIDE, PADDING, DILATION))
    batch, high, wide_ = (Apply("size_along", (places, axis)) for axis in (0, 2, 3))
    pieces = split(reshape(wide, (batch, g, every, high, wide_)), widths, 2)
    return Rule(
        f"convolution-interleave-groups-{arity}",
        lhs=tuple(convolve(x, w, groups=g) for w in weights),
        rhs=tuple(
            reshape(piece, (batch, DimProduct((g, width)), high, wide_))
            for piece, width in zip(pieces, widths, strict=True)
        ),
    )


def batch(arity: int) -> Rule:
    """Convolutions of equal windows and groups that share nothing are groups of one."""
    counts = _numbered("g", arity)
    images = [var(f"x{k}", n, DimProduct((count, i)), h, v) for k, count in enumerate(counts)]
    weights = [var(f"w{k}", DimProduct((c, o)), i, kh, kv) for k, c in enumerate(counts)]
    joined = convolve(concat(*images, axis=1), concat(*weights, axis=0), groups=DimSum(counts))
    return Rule(
        f"convolution-batch-{arity}",
        lhs=tuple(
            convolve(image, w, groups=count)
            for image, w, count in zip(images, weights, counts, strict=True)
        ),
        rhs=split(joined, [DimProduct((count, o)) for count in counts], 1),
    )


FAMILIES = (
    sibling_family("convolution-concat-weights", concat_weights),
    sibling_family("convolution-concat-biased", concat_biased),
    sibling_family("convolution-interleave-groups", interleave_groups),
    sibling_family("convolution-batch", batch),
)

ph, pv, dh, dv, a, b, c, d = dims("ph pv dh dv a b c d")


def _twice(dim: Dim) -> DimProduct:
    return DimProduct((2, dim))


def _enlarged(weight: Term, rows: AttrExpr, columns: AttrExpr) -> Term:
    """Kernels with so many zeros more on each side."""
    margins = (0, 0, rows, columns)
    return pad(weight, margins, margins, 0.0)


def _windows_of(weight: Term, padding: tuple[DimExpr, DimExpr]) -> Term:
    return convolve(x, weight, padding=padding, dilation=(dh, dv))


_padding_and = (DimSum((ph, DimProduct((dh, a)))), DimSum((pv, DimProduct((dv, b)))))
_small = var("w", o, i, kh, kv)
_large = _windows_of(
    var("u", Dim("j"), i, DimSum((kh, _twice(a))), DimSum((kv, _twice(b)))), _padding_and
)

# A smaller kernel beside a larger one on the same input: then their weights can be joined. With
# zeros around it, a window reaches `dilation` further for each, and the padding has to as well.
ENLARGE_KERNEL = Rule(
    "convolution-enlarge-kernel",
    lhs=(_windows_of(_small, (ph, pv)), _large),
    rhs=(_windows_of(_enlarged(_small, a, b), _padding_and), _large),
    where=(Condition("is_positive", (DimSum((a, b)),)),),
    nonfinite="lost",
)

kh_more, ph_more = dims("kh_more ph_more")
_high = var("w", o, i, kh_more, kv)
_wide = var("u", Dim("j"), i, kh, DimSum((kv, _twice(b))))
_rows = Apply("whole", (Apply("times", (Apply("minus", (kh_more, kh)), 0.5)),))
_wider = (ph_more, _padding_and[1])

# 3×1 beside 1×3: both become 3×3.
ENLARGE_BOTH_KERNELS = Rule(
    "convolution-enlarge-both-kernels",
    lhs=(_windows_of(_high, (ph_more, pv)), _windows_of(_wide, (ph, _padding_and[1]))),
    rhs=(
        _windows_of(_enlarged(_high, 0, b), _wider),
        _windows_of(_enlarged(_wide, _rows, 0), _wider),
    ),
    where=(
        Condition("is_positive", (_rows,)),
        Condition("is_positive", (b,)),
        Condition("equal", (ph_more, Apply("plus", (ph, Apply("times", (dh, _rows)))))),
    ),
    nonfinite="lost",
)

_w, _u = var("w", o, i, kh, kv), var("u", o, i, kh, kv)

FACTOR_WEIGHTS = Rule(
    "convolution-factor-weights",
    lhs=(add(convolve(x, _w), convolve(x, _u)),),
    rhs=(convolve(x, add(_w, _u)),),
    nonfinite="lost",
)

_image, _other = var("x", n, c, h, v), var("y", n, c, h, v)

FACTOR_INPUTS = Rule(
    "convolution-factor-inputs",
    lhs=(add(convolve(_image, _w), convolve(_other, _w)),),
    rhs=(convolve(add(_image, _other), _w),),
    nonfinite="lost",
)

_more = var("y", n, d, h, v)
_of_image, _of_more = var("w", o, c, kh, kv), var("u", o, d, kh, kv)

# A concat may have operands without channels, a convolution not.
_some_channels = (Condition("is_positive", (c,)), Condition("is_positive", (d,)))

# One convolution with a longer sum over input channels.
CONCAT_INPUTS = Rule(
    "convolution-concat-inputs",
    lhs=(add(convolve(_image, _of_image, groups=1), convolve(_more, _of_more, groups=1)),),
    rhs=(
        convolve(
            concat(_image, _more, axis=1),
            concat(_of_image, _of_more, axis=1),
            groups=1,
        ),
    ),
    where=_some_channels,
    bidirectional=True,
)

_of_both = var("w", o, DimSum((c, d)), kh, kv)

OF_CONCAT = Rule(
    "convolution-of-concat",
    lhs=(convolve(concat(_image, _more, axis=1), _of_both, groups=1),),
    rhs=(
        add(
            convolve(_image, slice_(_of_both, 1, 0, c), groups=1),
            convolve(_more, slice_(_of_both, 1, c, DimSum((c, d))), groups=1),
        ),
    ),
    where=_some_channels,
)


def _block_diagonal(weight: Term, groups: DimExpr, blocks: DimExpr) -> Term:
    """Weights [groups · blocks · o, i, …] as [groups · blocks · o, blocks · i, …].

    Zeros stand where an output's block is not that of the input. To put `blocks` rows on the
    diagonal, each is followed by `blocks` of zeros, which moves the next one by one more.
    """
    size = (o, i, kh, kv)
    rows = reshape(weight, (groups, blocks, DimProduct(size)))
    longer = pad(rows, (0, 0, 0), (0, 0, DimProduct((blocks, *size))), 0.0)
    flat = reshape(longer, (groups, DimProduct((blocks, DimSum((blocks, 1)), *size))))
    square = slice_(flat, 1, 0, DimProduct((blocks, blocks, *size)))
    apart = reshape(square, (groups, blocks, blocks, o, DimProduct((i, kh, kv))))
    by_output = permute(apart, (0, 1, 3, 2, 4))
    return reshape(by_output, (DimProduct((groups, blocks, o)), DimProduct((blocks, i)), kh, kv))


_in_pairs = var("w", DimProduct((g, 2, o)), i, kh, kv)

# Half as many groups, each twice as wide; and so on for the result. A group of one channel stays:
# kernels for those are bound by memory, not by how small their products are.
WIDEN_GROUPS = Rule(
    "convolution-widen-groups",
    lhs=(convolve(x, _in_pairs, groups=DimProduct((g, 2))),),
    rhs=(convolve(x, _block_diagonal(_in_pairs, g, 2), groups=g),),
    where=(Condition("is_positive", (Apply("minus", (i, 1)),)),),
    nonfinite="lost",
)

_grouped = var("w", DimProduct((g, o)), i, kh, kv)

UNGROUP = Rule(
    "convolution-ungroup",
    lhs=(convolve(x, _grouped, groups=g),),
    rhs=(convolve(x, _block_diagonal(_grouped, 1, g), groups=1),),
    where=(Condition("is_positive", (Apply("minus", (g, 1)),)),),
    nonfinite="lost",
)

RULES = (
    ENLARGE_KERNEL,
    ENLARGE_BOTH_KERNELS,
    FACTOR_WEIGHTS,
    FACTOR_INPUTS,
    CONCAT_INPUTS,
    OF_CONCAT,
    WIDEN_GROUPS,
    UNGROUP,
)
