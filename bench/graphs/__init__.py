"""The graphs of the literature, from their published definitions, as programs of the dialect.

Each builder returns a module with a function `@main`: weights are arguments marked `taso.param`,
and every leaf is a result. Without arguments it is of the published size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from xdsl.dialects.builtin import ModuleOp

from graphs.bert import bert
from graphs.inception import inception_v3
from graphs.mobilenet import mobilenet_v2
from graphs.nasnet import nasnet_a
from graphs.nasrnn import nasrnn
from graphs.products import experts, gated_mlp, linear_attention, lora, matrix_chain
from graphs.resnext import resnext50
from graphs.squeezenet import squeezenet
from graphs.vgg import vgg19

LORA_RANKS = (8, 16, 32, 64)

GRAPHS: Mapping[str, Callable[..., ModuleOp]] = {
    "nasrnn": nasrnn,
    "bert": bert,
    "nasnet-a": nasnet_a,
    "resnext-50": resnext50,
    "squeezenet": squeezenet,
    "vgg-19": vgg19,
    "inception-v3": inception_v3,
    "mobilenet-v2": mobilenet_v2,
    **{
        f"lora-{rank}-{adapters}": partial(lora, rank=rank, adapters=adapters)
        for adapters in ("parameters", "inputs")
        for rank in LORA_RANKS
    },
    "gated-mlp": gated_mlp,
    "linear-attention": linear_attention,
    "experts": experts,
    "matrix-chain": matrix_chain,
}
"""Builders by name."""
