"""Graphs that take tensors of other strides than they were traced with."""

from __future__ import annotations

import torch
from torch import fx

aten = torch.ops.aten


def with_reshapes(module: fx.GraphModule) -> fx.GraphModule:
    """A copy in which each view is a reshape.

    What a compiled forward graph saves for the backward graph has the strides that suited it,
    which a view may not take.
    """
    graph = fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    for node in graph.find_nodes(op="call_function", target=aten.view.default):
        node.target = aten.reshape.default
    return fx.GraphModule(module, graph)
