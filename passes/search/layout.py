"""How values lie in memory when each op is a call: what a measured cost depends on besides types.

A program says it exactly. In an e-graph a class can be reached by several nodes; then the layout
is that of the cheapest to read: a splat, a broadcast, what is computed, and else another view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

from taso.dialects.base import OpKind, TensorSpec
from taso.dialects.movement import splat_value
from taso.dialects.taso import OPS
from taso.passes.search.egraph import CONSTANT, INPUT, RESULT, ENode, node_attrs
from taso.passes.search.program import Graph

Strides = tuple[int, ...]
OP = "op"
PRODUCT = "product"
"""A call that takes a bias."""


class Layout(NamedTuple):
    """Of one value.

    strides: elements from one to the next along each axis; 0 where they repeat.
    splat: the number that all elements are, where that is known.
    made_by: OP or PRODUCT where the program computes it and has it to itself, else "".
    """

    strides: Strides
    splat: float | None = None
    made_by: str = ""


def dense_strides(shape: Sequence[int]) -> Strides:
    """Row by row."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def reshape_strides(shape: Sequence[int], strides: Strides, new: Sequence[int]) -> Strides | None:
    """The strides of a view in another shape; None where the elements have to be copied."""
    if math.prod(shape) == 0:
        return dense_strides(new)
    runs: list[tuple[int, int]] = []  # (elements, step) of axes that are one run
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    found: list[int] = []
    left, step = runs.pop() if runs else (1, 1)
    for size in reversed(new):
        if left == 1 and size > 1 and runs:
            left, step = runs.pop()
        if left % size:
            return None
        found.append(step)
        left, step = left // size, step * size
    return tuple(reversed(found))


class Layouts:
    """The layouts of the classes of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[int, Layout] = {}

    def of(self, cid: int) -> Layout:
        """The layout of a class of one value, or of what a class of several is taken from."""
        cid = self._graph.find(cid)
        if cid not in self._known:
            shape = self._graph.specs(cid)[0].shape if self._graph.specs(cid) else ()
            self._known[cid] = Layout(dense_strides(shape))  # if it is asked for on a cycle
            self._known[cid] = self._of(self._graph.nodes(cid), shape)
        return self._known[cid]

    def _of(self, nodes: Sequence[ENode], shape: Sequence[int]) -> Layout:
        for node in nodes:
            value = splat_value(node_attrs(node)) if node.op == CONSTANT else None
            if value is not None:
                return Layout((0,) * len(shape), float(value))
        views = [node for node in nodes if self._is_view(node)]
        repeated = [node for node in views if node.op == "broadcast"]
        if repeated or len(views) == len(nodes):
            return self._viewed((repeated or views)[0], shape)
        return Layout(dense_strides(shape), made_by=self._maker(nodes))

    def _maker(self, nodes: Sequence[ENode]) -> str:
        if any(map(self._is_product, nodes)):
            return PRODUCT
        return "" if any(node.op in (INPUT, CONSTANT) for node in nodes) else OP

    def _is_view(self, node: ENode) -> bool:
        if node.op == RESULT:
            return any(n.op == "split" for n in self._graph.nodes(node.children[0]))
        return node.op != INPUT and OPS[node.op].KIND is OpKind.VIEW

    def _is_product(self, node: ENode) -> bool:
        is_matrix = node.op == "matmul" and self._graph.specs(node.children[1])[0].rank == 2
        return is_matrix or node.op == "conv2d"

    def _viewed(self, node: ENode, shape: Sequence[int]) -> Layout:
        source = self.of(node.children[0])
        attrs = node_attrs(node)
        strides = source.strides
        match node.op:
            case "transpose":
                strides = tuple(strides[p] for p in cast("tuple[int, ...]", attrs["perm"]))
            case "broadcast":
                by_axis = dict(zip(cast("tuple[int, ...]", attrs["dims"]), strides, strict=True))
                strides = tuple(by_axis.get(axis, 0) for axis in range(len(shape)))
            case "reshape":
                old = self._graph.specs(node.children[0])[0].shape
                strides = reshape_strides(old, strides, shape) or dense_strides(shape)
            case _:  # a slice or a part of a split steps as the whole
                pass
        return Layout(strides, source.splat)


def is_copied(operand: TensorSpec, layout: Layout, shape: Sequence[int]) -> bool:
    """Whether a reshape of the operand copies its elements."""
    return layout.splat is None and reshape_strides(operand.shape, layout.strides, shape) is None
