"""Why the program that the search chose equals the one that it was given, rule by rule.

The proof is taken from what the e-graph recorded (Flatt et al., Small proofs from congruence
closure, FMCAD 2022), and laid out as rewrites of the whole program in an order in which they
can be applied, each with what it saves under the cost model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import func

from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search.cost import CostModel
from taso.passes.search.egraph import NARY, EGraph
from taso.passes.search.explain_equations import Equations
from taso.passes.search.explain_moves import Move, find_moves
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.explain_terms import TermProgram, read_terms, selected_terms
from taso.passes.search.explain_text import Writer
from taso.passes.search.extract import Selection, function_cost

SHARING = "share-equal-terms"
"""The step that computes equal terms once and drops what no result needs."""


@dataclass(frozen=True)
class Step:
    """One rewrite. `before` and `after` are the ops that it replaces and those it puts there."""

    rule: str
    """The rule's name; with `reversed`, it was used right to left."""
    reversed: bool
    at: tuple[str, ...]
    """Names of the values that it rewrites."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    seconds_before: float
    """Of the whole program, under the cost model."""
    seconds_after: float
    shape: object
    """Equal for steps that do the same to other values."""

    @property
    def saving(self) -> float:
        """Seconds; negative for a step that only makes way for others."""
        return self.seconds_before - self.seconds_after


@dataclass(frozen=True)
class Explanation:
    """The steps from a function to what the search made of it, in order."""

    function: str
    seconds: float
    """Of the function as it was given."""
    steps: tuple[Step, ...]
    moves: tuple[Move, ...]
    """The steps but for sharing, as `Replay` takes them."""
    forest: ProofForest
    results: tuple[int, ...]
    """The terms of the results in the end."""

    def __str__(self) -> str:
        return explanation_text(self)


def explain(
    function: func.FuncOp,
    graph: EGraph,
    roots: Sequence[int],
    selection: Selection,
    rules: Sequence[Rule | RuleFamily],
    model: CostModel,
) -> Explanation:
    """The steps from a function, as it was given, to a selection from its saturated e-graph.

    `roots` are as `to_egraph` gives them; `rules` are those that it was saturated with.
    """
    equations = Equations(graph, rules)
    forest = equations.forest
    names, before = read_terms(function, forest)
    after = selected_terms(forest, graph, roots, selection.choice)
    moves = find_moves(forest, equations.all, before, after)
    program = TermProgram(forest, function)
    writer = Writer(program, {t: v.name_hint for v, t in names.items() if v.name_hint})
    ...
