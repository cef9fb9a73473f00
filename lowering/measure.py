"""Times several contenders against each other in one run.

Machines drift: their clocks, their caches, their neighbours. So the contenders take turns,
in a new order each round, and what counts is the ratio of their medians. (Hoefler and Belli,
Scientific Benchmarking of Parallel Computing Systems, 2015.)
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from taso.passes.collector import paused_collector

Contender: TypeAlias = Callable[[], object]
Sampler: TypeAlias = Callable[[Contender, int], float]
"""Seconds that a number of calls take."""

MIN_SAMPLE = 1e-3
"""Seconds that a sample lasts at least, by repeating the call."""
MIN_ROUNDS = 5
WARM_UP = 0.05
"""Seconds that each contender runs before it is timed, and three calls at least."""


@dataclass(frozen=True)
class Timing:
    """Seconds a call: the median of the samples, and their quartiles."""

    median: float
    lower: float
    upper: float
    samples: int

    @property
    def spread(self) -> float:
        """The interquartile range as a share of the median."""
        return (self.upper - self.lower) / self.median

    @staticmethod
    def of(samples: list[float]) -> Timing:
        """The timing of two samples or more."""
        lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
        return Timing(median, lower, upper, len(samples))


def measure(
    contenders: Mapping[str, Contender],
    *,
    device: str = "cpu",
    rounds: int = 40,
    time_limit: float = 5.0,
) -> dict[str, Timing]:
    """Time calls without arguments, interleaved; keys as in `contenders`.

    There are `rounds` samples of each, or fewer (5 at least) where all together would take
    more than `time_limit` seconds. On "cuda", work is timed by events on the current stream.
    """
    sample = sampler(device)
    gc.collect()
    with paused_collector():
        repeats = {name: _warm_up(call, sample) for name, call in contenders.items()}
        costs = [sample(call, repeats[name]) for name, call in contenders.items()]
        affordable = int(time_limit / max(sum(costs), 1e-9))
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        order = list(contenders)
        shuffle = random.Random(0).shuffle
        for _ in range(max(MIN_ROUNDS, min(rounds, affordable))):
            shuffle(order)
            for name in order:
                seconds = sample(contenders[name], repeats[name])
                samples[name].append(seconds / repeats[name])
    return {name: Timing.of(taken) for name, taken in samples.items()}


def sampler(device: str) -> Sampler:
    """What times a number of calls on a device, "cpu" or "cuda"."""
    return _cuda_sample if device == "cuda" else _cpu_sample


def _warm_up(call: Contender, sample: Sampler) -> int:
    """Run a contender until it is warm, and say how many calls make a sample."""
    end = time.perf_counter() + WARM_UP
    call()  # compiles, allocates
    fastest = min(sample(call, 1) for _ in range(2))
    while time.perf_counter() < end:
        fastest = min(fastest, sample(call, 1))
    return max(1, math.ceil(MIN_SAMPLE / max(fastest, 1e-9)))


def _cpu_sample(call: Contender, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - start


def _cuda_sample(call: Contender, repeats: int) -> float:
    import torch

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    for _ in range(repeats):
        call()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) * 1e-3
