"""((A@B)@C)@D, which is far cheaper from right to left."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

SIZES = {"cpu": (1000, 10, 1000, 10, 1), "cuda": (8192, 64, 8192, 64, 8)}


def matrix_chain(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return ((a @ b) @ c) @ d


def example_model(size: tuple[int, ...]) -> Callable[..., Tensor]:
    return matrix_chain


def example_inputs(device: str, dtype: torch.dtype, size: tuple[int, ...]) -> tuple[Tensor, ...]:
    # Divided by √rows, so that float16 does not overflow along the chain.
    return tuple(
        torch.randn(rows, columns, device=device, dtype=dtype) / rows**0.5
        for rows, columns in pairwise(size)
    )
