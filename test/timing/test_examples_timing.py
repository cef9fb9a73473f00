"""Speeds on this machine, which should be quiet: medians of runs that take turns with eager."""

from functools import cache

import pytest

from taso.tools.contest import OURS, Outcome, hold
from taso.tools.subjects import example_names, load_subject

FASTER = {"common_subexpression": 1.5, "distributivity": 1.5, "einsum": 3.0, "matrix_chain": 20.0}
SLACK = 1.03
"""None is slower than eager by more than this."""


@cache
def outcome(name: str) -> Outcome:
    return hold(load_subject(name, "cpu", "float32"), ("eager",), time_limit=8.0)


def speedup(name: str) -> float:
    """How many times faster than eager the example is."""
    timings = outcome(name).timings
    ratio = timings["eager"].median / timings[OURS].median
    print(f"{name}: {ratio:.2f} times as fast as eager")
    return ratio


@pytest.mark.parametrize("name", example_names())
def test_not_slower_than_eager(name: str) -> None:
    assert speedup(name) >= 1 / SLACK


@pytest.mark.parametrize("name", FASTER)
def test_faster_than_eager(name: str) -> None:
    assert speedup(name) >= FASTER[name]
