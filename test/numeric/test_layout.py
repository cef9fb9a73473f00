"""Where values lie in memory, against torch."""

from __future__ import annotations

import random

import torch
from support.ir import find_function, parse_module

from taso.dialects.base import TensorSpec
from taso.passes.search.egraph import INPUT
from taso.passes.search.layout import OP, PRODUCT, Layouts, dense_strides, reshape_strides
from taso.passes.search.program import Program


def random_view(rng: random.Random) -> torch.Tensor:
    shape = [rng.choice((1, 2, 3, 4, 6)) for _ in range(rng.randint(1, 4))]
    view = torch.empty(shape).permute(rng.sample(range(len(shape)), len(shape)))
    if rng.random() < 0.4:
        axis = rng.randrange(len(shape))
        view = view.narrow(axis, 0, rng.randint(1, view.shape[axis]))
    return view.unsqueeze(0).expand(3, *view.shape) if rng.random() < 0.3 else view


def random_factors(rng: random.Random, size: int) -> list[int]:
    factors: list[int] = []
    while size > 1:
        factors.append(rng.choice([d for d in range(2, size + 1) if size % d == 0]))
        size //= factors[-1]
    return [*factors, *[1] * rng.randint(0, 1)]


def test_a_reshape_is_a_view_where_torch_says_so() -> None:
    rng = random.Random(0)
    copies = 0
    for _ in range(2000):
        view = random_view(rng)
        shape = random_factors(rng, view.numel())
        found = reshape_strides(view.shape, view.stride(), shape)
        try:
            expected = view.view(shape).stride()
        except RuntimeError:
            copies += 1
            assert found is None
            continue
        assert found is not None
        steps = zip(shape, found, expected, strict=True)
        assert all(size == 1 or a == b for size, a, b in steps)
    assert copies > 500
    assert reshape_strides((0, 3), (3, 1), (3, 0)) == dense_strides((3, 0))


PROGRAM = """
func.func @main(%x: tensor<4x6x8xf32>, %b: tensor<8xf32>, %w: tensor<8x10xf32>)
    -> (tensor<6x4x8xf32>, tensor<4x48xf32>, tensor<24x8xf32>, tensor<4x6x8xf32>,
        tensor<4x6x3xf32>, tensor<4x6x10xf32>, tensor<4x6x8xf32>, tensor<4x6x8xf32>) {
  %t = taso.transpose %x, perm = [1, 0, 2] : tensor<4x6x8xf32> -> tensor<6x4x8xf32>
  %r = taso.reshape %x : tensor<4x6x8xf32> -> tensor<4x48xf32>
  %c = taso.reshape %t : tensor<6x4x8xf32> -> tensor<24x8xf32>
  %d = taso.broadcast %b, dims = [2] : tensor<8xf32> -> tensor<4x6x8xf32>
  %s0, %s1 = taso.split %x, axis = 2, sizes = [3, 5]
    : tensor<4x6x8xf32> -> tensor<4x6x3xf32>, tensor<4x6x5xf32>
  %m = taso.matmul %x, %w : tensor<4x6x8xf32>, tensor<8x10xf32> -> tensor<4x6x10xf32>
  %e = taso.exp %x : tensor<4x6x8xf32>
  %two = taso.constant 2.0 : tensor<4x6x8xf32>
  func.return %t, %r, %c, %d, %s0, %m, %e, %two : tensor<6x4x8xf32>, tensor<4x48xf32>,
    tensor<24x8xf32>, tensor<4x6x8xf32>, tensor<4x6x3xf32>, tensor<4x6x10xf32>,
    tensor<4x6x8xf32>, tensor<4x6x8xf32>
}
"""


def test_layouts_of_a_program() -> None:
    program = Program(find_function(parse_module(PROGRAM)))
    layouts = Layouts(program)
    found = [layouts.of(root) for root in program.roots]
    x = torch.empty(4, 6, 8)
    turned = x.permute(1, 0, 2)
    expected = [turned, x.view(4, 48), turned.reshape(24, 8), torch.empty(8).expand(4, 6, 8)]
    expected += [x.narrow(2, 0, 3), torch.empty(4, 6, 10), x]
    assert [layout.strides for layout in found[:-1]] == [v.stride() for v in expected]
    assert found[-1].splat == 2.0
    assert [layout.made_by for layout in found] == ["", "", "", "", "", PRODUCT, OP, ""]
    argument = next(c for c in range(3) if program.nodes(c)[0].op == INPUT)
    assert layouts.of(argument).strides == dense_strides(TensorSpec((4, 6, 8), "f32").shape)
