"""Which of several equal programs runs fastest on the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from xdsl.dialects.builtin import ModuleOp

from taso.lowering.measure import Contender, measure
from taso.lowering.pipeline import lower
from taso.lowering.runtime import Program, draw_inputs
from taso.lowering.standalone import as_tuple
from taso.lowering.torch_source import torch_source

SECONDS = 0.4
"""For the samples of each program, but five samples at least."""


def fastest(modules: Sequence[ModuleOp], *, device: str, trusted: frozenset[str]) -> int:
    """The place of the module that takes the least time on random inputs; 0 without a device.

    The modules take the same arguments. Raises `DiagnosticException` where one has no source.
    """
    if device == "cuda" and not torch.cuda.is_available():
        return 0
    programs = [
        Program.from_source(torch_source(lower(module), trusted=trusted)) for module in modules
    ]
    arguments = draw_inputs(programs[0].arguments, 0, device)
    calls = {str(i): contender(program, arguments) for i, program in enumerate(programs)}
    with torch.no_grad(), torch.random.fork_rng([device] if device == "cuda" else []):
        timings = measure(calls, device=device, time_limit=SECONDS * len(calls))
    return min(range(len(modules)), key=lambda i: timings[str(i)].median)


def contender(program: Program, arguments: Sequence[torch.Tensor]) -> Contender:
    """A call of a program on arguments in its order, parameters among them."""
    pairs = list(zip(program.arguments, arguments, strict=True))
    program.prepare([x for a, x in pairs if a.is_parameter])
    inputs = [x for a, x in pairs if not a.is_parameter]
    entry = program.entry

    def call() -> list[torch.Tensor]:
        # A result that is left as a view is copied before a caller gets it.
        return [result.contiguous() for result in as_tuple(entry(*inputs))]

    return call
