"""Activations as models write them out become one op, in every element type."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import taso

ROOT = math.sqrt(2 / math.pi)
SPELLINGS: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("gelu", lambda x: x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))),
    ("gelu", lambda x: 0.5 * x * (1 + torch.erf(x * math.sqrt(0.5)))),
    ("gelu", lambda x: x * (0.5 * (torch.erf(x * (1 / math.sqrt(2))) + 1))),
    ("gelu", lambda x: 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715 * torch.pow(x, 3.0))))),
    ("gelu", lambda x: 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715 * x * x * x)))),
    ("gelu", lambda x: x * (0.5 * (1 + torch.tanh(x * ROOT * (1 + 0.044715 * x * x))))),
    ("sigmoid", lambda x: 1 / (1 + torch.exp(-x))),
    ("silu", lambda x: x * torch.sigmoid(x)),
    ("silu", lambda x: x / (1 + torch.exp(-x))),
    ("silu", lambda x: x * (1 / (torch.exp(-x) + 1))),
]
TOLERANCE = {torch.float16: 4e-3, torch.bfloat16: 3e-2, torch.float32: 1e-5, torch.float64: 1e-12}


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_a_written_out_activation_is_one_op(spelling: int, dtype: torch.dtype) -> None:
    name, program = SPELLINGS[spelling]
    x = torch.randn(33, 65).to(dtype)
    compiled = taso.compile(program, (x,))
    body = compiled.graph.partition("func.func")[2]
    assert (body.count(f"taso.{name} "), body.count(" = taso.")) == (1, 1)
    limit = TOLERANCE[dtype]
    torch.testing.assert_close(compiled(x), program(x), rtol=limit, atol=limit)


@pytest.mark.parametrize(
    "program",
    [
        lambda x: 0.5 * x * (1 + torch.erf(x / 2)),
        lambda x: 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.04 * torch.pow(x, 3.0)))),
        lambda x: torch.exp(x) * torch.sigmoid(x),
    ],
)
def test_what_only_looks_like_one_stays(program: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(7, 5)
    compiled = taso.compile(program, (x,))
    assert "taso.gelu" not in compiled.graph
    assert "taso.silu" not in compiled.graph
    torch.testing.assert_close(compiled(x), program(x))
