"""Attention as torch has it, and the masks that it takes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from support.imported import check
from torch import Tensor
from xdsl.builder import Builder
from xdsl.ir import Block, SSAValue
from xdsl.rewriter import InsertPoint

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
    to = NodeWriter(Builder(InsertPoint.at_end(block)), shape)
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
