"""Checks of an e-graph's state, the values of its classes, and a matcher to hold others against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from taso.dialects.spec import Array, widen
from taso.dialects.taso import OPS
from taso.passes.rules.notation import Call, Result, Rule, Splat, Term, Var
from taso.passes.rules.sides import LeftSide, Seen
from taso.passes.search.egraph import (
    COMMUTATIVE_OPS,
    INPUT,
    NARY_OPS,
    RESULT,
    EGraph,
    ENode,
    is_repeated,
    node_attrs,
    operand_classes,
)
from taso.passes.search.match import MAX_NARY_OPERANDS


def check_invariants(graph: EGraph) -> None:
    """Assert what holds after `rebuild`: canonical nodes, congruence, parents, analyses."""
    home: dict[ENode, int] = {}
    for cid in graph.class_ids():
        assert graph.find(cid) == cid
        eclass = graph.classes[cid]
        nodes = graph.nodes(cid)
        assert len(nodes) == len(set(nodes)), f"class {cid} holds a node twice"
        for node in nodes:
            assert graph.canonical(node) == node, f"{node} has stale children"
            assert home.setdefault(node, cid) == cid, f"{node} is in two classes"
            assert graph.lookup(node) == cid, f"{node} is not found"
            if node.op in COMMUTATIVE_OPS:
                assert list(node.children) == sorted(node.children)
            for child in node.children:
                users = graph.classes[child].parents.items()
                assert any(graph.canonical(n) == node and graph.find(c) == cid for n, c in users)
            if node.op not in (INPUT, RESULT):
                operands = [s for c in operand_classes(node) for s in graph.specs(c)]
                assert OPS[node.op].infer(operands, node_attrs(node)) == eclass.specs
            known = node.op != INPUT and not is_repeated(node)
            if known and all(graph.is_param(c) for c in node.children):
                assert eclass.param
        assert all(graph.find(c) < cid for c in graph.birth[cid].children), "birth is cyclic"
    assert graph.size == len(home)


def evaluate_node(
    graph: EGraph, node: ENode, operands: Sequence[tuple[Array, ...]]
) -> tuple[Array, ...]:
    """A node's value in float64, from those of its children."""
    if node.op == RESULT:
        return (operands[0][int(node.attrs[0])],)  # pyright: ignore[reportArgumentType]
    arrays = [a for values in operands for a in values]
    op, attrs = OPS[node.op], node_attrs(node)
    while node.op in NARY_OPS and len(arrays) > 2:
        arrays = [*op.evaluate(arrays[:2], attrs), *arrays[2:]]
    return tuple(widen(a) for a in op.evaluate(arrays, attrs))


def class_values(graph: EGraph, inputs: Sequence[Array]) -> dict[int, tuple[Array, ...]]:
    """The value of each class in float64, computed through its oldest node."""
    values: dict[int, tuple[Array, ...]] = {}
    for cid in graph.class_ids():
        node = graph.birth[cid]
        if node.op == INPUT:
            values[cid] = (widen(inputs[int(node.attrs[0])]),)  # pyright: ignore[reportArgumentType]
        else:
            children = [values[graph.find(c)] for c in node.children]
            values[cid] = evaluate_node(graph, node, children)
    return values


def largest_disagreement(graph: EGraph, inputs: Sequence[Array]) -> tuple[float, str]:
    """The largest relative error of a node against its class, and the node and class as text."""
    values = class_values(graph, inputs)
    worst = (0.0, "")
    for cid, expected in values.items():
        for node in graph.nodes(cid):
            if node.op == INPUT:
                continue
            found = evaluate_node(graph, node, [values[c] for c in node.children])
            for a, b in zip(found, expected, strict=True):
                scale = float(np.linalg.norm(b.ravel())) or 1.0
                error = float(np.linalg.norm((a - b).ravel())) / scale
                if not error <= worst[0]:
                    worst = (error, f"{node} in class {cid}: {graph.birth[cid]}")
    return worst


def reference_matches(graph: EGraph, rule: Rule) -> set[tuple[object, ...]]:
    """Where a rule of one left term applies: (root, rest, variables by name, dims, batches, attrs).

    Walks the graph by the notation's shared meaning, one place at a time.
    """
    left = LeftSide(rule)
    (term,) = rule.lhs
    found: set[tuple[object, ...]] = set()
    for root in graph.class_ids():
        for rest, nodes, variables in _lay_root(graph, term, root):
            solved = left.solve(
                [_see(graph, term, n) for term, n in zip(left.nodes, nodes, strict=True)]
            )
            grows = rule.overflow == "may-grow" and graph.specs(root)[0].dtype == "f16"
            if solved is not None and not grows:
                symbols = (solved.symbols.dims, solved.symbols.batches, solved.symbols.attrs)
                named = (tuple(sorted(s.items())) for s in symbols)
                found.add((root, rest, tuple(sorted(variables.items())), *named))
    return found


_Place = tuple[int, ENode | None]
_Laid = tuple[tuple[_Place, ...], dict[str, int]]


def _lay_root(
    graph: EGraph, term: Term, root: int
) -> Iterator[tuple[tuple[int, ...], tuple[_Place, ...], dict[str, int]]]:
    if not (isinstance(term, Call) and term.op in NARY_OPS):
        for nodes, variables in _lay(graph, [(term, root)], {}):
            yield (), nodes, variables
        return
    for node in graph.classes[root].by_op.get(term.op, ()):
        if len(node.children) > MAX_NARY_OPERANDS:
            continue
        for i, x in enumerate(node.children):
            for j, y in enumerate(node.children):
                if i != j:
                    rest = tuple(c for k, c in enumerate(node.children) if k not in (i, j))
                    places = [(term.args[0], x), (term.args[1], y)]
                    for nodes, variables in _lay(graph, places, {}):
                        yield rest, ((root, node), *nodes), variables


def _lay(
    graph: EGraph, todo: Sequence[tuple[Term, int]], variables: dict[str, int]
) -> Iterator[_Laid]:
    if not todo:
        yield (), variables
        return
    (term, cid), rest = todo[0], todo[1:]
    match term:
        case Var(name):
            if variables.get(name, cid) != cid or (term.param and not graph.is_param(cid)):
                return
            for nodes, bound in _lay(graph, rest, {**variables, name: cid}):
                yield ((cid, None), *nodes), bound
        case Splat():
            if graph.constant(cid) is not None:
                for nodes, bound in _lay(graph, rest, variables):
                    yield ((cid, None), *nodes), bound
        case Result(call, index):
            for node in graph.classes[cid].by_op.get(RESULT, ()):
                if node.attrs == (index,):
                    yield from _lay(graph, [(call, node.children[0]), *rest], variables)
        case Call(op, args):
            for node in graph.classes[cid].by_op.get(op, ()):
                if len(node.children) == len(args):
                    orders = [node.children]
                    if op in COMMUTATIVE_OPS:
                        orders.append(node.children[::-1])
                    for order in orders:
                        pairs = list(zip(args, order, strict=True))
                        for nodes, bound in _lay(graph, [*pairs, *rest], variables):
                            yield ((cid, node), *nodes), bound


def _see(graph: EGraph, term: Term, place: _Place) -> Seen:
    cid, node = place
    spec = graph.specs(cid)[0]
    if isinstance(term, Splat):
        constant = graph.constant(cid)
        assert constant is not None
        return Seen(spec, constant)
    return Seen(spec) if node is None else Seen(spec, node_attrs(node))
