"""Functions to e-graphs, and selections of nodes back to functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from taso.dialects.base import TasoOp
from taso.dialects.extern import ExternOp, is_random
from taso.dialects.movement import SplitOp
from taso.dialects.spec import Attrs, ConstraintError, spec_of
from taso.dialects.taso import OPS
from taso.passes.search.egraph import (
    INPUT,
    NARY_OPS,
    RESULT,
    EGraph,
    ENode,
    chained,
    make_node,
    node_attrs,
    operand_classes,
)
from taso.passes.search.extract import ExtractionError, Selection


class UnsupportedError(ValueError):
    """The function holds what the e-graph does not represent; the text says what."""


def to_egraph(function: func.FuncOp, *, nary: bool = True) -> tuple[EGraph, list[int]]:
    """The e-graph of a function's live ops, and the classes of its results, in order.

    After these comes the class of the last random call, if there is one: it needs the others.
    With `nary`, a chain of adds (or muls) of which each but the last has one use is also
    one n-ary node: this reassociates. Raises `UnsupportedError` if the function has no body of
    one block, another op than `taso`'s, or a value that is no static tensor.
    """
    return _Import(function, nary).run()


class _Import:
    def __init__(self, function: func.FuncOp, nary: bool) -> None:
        self._function = function
        self._nary = nary
        self._graph = EGraph()
        self._classes: dict[SSAValue, int] = {}
        self._last_random: list[int] = []
        """The class of the last random call so far, if there is one."""

    def run(self) -> tuple[EGraph, list[int]]:
        block = _only_block(self._function)
        returned = _terminator(block)
        try:
            self._inputs(block)
            for op in _live_ops(block):
                self._op(op)
        except ConstraintError as e:
            raise UnsupportedError(str(e)) from e
        self._graph.rebuild()
        roots = [self._classes[v] for v in returned.operands] + self._last_random
        return self._graph, [self._graph.find(root) for root in roots]

    def _inputs(self, block: Block) -> None:
        for i, arg in enumerate(block.args):
            self._bind(arg, self._graph.add_input(i, spec_of(arg), is_param(self._function, i)))

    def _bind(self, value: SSAValue, cid: int) -> None:
        self._classes[value] = cid
        if value.name_hint is not None:
            self._graph.names.setdefault(cid, value.name_hint)

    def _op(self, op: TasoOp) -> None:
        graph = self._graph
        children = [self._classes[v] for v in op.operands]
        if is_random(op):
            children += self._last_random
        whole = graph.add(make_node(_name(op), op.attrs(), children))
        if is_random(op):
            self._last_random = [whole]
        if has_several_results(_name(op)):
            for i, result in enumerate(op.results):
                self._bind(result, graph.add(ENode(RESULT, (i,), (whole,))))
            return
        self._bind(op.results[0], whole)
        if self._nary and _name(op) in NARY_OPS:
            groups = [[self._classes[v] for v in _chain(op, operand)] for operand in op.operands]
            terms = tuple(chain.from_iterable(groups))
            if len(terms) > 2:
                reason = chained(_name(op), groups)
                graph.union(whole, graph.add(ENode(_name(op), (), terms)), reason)


def is_param(function: func.FuncOp, index: int) -> bool:
    """The argument is a parameter: it carries `taso.param`."""
    attrs = function.arg_attrs
    return attrs is not None and "taso.param" in attrs.data[index].data


def has_several_results(op: str) -> bool:
    """Users of the op take a `result` of its class, even where it has one."""
    return OPS[op] in (ExternOp, SplitOp)


def _only_block(function: func.FuncOp) -> Block:
    blocks = list(function.body.blocks)
    if len(blocks) != 1:
        raise UnsupportedError(f"expected a body of one block, found {len(blocks)}")
    return blocks[0]


def _terminator(block: Block) -> func.ReturnOp:
    if not isinstance(last := block.last_op, func.ReturnOp):
        raise UnsupportedError("expected func.return at the end of the body")
    return last


def _live_ops(block: Block) -> list[TasoOp]:
    """The ops that the results need, and the random calls with what they need, in order."""
    *ops, last = block.ops
    needed = set(last.operands)
    live: list[TasoOp] = []
    for op in reversed(ops):
        if not (isinstance(op, TasoOp) and _name(op) in OPS):
            raise UnsupportedError(f"'{op.name}' is no op of a tensor program")
        if is_random(op) or needed.intersection(op.results):
            needed.update(op.operands)
            live.append(op)
    return live[::-1]


def _name(op: TasoOp) -> str:
    return op.name.removeprefix("taso.")


def _chain(op: TasoOp, operand: SSAValue) -> list[SSAValue]:
    """The operands of a chain of one op below an operand; inner links have one use each."""
    operands: list[SSAValue] = []
    stack = [operand]
    while stack:
        value = stack.pop()
        owner = value.owner
        if isinstance(owner, TasoOp) and owner.name == op.name and value.has_one_use():
            stack.extend(reversed(owner.operands))
        else:
            operands.append(value)
    return operands


def origin_choice(graph: EGraph, roots: Sequence[int]) -> dict[int, ENode]:
    """The input program as a choice of nodes: the oldest of each class that the roots need."""
    choice: dict[int, ENode] = {}
    stack = list(roots)
    while stack:
        cid = graph.find(stack.pop())
        if cid not in choice:
            choice[cid] = graph.canonical(graph.birth[cid])
            stack.extend(choice[cid].children)
    return choice


def from_selection(
    function: func.FuncOp, graph: EGraph, roots: Sequence[int], selection: Selection
) -> None:
    """Replace the function's body by the chosen nodes. Its arguments and results stay.

    `roots` are as `to_egraph` gives them. Ops come in the order in which these first need them,
    so that random calls keep theirs; an n-ary add or mul is a chain
    from the left. Attributes of the old ops outside their properties are dropped.
    """
    block = _only_block(function)
    old = list(block.ops)
    count = len(_terminator(block).operands)
    export = _Export(block, graph, selection.choice)
    made = [export.values(graph.find(root)) for root in roots]
    block.add_op(func.ReturnOp(*(value for (value,) in made[:count])))
    for op in reversed(old):
        op.detach()
        op.erase(safe_erase=False)


class _Export:
    def __init__(self, block: Block, graph: EGraph, choice: Mapping[int, ENode]) -> None:
        self._block = block
        self._graph = graph
        self._choice = choice
        self._made: dict[int, tuple[SSAValue, ...]] = {}

    def values(self, root: int) -> tuple[SSAValue, ...]:
        """The values of a class, its ops added to the block where they are not yet."""
        stack = [root]
        entered: set[int] = set()
        while stack:
            cid = stack[-1]
            missing = [c for c in self._choice[cid].children if c not in self._made]
            if missing and cid in entered:
                raise ExtractionError(f"the choice for class {cid} is on a cycle")
            entered.add(cid)
            if cid not in self._made and not missing:
                self._made[cid] = self._make(self._choice[cid])
                self._name(cid)
            if cid in self._made:
                stack.pop()
            else:
                stack.extend(reversed(missing))
        return self._made[root]

    def _make(self, node: ENode) -> tuple[SSAValue, ...]:
        index = node.attrs[0] if node.op in (INPUT, RESULT) else None
        if node.op == INPUT and isinstance(index, int):
            return (self._block.args[index],)
        operands = [self._made[c] for c in operand_classes(node)]
        if node.op == RESULT and isinstance(index, int):
            return (operands[0][index],)
        values = [value for (value,) in operands]
        while node.op in NARY_OPS and len(values) > 2:
            values = [*self._add(node.op, values[:2], {}), *values[2:]]
        return self._add(node.op, values, node_attrs(node))

    def _add(self, name: str, operands: Sequence[SSAValue], attrs: Attrs) -> tuple[SSAValue, ...]:
        op = OPS[name].create_op(operands, attrs)
        self._block.add_op(op)
        return tuple(op.results)

    def _name(self, cid: int) -> None:
        made = self._made[cid]
        if len(made) == 1 and cid in self._graph.names:
            made[0].name_hint = self._graph.names[cid]
