"""Timing: samples last long enough, contenders take turns, the limit holds."""

import gc
import time

import pytest
from taso.lowering.measure import MIN_SAMPLE, Timing, measure


def sleeper(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_medians_keep_the_ratio_of_the_work() -> None:
    timings = measure(
        {"one": lambda: sleeper(2e-3), "two": lambda: sleeper(4e-3)}, rounds=10, time_limit=1.0
    )
    assert timings["one"].median == pytest.approx(2e-3, rel=0.3)
    assert timings["two"].median / timings["one"].median == pytest.approx(2, rel=0.3)


def test_short_calls_are_repeated_and_contenders_take_turns() -> None:
    calls: list[str] = []
    timings = measure(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")},
        rounds=6,
        time_limit=0.5,
    )
    assert timings["a"].median < MIN_SAMPLE / 100
    turns = sum(x != y for x, y in zip(calls, calls[1:], strict=False))
    assert turns >= 6  # in rounds, not one after the other


def test_time_limit_leaves_five_rounds() -> None:
    start = time.perf_counter()
    timings = measure({"slow": lambda: sleeper(0.02)}, rounds=1000, time_limit=0.1)
    assert timings["slow"].samples == 5
    assert time.perf_counter() - start < 1


def test_garbage_collection_is_put_back() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        measure({"wrong": lambda: 1 / 0})
    assert gc.isenabled()


def test_spread_is_the_interquartile_range() -> None:
    timing = Timing.of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (timing.lower, timing.median, timing.upper) == (2.0, 3.0, 4.0)
    assert timing.spread == pytest.approx(2 / 3)
