"""What a call spends on asking whether parameters have changed."""

import timeit

import torch
from torch import nn

import taso

LIMIT = 20e-6
"""Seconds for 200 parameters."""


class Layer(nn.Module):
    """As of a transformer: three weights that are joined, two layers that stay, a dropout."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(d, d) for _ in range(3))
        self.norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, d)
        self.dropout = nn.Dropout()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(x)
        joined = self.q(x).relu() + self.k(x).tanh() * self.v(x)
        return x + self.dropout(self.out(joined))


def test_the_check_of_200_parameters() -> None:
    model = nn.Sequential(*(Layer(64) for _ in range(20))).eval()
    assert len(list(model.parameters())) == 200
    compiled = taso.compile(model, torch.randn(256, 64))
    assert "def prepare(" in compiled.source
    check = compiled._is_unchanged
    assert check is not None
    assert check()
    seconds = min(timeit.repeat(check, number=20, repeat=2000)) / 20
    print(f"{seconds * 1e6:.1f} µs")
    assert seconds <= LIMIT
