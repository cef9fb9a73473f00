"""What a call of `torch.compile(model, backend="taso")` spends on asking for changed parameters."""

import timeit

import pytest
import torch
from torch import Tensor, nn

from taso.frontends.dynamo import backend
from taso.frontends.prepared import PreparedValues

LIMIT = 20e-6
"""Seconds for 200 parameters."""


class Layer(nn.Module):
    """Three weights that are joined, and two layers that stay, as of a transformer."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(d, d) for _ in range(3))
        self.norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, d)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        return x + self.out(self.q(y).relu() + self.k(y).tanh() * self.v(y))


def test_the_check_of_200_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[PreparedValues, list[Tensor]]] = []
    of = PreparedValues.of

    def watched(self: PreparedValues, sources: list[Tensor]) -> tuple[Tensor, ...]:
        given.append((self, sources))
        return of(self, sources)

    model = nn.Sequential(*(Layer(64) for _ in range(20)))
    assert len(list(model.parameters())) == 200
    with monkeypatch.context() as patched, torch.no_grad():
        patched.setattr(PreparedValues, "of", watched)
        torch.compile(model, backend=backend)(torch.randn(256, 64))
    ((prepared, sources),) = given
    seconds = min(timeit.repeat(lambda: prepared.of(sources), number=20, repeat=2000)) / 20
    print(f"{len(sources)} parameters are prepared: {seconds * 1e6:.1f} µs")
    assert seconds <= LIMIT
