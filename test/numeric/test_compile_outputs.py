"""Outputs of a compiled program are in memory as those of the program itself are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.taso_compile import close
from torch import Tensor, nn

import taso
from taso.frontends.saved_program import load

SHARING: list[tuple[str, Callable[[Tensor], Any]]] = [
    ("clone", lambda x: (x.clone(), x.contiguous(), x.t())),
    ("equal", lambda x: (x.relu(), x.relu(), x + 1)),
    ("views", lambda x: (x * 2).split(2, 1)),
    ("both", lambda x: (y := x.exp(), y.t(), y.clone().t())),
    ("input", lambda x: (x, x.view(-1), x[1:], x.reshape(2, -1).clone())),
    ("doubled", lambda x: (x.t().t(), x.t().t().clone())),
]


def sharing(tensors: list[Tensor]) -> list[list[bool]]:
    places = [x.untyped_storage().data_ptr() for x in tensors]
    return [[a == b for b in places] for a in places]


@pytest.mark.parametrize("program", [p for _, p in SHARING], ids=[name for name, _ in SHARING])
def test_outputs_share_memory_as_those_of_the_program(
    program: Callable[[Tensor], Any], tmp_path: Path
) -> None:
    x = torch.randn(4, 6)
    compiled = taso.compile(program, x)
    compiled.save(tmp_path / "saved")
    for ours in (compiled, load(tmp_path / "saved")):
        for _ in range(2):
            x = torch.randn(4, 6)
            results, expected = list(ours(x)), list(program(x))
            assert sharing([x, *results]) == sharing([x, *expected])
            assert all(map(torch.equal, results, expected))
            assert [r.stride() for r in results] == [e.stride() for e in expected]


class Prepared(nn.Module):
    """A result that depends on a parameter alone, and another that is one."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.w * 2, x + 1, self.w


def test_a_caller_who_writes_into_an_output_changes_no_later_one(tmp_path: Path) -> None:
    model = Prepared()
    compiled = taso.compile(model, torch.randn(4, 4))
    compiled.save(tmp_path / "saved")
    expected = (model.w * 2).detach()
    for ours in (compiled, load(tmp_path / "saved")):
        for _ in range(3):
            result = ours(torch.randn(4, 4))[0]
            assert torch.equal(result, expected)
            result.zero_()
    assert compiled(torch.randn(4, 4))[2] is model.w


def test_a_result_that_is_found_transposed_can_be_viewed() -> None:
    def program(x: Tensor, y: Tensor) -> Tensor:
        return x.t() @ y.t()

    x, y = torch.randn(40, 50), torch.randn(60, 40)
    compiled = taso.compile(program, (x, y))
    result = compiled(x, y)
    assert close(result.view(-1), program(x, y).view(-1))


def test_inputs_of_other_strides() -> None:
    def program(x: Tensor) -> tuple[Tensor, Tensor]:
        return x.t(), x.t() + 1

    compiled = taso.compile(program, torch.randn(4, 6))
    for x in (torch.randn(4, 6), torch.randn(6, 4).t(), torch.randn(8, 12)[::2, ::2]):
        view, other = compiled(x)
        assert torch.equal(other, x.t() + 1)
        assert view.data_ptr() == x.data_ptr()
        assert view.stride() == x.t().stride()


def test_a_view_under_vmap() -> None:
    compiled = taso.compile(lambda x: (x.t().clone(), x.t()), torch.randn(4, 6))
    x = torch.randn(3, 4, 6)
    for _ in range(2):
        for result in torch.vmap(compiled)(x):
            assert torch.equal(result, x.mT)
        assert torch.equal(compiled(x[0])[0], x[0].t())
