"""`taso-opt`: an `xdsl-opt` with the taso dialect, passes and targets, and plain errors."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import signal
import sys
from collections.abc import Sequence
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from taso import __version__
from taso.frontends.files import write_atomically
from taso.tools.diagnostics import (
    LocatingParser,
    UserError,
    decode,
    first_line,
    leave_broken_pipe,
    parse_diagnostic,
    parse_text,
    placed,
    unknown,
)
from taso.tools.universe import PASSES, TARGETS

COMMAND_LINE = "taso-opt"
INTERRUPTED = 128 + signal.SIGINT
"""The exit status of what Ctrl-C ends, as shells have it."""
DESCRIPTION = (
    "Optimise tensor programs: xdsl-opt with the taso dialect, "
    f"the passes {', '.join(PASSES)} and the target {', '.join(TARGETS)}."
)


class TasoOptMain(xDSLOptMain):
    """The driver; its output is written whole, or not at all."""

    version_format = f"taso-opt {__version__} on xdsl {{xdsl_version}}"

    def register_all_frontends(self) -> None:
        super().register_all_frontends()

        def parse_mlir(stream: IO[bytes]) -> ModuleOp:
            name = self.get_input_name()
            text = decode(stream.read(), name)
            if self.args.parsing_diagnostics or self.args.verify_diagnostics:
                return LocatingParser(self.ctx, text, name).parse_module()
            implicit = not self.args.no_implicit_module
            return parse_text(self.ctx, text, name, implicit_module=implicit)

        self.available_frontends["mlir"] = parse_mlir

    def setup_pipeline(self) -> None:
        for spec in parse_pipeline(self.args.passes):
            if spec.name not in self.available_passes:
                problem = unknown("pass", spec.name, self.available_passes)
                raise UserError(command_line_error(problem))
            options = option_names(self.available_passes[spec.name]())
            for name in spec.parameters:
                if name.replace("_", "-") not in options:
                    problem = unknown(f"option of {spec.name}", name, options)
                    known = ", ".join(options) or "none"
                    raise UserError(command_line_error(f"{problem}; options: {known}"))
        try:
            super().setup_pipeline()
        except ValueError as e:
            raise UserError(command_line_error(first_line(str(e)))) from e

    def prepare_output(self) -> IO[str]:
        self.output = _KeptOnClose()
        return self.output

    def run(self) -> None:
        """Run the passes; what comes out is written only when all went well."""
        super().run()
        if self.args.output_file is None:
            sys.stdout.write(self.output.text)
            sys.stdout.flush()
        else:
            write_atomically(self.args.output_file, self.output.text)


class _KeptOnClose(io.StringIO):
    """A text buffer whose text outlives `close`."""

    text = ""

    def close(self) -> None:
        self.text = self.getvalue()
        super().close()


def option_names(pass_: type[ModulePass]) -> list[str]:
    """The options of a pass, as they are typed."""
    return [f.name.replace("_", "-") for f in dataclasses.fields(pass_) if f.name != "name"]


def command_line_error(message: str) -> str:
    """A diagnostic that blames the command line."""
    return f"{COMMAND_LINE}: error: {message}"


def main(args: Sequence[str] | None = None) -> None:
    """Entry point: exit 0, or 1 after one line on stderr."""
    usage = io.StringIO()
    driver = None
    try:
        with contextlib.redirect_stderr(usage):
            driver = TasoOptMain(DESCRIPTION, args)
        driver.run()
    except UserError as e:
        fail(str(e))
    except ParseError as e:
        fail(parse_diagnostic(e))
    except ArgSpecParseError as e:
        fail(command_line_error(first_line(str(e).splitlines()[-1])))
    except DiagnosticException as e:
        where = driver.get_input_name() if driver else COMMAND_LINE
        fail(placed(str(e), f"{where}:1:1"))
    except BrokenPipeError:
        leave_broken_pipe()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # for what is left of the process
        sys.exit(INTERRUPTED)
    except OSError as e:
        fail(f"{e.filename}:1:1: error: {e.strerror}")
    except SystemExit as e:
        if e.code in (0, None):
            raise
        fail(command_line_error(usage.getvalue().strip().rpartition("error: ")[2]))


def fail(message: str) -> None:
    """Print one line on stderr and exit 1."""
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
