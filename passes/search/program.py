"""Programs as graphs with one node a class: what they cost is what their only choice costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from taso.dialects.base import AttrValue, TasoOp, TensorSpec, spec_of
from taso.dialects.extern import is_random
from taso.dialects.extern import is_repeated as is_repeated_op
from taso.dialects.kernel import KernelOp, YieldOp
from taso.passes.search.egraph import INPUT, RESULT, ENode, is_repeated, make_node


class Graph(Protocol):
    """What extraction asks of an e-graph."""

    def find(self, cid: int) -> int: ...
    def canonical(self, node: ENode) -> ENode: ...
    def nodes(self, cid: int) -> Sequence[ENode]: ...
    def specs(self, cid: int) -> tuple[TensorSpec, ...]: ...
    def is_param(self, cid: int) -> bool: ...


class Choice:
    """A program in an e-graph, given as a node for each class.

    Classes that are one by now keep the oldest choice: it is acyclic, because nodes are made
    after their children. What depends on parameters alone is so in this program: equal programs
    may not show it.
    """

    def __init__(self, graph: Graph, choice: Mapping[int, ENode]) -> None:
        self._graph = graph
        self._nodes: dict[int, ENode] = {}
        self._param: dict[int, bool] = {}
        for cid in sorted(choice):
            self._nodes.setdefault(graph.find(cid), graph.canonical(choice[cid]))

    def find(self, cid: int) -> int:
        return self._graph.find(cid)

    def canonical(self, node: ENode) -> ENode:
        return self._graph.canonical(node)

    def nodes(self, cid: int) -> Sequence[ENode]:
        node = self._nodes.get(cid)
        return () if node is None else (node,)

    def specs(self, cid: int) -> tuple[TensorSpec, ...]:
        return self._graph.specs(cid)

    def is_param(self, cid: int) -> bool:
        stack = [cid]
        while cid not in self._param:
            current = stack[-1]
            node = self._nodes.get(current)
            children = () if node is None else node.children
            missing = [c for c in children if c not in self._param and c not in stack]
            if missing:
                stack.append(missing[0])
                continue
            if node is None or node.op == INPUT:
                known = self._graph.is_param(current)
            else:
                known = not is_repeated(node)
            self._param[current] = known and all(self._param.get(c, False) for c in children)
            stack.pop()
        return self._param[cid]


class Program:
    """The classes of a function's values. Kernels are looked into."""

    def __init__(self, function: func.FuncOp) -> None:
        self._nodes: list[ENode] = []
        self._specs: list[tuple[TensorSpec, ...]] = []
        self._param: list[bool] = []
        self._random: list[int] = []
        arguments: list[int] = []
        for index, argument in enumerate(function.body.block.args):
            attrs = function.arg_attrs.data[index].data if function.arg_attrs else {}
            param = bool({"taso.param", "taso.prepared"} & set(attrs))
            node = ENode(INPUT, (index,), ())
            arguments.append(self._add(node, (spec_of(argument),), param))
        self.roots = [*self._add_block(function.body.block, arguments), *self._random]

    def find(self, cid: int) -> int:
        return cid

    def canonical(self, node: ENode) -> ENode:
        return node

    def nodes(self, cid: int) -> Sequence[ENode]:
        return (self._nodes[cid],)

    def specs(self, cid: int) -> tuple[TensorSpec, ...]:
        return self._specs[cid]

    def is_param(self, cid: int) -> bool:
        return self._param[cid]

    def _add(self, node: ENode, specs: tuple[TensorSpec, ...], param: bool) -> int:
        self._nodes.append(node)
        self._specs.append(specs)
        self._param.append(param)
        return len(self._nodes) - 1

    def _add_block(self, block: Block, arguments: Sequence[int]) -> list[int]:
        classes: dict[SSAValue, int] = dict(zip(block.args, arguments, strict=True))
        for op in block.ops:
            operands = [classes[v] for v in op.operands]
            match op:
                case func.ReturnOp() | YieldOp():
                    return operands
                case KernelOp():
                    results = self._add_block(op.body.block, operands)
                case TasoOp():
                    results = self._add_op(op, operands)
                case _:
                    raise TypeError(f"{op.name} has no cost")
            classes.update(zip(op.results, results, strict=True))
        raise TypeError("the block has no terminator")

    def _add_op(self, op: TasoOp, operands: list[int]) -> list[int]:
        attrs: dict[str, AttrValue] = op.attrs()
        param = not is_repeated_op(op) and all(self._param[c] for c in operands)
        node = make_node(op.name.removeprefix("taso."), attrs, operands)
        specs = op.result_specs()
        whole = self._add(node, specs, param)
        if is_random(op):
            self._random.append(whole)
        if len(specs) == 1:
            return [whole]
        return [
            self._add(ENode(RESULT, (i,), (whole,)), (spec,), param) for i, spec in enumerate(specs)
        ]
