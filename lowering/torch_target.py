"""The target `torch`: a module as Python source that needs torch alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from taso.lowering.pipeline import lower
from taso.lowering.torch_source import torch_source


@dataclass(frozen=True)
class TorchTarget(Target):
    """Runs the lowering passes that have not run, and writes torch source. Imports no torch."""

    name: ClassVar[str] = "torch"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write(torch_source(lower(module)))
