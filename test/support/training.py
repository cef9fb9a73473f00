"""Training a model beside its compiled twin, to compare gradients and weights."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

RATE = 1e-3

Loss = Callable[[nn.Module, Any], Tensor]


def relative_error(given: Tensor, expected: Tensor, least: float = 1e-6) -> float:
    """The norm of the difference over that of what is expected, which counts as `least` or more."""
    return ((given - expected).norm() / expected.norm().clamp(min=least)).item()


def compare_training(
    model: nn.Module, loss: Loss, batches: list[Any], tolerance: float, **options: Any
) -> None:
    """Train the model and a compiled copy with fused AdamW; gradients and weights must agree.

    A gradient that is zero but for rounding, as that of the bias of attention's keys, is held to
    the scale of all gradients; AdamW's epsilon keeps it from making steps of it, and the weight is
    held to the scale of a step.
    """
    twin = copy.deepcopy(model)
    compiled = torch.compile(twin, backend="taso", options=options or None)
    optimizers = [AdamW(m.parameters(), lr=RATE, eps=1e-4, fused=True) for m in (model, twin)]
    for batch in batches:
        for each in (model, twin):
            each.zero_grad()
        expected, given = loss(model, batch), loss(compiled, batch)
        assert relative_error(given.detach(), expected.detach()) <= tolerance
        expected.backward()
        given.backward()
        _compare_gradients(model, twin, tolerance)
        for optimizer in optimizers:
            optimizer.step()
        for (name, p), q in zip(
            model.state_dict().items(), twin.state_dict().values(), strict=True
        ):
            assert relative_error(q.double(), p.double(), RATE) <= tolerance, name


def _compare_gradients(model: nn.Module, twin: nn.Module, tolerance: float) -> None:
    pairs = list(zip(model.named_parameters(), twin.parameters(), strict=True))
    largest = max(p.grad.norm().item() for (_, p), _ in pairs if p.grad is not None)
    for (name, p), q in pairs:
        assert (p.grad is None) == (q.grad is None), name
        if p.grad is not None and q.grad is not None:
            assert relative_error(q.grad, p.grad, 1e-3 * largest) <= tolerance, name
