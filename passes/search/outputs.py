"""Which results of a program are to be in memory of their own, row by row.

A result that the input program computes is so for its caller, who may write into it. Where the
search leaves it as a view of something else (transposed, broadcast, a part of it, or an argument),
it is copied at the end. What is a view in the input program stays one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from taso.dialects.base import OpKind
from taso.dialects.movement import ReshapeOp
from taso.dialects.taso import OPS
from taso.passes.search.egraph import INPUT, RESULT, ENode
from taso.passes.search.program import Choice, Graph

RESHAPE = ReshapeOp.name.partition(".")[2]


class Outputs(NamedTuple):
    """Classes of a graph whose values may have to be in memory of their own."""

    roots: frozenset[int] = frozenset()
    """Those that have to be."""
    classes: frozenset[int] = frozenset()
    """These, and what they may be reshapes of."""

    @staticmethod
    def of(graph: Graph, roots: Sequence[int], origin: Mapping[int, ENode]) -> Outputs:
        """The outputs of a graph whose input program is a choice of its nodes."""
        computed = computed_roots(Choice(graph, origin), roots)
        return Outputs.among(graph, (graph.find(r) for r in computed))

    @staticmethod
    def among(graph: Graph, roots: Iterable[int]) -> Outputs:
        """The outputs of a graph, given the classes that have to be in memory of their own."""
        owned = frozenset(roots)
        classes = set(owned)
        stack = sorted(owned)
        while stack:
            nodes = graph.nodes(stack.pop())
            fresh = {c for n in nodes if keeps_memory(n) for c in n.children} - classes
            classes |= fresh
            stack += sorted(fresh)
        return Outputs(owned, frozenset(classes))


NO_OUTPUTS = Outputs()


def computed_roots(program: Graph, roots: Sequence[int]) -> list[int]:
    """The roots of a program, with one node a class, that are no views of anything else."""
    return [root for root in roots if _is_computed(program, root)]


def _is_computed(program: Graph, root: int) -> bool:
    if not program.specs(root):
        return False
    (node,) = program.nodes(program.find(root))
    while keeps_memory(node):
        (node,) = program.nodes(node.children[0])
    return node.op != INPUT and not is_view(node) and OPS[node.op].KIND is not OpKind.CONSTANT


def keeps_memory(node: ENode) -> bool:
    """The node's result is where its operand is, and laid out as that is.

    So is a result that is taken from a call of several; a part that a split makes is not, but
    the split tells that.
    """
    return node.op in (RESULT, RESHAPE)


def is_view(node: ENode) -> bool:
    """The node shows a part of its operand, or shows it in another order."""
    return node.op in OPS and OPS[node.op].KIND is OpKind.VIEW and not keeps_memory(node)
