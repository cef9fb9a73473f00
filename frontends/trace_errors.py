"""What keeps a program from being traced, as its author needs it: where, why, and what to do."""

from __future__ import annotations

import linecache
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from taso.frontends.aten.writer import UnsupportedError

INSTEAD = 'torch.compile(model, backend="taso") runs such a part as PyTorch runs it'

_NOT_THE_AUTHORS = tuple(f"{Path(file).parent}/" for file in (torch.__file__, __file__))


@contextmanager
def explained(module: nn.Module, doing: str) -> Generator[None]:
    """Whatever goes wrong inside is raised as an `UnsupportedError`, in one line.

    Tracing runs the program's own code, so that it can be any exception. The line names what
    torch was `doing`, the module, and the innermost line of code that is not torch's.
    """
    try:
        yield
    except Exception as e:
        message = f"torch.export cannot {doing}{_place(e, module)}: {_reason(e)}"
        raise UnsupportedError(message) from e


def _place(error: Exception, module: nn.Module) -> str:
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    lines = [number for _, number in walk_tb(error.__traceback__)]
    return _module(frames, module) + _line(frames, lines)


def _module(frames: Sequence[FrameType], root: nn.Module) -> str:
    """` (in module 'layers.0')`: the innermost submodule that was called."""
    names = {part: name for name, part in root.named_modules() if name}
    called = [_first_argument(f) for f in frames if f.f_code.co_name == "forward"]
    known = [names[m] for m in called if isinstance(m, nn.Module) and m in names]
    return f" (in module '{known[-1]}')" if known else ""


def _first_argument(frame: FrameType) -> Any:
    return next((frame.f_locals.get(name) for name in frame.f_code.co_varnames[:1]), None)


def _line(frames: Sequence[FrameType], lines: Sequence[int]) -> str:
    for frame, number in zip(reversed(frames), reversed(lines), strict=True):
        file = frame.f_code.co_filename
        if not file.startswith((*_NOT_THE_AUTHORS, "<")):
            return f" at {file}:{number} `{linecache.getline(file, number).strip()}`"
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, GuardOnDataDependentSymNode):
        return (
            "control flow, or a number, depends on the data of a tensor; choose with torch.where. "
            f"{INSTEAD}"
        )
    lines = (line.strip() for line in str(error).splitlines())
    said = next((line for line in lines if line), "").partition(" See https://")[0]
    return said if said and type(error) is RuntimeError else f"{type(error).__name__}: {said}"
