"""Two searches that are simpler than ours, to compare with.

Both are judged by the cost model that our search minimises; their own choices are as simple as
they are in the compilers that work so.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from taso.frontends.build import main_of
from taso.passes.apply_rules import apply_family, apply_rule
from taso.passes.rules.match_ir import ParamAnalysis
from taso.passes.rules.notation import Call, Result, Rule, RuleFamily, Term
from taso.passes.search.convert import to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import INPUT, EGraph, ENode, is_repeated, operand_classes
from taso.passes.search.extract import function_cost, selection_cost
from taso.passes.search.saturate import Limits, saturate

Rules = Sequence[Rule | RuleFamily]


def greedy(module: ModuleOp, rules: Rules, model: CostModel) -> float:
    """Seconds of the program after each rule has been applied wherever it fits, while that helps.

    A rule is a pass: its sweep over the program, and the sharing of equal terms, stay if the
    program then costs less. The rules take turns until none helps.
    """
    current = module.clone()
    _share(current)
    cost = function_cost(main_of(current), model)
    improved = True
    while improved:
        improved = False
        for rule in rules:
            if not _may_fit(rule, current):
                continue
            changed = current.clone()
            if not _sweep(changed, rule):
                continue
            after = function_cost(main_of(changed), model)
            if after < cost:
                current, cost, improved = changed, after, True
    return cost


def _may_fit(rule: Rule | RuleFamily, module: ModuleOp) -> bool:
    """Whether the program has the ops that the rule looks for."""
    first = rule if isinstance(rule, Rule) else rule.members[min(rule.members)]
    present = {op.name.removeprefix("taso.") for op in main_of(module).body.block.ops}
    return all(op in present for term in first.lhs for op in _ops_of(term))


def _ops_of(term: Term) -> Iterator[str]:
    match term:
        case Call(op, args):
            yield op
            for arg in args:
                yield from _ops_of(arg)
        case Result(call):
            yield from _ops_of(call)
        case _:
            pass


def _sweep(module: ModuleOp, rule: Rule | RuleFamily) -> bool:
    """Apply the rule wherever it fits; whether it does anywhere."""
    block = main_of(module).body.block
    before = list(block.ops)
    if isinstance(rule, Rule):
        apply_rule(rule, block, ParamAnalysis())
    else:
        apply_family(rule, block, ParamAnalysis())
    changed = list(block.ops) != before
    if changed:
        _share(module)
    return changed


def _share(module: ModuleOp) -> None:
    CommonSubexpressionElimination().apply(Context(), module)


def tree_cost(function: func.FuncOp, rules: Rules, model: CostModel, limits: Limits) -> float:
    """Seconds of what extraction by tree cost picks from the saturated e-graph.

    As in egg: the cost of a term is that of its op, as a call of its own, and of its operands; a
    term that is used twice counts twice.
    """
    graph, roots = to_egraph(function)
    saturate(graph, rules, limits)
    calls = CostModel(replace(model.device, fuses=False), memory_growth=model.memory_growth)
    choice = _cheapest_trees(graph, calls)
    return selection_cost(graph, [graph.find(r) for r in roots], choice, model)


def _cheapest_trees(graph: EGraph, model: CostModel) -> dict[int, ENode]:
    """The node of each class that is cheapest as a tree.

    By Knuth's generalisation of Dijkstra's algorithm (1977): classes come in order of their cost,
    so that no node is chosen before its children, and the choice is acyclic.
    """
    users: dict[int, list[tuple[int, ENode]]] = {}
    missing: dict[tuple[int, ENode], int] = {}
    costs: dict[int, float] = {}
    choice: dict[int, ENode] = {}
    queue: list[tuple[float, int, int, ENode]] = []

    def push(cid: int, node: ENode) -> None:
        below = sum(costs[c] for c in node.children)
        heapq.heappush(queue, (below + _seconds(graph, model, cid, node), len(missing), cid, node))

    for cid in graph.class_ids():
        for node in graph.nodes(cid):
            missing[cid, node] = len(set(node.children))
            for child in set(node.children):
                users.setdefault(child, []).append((cid, node))
            if not node.children:
                push(cid, node)
    while queue:
        cost, _, cid, node = heapq.heappop(queue)
        if cid in costs:
            continue
        costs[cid], choice[cid] = cost, node
        for user in users.get(cid, ()):
            missing[user] -= 1
            if not missing[user]:
                push(*user)
    return choice


def _seconds(graph: EGraph, model: CostModel, cid: int, node: ENode) -> float:
    if node.op == INPUT:
        return 0.0
    children = operand_classes(node)
    operands = tuple(s for c in children for s in graph.specs(c))
    param = not is_repeated(node) and all(graph.is_param(c) for c in children)
    return model.node(node, operands, graph.specs(cid), param).seconds
