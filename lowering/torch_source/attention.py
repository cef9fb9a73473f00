"""The body of a function that computes attention, in torch."""

from __future__ import annotations

from collections.abc import Sequence

from taso.dialects.spec import Attrs
from taso.lowering.torch_source.code import Code, Ref
from taso.lowering.torch_source.types import HALF, Type, ints
from taso.lowering.torch_source.views import convert, permute


def attention(code: Code, operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """Attention: with a mask or causal by torch's kernel, else by it on CUDA alone."""
    if len(operands) == 4 or attrs["causal"]:
        return _masked_attention(code, operands, attrs)
    return _plain_attention(code, operands, attrs)


def _plain_attention(code: Code, operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """By torch's kernel on CUDA, else by products and a softmax.

    The scale goes to the smaller of queries and scores. On a CPU torch's kernel gives 0 for a
    query that holds NaN, and is no faster. On CUDA it keeps NaN, but gives 0 where all scores
    of a query are -inf, for which products give NaN.
    """
    if _has_flash_kernel(operands):
        code.return_if(f"{operands[0].text}.is_cuda", _kernel_call(operands, attrs))
    dtype = operands[0].type.dtype
    wide = _wide(dtype)
    q, k, v = (convert(x, wide) for x in operands)
    shape = (*q.type.shape[:-1], k.type.shape[-2])
    scales, few = attrs["scale"] != 1.0, q.type.shape[-1] < k.type.shape[-2]
    if scales and few:
        q = code.assign("scaled", f"{q.text} * {attrs['scale']!r}", q.type)
    transposed = permute(k, [*range(k.type.rank - 2), k.type.rank - 1, k.type.rank - 2])
    scores = code.assign("scores", f"torch.matmul({q.text}, {transposed.text})", Type(shape, wide))
    if scales and not few:
        in_place = {scores: f"{scores.text}.mul_({attrs['scale']!r})"}
        text = f"{scores.text} * {attrs['scale']!r}"
        scores = code.assign("scores", text, scores.type, in_place=in_place)
    weights = code.assign("weights", f"torch.softmax({scores.text}, -1)", scores.type)
    shape = (*q.type.shape[:-1], v.type.shape[-1])
    result = Ref(f"torch.matmul({weights.text}, {v.text})", Type(shape, wide))
    return code.assign("attention", convert(result, dtype).text, Type(shape, dtype))


def _masked_attention(code: Code, operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """By torch's kernel, which on a CPU keeps NaN where a mask is given as a tensor.

    It does not where the mask is said to be causal: then only CUDA is told so. On a CPU, f16
    and bf16 compute in float32.
    """
    q, _, _, *masks = operands
    if not masks:
        how = ", is_causal=True"
        code.return_if(f"{q.text}.is_cuda", _kernel_call(operands, attrs, how))
    elif not attrs["causal"] and q.type.dtype != "float64":
        bound = _bounds(masks[0]) if q.type.dtype != "float16" else []
        code.return_if(f"{q.text}.is_cuda", _kernel_call(operands, attrs), bound)
    return _attention_by_mask(code, operands, attrs)


def _bounds(mask: Ref) -> list[str]:
    """Statements that bound a mask, each element of which is computed once if it is repeated."""
    x = mask.text
    return [
        f"{x} = {x}[tuple(slice(None if step else 1) for step in {x}.stride())]",
        f"{x} = {_bounded(x)}.expand({ints(mask.type.shape)})",
    ]


def _bounded(mask: str) -> str:
    """A mask whose elements near the least float, which many masks hold, are raised; -inf stays.

    On CUDA torch's kernel multiplies by log2 e, and hides all that overflows then.
    """
    return f"torch.maximum({mask}, {mask} * 0.1 - 1.8e38)"


def _attention_by_mask(code: Code, operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """By torch's kernel, which is given what is hidden as a mask."""
    q, k, v, *masks = operands
    dtype, causal = q.type.dtype, bool(attrs["causal"])
    wide = _wide(dtype)
    operands = [convert(x, wide) for x in operands]
    if causal:
        size = q.type.shape[-2], k.type.shape[-2]
        where = f"dtype=torch.{wide}, device={q.text}.device"
        later = f'torch.full({ints(size)}, float("-inf"), {where}).triu(1)'
        text = f"{_mask_text(operands[3], wide)} + {later}" if masks else later
        type_ = Type(operands[3].type.shape if masks else size, wide)
        operands = [*operands[:3], code.assign("mask", text, type_)]
    type_ = Type((*q.type.shape[:-1], v.type.shape[-1]), wide)
    result = Ref(_kernel_call(operands, attrs), type_)
    return code.assign("attention", convert(result, dtype).text, Type(type_.shape, dtype))


def _mask_text(mask: Ref, dtype: str) -> str:
    return mask.text if dtype == "float64" else _bounded(mask.text)


def _wide(dtype: str) -> str:
    return "float32" if dtype in HALF else dtype


def _has_flash_kernel(operands: Sequence[Ref]) -> bool:
    """Whether torch has a fused kernel: for heads of equal size, up to 256."""
    q, _, v = operands
    size = q.type.shape[-1]
    fits = size == v.type.shape[-1] and size % 8 == 0 and 0 < size <= 256
    return q.type.rank in (3, 4) and fits and q.type.dtype != "float64" and 0 not in q.type.shape


def _kernel_call(operands: Sequence[Ref], attrs: Attrs, how: str = "") -> str:
    """The call of torch's attention on a query, key and value, and on a mask if there is one.

    Its fused kernels take one batch axis and one of heads.
    """
    rank = operands[0].type.rank
    batched = [f"{x.text}.unsqueeze(0)" if rank == x.type.rank == 3 else x.text for x in operands]
    mask = "".join(f", attn_mask={text}" for text in batched[3:])
    arguments = f"{', '.join(batched[:3])}{mask}{how}, scale={attrs['scale']!r}"
    call = f"torch.nn.functional.scaled_dot_product_attention({arguments})"
    return f"{call}.squeeze(0)" if rank == 3 else call
