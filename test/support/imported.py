"""Programs imported from torch, interpreted beside torch itself."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from xdsl.dialects import func

from taso.dialects.interpret import interpret
from taso.frontends.torch_export import ImportedProgram, import_program


def run_imported(imported: ImportedProgram, inputs: Sequence[Tensor]) -> list[Tensor]:
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    arguments = [t.detach().numpy() for t in (*inputs, *imported.parameters.values())]
    return [torch.tensor(array) for array in interpret(main, arguments)]


def check(program: Callable[..., Any], inputs: Sequence[Tensor], limit: float = 1e-12) -> None:
    with torch.no_grad():
        expected = program(*inputs)
    expected = [expected] if isinstance(expected, Tensor) else list(expected)
    given = run_imported(import_program(program, inputs), inputs)
    assert len(given) == len(expected)
    for ours, theirs in zip(given, expected, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        close = torch.allclose(ours, theirs, rtol=limit, atol=limit, equal_nan=True)
        assert close, f"{ours} != {theirs}"
