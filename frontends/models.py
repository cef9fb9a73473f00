"""Models by name, with random weights: for tests, benchmarks and `taso import`.

The transformers are built from their configurations, so that nothing is downloaded. They need the
package's extra `models`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from taso.frontends.resnet import ResNet

SIZES = ("full", "small")
"""A model as it is published, or of its structure at a size for tests."""

SPREAD = 0.1
"""Standard deviation of what is added to parameters that start as all zeros or all ones."""


@dataclass(frozen=True)
class Tokens:
    """The input of a language model: [batch, seq] ids below `vocabulary`, in int64."""

    vocabulary: int
    seq: int

    def draw(self, batch: int, seq: int | None, generator: torch.Generator) -> Tensor:
        shape = (batch, self.seq if seq is None else seq)
        return torch.randint(self.vocabulary, shape, generator=generator)


@dataclass(frozen=True)
class Images:
    """The input of a vision model: [batch, 3, size, size] values of N(0, 1)."""

    size: int

    def draw(self, batch: int, seq: int | None, generator: torch.Generator) -> Tensor:
        if seq is not None:
            raise ValueError("a model of images takes no sequence length")
        return torch.randn(batch, 3, self.size, self.size, generator=generator)


@dataclass(frozen=True)
class NamedModel:
    """A model in eval mode. Its parameters are float, and require no gradients."""

    name: str
    module: nn.Module
    input: Tokens | Images
    device: str
    dtype: torch.dtype

    def example_inputs(
        self, batch: int = 1, seq: int | None = None, *, seed: int
    ) -> tuple[Tensor, ...]:
        """The module's positional arguments, drawn anew from the seed.

        seq: length of the sequences; the size's own where it is None. Raises ValueError where the
        model takes images.
        """
        drawn = self.input.draw(batch, seq, torch.Generator().manual_seed(seed))
        dtype = self.dtype if drawn.is_floating_point() else drawn.dtype
        return (drawn.to(self.device, dtype),)


def model_names() -> list[str]:
    """The names that `named_model` knows."""
    return list(_RECIPES)


def named_model(
    name: str,
    size: str = SIZES[0],
    *,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    seed: int = 0,
) -> NamedModel:
    """Build a model: the same seed, the same weights. The global generator stays as it is.

    Raises KeyError for a name or size that is not known, ImportError without transformers.
    """
    recipe = _RECIPES[name]
    settings, input_ = recipe.sizes[size]
    # torch.manual_seed would seed the other devices too.
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(seed)
        module = recipe.build(settings)
        _vary_constants(module)
    module = module.to(device, dtype).eval().requires_grad_(False)
    return NamedModel(name, module, input_, device, dtype)


@torch.no_grad()
def _vary_constants(module: nn.Module) -> None:
    """Add noise to biases and scales that start as all zeros or ones, and so would not be seen."""
    for parameter in module.parameters():
        if parameter.numel() and bool((parameter == parameter.flatten()[0]).all()):
            parameter.add_(SPREAD * torch.randn_like(parameter))


@dataclass(frozen=True)
class _Recipe:
    build: Callable[[Mapping[str, Any]], nn.Module]
    sizes: Mapping[str, tuple[Mapping[str, Any], Tokens | Images]]
    """By size, the settings that differ from the builder's own, and the input."""


def _bert(settings: Mapping[str, Any]) -> nn.Module:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(**settings))


def _gpt2(settings: Mapping[str, Any]) -> nn.Module:
    from transformers import GPT2Config, GPT2Model

    return GPT2Model(GPT2Config(use_cache=False, **settings))


def _vit(settings: Mapping[str, Any]) -> nn.Module:
    from transformers import ViTConfig, ViTModel

    return ViTModel(ViTConfig(**settings))


def _llama(settings: Mapping[str, Any]) -> nn.Module:
    from transformers import LlamaConfig, LlamaModel

    return LlamaModel(LlamaConfig(use_cache=False, **settings))


def _resnet(settings: Mapping[str, Any]) -> nn.Module:
    return ResNet(**settings)


_WRITTEN_OUT = {"attn_implementation": "eager"}
"""Attention as products and a softmax, which is what the TASO paper optimises."""

# The small sizes are unequal, and odd where they may be.
_SMALL_ENCODER = {
    "num_hidden_layers": 2,
    "hidden_size": 36,
    "num_attention_heads": 4,
    "intermediate_size": 70,
}
_SMALL_GPT2 = {"n_layer": 2, "n_embd": 36, "n_head": 4, "n_inner": 70, "n_positions": 40}
_LLAMA = {
    "num_hidden_layers": 4,
    "hidden_size": 1024,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "intermediate_size": 2816,
}
_SMALL_LLAMA = {**_SMALL_ENCODER, "hidden_size": 40, "num_key_value_heads": 2}
_SMALL_WORDS = {"vocab_size": 101, "bos_token_id": 0, "eos_token_id": 1}

_RECIPES: Mapping[str, _Recipe] = {
    "bert-base": _Recipe(
        _bert,
        {
            "full": (_WRITTEN_OUT, Tokens(30522, 128)),
            "small": (_WRITTEN_OUT | _SMALL_ENCODER | {"vocab_size": 101}, Tokens(101, 17)),
        },
    ),
    "gpt2": _Recipe(
        _gpt2,
        {
            "full": ({}, Tokens(50257, 128)),
            "small": (_SMALL_GPT2 | _SMALL_WORDS, Tokens(101, 17)),
        },
    ),
    "vit-base": _Recipe(
        _vit,
        {
            "full": ({}, Images(224)),
            "small": (_SMALL_ENCODER | {"image_size": 24, "patch_size": 8}, Images(24)),
        },
    ),
    "llama-small": _Recipe(
        _llama,
        {
            "full": (_LLAMA, Tokens(32000, 128)),
            "small": (_SMALL_LLAMA | _SMALL_WORDS, Tokens(101, 17)),
        },
    ),
    "resnet50": _Recipe(
        _resnet,
        {
            "full": ({}, Images(224)),
            "small": ({"blocks": (2, 1, 1, 1), "width": 6, "classes": 11}, Images(37)),
        },
    ),
}
