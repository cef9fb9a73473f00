"""Softmax over rows, written out."""

from collections.abc import Callable

import torch
from torch import Tensor

SIZES = {"cpu": (8192, 4096), "cuda": (8192, 4096)}


def softmax(x: Tensor) -> Tensor:
    shifted = x - x.amax(dim=1, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(dim=1, keepdim=True)


def example_model(size: tuple[int, ...]) -> Callable[..., Tensor]:
    return softmax


def example_inputs(device: str, dtype: torch.dtype, size: tuple[int, ...]) -> tuple[Tensor]:
    return (torch.randn(size, device=device, dtype=dtype),)
