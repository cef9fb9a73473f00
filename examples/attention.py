"""One attention head as the TASO paper draws it: softmax(QᵀK)Vᵀ of three projections of X."""

import torch
from torch import Tensor, nn

SIZES = {"cpu": (768, 512), "cuda": (768, 512)}


class Attention(nn.Module):
    """x: [d, s], a column for each token; the result is [s, d]."""

    def __init__(self, d: int) -> None:
        super().__init__()
        # With this spread the scores have variance 1; with randn's they overflow float16.
        self.wq, self.wk, self.wv = (nn.Parameter(torch.randn(d, d) * d**-0.75) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.wq @ x, self.wk @ x, self.wv @ x
        return torch.softmax(q.T @ k, dim=1) @ v.T


def example_model(size: tuple[int, ...]) -> nn.Module:
    return Attention(size[0])


def example_inputs(device: str, dtype: torch.dtype, size: tuple[int, ...]) -> tuple[Tensor]:
    return (torch.randn(size, device=device, dtype=dtype),)
