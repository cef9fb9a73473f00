"""Random programs keep their meaning on every way through the pipeline."""

import random

import pytest
from support.ir import context, find_function
from support.linalg import lowered
from support.mlir_jit import run_linalg
from support.random_programs import RandomProgram, largest_error, random_program
from support.torch_source import to_numpy, to_torch
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.interpret import interpret
from taso.lowering.pipeline import lower
from taso.lowering.runtime import Program
from taso.lowering.torch_source import torch_source
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass

TOLERANCE = {"f64": 1e-9, "f32": 1e-5, "f16": 2e-2, "bf16": 1.5e-1}
SEARCH = {"iterations": 6, "node_limit": 3000, "time_limit": 2.0}


def optimized(
    program: RandomProgram, device: str = "cpu", numerics: str = "reassociating"
) -> ModuleOp:
    module = program.module.clone()
    OptimizePass(device, numerics, **SEARCH).apply(context(), module)
    module.verify()
    return module


def check_meaning(program: RandomProgram, device: str, numerics: str) -> None:
    """`taso-optimize` keeps what the program means in float64."""
    want = interpret(find_function(program.module), program.inputs, wide=True)
    module = optimized(program, device, numerics)
    given = interpret(find_function(module), program.inputs, wide=True)
    error = largest_error(given, want)
    assert error < 1e-9, f"error {error}\n{program.module}\nbecame\n{module}"


def check_torch(program: RandomProgram, device: str, dtype: str) -> None:
    """The generated source computes what the program means."""
    want = interpret(find_function(program.module), program.inputs, wide=True)
    module = optimized(program, device)
    HoistParamsPass().apply(context(), module)
    FormKernelsPass(device).apply(context(), module)
    module.verify()
    source = torch_source(lower(module))
    results = Program.from_source(source).run([to_torch(x) for x in program.inputs])
    error = largest_error([to_numpy(x) for x in results], want)
    assert error < TOLERANCE[dtype], f"error {error}\n{program.module}\nbecame\n{source}"


def check_linalg(program: RandomProgram, dtype: str) -> None:
    """Upstream MLIR computes from the linalg what the program means."""
    want = interpret(find_function(program.module), program.inputs, wide=True)
    module = optimized(program)
    FormKernelsPass().apply(context(), module)
    given = run_linalg(str(lowered(module)), program.inputs)
    error = largest_error(given, want)
    assert error < TOLERANCE[dtype], f"error {error}\n{program.module}\nbecame\n{module}"


def check_exact(program: RandomProgram) -> None:
    """With `numerics=exact` not a bit of any result changes."""
    want = interpret(find_function(program.module), program.inputs)
    module = optimized(program, numerics="exact")
    given = interpret(find_function(module), program.inputs)
    same = [a.tobytes() == b.tobytes() for a, b in zip(given, want, strict=True)]
    assert all(same), f"{same}\n{program.module}\nbecame\n{module}"


def seeds(start: int, count: int) -> list[int | None]:
    """Seeds of their own for each test; None is one that is new in each run."""
    return [*range(start, start + count), None]


def drawn(seed: int | None, dtype: str) -> RandomProgram:
    """The program of a seed, which a failing test prints."""
    number = random.SystemRandom().randrange(1 << 30) if seed is None else seed
    print(f"seed {number}, {dtype}")
    return random_program(number, dtype)


@pytest.mark.parametrize("device", ["cpu", "h200"])
@pytest.mark.parametrize("seed", seeds(0, 60))
def test_optimize_keeps_the_meaning(seed: int | None, device: str) -> None:
    check_meaning(drawn(seed, "f64"), device, "reassociating")


@pytest.mark.parametrize("seed", seeds(100, 60))
def test_exact_numerics_change_no_bit(seed: int | None) -> None:
    check_exact(drawn(seed, "f32"))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("seed", seeds(200, 30))
def test_torch_source_keeps_the_meaning(seed: int | None, dtype: str) -> None:
    check_torch(drawn(seed, dtype), "h200" if dtype == "f32" else "cpu", dtype)


@pytest.mark.parametrize("dtype", ["f64", "f32"])
@pytest.mark.parametrize("seed", seeds(300, 15))
def test_linalg_keeps_the_meaning_in_upstream_mlir(seed: int | None, dtype: str) -> None:
    check_linalg(drawn(seed, dtype), dtype)
