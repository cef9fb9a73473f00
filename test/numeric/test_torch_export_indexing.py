"""Ops that choose elements by indices, and reductions of booleans and integers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from support.imported import check
from xdsl.builder import Builder
from xdsl.ir import Block
from xdsl.rewriter import InsertPoint

import taso
from taso.dialects.movement import ConstantOp, pack_constant
from taso.dialects.spec import TensorSpec, tensor_type
from taso.frontends.aten.indexing import take
from taso.frontends.aten.writer import NodeWriter

Shape = tuple[int, ...]


INDEXED: list[tuple[str, Callable[..., Any], Shape, tuple[int, int], Shape]] = [
    ("embedding", lambda x, i: F.embedding(i, x), (7, 3), (0, 7), (2, 5)),
    ("embedding_of_one", lambda x, i: F.embedding(i, x, padding_idx=0), (7, 3), (0, 7), ()),
    ("index_select", lambda x, i: x.index_select(-1, i), (2, 3, 7), (0, 7), (5,)),
    ("index_select_one", lambda x, i: x.index_select(0, i), (7, 2), (0, 7), ()),
    ("index_select_of_scalar", lambda x, i: x.index_select(0, i), (), (0, 1), (1,)),
    ("index_rows", lambda x, i: x[i], (7, 3), (-7, 7), (2, 5)),
    ("index_columns", lambda x, i: x[:, i], (2, 7, 3), (-7, 7), (4,)),
    ("index_two", lambda x, i: x[i[:, None], i[None]], (7, 8, 2), (-7, 7), (4,)),
    ("index_two_inner", lambda x, i: x[:, i, i], (2, 7, 7, 3), (-7, 7), (2, 4)),
    ("gather", lambda x, i: x.gather(1, i), (3, 7), (0, 7), (2, 4)),
    ("gather_rows", lambda x, i: x.gather(0, i), (7, 4, 3), (0, 7), (5, 4, 2)),
    ("gather_of_scalar", lambda x, i: x.gather(0, i), (), (0, 1), ()),
]


@pytest.mark.parametrize("case", INDEXED, ids=[name for name, *_ in INDEXED])
def test_indexed(case: tuple[Any, ...]) -> None:
    """By i64, and by i32 where torch takes that."""
    name, function, shape, (low, high), chosen = case
    x = torch.randn(shape, dtype=torch.float64)
    for dtype in (torch.int64, torch.int32)[: 1 if name.startswith("gather") else 2]:
        check(lambda x, i: function(x, i), [x, torch.randint(low, high, chosen, dtype=dtype)])


OUT_OF_RANGE: list[tuple[str, Callable[..., Any], list[list[int]], list[list[int]]]] = [
    ("embedding", lambda x, i: F.embedding(i, x), [[1, 3]], [[1, -1]]),
    ("index", lambda x, i: x[:, i], [[-5, 4]], [[0, 5]]),
    ("index_two", lambda x, i, j: x[i, j], [[1, 3], [2, 4]], [[1, 3], [2, 5]]),
    ("index_two_negative", lambda x, i, j: x[i, j], [[1, 3], [2, 4]], [[1, 3], [2, -6]]),
    ("index_known_second", lambda x, i: x[i, torch.tensor([0, 4])], [[1, 3]], [[1, -5]]),
    ("gather", lambda x, i: x.gather(1, i[:, None]), [[1, 2]], [[1, 5]]),
    ("gather_first", lambda x, i: x.gather(0, i[None]), [[1, 2]], [[1, 4]]),
]


@pytest.mark.parametrize(
    ("function", "valid", "wrong"), [c[1:] for c in OUT_OF_RANGE], ids=[c[0] for c in OUT_OF_RANGE]
)
def test_an_index_out_of_range_is_no_other_element(
    function: Callable[..., Any], valid: list[list[int]], wrong: list[list[int]]
) -> None:
    x = torch.randn(4, 5)
    compiled = taso.compile(function, (x, *map(torch.tensor, valid)))
    assert torch.equal(
        compiled(x, *map(torch.tensor, valid)), function(x, *map(torch.tensor, valid))
    )
    for program in (function, compiled):
        with pytest.raises((IndexError, RuntimeError), match=r"out of|bounds"):
            program(x, *map(torch.tensor, wrong))


BOOLEANS: list[tuple[str, Callable[..., Any]]] = [
    ("all", lambda x: x.all()),
    ("all_along", lambda x: x.all(dim=1)),
    ("any", lambda x: x.any()),
    ("any_along", lambda x: x.any(dim=0, keepdim=True)),
    ("amax", lambda x: x.amax(dim=1)),
    ("cumsum", lambda x: x.cumsum(dim=1)),
    ("max_values", lambda x: x.max(dim=0).values),
]


@pytest.mark.parametrize("shape", [(3, 5), (1, 1)], ids=str)
@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.int64])
@pytest.mark.parametrize("case", BOOLEANS, ids=[name for name, _ in BOOLEANS])
def test_booleans_and_integers(
    case: tuple[str, Callable[..., Any]], dtype: torch.dtype, shape: Shape
) -> None:
    check(lambda x: case[1](x), [torch.randint(0, 2, shape).to(dtype)])


def test_any_and_all_of_none() -> None:
    check(lambda x: (x.any(dim=1), x.all(dim=1)), [torch.ones(3, 0, dtype=torch.bool)])


KNOWN: list[tuple[list[Any], int, str]] = [
    ([2, 3, 4], 0, "taso.slice %x, axis = 0, start = 2, stop = 5"),
    ([[0, 1, 2]], 1, "taso.reshape %x : tensor<7x3xf32> -> tensor<7x1x3xf32>"),
    ([2, 4], 0, "taso.gather %x"),
    ([6, 7], 0, "taso.gather %x"),
    ([-1, 0], 0, "taso.gather %x"),
]


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_known_neighbours_are_a_slice(case: tuple[list[Any], int, str]) -> None:
    indices, axis, expected = case
    block = Block(arg_types=[tensor_type(TensorSpec((7, 3), "f32"))])
    block.args[0].name_hint = "x"
    to = NodeWriter(Builder(InsertPoint.at_end(block)), TensorSpec((1,), "f32"), {})
    constant = to.emit(ConstantOp, (), **pack_constant(np.array(indices), "i64"))
    assert expected in str(take(to, block.args[0], constant, axis).owner)
