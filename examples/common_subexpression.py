"""A@B + C and A@B + D: the product is computed twice."""

from collections.abc import Callable

import torch
from torch import Tensor

SIZES = {"cpu": (512,), "cuda": (4096,)}


def common_subexpression(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    return a @ b + c, a @ b + d


def example_model(size: tuple[int, ...]) -> Callable[..., tuple[Tensor, Tensor]]:
    return common_subexpression


def example_inputs(device: str, dtype: torch.dtype, size: tuple[int, ...]) -> tuple[Tensor, ...]:
    (n,) = size
    return tuple(torch.randn(n, n, device=device, dtype=dtype) for _ in range(4))
