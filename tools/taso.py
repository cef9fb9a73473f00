"""`taso`: the command with its subcommands. Each is imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from taso import __version__
from taso.tools.diagnostics import UserError, leave_broken_pipe

COMMANDS = {
    "run": "run an IR file on random or given inputs",
    "bench": "time a program before and after, beside PyTorch",
    "tune": "measure on this machine what the search decides by",
    "import": "write a PyTorch program, or a model by its name, as IR",
    "demo": "optimise the eight example programs, and print what it gained",
    "report": "write a page of what optimising an IR file does to it",
    "rules": "list the rewrite rules, show one, or print its PDL",
}
MODULES = {"import": "import_model"}
"""Where a command's module is not called as the command, which is no name in Python."""


def main(args: Sequence[str] | None = None) -> None:
    """Entry point: exit 0, or 1 after one line on stderr."""
    given = sys.argv[1:] if args is None else list(args)
    try:
        _dispatch(given)
    except UserError as e:
        _fail(str(e))
    except BrokenPipeError:
        leave_broken_pipe()
    except KeyboardInterrupt:
        _fail("taso: interrupted")


def _dispatch(args: Sequence[str]) -> None:
    match args:
        case ["-h" | "--help", *_]:
            print(_usage())
        case ["--version"]:
            print(f"taso {__version__}")
        case [command, *rest] if command in COMMANDS:
            import_module(f"taso.tools.{MODULES.get(command, command)}").main(rest)
            sys.stdout.flush()
        case _:
            given = f"found '{args[0]}'" if args else "found none"
            expected = ", ".join(COMMANDS)
            raise UserError(f"taso: error: expected a command ({expected}), {given}")


def _usage() -> str:
    lines = [f"  taso {name:6} {text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: taso COMMAND …", "", *lines, "", "taso COMMAND --help says more."])


def _fail(message: str) -> None:
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
