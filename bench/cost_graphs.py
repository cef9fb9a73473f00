"""The graphs that the cost model is held against the clock on: 20 of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.models import model_names, named_model
from taso.frontends.torch_export import import_program
from taso.tools.command_line import load_ir
from taso.tools.subjects import EXAMPLES, example_names

BATCH, SEQ, HIDDEN = 2, 96, 192


class GatedMlp(nn.Module):
    """SiLU of one biased product gates another; both read the same input."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.up = (nn.Linear(HIDDEN, 3 * HIDDEN) for _ in range(2))
        self.down = nn.Linear(3 * HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class SelfAttention(nn.Module):
    """Attention of several heads written out, and a residual norm."""

    def __init__(self, heads: int = 6) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.norm = nn.LayerNorm(HIDDEN)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self._split(layer(x)) for layer in (self.q, self.k, self.v))
        scores = q @ k.transpose(-1, -2) / (HIDDEN / self.heads) ** 0.5
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.norm(x + self.out(mixed))


class NormedConvolutions(nn.Module):
    """Two convolutions with batch norms, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(24, 24, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(24) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norms[0](self.first(x)))
        return functional.relu(self.norms[1](self.second(y)) + x)


def lora(x: Tensor, w: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """A product and a low-rank one beside it; all are inputs."""
    return x @ w + (x @ a) @ b


def linear_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Without softmax, so that the order of the products is free."""
    return (q @ k.transpose(-1, -2)) @ v


def experts(x: Tensor, *weights: Tensor) -> Tensor:
    """Products that share an input."""
    return sum((functional.relu(x @ w) for w in weights[1:]), functional.relu(x @ weights[0]))


def _chain(*factors: Tensor) -> Tensor:
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    return product


def _chain_inputs(seed: int, length: int) -> tuple[Tensor, ...]:
    rng = random.Random(seed)
    dims = [rng.choice((16, 40, 100, 250, 500)) for _ in range(length + 1)]
    return tuple(torch.randn(dims[i], dims[i + 1]) / dims[i] ** 0.5 for i in range(length))


def _of(program: nn.Module | Callable[..., Tensor], *inputs: Tensor) -> ModuleOp:
    if isinstance(program, nn.Module):
        program = program.eval().requires_grad_(False)
    return import_program(program, inputs).module


def _model(name: str) -> ModuleOp:
    model = named_model(name, "small")
    return _of(model.module, *model.example_inputs(seed=0))


def graphs() -> Mapping[str, Callable[[], ModuleOp]]:
    """What makes each graph, by its name."""
    torch.manual_seed(0)
    x = torch.randn(BATCH, SEQ, HIDDEN)
    heads = [torch.randn(8, 256, 32) for _ in range(3)]
    shared = torch.randn(64, 256)
    return {
        **{n: lambda n=n: load_ir(str(Path(EXAMPLES) / f"{n}.mlir")) for n in example_names()},
        **{f"{name} (small)": lambda name=name: _model(name) for name in model_names()},
        "gated MLP": lambda: _of(GatedMlp(), x),
        "self-attention": lambda: _of(SelfAttention(), x),
        "normed convolutions": lambda: _of(NormedConvolutions(), torch.randn(2, 24, 28, 28)),
        "LoRA": lambda: _of(lora, x, *map(torch.randn, (HIDDEN, HIDDEN, 8), (HIDDEN, 8, HIDDEN))),
        "linear attention": lambda: _of(linear_attention, *heads),
        "8 products": lambda: _of(experts, shared, *(torch.randn(256, 64) for _ in range(8))),
        "chain of 6": lambda: _of(_chain, *_chain_inputs(1, 6)),
    }
