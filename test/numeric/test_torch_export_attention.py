"""Attention as torch has it, and the masks that it takes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from support.imported import check
from torch import Tensor, nn
from xdsl.builder import Builder
from xdsl.ir import Block, SSAValue
from xdsl.rewriter import InsertPoint

import taso
from taso.dialects.movement import ConstantOp, pack_constant
from taso.dialects.spec import TensorSpec, tensor_type
from taso.frontends.aten.writer import CONVERTERS, NodeWriter

Shape = tuple[int, ...]
Case = tuple[str, Callable[..., Any], list[Shape]]


def _sdpa(**options: Any) -> Callable[..., Tensor]:
    return lambda *args: F.scaled_dot_product_attention(*args, **options)


HIDDEN = torch.tensor([[True, False, True], [False, False, False], [True, True, False]])
"""A mask of three queries and keys. The second query sees none."""
QKV: list[Shape] = [(2, 4, 3, 5), (2, 4, 3, 5), (2, 4, 3, 7)]
ATTENTION: list[Case] = [
    ("additive", _sdpa(), [*QKV, (2, 4, 3, 3)]),
    ("additive_broadcast", _sdpa(scale=0.3), [*QKV, (2, 1, 1, 3)]),
    ("additive_matrix", _sdpa(), [*QKV, (3, 3)]),
    ("causal", _sdpa(is_causal=True), QKV),
    ("causal_more_keys", _sdpa(is_causal=True), [(2, 3, 5), (2, 4, 5), (2, 4, 5)]),
    ("causal_more_queries", _sdpa(is_causal=True), [(2, 4, 5), (2, 3, 5), (2, 3, 5)]),
    ("batch_broadcast", _sdpa(), [(2, 1, 3, 5), (4, 6, 5), (1, 4, 6, 7)]),
    ("groups", _sdpa(enable_gqa=True), [(2, 6, 3, 5), (2, 2, 4, 5), (2, 2, 4, 7)]),
    ("groups_masked", _sdpa(enable_gqa=True), [(6, 3, 5), (3, 4, 5), (3, 4, 7), (3, 4)]),
]


@pytest.mark.parametrize("case", ATTENTION, ids=[name for name, _, _ in ATTENTION])
def test_attention(case: Case) -> None:
    _, function, shapes = case
    inputs = [torch.randn(s, dtype=torch.float64) for s in shapes]
    check(lambda *args: function(*args), inputs)


@pytest.mark.parametrize("kind", ["booleans", "additive"])
def test_attention_of_a_query_that_sees_no_key(kind: str) -> None:
    inputs = [torch.randn(s, dtype=torch.float64) for s in QKV]
    mask = HIDDEN if kind == "booleans" else torch.log(HIDDEN.double())
    check(lambda q, k, v, m: _sdpa()(q, k, v, m), [*inputs, mask])


SEES = torch.ones(3, 3, dtype=torch.bool)
KNOWN_MASKS: list[tuple[str, Tensor, str]] = [
    ("all_seen", SEES, "%v, scale = 0.5, causal = false"),
    ("zeros", torch.zeros(1, 3, 3), "%v, scale = 0.5, causal = false"),
    ("causal", SEES.tril(), "%v, scale = 0.5, causal = true"),
    ("causal_batch", torch.log(SEES.tril().float()).expand(2, 1, 3, 3), "causal = true"),
    ("causal_but_for_one", SEES.tril() & (torch.arange(9).reshape(3, 3) != 3), "causal = false"),
    ("later_keys", SEES.triu(), "%broadcast, scale = 0.5, causal = false"),
]


@pytest.mark.parametrize("case", KNOWN_MASKS, ids=[name for name, _, _ in KNOWN_MASKS])
def test_known_masks(case: tuple[str, Tensor, str]) -> None:
    """The converter alone: the mask is a constant there, as after folding."""
    _, mask, expected = case
    shape = TensorSpec((2, 4, 3, 5), "f32")
    block = Block(arg_types=[tensor_type(shape)] * 3)
    to = NodeWriter(Builder(InsertPoint.at_end(block)), shape, {})
    packed = pack_constant(mask.numpy(), "i1" if mask.dtype is torch.bool else "f32")
    constant = to.emit(ConstantOp, (), **packed)
    for argument, name in zip(block.args, "qkv", strict=True):
        argument.name_hint = name
    result = CONVERTERS["aten.scaled_dot_product_attention.default"](
        to, *block.args, constant, scale=0.5
    )
    assert isinstance(result, SSAValue)
    assert expected.replace("%broadcast, ", "") in str(result.owner)
    assert ("%broadcast" in expected) <= (len(result.owner.operands) == 4)


class EagerAttention(nn.Module):
    """Attention of several heads as it is written without a kernel for it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = (
            layer(x).view(*x.shape[:2], self.heads, -1).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        scores = torch.matmul(q, k.transpose(2, 3)) * q.shape[-1] ** -0.5
        if mask is not None:
            scores = scores + mask
        weights = torch.softmax(scores, dim=-1)
        return torch.matmul(weights, v).transpose(1, 2).contiguous().flatten(2)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_written_out_is_raised(masked: bool) -> None:
    model = EagerAttention(24, 3).eval()
    inputs = [torch.randn(2, 5, 24)]
    if masked:
        hidden = torch.rand(2, 1, 5, 5) < 0.4
        hidden[..., 0] = False  # where all keys are hidden, softmax gives NaN
        inputs.append(hidden * torch.finfo(torch.float32).min)
    compiled = taso.compile(model, inputs)
    ops = re.findall(r"taso\.(attention|softmax|matmul) ", compiled.graph)
    assert sorted(ops) == ["attention", "matmul"]
    with torch.no_grad():
        torch.testing.assert_close(compiled(*inputs), model(*inputs), rtol=1e-5, atol=1e-6)


class RootMeanSquareNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width))

    def forward(self, x: Tensor) -> Tensor:
        variance = x.pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(variance + 1e-6))


def test_root_mean_square_norm_written_out_is_raised() -> None:
    model, x = RootMeanSquareNorm(24), torch.randn(2, 5, 24)
    compiled = taso.compile(model, [x])
    assert re.findall(r"taso\.(rms_norm|mul|rsqrt|reduce_mean) ", compiled.graph) == ["rms_norm"]
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), model(x), rtol=1e-5, atol=1e-6)
