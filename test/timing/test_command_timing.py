"""How long commands take from start to end, as a user waits for them."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
TASO_OPT = Path(sys.executable).with_name("taso-opt")


@pytest.mark.parametrize("example", sorted(p.stem for p in EXAMPLES.glob("*.mlir")))
def test_taso_opt_optimizes_an_example_in_less_than_a_second(example: str) -> None:
    command = [TASO_OPT, EXAMPLES / f"{example}.mlir", "-p", "taso-optimize"]
    taken: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    print(f"{example}: {statistics.median(taken):.2f} s")
    assert statistics.median(taken) < 1.0
