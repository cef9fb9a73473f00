"""What holds of every program, as checks for random ones; and reports of those that fail."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from support.ir import context, find_function, parse_module
from support.linalg import lowered
from support.minimise import minimise
from support.mlir_jit import run_linalg
from support.random_programs import RandomProgram, largest_error, random_program
from support.torch_source import to_numpy, to_torch
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp

from taso.dialects.base import Array, TasoOp, spec_of, widen
from taso.dialects.interpret import interpret
from taso.dialects.movement import ConstantOp
from taso.lowering.pipeline import lower
from taso.lowering.runtime import Program
from taso.lowering.torch_source import torch_source
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass

TOLERANCE = {"f64": 1e-9, "f32": 1e-5, "f16": 2e-2, "bf16": 1.5e-1}
ROUNDING = {"f64": 2.0**-53, "f32": 2.0**-24, "f16": 2.0**-11, "bf16": 2.0**-8}
SEARCH = {"iterations": 5, "node_limit": 2000, "time_limit": 2.0}


def optimized(
    program: RandomProgram, device: str = "cpu", numerics: str = "reassociating"
) -> ModuleOp:
    module = program.module.clone()
    OptimizePass(device, numerics, **SEARCH).apply(context(), module)
    module.verify()
    return module


def wanted(program: RandomProgram) -> list[Array]:
    """What the program means, in float64."""
    return interpret(find_function(program.module), program.inputs, wide=True)


def tolerance(program: RandomProgram, dtype: str) -> float:
    """The error of rounding that is allowed in a type.

    In float64 it is fixed. In the others it is at least as in `TOLERANCE`, and some times what
    rounding each op does, another rounding of the inputs, and torch with the program as it is.
    """
    if dtype == "f64":
        return TOLERANCE[dtype]
    main, want = find_function(program.module), wanted(program)
    rng = np.random.default_rng(0)
    moved = [_moved(x, ROUNDING[dtype], rng) for x in program.inputs]
    others = (
        interpret(main, program.inputs),
        interpret(main, moved, wide=True),
        run_torch(source_of(program.module), program),
    )
    return max(TOLERANCE[dtype], 10 * max(largest_error(results, want) for results in others))


def _moved(x: Array, relative: float, rng: np.random.Generator) -> Array:
    wide = widen(x)
    return wide * (1 + relative * rng.choice([-1, 1], x.shape)) if wide.dtype == np.float64 else x


def assert_close(given: list[Array], program: RandomProgram, dtype: str, made: str) -> None:
    error = largest_error(given, wanted(program))
    if not error < TOLERANCE[dtype]:
        assert error < tolerance(program, dtype), f"error {error}; it became\n{made}"


def check_meaning(program: RandomProgram, device: str, numerics: str = "reassociating") -> None:
    """`taso-optimize` keeps what the program means in float64."""
    module = optimized(program, device, numerics)
    given = interpret(find_function(module), program.inputs, wide=True)
    error = largest_error(given, wanted(program))
    assert error < TOLERANCE["f64"], f"error {error}; it became\n{module!s}"


def check_torch(program: RandomProgram, device: str, dtype: str) -> None:
    """The generated source computes what the program means."""
    source = source_of(optimized(program, device), device)
    assert_close(run_torch(source, program), program, dtype, shown(source))


def source_of(module: ModuleOp, device: str = "cpu") -> str:
    """Torch source of a module, which stays as it is."""
    module = module.clone()
    HoistParamsPass().apply(context(), module)
    FormKernelsPass(device).apply(context(), module)
    module.verify()
    return torch_source(lower(module))


def shown(source: str) -> str:
    """What of a source is the program's own."""
    return source.partition("\n\nclass Argument")[0]


def run_torch(source: str, program: RandomProgram) -> list[Array]:
    results = Program.from_source(source).run([to_torch(x) for x in program.inputs])
    return [to_numpy(x) for x in results]


def check_linalg(program: RandomProgram, dtype: str) -> None:
    """Upstream MLIR computes from the linalg, as printed and read again, what the program means."""
    module = optimized(program)
    FormKernelsPass().apply(context(), module)
    given = run_linalg(str(lowered(module)), program.inputs)
    assert_close(given, program, dtype, str(module))


def check_exact(program: RandomProgram) -> None:
    """With `numerics=exact` not a bit of any result changes."""
    module = optimized(program, numerics="exact")
    want = interpret(find_function(program.module), program.inputs)
    _assert_same_bits(interpret(find_function(module), program.inputs), want, str(module))


def check_exact_torch(program: RandomProgram) -> None:
    """With `numerics=exact` not a bit changes of what torch source computes.

    What is folded is rounded once, and so not as torch does it: constants become inputs first.
    """
    program = without_constants(program)
    module = optimized(program, numerics="exact")
    want = run_torch(source_of(program.module), program)
    source = source_of(module)
    _assert_same_bits(run_torch(source, program), want, shown(source))


def without_constants(program: RandomProgram) -> RandomProgram:
    """The program with what is computed from constants alone as further inputs; splats stay."""
    module, inputs = program.module.clone(), list(program.inputs)
    main = find_function(module)
    block = main.body.block
    for op in list(block.ops):
        if isinstance(op, TasoOp) and _is_constant(op):
            operands = [v.owner.reference()[0] for v in op.operands if isinstance(v.owner, TasoOp)]
            inputs += op.reference(*operands)
            for result in op.results:
                result.replace_all_uses_with(block.insert_arg(result.type, len(block.args)))
            op.detach()
            op.erase()
    main.update_function_type()
    if main.arg_attrs is not None:
        more = [DictionaryAttr({})] * (len(inputs) - len(program.inputs))
        main.arg_attrs = ArrayAttr([*main.arg_attrs.data, *more])
    module.verify()
    return RandomProgram(module, inputs)


def _is_constant(op: TasoOp) -> bool:
    """A float constant other than a splat, or an op of splats alone."""
    if isinstance(op, ConstantOp):
        return spec_of(op.result).is_float and len(np.unique(op.reference()[0])) > 1
    return all(isinstance(v.owner, ConstantOp) for v in op.operands)


def _assert_same_bits(given: list[Array], want: list[Array], made: str) -> None:
    same = [a.tobytes() == b.tobytes() for a, b in zip(given, want, strict=True)]
    assert all(same), (
        f"bits of results {[i for i, s in enumerate(same) if not s]}; it became\n{made}"
    )


def check_text(program: RandomProgram) -> None:
    """A program reads back as it is printed."""
    text = str(program.module)
    assert parse_module(text).is_structurally_equivalent(program.module)


Check = Callable[[RandomProgram], None]


def check_random(
    seed: int | None, dtype: str, check: Check, ops: tuple[int, int] = (5, 60)
) -> None:
    """Hold a check against the program of a seed (None: a new one), and print a small one that
    fails in its place."""
    number = random.SystemRandom().randrange(1 << 30) if seed is None else seed
    program = random_program(number, dtype, ops)
    first = failure(check, program)
    if first is None:
        return
    least = minimise(program, lambda p: type(failure(check, p)) is type(first))
    inputs = "\n".join(f"{spec_of(a)}: {x.tolist()}" for a, x in _arguments(least))
    problem = failure(check, least)
    program_text = str(least.module)
    pytest.fail(f"seed {number}, {dtype}: {problem}\nfrom\n{program_text}\nwith\n{inputs}", False)


def _arguments(program: RandomProgram):
    return zip(find_function(program.module).args, program.inputs, strict=True)


def failure(check: Check, program: RandomProgram) -> Exception | None:
    """What a check raises."""
    try:
        check(program)
    except Exception as e:
        return e
    return None
