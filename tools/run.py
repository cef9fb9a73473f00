"""`taso run`: run an IR file on random or given inputs, and print what comes out."""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Mapping, Sequence

import ml_dtypes
import numpy as np
import torch
from torch import Tensor
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.spec import Array
from taso.frontends.build import Build, generate
from taso.lowering.runtime import Argument, Program, draw_inputs, format_output
from taso.tools.command_line import (
    CommandParser,
    add_device_option,
    check_device,
    failures_at,
    is_out_of_memory,
    load_ir,
)
from taso.tools.diagnostics import UserError, first_line
from taso.tools.reference import Reference, largest_error, to_torch

NAME = "taso run"


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    options = _parser().parse_args(args)
    check_device(NAME, options.device)
    with failures_at(options.file):
        module = load_ir(options.file)
        reference = Reference(module, options.file)
        arguments = _arguments(reference.arguments, options)
        results = _run(module, arguments, options)
        lines = [format_output(index, result) for index, result in enumerate(results)]
        if options.check:
            error = largest_error(results, reference.run(arguments, wide=True))
            lines.append(f"largest relative error: {error:.2e}")
    for line in lines:
        print(line)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=NAME,
        description="Optimise an IR file, run it, and print each output's shape, dtype, mean, L2 "
        "norm and first four values.",
    )
    parser.add_argument("file", metavar="FILE", help="an IR file with a function @main")
    parser.add_argument(
        "--backend",
        choices=("reference", "torch"),
        default="torch",
        help="what runs it: the NumPy meaning, or generated torch code (default)",
    )
    add_device_option(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed of the random inputs (default 0)")
    parser.add_argument("--no-optimize", action="store_true", help="run the program as it stands")
    parser.add_argument(
        "--check",
        action="store_true",
        help="also run the reference on the input program, in float64, and print the largest "
        "relative error",
    )
    parser.add_argument(
        "--inputs",
        metavar="X.npz",
        help="arrays by argument name, or arr_0, arr_1, … by position, in place of random ones",
    )
    return parser


def _arguments(expected: Sequence[Argument], options: argparse.Namespace) -> list[Tensor]:
    if options.inputs is None:
        return draw_inputs(expected, options.seed, options.device)
    arrays = read_arrays(options.inputs)
    return [t.to(options.device) for t in pick_arrays(expected, arrays, options.inputs)]


def _run(
    module: ModuleOp, arguments: Sequence[Tensor], options: argparse.Namespace
) -> Sequence[Tensor]:
    torch.manual_seed(options.seed)
    program = module if options.no_optimize else Build(module, options.device).optimized
    if options.backend == "reference":
        return Reference(program, options.file).run(arguments)
    try:
        return Program.from_source(generate(program), options.file).run(arguments)
    except (IndexError, RuntimeError) as e:  # such as torch's for an index out of range
        if is_out_of_memory(e):
            raise
        message = f"fails on these inputs: {first_line(str(e))}; give others by --inputs"
        raise UserError(f"{options.file}:1:1: error: {message}") from e


def read_arrays(path: str) -> dict[str, Array]:
    """The arrays of an .npz file. Raises `UserError`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as e:
        raise UserError(f"{path}:1:1: error: cannot be read: {e.strerror or e}") from e
    except (ValueError, AttributeError, TypeError, EOFError, zipfile.BadZipFile) as e:
        raise UserError(f"{path}:1:1: error: expected arrays in an .npz file") from e


def pick_arrays(
    expected: Sequence[Argument], arrays: Mapping[str, Array], path: str
) -> list[Tensor]:
    """A tensor an argument, by name or by position. Raises `UserError` if one does not fit."""
    picked: list[Tensor] = []
    for index, argument in enumerate(expected):
        names = [name for name in (argument.name, f"arr_{index}") if name in arrays]
        if not names:
            raise UserError(f"{path}:1:1: error: there is no array '{argument.name}'")
        picked.append(_fitting(argument, arrays[names[0]], path))
    return picked


def _fitting(argument: Argument, array: Array, path: str) -> Tensor:
    # NumPy files have no bfloat16: an array of ml_dtypes' comes back as two plain bytes.
    if argument.dtype == "bfloat16" and array.dtype == np.dtype("V2"):
        array = array.view(ml_dtypes.bfloat16)
    found = f"{array.dtype}{list(array.shape)}"
    wanted = f"{argument.dtype}{list(argument.shape)}"
    if found != wanted:
        message = f"array '{argument.name}' is {found}, expected {wanted}"
        raise UserError(f"{path}:1:1: error: {message}")
    return to_torch(array)
