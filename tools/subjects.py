"""What `taso bench` and `taso demo` time: a program, plain and optimised, with its inputs."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from taso.frontends import cost_cache
from taso.frontends.build import Build, generate
from taso.frontends.compile import CompiledProgram, compile
from taso.frontends.models import SIZES, NamedModel, model_names, named_model
from taso.frontends.report import Report
from taso.frontends.torch_export import UnsupportedError
from taso.lowering.runtime import Program, draw_inputs
from taso.tools.command_line import failures_at, load_ir
from taso.tools.counts import Counts
from taso.tools.counts import count as count_model
from taso.tools.diagnostics import UserError
from taso.tools.reference import Reference, wide_results

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
NAMES = ("SIZES", "example_model", "example_inputs")
"""What an example's Python file defines; examples/README.md says what they are."""


@dataclass(frozen=True)
class Subject:
    """A program to time. The callables take its inputs, and give tensors in any structure."""

    name: str
    device: str
    dtype: str
    report: Report
    optimized: Callable[..., Any]
    plain: Callable[..., Any]
    reference: Callable[[Sequence[Tensor]], list[Tensor]]
    """The results in float64."""
    fresh_inputs: Callable[[], Sequence[Tensor]]
    generated: Callable[..., Any] | None = None
    """The optimised program as generated source, where `optimized` is compiled by Inductor."""
    counts: Counts | None = None
    """Of a named model."""


def add_subject_options(parser: argparse.ArgumentParser) -> None:
    """The options that say in which form subjects are taken."""
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="of a Python program")
    parser.add_argument(
        "--size", choices=SIZES, default=SIZES[0], help="of a model (default: full)"
    )


def example_names() -> list[str]:
    """The examples beside the package. Raises `UserError` where they are not installed."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.mlir"))
    if not names:
        raise UserError(f"{EXAMPLES}:1:1: error: no examples here; run in a checkout of taso")
    return names


def load_subject(what: str, device: str, dtype: str, size: str = SIZES[0]) -> Subject:
    """The subject for a model's or an example's name, a .py file like an example's, or an IR file.

    An IR file has its own element types; `dtype` is for the others, and `size` for models. Raises
    `UserError`.
    """
    if what in model_names():
        return model_subject(what, device, dtype, size)
    path = Path(what)
    if path.suffix == ".mlir":
        return ir_subject(path, device)
    return torch_subject(python_file(what), device, dtype)


def python_file(what: str) -> Path:
    """The Python file that is meant, or an example's. Raises `UserError`."""
    path = Path(what)
    if path.suffix != ".py":
        path = EXAMPLES / f"{what}.py"
        if not path.exists():
            known = ", ".join([*example_names(), *model_names()])
            raise UserError(f"{what}:1:1: error: expected a .py or .mlir file, or one of {known}")
    return path


def torch_subject(path: Path, device: str, dtype: str, *, size: Any = None) -> Subject:
    """A subject from a Python file; `size` is that of its device where it is not given."""
    module = load_python(path)
    of_size = module.SIZES[device] if size is None else size
    element_type = DTYPES[dtype]

    def fresh_inputs() -> Sequence[Tensor]:
        return module.example_inputs(device, element_type, of_size)

    plain = module.example_model(of_size)
    if isinstance(plain, nn.Module):
        plain = plain.to(device, element_type).eval()
    try:
        compiled, generated = _compiled(plain, fresh_inputs(), device)
    except UnsupportedError as e:
        raise UserError(f"{path}:1:1: error: {e}") from e

    report, reference = compiled.report(), partial(wide_results, plain)
    return Subject(
        path.stem, device, dtype, report, compiled, plain, reference, fresh_inputs, generated
    )


def _compiled(
    plain: Callable[..., Any], inputs: Sequence[Tensor], device: str
) -> tuple[CompiledProgram, CompiledProgram | None]:
    """The optimised program, called once, and its generated source where Inductor compiled it."""
    compiled = compile(plain, inputs, device=device)
    compiled(*inputs)
    if compiled.code != "inductor":
        return compiled, None
    return compiled, compile(plain, inputs, device=device, inductor=False)


def model_subject(name: str, device: str, dtype: str, size: str) -> Subject:
    """A subject from a model's name, with its counts. Raises `UserError`."""
    model = build_model(name, size, device=device, dtype=dtype)
    seeds = count(1)

    def fresh_inputs() -> Sequence[Tensor]:
        return model.example_inputs(seed=next(seeds))

    plain, inputs = model.module, fresh_inputs()
    try:
        compiled, generated = _compiled(plain, inputs, device)
        counts = count_model(plain, generated or compiled, inputs, device)
    except UnsupportedError as e:
        raise UserError(f"{name}:1:1: error: {e}") from e
    report, reference = compiled.report(), partial(wide_results, plain)
    return Subject(
        name, device, dtype, report, compiled, plain, reference, fresh_inputs, generated, counts
    )


def build_model(name: str, size: str, *, device: str, dtype: str) -> NamedModel:
    """A named model. Raises `UserError` where the package that defines it is not installed."""
    try:
        return named_model(name, size, dtype=DTYPES[dtype], device=device)
    except ImportError as e:
        message = f"{e.name} is not installed; pip install 'taso[models]'"
        raise UserError(f"{name}:1:1: error: {message}") from e


def load_python(path: Path) -> Any:
    """Import an example's Python file. Raises `UserError` if it lacks one of its names."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise UserError(f"{path}:1:1: error: cannot be read: no such Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if missing := [name for name in NAMES if not hasattr(module, name)]:
        raise UserError(f"{path}:1:1: error: expected a definition of {missing[0]}")
    return module


def ir_subject(path: Path, device: str) -> Subject:
    """A subject from an IR file; plain is the program as it stands, lowered to torch source."""
    with failures_at(str(path)):
        module = load_ir(str(path))
        whole = Reference(module, str(path))
        build = Build(module, device, costs=cost_cache.load(device))
        arguments, places = whole.arguments, range(len(whole.arguments))
        drawn = draw_inputs(arguments, 0, device)
        programs = [Program.from_source(s, path.stem) for s in (build.source, generate(module))]
        for program in programs:
            program.prepare([drawn[i] for i in places if arguments[i].is_parameter])
        report = Report.of(build)
    seeds = count(1)

    def fresh_inputs() -> Sequence[Tensor]:
        fresh = draw_inputs(arguments, next(seeds), device)
        return [fresh[i] for i in places if not arguments[i].is_parameter]

    def reference(inputs: Sequence[Tensor]) -> list[Tensor]:
        given = iter(inputs)
        return whole.run(
            [drawn[i] if arguments[i].is_parameter else next(given) for i in places], wide=True
        )

    optimized, plain = programs
    # torch.compile looks up the module of what it compiles by name.
    sys.modules[plain.module.__name__] = plain.module
    dtype = arguments[0].dtype if arguments else "float32"
    return Subject(path.stem, device, dtype, report, optimized, plain, reference, fresh_inputs)
