"""ij,jk->ik and then ik,kl->il: the order of the two contractions."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

SIZES = {"cpu": (4096, 64, 4096, 64), "cuda": (4096, 64, 4096, 64)}


def einsum(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.einsum("ik,kl->il", torch.einsum("ij,jk->ik", a, b), c)


def example_model(size: tuple[int, ...]) -> Callable[..., Tensor]:
    return einsum


def example_inputs(device: str, dtype: torch.dtype, size: tuple[int, ...]) -> tuple[Tensor, ...]:
    # Divided by √rows, so that float16 does not overflow.
    return tuple(
        torch.randn(rows, columns, device=device, dtype=dtype) / rows**0.5
        for rows, columns in pairwise(size)
    )
