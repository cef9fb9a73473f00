"""Thousands of random programs, on every way through the pipeline: `make fuzz`.

The seeds count from the environment's FUZZ_SEED; those of a number are the same in each run.
A program that fails is printed minimised.
"""

import os
from functools import partial

import pytest
from support.fuzz import (
    check_exact,
    check_exact_torch,
    check_linalg,
    check_meaning,
    check_random,
    check_torch,
)

pytestmark = pytest.mark.fuzz
FIRST = int(os.environ.get("FUZZ_SEED", "0"))


def seeds(count: int) -> range:
    return range(FIRST, FIRST + count)


@pytest.mark.parametrize("dtype, device", [("f64", "cpu"), ("f32", "h200")])
@pytest.mark.parametrize("seed", seeds(2000))
def test_torch_source(seed: int, dtype: str, device: str) -> None:
    check_random(seed, dtype, partial(check_torch, device=device, dtype=dtype))


@pytest.mark.parametrize("dtype", ["f64", "f32"])
@pytest.mark.parametrize("seed", seeds(300))
def test_linalg(seed: int, dtype: str) -> None:
    check_random(seed, dtype, partial(check_linalg, dtype=dtype))


@pytest.mark.parametrize("seed", seeds(500))
def test_search_for_a_gpu(seed: int) -> None:
    check_random(seed, "f64", partial(check_meaning, device="h200"))


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
@pytest.mark.parametrize("seed", seeds(200))
def test_narrow_types(seed: int, dtype: str) -> None:
    check_random(seed, dtype, partial(check_torch, device="h200", dtype=dtype))


@pytest.mark.parametrize("seed", seeds(500))
def test_exact(seed: int) -> None:
    check_random(seed, "f32", check_exact)


@pytest.mark.parametrize("seed", seeds(300))
def test_exact_torch_source(seed: int) -> None:
    check_random(seed, "f32", check_exact_torch)
