"""A@B + A@C, which is A@(B + C)."""

from collections.abc import Callable

import torch
from torch import Tensor

SIZES = {"cpu": (1024, 512, 256), "cuda": (8192, 4096, 4096)}


def distributivity(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a @ b + a @ c


def example_model(size: tuple[int, ...]) -> Callable[..., Tensor]:
    return distributivity


def example_inputs(
    device: str, dtype: torch.dtype, size: tuple[int, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    m, k, n = size
    a = torch.randn(m, k, device=device, dtype=dtype)
    b, c = (torch.randn(k, n, device=device, dtype=dtype) for _ in range(2))
    return a, b, c
