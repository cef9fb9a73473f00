"""`torch.compile(model, backend="taso")`: weights are joined once, and followed."""

import gc
import weakref
from typing import Any

import pytest
import torch
from support.dynamo import assert_same, compiled
from torch import Tensor, nn

from taso.frontends import aot_graph, dynamo


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()
    torch.manual_seed(7)


class Projections(nn.Module):
    """Three products of one input, whose weights are joined."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(d, d, bias=False) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.q(x).relu(), self.k(x).relu(), self.v(x).relu()


def test_weights_are_joined_and_followed() -> None:
    """Also through an optimiser step that counts no versions, and when they are replaced."""
    model, x = Projections(64), torch.randn(256, 64)
    fast = compiled(model)

    def check() -> None:
        with torch.no_grad():
            assert_same(fast(x), model(x), rtol=1e-4, atol=1e-5)

    check()
    check()
    with torch.no_grad():
        model.k.weight += 1
    check()
    model.load_state_dict(Projections(64).state_dict())
    check()
    model.q.weight = nn.Parameter(torch.randn(64, 64))
    check()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    sum(y.square().sum() for y in model(x)).backward()
    optimizer.step()
    check()
    model.v.weight.data = torch.randn(64, 64)
    check()


def test_statistics_that_a_step_in_eager_changes_are_followed() -> None:
    """No version tells of them: torch's schema does not say that batch norm writes there."""
    model, x = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).eval(), torch.randn(2, 3, 9, 9)
    fast = compiled(model)
    for _ in range(3):
        with torch.no_grad():
            assert_same(fast(x), model(x), rtol=1e-4, atol=1e-5)
            model.train()(torch.randn(2, 3, 9, 9) * 3 + 1)
            model.eval()


def prepared_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows with each time that parameters are prepared."""
    calls: list[int] = []
    of = aot_graph.PreparedValues._entry

    def counted(self: Any, sources: list[Tensor]) -> Any:
        calls.append(len(sources))
        return of(self, sources)

    monkeypatch.setattr(aot_graph.PreparedValues, "_entry", counted)
    return calls


def test_weights_are_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = prepared_calls(monkeypatch)
    model, x = Projections(64), torch.randn(256, 64)
    fast = compiled(model)
    with torch.no_grad():
        for _ in range(3):
            fast(x)
    assert calls == [3]
    fast(x)  # records gradients: nothing is prepared
    assert calls == [3]


def test_modules_that_share_code_have_weights_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = prepared_calls(monkeypatch)
    layers, x = [Projections(64) for _ in range(3)], torch.randn(256, 64)

    @torch.compile(backend=dynamo.backend, dynamic=False)
    def call(layer: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
        return layer(x)

    with torch.no_grad():
        for _ in range(2):
            for layer in layers:
                assert_same(call(layer, x), layer(x), rtol=1e-4, atol=1e-5)
    assert calls == [3, 3, 3]


def test_prepared_weights_go_with_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[weakref.ref[Tensor]] = []
    of = aot_graph.PreparedValues.of

    def watched(self: aot_graph.PreparedValues, sources: list[Tensor]) -> tuple[Tensor, ...]:
        values = of(self, sources)
        prepared.extend(map(weakref.ref, values))
        return values

    monkeypatch.setattr(aot_graph.PreparedValues, "of", watched)

    def call(layer: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
        return layer(x)

    fast, x = compiled(call), torch.randn(256, 64)
    layer = Projections(64)
    with torch.no_grad():
        fast(layer, x)
    assert all(reference() is not None for reference in prepared)
    assert prepared
    del layer
    gc.collect()
    assert all(reference() is None for reference in prepared)


@pytest.mark.parametrize(("freeze", "prepared"), [(False, []), (True, [3])])
def test_weights_of_inference_mode(
    freeze: bool, prepared: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their changes cannot be seen: they are joined once only if they are said not to change."""
    calls = prepared_calls(monkeypatch)
    with torch.inference_mode():
        model, x = Projections(64), torch.randn(256, 64)
        fast = compiled(model, freeze=freeze)
        for _ in range(2):
            assert_same(fast(x), model(x), rtol=1e-4, atol=1e-5)
            if not freeze:
                model.q.weight += 1
    assert calls == prepared
