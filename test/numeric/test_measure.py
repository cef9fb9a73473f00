"""Timing: samples last long enough, contenders take turns, the limit holds.

Time is a counter here that the contenders advance, so that no other load disturbs a test.
"""

import gc
from collections.abc import Callable

import pytest

from taso.lowering import measure as measuring
from taso.lowering.measure import MIN_SAMPLE, WARM_UP, Timing, measure


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def perf_counter(self) -> float:
        return self.now

    def contender(self, name: str, seconds: Callable[[], float]) -> Callable[[], None]:
        def call() -> None:
            self.calls.append(name)
            self.now += seconds()

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(measuring, "time", clock)
    return clock


def test_a_drift_of_the_machine_leaves_the_ratio(clock: Clock) -> None:
    def drifting(seconds: float) -> Callable[[], float]:
        return lambda: seconds * (1 + clock.now)

    contenders = {
        name: clock.contender(name, drifting(s)) for name, s in (("a", 2e-3), ("b", 3e-3))
    }
    timings = measure(contenders, rounds=40)
    assert timings["b"].median / timings["a"].median == pytest.approx(1.5, rel=0.03)
    assert timings["a"].spread > 0.03  # the machine did drift


def test_short_calls_are_repeated(clock: Clock) -> None:
    timings = measure({"a": clock.contender("a", lambda: 1e-5)}, rounds=6)
    assert timings["a"].median == pytest.approx(1e-5)
    assert clock.now == pytest.approx(WARM_UP + 7 * MIN_SAMPLE, rel=0.1)


def test_contenders_take_turns_in_both_orders(clock: Clock) -> None:
    measure({name: clock.contender(name, lambda: 0.1) for name in "ab"}, rounds=20)
    taken = clock.calls[-40:]
    assert set(zip(taken[::2], taken[1::2], strict=True)) == {("a", "b"), ("b", "a")}


def test_time_limit_leaves_five_rounds(clock: Clock) -> None:
    timings = measure({"a": clock.contender("a", lambda: 1.0)}, rounds=1000, time_limit=7.0)
    assert timings["a"].samples == 7
    timings = measure({"a": clock.contender("a", lambda: 1.0)}, rounds=1000, time_limit=0.1)
    assert timings["a"].samples == 5


def test_garbage_collection_is_put_back() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        measure({"wrong": lambda: 1 / 0})
    assert gc.isenabled()


def test_spread_is_the_interquartile_range() -> None:
    timing = Timing.of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (timing.lower, timing.median, timing.upper) == (2.0, 3.0, 4.0)
    assert timing.spread == pytest.approx(2 / 3)
