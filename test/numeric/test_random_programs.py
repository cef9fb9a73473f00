"""Random programs keep their meaning on every way through the pipeline.

A sample; `make fuzz` runs thousands (test/fuzz).
"""

from functools import partial

import pytest
from support.fuzz import (
    TOLERANCE,
    check_exact,
    check_exact_torch,
    check_linalg,
    check_meaning,
    check_random,
    check_text,
    check_torch,
)

NEW = [None] * 8
"""Seeds that are new in each run."""


@pytest.mark.parametrize("device", ["cpu", "h200"])
@pytest.mark.parametrize("seed", [*range(6), *NEW])
def test_optimize_keeps_the_meaning(seed: int | None, device: str) -> None:
    check_random(seed, "f64", partial(check_meaning, device=device))


@pytest.mark.parametrize("seed", [*range(100, 106), *NEW])
def test_exact_numerics_change_no_bit(seed: int | None) -> None:
    check_random(seed, "f32", check_exact)


@pytest.mark.parametrize("seed", range(100, 105))
def test_exact_numerics_change_no_bit_of_torch_source(seed: int | None) -> None:
    check_random(seed, "f32", check_exact_torch)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("seed", [*range(200, 203), *NEW[:4]])
def test_torch_source_keeps_the_meaning(seed: int | None, dtype: str) -> None:
    device = "h200" if dtype == "f32" else "cpu"
    check_random(seed, dtype, partial(check_torch, device=device, dtype=dtype))


@pytest.mark.parametrize("dtype", ["f64", "f32"])
@pytest.mark.parametrize("seed", [*range(300, 303), *NEW[:3]])
def test_linalg_keeps_the_meaning_in_upstream_mlir(seed: int | None, dtype: str) -> None:
    check_random(seed, dtype, partial(check_linalg, dtype=dtype), (5, 30))


@pytest.mark.parametrize("seed", [*range(400, 405), *NEW])
def test_text_reads_back(seed: int | None) -> None:
    check_random(seed, "f32", check_text)
