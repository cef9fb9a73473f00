"""Limits that leave no room for a search give the input program, with a warning."""

import time

import pytest
from support.ir import context
from support.random_programs import random_graph

from taso.passes.optimize import OptimizePass


def test_a_program_too_large_for_its_time_stays_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = random_graph(0, "f32", 1500)
    before = str(module)
    started = time.perf_counter()
    OptimizePass(time_limit=0.02).apply(context(), module)
    # To read it takes a part of a second, and so does compiling the rules, once.
    assert time.perf_counter() - started < 5.0
    assert str(module) == before
    assert "leaves @main as it is: a search of it takes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [{"time_limit": 0}, {"node_limit": 0}, {"iterations": 0}, {"time_limit": -1.0}]
)
def test_limits_that_allow_nothing_give_the_input_with_a_warning(
    options: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    module = random_graph(0, "f32", 20)
    before = str(module)
    OptimizePass(**options).apply(context(), module)
    assert str(module) == before
    assert "a limit of the search is not positive" in capsys.readouterr().err
