"""Lowers `taso` to torch source, and runs that beside the NumPy meaning."""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import pytest
import torch
from support.linalg import TOLERANCE, assert_close, main_of
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.interpret import interpret
from taso.dialects.spec import numpy_dtype
from taso.lowering.runtime import Program, lower
from taso.lowering.torch_source import torch_source

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
ACCUMULATED = {"f16": 2e-3, "bf16": 1.6e-2, "f32": 1e-5, "f64": 1e-13}
"""Tolerances where ATen's order of summation, or its rounding inside an op, differs."""


HAS_NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=HAS_NO_CUDA)]
"""Where a test runs."""


def to_torch(array: np.ndarray) -> torch.Tensor:
    """A tensor of its own memory."""
    if array.dtype == BFLOAT16:
        return torch.tensor(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.tensor(array)


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """An array of the same type."""
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.int16).numpy().view(BFLOAT16)
    return tensor.numpy()


def program_of(module: ModuleOp) -> Program:
    """The module's torch source, loaded."""
    return Program.from_source(torch_source(lower(module)))


def check_torch(
    module: ModuleOp,
    inputs: Sequence[np.ndarray],
    *,
    accumulated: bool = False,
    device: str = "cpu",
) -> Program:
    """Hold the torch source of `@main` against its meaning; the inputs must stay as they are."""
    program = program_of(module)
    tensors = [to_torch(array).to(device) for array in inputs]
    before = [tensor.clone() for tensor in tensors]
    outputs = program.run(tensors)
    table = ACCUMULATED if accumulated else TOLERANCE
    tolerances = {numpy_dtype(dtype): value for dtype, value in table.items()}
    wanted = interpret(main_of(module), inputs)
    for got, want in zip(outputs, wanted, strict=True):
        assert_close(to_numpy(got.cpu()), want, tolerances.get(want.dtype, 0.0))
    for tensor, copy in zip(tensors, before, strict=True):
        assert torch.equal(tensor.nan_to_num(7.0), copy.nan_to_num(7.0)), "an input was changed"
    return program
