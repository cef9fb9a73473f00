"""Equal programs that differ in what they take: the variants of a graph."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from taso.frontends.build import main_of
from taso.passes.apply_rules import find_rule
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.candidates import extract_several
from taso.passes.search.convert import from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import EGraph, ENode
from taso.passes.search.extract import Selection
from taso.passes.search.saturate import Limits, saturate

BEST = 3
"""How many of the variants are the cheapest programs; one more is the input program."""
SPREADS = (0.3, 1.0, 2.0, 3.0)
"""Standard deviations of the logarithms of the random costs that pick the others."""
TRIES = 400


def variants(given: ModuleOp, model: CostModel, count: int, seed: int = 0) -> list[ModuleOp]:
    """Up to `count` distinct programs, kernels formed; fewer where the e-graph holds fewer."""
    graph, roots = to_egraph(main_of(given))
    origin = origin_choice(graph, roots)
    saturate(graph, [find_rule(name) for name in DEFAULT_RULES], Limits(seconds=5))
    best = extract_several(graph, roots, model, BEST, origin=origin, time_limit=5.0)
    choices = [selection.choice for selection in best]
    found: dict[str, ModuleOp] = {}
    rng = random.Random(seed)
    for choice in [*choices, origin, *_random_choices(graph, roots, rng)]:
        module = given.clone()
        from_selection(main_of(module), graph, roots, Selection(dict(choice), 0.0, 0.0))
        for each in (HoistParamsPass(), FormKernelsPass("cpu")):
            each.apply(Context(), module)
        found.setdefault(str(module), module)
        if len(found) == count:
            break
    return list(found.values())


def _random_choices(
    graph: EGraph, roots: Sequence[int], rng: random.Random
) -> Iterable[dict[int, ENode]]:
    """Acyclic choices: the cheapest trees under random costs, for costs above 0 are acyclic."""
    classes = graph.class_ids()
    for number in range(TRIES):
        spread = SPREADS[number % len(SPREADS)]
        costs = {
            (cid, node): _size(graph, cid) * math.exp(rng.gauss(0, spread))
            for cid in classes
            for node in graph.nodes(cid)
        }
        yield _cheapest_trees(graph, classes, roots, costs)


def _size(graph: EGraph, cid: int) -> float:
    return 1000.0 + sum(spec.bytes for spec in graph.specs(cid))


def _cheapest_trees(
    graph: EGraph,
    classes: Sequence[int],
    roots: Sequence[int],
    costs: dict[tuple[int, ENode], float],
) -> dict[int, ENode]:
    best: dict[int, tuple[float, ENode]] = {}
    changed = True
    while changed:
        changed = False
        for cid in classes:
            for node in graph.nodes(cid):
                if all(child in best for child in node.children):
                    below = sum(best[child][0] for child in set(node.children))
                    total = costs[cid, node] + below
                    if cid not in best or total < best[cid][0] * (1 - 1e-12):
                        best[cid] = (total, node)
                        changed = True
    choice: dict[int, ENode] = {}
    stack = [graph.find(root) for root in roots]
    while stack:
        cid = stack.pop()
        if cid not in choice:
            choice[cid] = best[cid][1]
            stack.extend(choice[cid].children)
    return choice
