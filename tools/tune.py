"""`taso tune`: measure on this machine what the search chooses from."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from torch import nn
from xdsl.dialects.builtin import ModuleOp

from taso.frontends import cost_cache
from taso.frontends.build import DEVICE_TABLES, main_of
from taso.frontends.models import model_names
from taso.frontends.torch_export import UnsupportedError, import_program
from taso.lowering.tuning import Tuned, Tuner
from taso.passes.search.convert import UnsupportedError as UnsupportedFunctionError
from taso.passes.search.devices import device_named
from taso.passes.search.saturate import Limits
from taso.tools.command_line import (
    CommandParser,
    add_device_option,
    check_device,
    failures_at,
    load_ir,
)
from taso.tools.diagnostics import UserError
from taso.tools.subjects import (
    DTYPES,
    add_subject_options,
    build_model,
    example_names,
    load_python,
    python_file,
)

NAME = "taso tune"


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    options = _parser().parse_args(args)
    check_device(NAME, options.device)
    if not options.time_limit > 0:
        raise UserError(f"{NAME}: error: --time-limit is {options.time_limit}, expected above 0")
    subjects: list[str] = options.subjects or example_names()
    modules = {what: _module(what, options) for what in subjects}
    deadline = time.monotonic() + options.time_limit
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for what, module in modules.items():
            with failures_at(what):
                tuned = _tune(what, module, options.device, deadline, progress)
            _keep(options.device, tuned)
            missing = f", {tuned.missing} not measured" if tuned.missing else ""
            print(f"{what}: {tuned.calls} calls, {len(tuned.costs)} measured now{missing}")
    print(f"costs: {cost_cache.path_of(options.device)}")


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=NAME,
        description="Measure on a device every call that the search could choose for programs, for "
        "taso.compile and taso bench to decide by. What is measured already is not again.",
    )
    parser.add_argument(
        "subjects",
        metavar="FILE|MODEL",
        nargs="*",
        help="as of taso bench: a model, an example's name, a .py file like an example's, or an IR "
        "file (default: all examples)",
    )
    add_device_option(parser)
    add_subject_options(parser)
    parser.add_argument(
        "--time-limit",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="for all of it (default: 120)",
    )
    return parser


def _module(what: str, options: argparse.Namespace) -> ModuleOp:
    """The program as IR, in the element type and size that were asked for."""
    if Path(what).suffix == ".mlir":
        with failures_at(what):
            return load_ir(what)
    try:
        if what in model_names():
            model = build_model(what, options.size, device=options.device, dtype=options.dtype)
            return import_program(model.module, model.example_inputs(seed=0)).module
        return _example(what, options)
    except UnsupportedError as e:
        raise UserError(f"{what}:1:1: error: {e}") from e


def _example(what: str, options: argparse.Namespace) -> ModuleOp:
    module = load_python(python_file(what))
    size, dtype = module.SIZES[options.device], DTYPES[options.dtype]
    program = module.example_model(size)
    if isinstance(program, nn.Module):
        program = program.to(options.device, dtype).eval()
    inputs = module.example_inputs(options.device, dtype, size)
    return import_program(program, inputs).module


def _tune(what: str, module: ModuleOp, device: str, deadline: float, progress: Progress) -> Tuned:
    task = progress.add_task(what)

    def step(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    table = device_named(DEVICE_TABLES[device])
    tuner = Tuner(device, table, cost_cache.load(device), deadline, step)
    try:
        return tuner.tune(main_of(module), Limits(seconds=max(deadline - time.monotonic(), 1e-3)))
    except UnsupportedFunctionError as e:
        raise UserError(f"{what}:1:1: error: {e}") from e


def _keep(device: str, tuned: Tuned) -> None:
    try:
        cost_cache.store(device, tuned.costs)
    except OSError as e:
        path = cost_cache.path_of(device)
        raise UserError(f"{path}:1:1: error: cannot be written: {e.strerror}") from e
