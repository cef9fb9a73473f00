"""Programs as ground terms: read from IR or from a selection, compared and costed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import cast

from xdsl.dialects import func
from xdsl.ir import SSAValue

from taso.dialects.base import TasoOp
from taso.dialects.extern import is_random
from taso.dialects.spec import TensorSpec, spec_of
from taso.dialects.taso import OPS
from taso.passes.search.convert import has_several_results, is_param
from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import (
    COMMUTATIVE_OPS,
    INPUT,
    NARY_OPS,
    RESULT,
    EGraph,
    ENode,
    make_node,
    node_attrs,
    operand_classes,
)
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.extract import selection_cost


def read_terms(function: func.FuncOp, forest: ProofForest) -> tuple[dict[SSAValue, int], list[int]]:
    """The term of each value of a function, and those of its results.

    After these comes the last random call, if there is one, as in `to_egraph`.
    """
    *ops, last = function.body.block.ops
    arguments = function.body.block.args
    terms: dict[SSAValue, int] = {}
    for i, argument in enumerate(arguments):
        terms[argument] = forest.term(ENode(INPUT, (i,), ()))
    last_random: list[int] = []
    for op in cast("list[TasoOp]", ops):
        name = op.name.removeprefix("taso.")
        children = [terms[v] for v in op.operands]
        if is_random(op):
            children += last_random
        whole = forest.term(make_node(name, op.attrs(), children))
        if is_random(op):
            last_random = [whole]
        for i, result in enumerate(op.results):
            several = has_several_results(name)
            terms[result] = forest.term(ENode(RESULT, (i,), (whole,))) if several else whole
    return terms, [*(terms[v] for v in last.operands), *last_random]


def selected_terms(
    forest: ProofForest, graph: EGraph, roots: Sequence[int], choice: Mapping[int, ENode]
) -> list[int]:
    """The terms of the roots, where each class is the node chosen in it."""
    made: dict[int, int] = {}
    stack = [graph.find(root) for root in roots]
    while stack:
        cid = stack[-1]
        missing = [c for c in choice[cid].children if c not in made]
        if cid in made or not missing:
            stack.pop()
            children = tuple([made[c] for c in choice[cid].children])
            made.setdefault(cid, forest.term(choice[cid]._replace(children=children)))
        else:
            stack.extend(missing)
    return [made[graph.find(root)] for root in roots]


def below(forest: ProofForest, terms: Iterable[int], known: Container[int] = ()) -> list[int]:
    """The terms and all within them but for those `known`, operands first."""
    ordered: dict[int, None] = {}
    stack = list(terms)[::-1]
    while stack:
        term = stack[-1]
        if term in ordered or term in known:
            stack.pop()
            continue
        children = forest.terms[term].children
        missing = [c for c in children if c not in ordered and c not in known]
        if missing:
            stack.extend(reversed(missing))
        else:
            stack.pop()
            ordered[term] = None
    return list(ordered)


class Lowering:
    """Terms as the IR has them: a sum or product of many is a chain of pairs from the left.

    The operands of a commutative op are sorted, because their order is of no interest.
    """

    def __init__(self, forest: ProofForest) -> None:
        self._forest = forest
        self._known: dict[int, int] = {}

    def __call__(self, term: int) -> int:
        for t in below(self._forest, [term], self._known):
            self._known[t] = self._lower(self._forest.terms[t])
        return self._known[term]

    def _lower(self, node: ENode) -> int:
        children = [self._known[c] for c in node.children]
        while node.op in NARY_OPS and len(children) > 2:
            children = [self._term(node, children[:2]), *children[2:]]
        return self._term(node, children)

    def _term(self, node: ENode, children: Iterable[int]) -> int:
        ordered = sorted(children) if node.op in COMMUTATIVE_OPS else children
        lowered = self._forest.term(node._replace(children=tuple(ordered)))
        self._known[lowered] = lowered
        return lowered


class TermProgram:
    """Terms as a graph with one node a class: what extraction asks of an e-graph."""

    def __init__(self, forest: ProofForest, function: func.FuncOp) -> None:
        self._forest = forest
        self._inputs = [spec_of(arg) for arg in function.body.block.args]
        self._params = [is_param(function, i) for i in range(len(self._inputs))]
        self._specs: dict[int, tuple[TensorSpec, ...]] = {}

    def find(self, cid: int) -> int:
        return cid

    def canonical(self, node: ENode) -> ENode:
        return node

    def nodes(self, cid: int) -> Sequence[ENode]:
        return (self._forest.terms[cid],)

    def specs(self, cid: int) -> tuple[TensorSpec, ...]:
        for term in below(self._forest, [cid], self._specs):
            self._specs[term] = self._infer(self._forest.terms[term])
        return self._specs[cid]

    def _infer(self, node: ENode) -> tuple[TensorSpec, ...]:
        if node.op == INPUT:
            return (self._inputs[cast(int, node.attrs[0])],)
        if node.op == RESULT:
            return (self._specs[node.children[0]][cast(int, node.attrs[0])],)
        operands = [s for c in operand_classes(node) for s in self._specs[c]]
        return OPS[node.op].infer(operands, node_attrs(node))

    def is_param(self, cid: int) -> bool:
        """Whether an input is a parameter; of others it is not asked."""
        node = self._forest.terms[cid]
        return node.op == INPUT and self._params[cast(int, node.attrs[0])]

    def cost(self, roots: Sequence[int], model: CostModel) -> float:
        """Seconds of the program of these results under the cost model."""
        choice = {term: self._forest.terms[term] for term in below(self._forest, roots)}
        return selection_cost(self, roots, choice, model)
