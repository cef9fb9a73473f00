"""A function as a graph with one node a class: the cost of a program is that of its only choice."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from taso.dialects.base import AttrValue, TasoOp, TensorSpec, spec_of
from taso.dialects.kernel import KernelOp, YieldOp
from taso.passes.search.egraph import INPUT, RESULT, ENode, make_node


class Program:
    """The classes of a function's values. Kernels are looked into."""

    def __init__(self, function: func.FuncOp) -> None:
        self._nodes: list[ENode] = []
        self._specs: list[tuple[TensorSpec, ...]] = []
        self._param: list[bool] = []
        arguments: list[int] = []
        for index, argument in enumerate(function.body.block.args):
            attrs = function.arg_attrs.data[index].data if function.arg_attrs else {}
            param = bool({"taso.param", "taso.prepared"} & set(attrs))
            node = ENode(INPUT, (index,), ())
            arguments.append(self._add(node, (spec_of(argument),), param))
        self.roots = self._add_block(function.body.block, arguments)

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
        param = all(self._param[c] for c in operands)
        node = make_node(op.name.removeprefix("taso."), attrs, operands)
        specs = op.result_specs()
        whole = self._add(node, specs, param)
        if len(specs) == 1:
            return [whole]
        return [
            self._add(ENode(RESULT, (i,), (whole,)), (spec,), param) for i, spec in enumerate(specs)
        ]
