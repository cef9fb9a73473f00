"""What the subcommands of `taso` share: options, reading an IR file, running passes."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from typing import NoReturn

import torch
from xdsl.context import Context
from xdsl.dialects import get_all_dialects
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

from taso.frontends.files import write_atomically
from taso.tools.diagnostics import UserError, first_line, parse_text, read_text
from taso.tools.universe import TASO_UNIVERSE


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, a `UserError`."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: error: {message}")


def add_device_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where to run (default: cpu)"
    )


def check_device(command: str, device: str) -> None:
    """Raise `UserError` if the device is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(f"{command}: error: --device cuda: torch finds no CUDA device")


@contextmanager
def failures_at(path: str) -> Generator[None]:
    """Turn a pass's or a lowering's refusal of a program into a `UserError` at its file.

    So is what does not fit into memory. Warnings come out once all went well: a failure is one
    line.
    """
    warnings = io.StringIO()
    try:
        with redirect_stderr(warnings):
            yield
    except DiagnosticException as e:
        raise UserError(f"{path}:1:1: error: {first_line(str(e))}") from e
    except (MemoryError, RuntimeError) as e:
        if not is_out_of_memory(e):
            raise
        raise UserError(f"{path}:1:1: error: out of memory: {first_line(str(e))}") from e
    sys.stderr.write(warnings.getvalue())


def is_out_of_memory(error: Exception) -> bool:
    """torch says it on CPU by a plain RuntimeError."""
    said = isinstance(error, RuntimeError) and "allocate memory" in str(error)
    return said or isinstance(error, MemoryError | torch.OutOfMemoryError)


def load_ir(path: str) -> ModuleOp:
    """Parse and verify an IR file. Raises `UserError`."""
    context = Context()
    for name, factory in (get_all_dialects() | TASO_UNIVERSE.all_dialects).items():
        context.register_dialect(name, factory)
    return parse_text(context, read_text(path), path)


def write_output(path: str, text: str) -> None:
    """Write a file whole, or not at all. Raises `UserError`."""
    try:
        write_atomically(path, text)
    except OSError as e:
        raise UserError(f"{path}:1:1: error: cannot be written: {e.strerror}") from e
