"""Ops that a private function records, as the ATen call that computes them best."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from taso.dialects import equation
from taso.dialects.activation import GeluOp, SigmoidOp, SiluOp
from taso.dialects.base import TasoOp
from taso.dialects.composite import AttentionOp, BatchNormOp, LayerNormOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import GeluOp
from taso.dialects.pooling import AvgPool2dOp, MaxPool2dOp
from taso.dialects.reduction import ReduceMeanOp, ReduceSumOp, VarOp
from taso.dialects.spec import Attrs
from taso.lowering.torch_source.code import Code, Ref
from taso.lowering.torch_source.types import HALF, Type, ints
from taso.lowering.torch_source.views import convert, permute
from taso.lowering.torch_source.window import avg_pool2d, conv2d, max_pool2d

AtenCall = Callable[[Sequence[Ref], Attrs], Ref | None]
"""The call as an expression, or None where the op's body has to be translated."""


def contraction_letters(
    op: type[TasoOp], ranks: Sequence[int], attrs: Attrs
) -> tuple[list[str], str] | None:
    """The letters of a recorded product of two tensors: operand terms and result."""
    if op is EinsumOp and len(ranks) == 2:
        return equation.split(cast(str, attrs["equation"]))
    if op is not MatMulOp:
        return None
    lhs, rhs = (rank - 2 for rank in ranks)
    prefix = string.ascii_lowercase[: max(lhs, rhs)]
    m, k, n = string.ascii_lowercase[len(prefix) : len(prefix) + 3]
    terms = [prefix[: lhs and None] + m + k, prefix[: rhs and None] + k + n]
    return terms, prefix + m + n


def _same(x: Ref, text: str) -> Ref:
    return Ref(text, x.type)


