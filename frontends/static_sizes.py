"""Graphs of symbolic sizes: compiled anew for each tuple of sizes that they are called with."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import SymBool, SymFloat, SymInt, Tensor, fx
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils import _pytree as pytree

from taso.frontends.any_strides import with_reshapes
from taso.frontends.aot_graph import BoxedCall
from taso.frontends.aten.writer import UnsupportedError

MAX_SIZES = 8
"""Calls with further sizes run as PyTorch runs them."""


def is_symbolic(graph: fx.Graph) -> bool:
    """Whether a size, or a number that the graph is given, is a symbol."""
    return any(_has_symbols(node) for node in graph.find_nodes(op="placeholder"))


def _has_symbols(node: fx.Node) -> bool:
    value = node.meta.get("val")
    if isinstance(value, Tensor):
        numbers: Sequence[object] = (*value.shape, *value.stride())
        return any(isinstance(number, SymInt) for number in numbers)
    return isinstance(value, SymInt | SymFloat | SymBool)


class SpecializedCall:
    """Compiles a graph for the sizes of a call: for at most `MAX_SIZES` of them."""

    def __init__(
        self,
        graph: fx.Graph,
        compile_for: Callable[[Sequence[Any]], BoxedCall],
        otherwise: BoxedCall,
    ) -> None:
        self._compile_for = compile_for
        self._otherwise = otherwise
        nodes = graph.find_nodes(op="placeholder")
        self._varying = [i for i, node in enumerate(nodes) if _has_symbols(node)]
        self._calls: dict[Hashable, BoxedCall] = {}
        self._is_full = False

    def __call__(self, args: list[Any]) -> list[Any]:
        sizes = tuple(_sizes(args[i]) for i in self._varying)
        if sizes not in self._calls:
            if len(self._calls) == MAX_SIZES:
                self._warn()
                return self._otherwise(args)
            self._calls[sizes] = self._compile_for(args)
        return self._calls[sizes](args)

    def _warn(self) -> None:
        if not self._is_full:
            warnings.warn(
                f"a graph was called with more than {MAX_SIZES} sizes; for further ones it runs "
                "unoptimised. Pad the inputs to fewer sizes",
                stacklevel=2,
            )
        self._is_full = True


def _sizes(argument: Any) -> Hashable:
    if isinstance(argument, Tensor):
        return argument.shape, argument.stride()
    return argument


def specialize(module: fx.GraphModule, args: Sequence[Any]) -> fx.GraphModule:
    """The graph for the shapes, strides and numbers of `args`, which no symbol is left in.

    Raises `UnsupportedError` if there are sizes that depend on data.
    """
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    fake = [mode.from_tensor(x, static_shapes=True) if isinstance(x, Tensor) else x for x in args]
    module = with_reshapes(module)
    values = _Values(module)
    try:
        with mode, torch.no_grad():
            values.run(*fake)
    except (DataDependentOutputException, DynamicOutputShapeException) as e:
        raise UnsupportedError(f"sizes depend on what {e.func} computes") from e
    graph = fx.Graph()
    copies: dict[fx.Node, Any] = {}
    for node in module.graph.nodes:
        value = values.of.get(node)
        is_computed = node.op == "call_function" and not _has_tensors(value)
        copies[node] = value if is_computed else graph.node_copy(node, copies.__getitem__)
        if not is_computed:
            copies[node].meta["val"] = value
        if node.op == "placeholder" and not isinstance(value, Tensor):
            copies[node] = value
    return fx.GraphModule(module, graph)


def _has_tensors(value: Any) -> bool:
    return any(isinstance(leaf, Tensor) for leaf in pytree.tree_leaves(value))


class _Values(fx.Interpreter):
    """Runs a graph, and keeps the value of each node."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.of: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        self.of[n] = super().run_node(n)
        return self.of[n]
