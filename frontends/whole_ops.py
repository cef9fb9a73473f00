"""Ops that PyTorch writes as others while it traces stay whole where no gradient is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, fx
from torch._export.utils import (
    _is_preservable_cia_op,  # pyright: ignore[reportPrivateUsage]
    _special_op_to_preserve_cia,  # pyright: ignore[reportPrivateUsage]
)
from torch._ops import OpOverload
from torch.export.exported_program import (
    _override_composite_implicit_decomp,  # pyright: ignore[reportPrivateUsage]
)

from taso.frontends.aten.writer import CONVERTERS

PLAIN = frozenset(
    (
        "_operator",
        "builtins",
        "math",
        "torch",
        "torch._C._fft",
        "torch._C._linalg",
        "torch._C._nn",
        "torch._C._special",
        "torch.amp.autocast_mode",
        "torch.nn.functional",
    )
)
"""Modules whose functions compute, and neither differentiate others nor batch them."""

SET_GRAD = torch._C._set_grad_enabled  # pyright: ignore[reportPrivateUsage]


def keep_whole(module: fx.GraphModule, inputs: Sequence[Any]) -> AbstractContextManager[None]:
    """A context in which tracing one of dynamo's graphs keeps ops with a converter whole, such as
    `linear` and `scaled_dot_product_attention`: if nothing is differentiated, for they have no
    gradients then."""
    if may_differentiate(module, inputs):
        return nullcontext()
    kept = [op for op in _converted() if _is_preservable_cia_op(op)]
    return _override_composite_implicit_decomp(dict.fromkeys(kept, _special_op_to_preserve_cia))


def _converted() -> Iterator[OpOverload]:
    for name in CONVERTERS:
        namespace, packet, overload = name.split(".")
        yield getattr(getattr(getattr(torch.ops, namespace), packet), overload)


def may_differentiate(module: fx.GraphModule, inputs: Sequence[Any]) -> bool:
    """Whether gradients of what a graph computes may be needed, in it or after it."""
    calls = [n for n in module.graph.nodes if n.op in ("call_function", "call_method")]
    if any(True for _ in module.children()) or not all(map(_is_plain, calls)):
        return True
    held = [*inputs, *module.parameters(), *module.buffers()]
    tracked = any(isinstance(x, Tensor) and x.requires_grad for x in held)
    recorded = any(n.target is SET_GRAD and n.args[0] is not False for n in calls)
    return tracked and (recorded or torch.is_grad_enabled())


def _is_plain(node: fx.Node) -> bool:
    """Whether a call does no more than compute, or set what is recorded."""
    if node.op == "call_method":
        return node.target != "requires_grad_"
    if "requires_grad" in node.kwargs:
        return False
    known = isinstance(node.target, OpOverload) or node.target is SET_GRAD
    return known or getattr(node.target, "__module__", None) in PLAIN
