"""What does not depend on data is computed by torch while a program is imported.

Masks are made of index arithmetic on integers and booleans, which no rewriting would ever touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import getitem
from typing import Any, cast

import torch
from torch import Tensor, fx
from torch._ops import OpOverload
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import (
    _disable_current_modes,  # pyright: ignore[reportPrivateUsage]
)
from xdsl.ir import SSAValue

from taso.dialects.spec import Attrs
from taso.dialects.values import packed_bytes
from taso.frontends.aten.writer import tensor_spec

MAX_ELEMENTS = 1 << 22
"""Larger results are not computed here: 4M elements are a mask of 2048 by 2048."""

_CPU = torch.device("cpu")


def constant_nodes(graph: fx.Graph, known: Iterable[fx.Node] = ()) -> set[fx.Node]:
    """Calls that can be folded, if their results are small enough: they reach no placeholder but
    those that are `known`, which are among them."""
    constant = set(known)
    for node in graph.nodes:
        if is_foldable(node) and constant.issuperset(node.all_input_nodes):
            constant.add(node)
    return constant


def is_foldable(node: fx.Node) -> bool:
    """A node gives the same results on each run with the same operands, and has no effect."""
    if node.op != "call_function" or not isinstance(node.target, OpOverload):
        return node.target is getitem
    return not is_mutable(node) and torch.Tag.nondeterministic_seeded not in node.target.tags


def is_mutable(node: fx.Node) -> bool:
    """Whether a call changes its operands."""
    if not isinstance(node.target, OpOverload):
        return False
    return node.target._schema.is_mutable  # pyright: ignore[reportPrivateUsage]


def fold(node: fx.Node, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The results of a foldable node on CPU tensors; None where they are not to be computed.

    That is where an operand is not known (a value of the IR), or a result is no tensor, or large.
    """
    leaves = pytree.tree_leaves((args, kwargs))
    results = pytree.tree_leaves(node.meta.get("val"))
    small = all(isinstance(r, Tensor) and _size(r) <= MAX_ELEMENTS for r in results)
    if not small or any(isinstance(x, SSAValue) for x in leaves):
        return None
    on_cpu = {name: _CPU if name == "device" else value for name, value in kwargs.items()}
    with torch.no_grad(), _disable_current_modes():
        return cast("OpOverload", node.target)(*args, **on_cpu)


def _size(tensor: Tensor) -> int:
    """The number of elements; one that depends on data counts as too many."""
    return tensor.numel() if is_static(tensor) else MAX_ELEMENTS + 1


def is_static(tensor: Tensor) -> bool:
    """Whether no size of a fake tensor is symbolic."""
    return all(isinstance(size, int) for size in cast("tuple[object, ...]", tensor.shape))


def constant_attrs(tensor: Tensor) -> Attrs:
    """The attributes of a `taso.constant` of a known tensor.

    Raises `UnsupportedError` for an element type that the dialect lacks.
    """
    spec = tensor_spec(tensor)
    # One element may have any stride and count as contiguous; a clone has strides of its own.
    flat = tensor.detach().cpu().reshape(-1).clone(memory_format=torch.contiguous_format)
    return packed_bytes(flat.view(torch.uint8).numpy().tobytes(), spec)
