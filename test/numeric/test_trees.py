"""Dynamic programming in extraction: exact without sharing, and refused where there can be some."""

import itertools

import pytest
from support.extraction import cheapest_by_enumeration

from taso.passes.search import ilp
from taso.passes.search.problem import Edge, Problem
from taso.passes.search.trees import cheapest_trees


def problem(*options: tuple[int, tuple[int, ...], float]) -> Problem:
    """One class and state each, root 0; an option is (class, classes that it needs, seconds)."""
    made = Problem(state_class=list(range(1 + max(head for head, _, _ in options))), roots=[0])
    for node, (head, tails, seconds) in enumerate(options):
        made.node_class.append(head)
        made.node_seconds.append(seconds)
        made.node_children.append(tails)
        made.edges.append(Edge(head, tails, node, 0.0, 0))
    return made


def solve(made: Problem) -> tuple[list[int], float] | None:
    numbers = range(len(made.edges))
    return cheapest_trees(made, numbers, made.by_head(numbers), {0})


@pytest.mark.parametrize("costs", list(itertools.permutations((1.0, 3.0, 4.0, 7.0))))
def test_without_sharing_it_is_the_optimum(costs: tuple[float, ...]) -> None:
    a, b, c, d = costs
    made = problem(
        (0, (1, 2), a), (0, (3,), b), (1, (), c), (1, (3,), 0.5), (2, (), d), (3, (), 2.0)
    )
    found = solve(made)
    assert found is not None
    assert found[1] == cheapest_by_enumeration(made)
    assert sum(made.node_seconds[made.edges[i].node] for i in found[0]) == found[1]


def test_what_can_be_shared_is_refused() -> None:
    # Both operands can use class 3, which as a tree is paid for twice: 8 apart, 6 shared.
    made = problem(
        (0, (1, 2), 0.0), (1, (3,), 0.5), (1, (), 4.0), (2, (3,), 0.5), (2, (), 4.0), (3, (), 5.0)
    )
    assert cheapest_by_enumeration(made) == 6.0
    assert solve(made) is None


def test_cycles_are_refused() -> None:
    made = problem((0, (1,), 1.0), (1, (2,), 1.0), (2, (1,), 1.0), (2, (), 9.0))
    assert solve(made) is None


def test_a_root_is_not_derived_by_way_of_itself() -> None:
    # Every solution derives the root, but it does not come free to what it is derived from.
    made = problem(
        (0, (1,), 0.1), (0, (2,), 7.0), (1, (0,), 0.1), (1, (2,), 8.0), (2, (), 1.0), (2, (), 2.0)
    )
    found = ilp.solve(made, time_limit=10.0)
    assert found is not None
    assert found.seconds == cheapest_by_enumeration(made) == 8.0
