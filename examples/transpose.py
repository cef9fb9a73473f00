"""(Aᵀ)ᵀ, which is A, and Qᵀ@Kᵀ of two projections, which is (K@Q)ᵀ."""

import torch
from torch import Tensor, nn

SIZES = {"cpu": (1000, 512, 4096, 2048), "cuda": (1000, 512, 4096, 2048)}


class Transpose(nn.Module):
    """a: [n, n]; x: [d, columns]; y: [d, d]. The second result is [columns, rows]."""

    def __init__(self, d: int, rows: int) -> None:
        super().__init__()
        self.wq = nn.Parameter(torch.randn(d, d) * d**-0.5)
        self.wk = nn.Parameter(torch.randn(rows, d) * d**-0.5)

    def forward(self, a: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        q, k = self.wq @ x, self.wk @ y
        return a.T.T, q.T @ k.T


def example_model(size: tuple[int, ...]) -> nn.Module:
    _, d, _, rows = size
    return Transpose(d, rows)


def example_inputs(
    device: str, dtype: torch.dtype, size: tuple[int, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    n, d, columns, _ = size
    a = torch.randn(n, n, device=device, dtype=dtype)
    x = torch.randn(d, columns, device=device, dtype=dtype)
    y = torch.randn(d, d, device=device, dtype=dtype)
    return a, x, y
