"""The target `triton`: a module as Python source that needs torch and Triton."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from taso.lowering.pipeline import lower
from taso.lowering.triton_source.module import triton_source


@dataclass(frozen=True)
class TritonTarget(Target):
    """Runs the lowering passes that have not run, and writes Triton kernels beside torch source.
    Imports neither."""

    name: ClassVar[str] = "triton"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write(triton_source(lower(module)))