def _softmax(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands
    return _same(x, f"torch.softmax({x.text}, {attrs['axis']})")


def _gelu(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    (x,) = operands
    suffix = ', approximate="tanh"' if attrs["approximate"] == "tanh" else ""
    return _same(x, f"torch.nn.functional.gelu({x.text}{suffix})")


def _sigmoid(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _same(operands[0], f"torch.sigmoid({operands[0].text})")


def _silu(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _same(operands[0], f"torch.nn.functional.silu({operands[0].text})")


def _layer_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    x, gamma, beta = operands
    arguments = f"{x.text}, {ints(x.type.shape[-1:])}, {gamma.text}, {beta.text}"
    return _same(x, f"torch.layer_norm({arguments}, {attrs['eps']!r})")


def _batch_norm(operands: Sequence[Ref], attrs: Attrs) -> Ref | None:
    """Normalise by the batch's statistics; torch divides the variance by the count n.

    With correction c, var · n/(n - c) + eps = n/(n - c) · (var + eps · (n - c)/n), so that
    gamma is scaled by sqrt((n - c)/n) and eps by (n - c)/n.
    """
    x, gamma, beta = operands
    axis, eps, correction = (attrs[name] for name in ("axis", "eps", "correction"))
    axis, eps, correction = cast(int, axis), cast(float, eps), cast(int, correction)
    count = math.prod(x.type.shape) // max(x.type.shape[axis], 1)
    if count <= 1 or count <= correction or 0 in x.type.shape:
        return None
    ratio = (count - correction) / count
    scale = gamma.text if correction == 0 else f"{gamma.text} * {math.sqrt(ratio)!r}"
    # The channels are torch's axis 1.
    perm = list(range(x.type.rank))
    perm[1], perm[axis] = perm[axis], perm[1]
    moved = permute(x, perm)
    call = (
        f"torch.nn.functional.batch_norm({moved.text}, None, None, {scale}, {beta.text}, "
        f"training=True, eps={eps * ratio!r})"
    )
    return permute(_same(moved, call), perm)


def _statistic(function: str, x: Ref, attrs: Attrs, suffix: str = "") -> Ref:
    axes = cast("tuple[int, ...]", attrs["axes"])
    shape = tuple(n for i, n in enumerate(x.type.shape) if i not in axes)
    return Ref(f"torch.{function}({x.text}, {ints(axes)}{suffix})", Type(shape, x.type.dtype))


def _sum(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _statistic("sum", operands[0], attrs)


def _mean(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _statistic("mean", operands[0], attrs)


def _var(operands: Sequence[Ref], attrs: Attrs) -> Ref | None:
    (x,) = operands
    correction = cast(int, attrs["correction"])
    count = math.prod(x.type.shape[a] for a in cast("tuple[int, ...]", attrs["axes"]))
    if count <= correction or 0 in x.type.shape:  # torch warns
        return None
    return _statistic("var", x, attrs, f", correction={correction}")


ATEN_CALLS: Mapping[type[TasoOp], AtenCall] = {
    AvgPool2dOp: avg_pool2d,
    BatchNormOp: _batch_norm,
    Conv2dOp: conv2d,
    GeluOp: _gelu,
    LayerNormOp: _layer_norm,
    MaxPool2dOp: max_pool2d,
    ReduceMeanOp: _mean,
    ReduceSumOp: _sum,
    SigmoidOp: _sigmoid,
    SiluOp: _silu,
    SoftmaxOp: _softmax,
    VarOp: _var,
}
"""By op. What has no call is computed by a function."""


def attention(code: Code, operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """Attention: by torch's kernel on CUDA, else by products and a softmax.

    On a CPU that kernel gives 0 for a query that holds NaN, and is no faster. On CUDA it keeps
    NaN, but gives 0 where all scores of a query are -inf, for which products give NaN.
    """
    if (call := _flash_attention(operands, attrs)) is not None:
        code.return_if(f"{operands[0].text}.is_cuda", call)
    dtype = operands[0].type.dtype
    wide = "float32" if dtype in HALF else dtype
    q, k, v = (convert(x, wide) for x in operands)
    transposed = permute(k, [*range(k.type.rank - 2), k.type.rank - 1, k.type.rank - 2])
    shape = (*q.type.shape[:-1], k.type.shape[-2])
    scores = code.assign("scores", f"torch.matmul({q.text}, {transposed.text})", Type(shape, wide))
    if attrs["scale"] != 1.0:
        in_place = {scores: f"{scores.text}.mul_({attrs['scale']!r})"}
        text = f"{scores.text} * {attrs['scale']!r}"
        scores = code.assign("scores", text, scores.type, in_place=in_place)
    weights = code.assign("weights", f"torch.softmax({scores.text}, -1)", scores.type)
    shape = (*q.type.shape[:-1], v.type.shape[-1])
    result = Ref(f"torch.matmul({weights.text}, {v.text})", Type(shape, wide))
    return code.assign("attention", convert(result, dtype).text, Type(shape, dtype))


COMPOSED: Mapping[type[TasoOp], Callable[[Code, Sequence[Ref], Attrs], Ref]] = {
    AttentionOp: attention
}
"""Writers of a function's body, for recorded ops that are better written than translated."""


def _flash_attention(operands: Sequence[Ref], attrs: Attrs) -> str | None:
    """The call of torch's kernel, which takes heads of equal size, up to 256."""
    q, _, v = operands
    size = q.type.shape[-1]
    fits = size == v.type.shape[-1] and size % 8 == 0 and 0 < size <= 256
    if q.type.rank not in (3, 4) or not fits or q.type.dtype == "float64" or 0 in q.type.shape:
        return None
    batched = [x.text if x.type.rank == 4 else f"{x.text}.unsqueeze(0)" for x in operands]
    arguments = f"{', '.join(batched)}, scale={attrs['scale']!r}"
    call = f"torch.nn.functional.scaled_dot_product_attention({arguments})"
    return call if q.type.rank == 4 else f"{call}.squeeze(0)"
