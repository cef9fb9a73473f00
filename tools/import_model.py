"""`taso import`: write a PyTorch program as IR; its parameters are arguments, without values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from torch.export import ExportedProgram

from taso.frontends.aten.writer import UnsupportedError
from taso.frontends.models import SIZES, model_names
from taso.frontends.pt2 import ArchiveError, load_exported
from taso.frontends.torch_export import export, import_exported
from taso.tools.command_line import CommandParser, write_output
from taso.tools.diagnostics import UserError, unknown
from taso.tools.subjects import DTYPES, build_model

NAME = "taso import"


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    options = _parser().parse_args(args)
    try:
        module = import_exported(_exported(options)).module
    except UnsupportedError as e:
        raise UserError(f"{options.program}:1:1: error: {e}") from e
    write_output(options.output, str(module) + "\n")


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=NAME,
        description="Write a model as IR. Its weights are arguments marked taso.param: their "
        "values are left out.",
    )
    parser.add_argument(
        "program",
        metavar="MODEL|FILE.pt2",
        help=f"one of {', '.join(model_names())}, or a file that torch.export.save wrote",
    )
    parser.add_argument("-o", dest="output", metavar="OUT", required=True, help="the IR file")
    of_model = parser.add_argument_group("of a named model")
    of_model.add_argument("--size", choices=SIZES, help=f"default: {SIZES[0]}")
    of_model.add_argument("--dtype", choices=DTYPES, help="default: float32")
    of_model.add_argument("--batch", type=_count, metavar="N", help="default: 1")
    of_model.add_argument("--seq", type=_count, metavar="N", help="tokens (default: 128 at full)")
    return parser


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {number}")
    return number


def _exported(options: argparse.Namespace) -> ExportedProgram:
    """The program that was asked for. Raises `UserError` or `UnsupportedError`."""
    what: str = options.program
    if what in model_names():
        return _exported_model(options)
    if not what.endswith(".pt2") and not Path(what).exists():
        known = ", ".join(model_names())
        raise UserError(f"{NAME}: error: {unknown('model', what, model_names())}; models: {known}")
    for name in ("size", "dtype", "batch", "seq"):
        if getattr(options, name) is not None:
            raise UserError(f"{NAME}: error: --{name} is for a named model; {what} has its own")
    try:
        return load_exported(what)
    except OSError as e:
        raise UserError(f"{what}:1:1: error: cannot be read: {e.strerror}") from e
    except ArchiveError as e:
        raise UserError(f"{what}:1:1: error: {e}") from e


def _exported_model(options: argparse.Namespace) -> ExportedProgram:
    model = build_model(
        options.program, options.size or SIZES[0], device="cpu", dtype=options.dtype or "float32"
    )
    try:
        inputs = model.example_inputs(options.batch or 1, options.seq, seed=0)
    except ValueError as e:
        raise UserError(f"{NAME}: error: --seq {options.seq}: {e}") from e
    return export(model.module, inputs, {})
