"""One-line, located diagnostics: `file:line:col: error: what was found and expected`."""

from __future__ import annotations

import difflib
import os
import re
import sys
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr, UnknownLoc
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from taso.dialects.version import check_version


class UserError(Exception):
    """A mistake in the input or on the command line. The text is the whole diagnostic."""


class LocatingParser(Parser):
    """A parser that records where each operation stands in the file, unless it says so."""

    def parse_operation(self) -> Operation:
        start = self.pos
        op = super().parse_operation()
        if isinstance(op.location, UnknownLoc):
            line = bisect_right(self._line_starts, start)
            column = start - self._line_starts[line - 1] + 1
            file = StringAttr(self.lexer.input.name)
            op.location = FileLineColLoc(file, IntAttr(line), IntAttr(column))
        return op

    @cached_property
    def _line_starts(self) -> list[int]:
        text = self.lexer.input.content
        return [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]


def parse_text(ctx: Context, text: str, name: str, *, implicit_module: bool = True) -> ModuleOp:
    """Parse and verify a module. Raises `UserError` on any mistake in the text."""
    if not text.strip():
        raise UserError(f"{name}:1:1: error: the file is empty, expected a module")
    try:
        module = LocatingParser(ctx, text, name).parse_module(implicit_module)
    except ParseError as e:
        raise UserError(parse_diagnostic(e)) from e
    except RecursionError as e:
        raise UserError(f"{name}:1:1: error: nested too deeply") from e
    verify(module, name)
    return module


def read_text(path: str) -> str:
    """The text of a file. Raises `UserError` if it is missing or no text."""
    try:
        data = Path(path).read_bytes()
    except OSError as e:
        raise UserError(f"{path}:1:1: error: cannot be read: {e.strerror}") from e
    return decode(data, path)


def decode(data: bytes, name: str) -> str:
    """The text of a file's bytes. Raises `UserError` if they are none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise UserError(f"{name}:1:1: error: byte {e.start} is not UTF-8; expected text") from e


def parse_diagnostic(error: ParseError) -> str:
    """The one line of a parse error."""
    where = error.span.get_location()
    return f"{where}: error: {first_line(error.msg)}"


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "unknown error")


def placed(text: str, place: str) -> str:
    """A diagnostic of one line: at the place that the text itself opens with, or else at this."""
    line = first_line(text)
    own = re.match(r"([^\s:][^:]*:\d+:\d+): ", line)
    return f"{own[1]}: error: {line[own.end() :]}" if own else f"{place}: error: {line}"


def verify(module: ModuleOp, name: str) -> None:
    """Verify a module. Raises `UserError` at the innermost operation that is wrong."""
    try:
        module.verify()
        check_version(module)
    except VerifyException as e:
        raise UserError(f"{blame(module, name)}: error: {first_line(str(e))}") from e
    check_definitions(module, name)


def check_definitions(module: ModuleOp, name: str) -> None:
    """Raise `UserError` where an operation stands before one whose result it uses.

    The generic form allows it and xDSL does not verify dominance.
    """
    order = {op: i for i, op in enumerate(module.walk())}
    for op in order:
        for operand in op.operands:
            owner = operand.owner
            if isinstance(owner, Operation) and order[owner] >= order[op]:
                raise UserError(f"{locate(op, name)}: error: '{op.name}' uses a later result")


def blame(module: ModuleOp, name: str) -> str:
    """Where the innermost operation stands that does not verify."""
    where = f"{name}:1:1"
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except VerifyException:
            where = locate(op, name)
    return where


def locate(op: Operation, name: str) -> str:
    """`file:line:col` of an operation, or of the file's start where it is not known."""
    match op.location:
        case FileLineColLoc(filename=file, line=line, column=column):
            return f"{file.data}:{line.data}:{column.data}"
        case _:
            return f"{name}:1:1"


def leave_broken_pipe() -> NoReturn:
    """Exit as a filter does whose reader has left, such as `head`: silently."""
    # Python flushes stdout at exit, and would complain of the closed pipe again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`unknown pass 'x'; did you mean 'y'?`"""
    close = difflib.get_close_matches(name, list(known), 1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"unknown {what} '{name}'{hint}"
