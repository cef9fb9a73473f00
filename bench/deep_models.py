"""Transformers of any depth, as `taso import` has those of 12 layers, without values of weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.torch_export import export, import_exported

DEPTHS = (12, 48, 96)
MODELS = ("bert-base", "gpt2", "vit-base")
TOKENS, IMAGE = 128, 224
WRITTEN_OUT: dict[str, Any] = {"attn_implementation": "eager"}
"""Attention as products and a softmax."""


def deep_model(name: str, layers: int) -> ModuleOp:
    """The model of so many layers, at batch 1, with 128 tokens or an image of 224 × 224."""
    with torch.device("meta"):
        module, example = _built(name, layers)
    exported = export(module.eval().requires_grad_(False), (example,), {})
    return import_exported(exported).module


def _built(name: str, layers: int) -> tuple[nn.Module, torch.Tensor]:
    import transformers as hf

    tokens = torch.zeros(1, TOKENS, dtype=torch.int64)
    build: dict[str, Any] = {
        "bert-base": lambda: hf.BertModel(hf.BertConfig(num_hidden_layers=layers, **WRITTEN_OUT)),
        "gpt2": lambda: hf.GPT2Model(hf.GPT2Config(n_layer=layers, use_cache=False)),
        "vit-base": lambda: hf.ViTModel(hf.ViTConfig(num_hidden_layers=layers)),
    }
    images = name == "vit-base"
    return build[name](), torch.zeros(1, 3, IMAGE, IMAGE) if images else tokens
