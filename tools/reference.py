"""The reference for a program, in NumPy or in float64, and how far results are from it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.interpret import interpret
from taso.dialects.spec import Array
from taso.lowering.standalone import Argument
from taso.lowering.torch_source.interface import Interface, interface_of
from taso.tools.diagnostics import UserError

MAIN = "main"
PREPARE = "main__prepare"


class Reference:
    """A module's function `@main`, after `@main__prepare` where there is one, in NumPy."""

    def __init__(self, module: ModuleOp, path: str) -> None:
        """Raises `UserError` at `path` if there is no `@main` with a body."""
        functions = {op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)}
        main = functions.get(MAIN)
        if main is None or main.is_declaration:
            raise UserError(f"{path}:1:1: error: there is no function @main to run")
        self._path = path
        self._main: func.FuncOp = main
        self._prepare = functions.get(PREPARE)
        self._interface: Interface = interface_of(main, self._prepare)
        self.arguments = tuple(Argument(*facts) for facts in self._interface.arguments)

    def run(self, arguments: Sequence[Tensor], *, wide: bool = False) -> list[Tensor]:
        """The results on CPU; with `wide`, floats are float64 throughout.

        Raises `UserError` if an op has no meaning.
        """
        arrays = [to_numpy(t) for t in arguments]
        try:
            results = self._interpret(arrays, wide)
        except TypeError as e:
            raise UserError(f"{self._path}:1:1: error: {e}") from e
        return [to_torch(r) for r in results]

    def _interpret(self, arrays: Sequence[Array], wide: bool) -> list[Array]:
        interface = self._interface
        prepared: list[Array] = []
        if self._prepare is not None:
            taken = [arrays[i] for i in interface.prepare_takes]
            prepared = interpret(self._prepare, taken, wide=wide)
        sources = {"argument": arrays, "prepared": prepared}
        taken = [sources[kind][i] for kind, i in interface.main_takes]
        return interpret(self._main, taken, wide=wide)


def wide_results(program: Callable[..., Any], inputs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors that a module or a function gives where all floats are float64 throughout."""
    wide = copy.deepcopy(program).double() if isinstance(program, nn.Module) else program
    given = [x.double() if x.is_floating_point() else x for x in inputs]
    with torch.no_grad(), _Widening():
        return tensors(wide(*given))


class _Widening(TorchDispatchMode):
    """Makes float64 of the narrower floats that a program asks for by name."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        wide_args, wide_kwargs = pytree.tree_map_only(torch.dtype, _widened, (args, kwargs or {}))
        return func(*wide_args, **wide_kwargs)


def _widened(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype.is_floating_point else dtype


def tensors(results: Any) -> list[Tensor]:
    """The tensors among results of any structure, in order."""
    return [x for x in pytree.tree_leaves(results) if isinstance(x, Tensor)]


def to_numpy(tensor: Tensor) -> Array:
    """The tensor as an array; bfloat16 as ml_dtypes has it."""
    detached = tensor.detach().cpu()
    if detached.dtype is torch.bfloat16:
        return detached.float().numpy().astype(ml_dtypes.bfloat16)
    return detached.numpy()


def to_torch(array: Array) -> Tensor:
    """The array as a tensor."""
    if array.dtype == np.dtype(ml_dtypes.bfloat16):
        return torch.tensor(array.astype(np.float32)).to(torch.bfloat16)
    return torch.tensor(array)


def relative_error(given: Tensor, reference: Tensor) -> float:
    """‖given − reference‖ / ‖reference‖ in float64; absolute where the reference is zero.

    NaN and infinities have to stand at the same places, else the error is infinite.
    """
    ours, theirs = (t.detach().to("cpu", torch.float64) for t in (given, reference))
    finite = theirs.isfinite()
    same = torch.allclose(ours[~finite], theirs[~finite], equal_nan=True)
    if not same or not bool(ours[finite].isfinite().all()):
        return math.inf
    scale = theirs[finite].norm().item()
    error = (ours[finite] - theirs[finite]).norm().item()
    return error / scale if scale else error


def largest_error(given: Sequence[Tensor], reference: Sequence[Tensor]) -> float:
    """The largest relative error of all results."""
    return max((relative_error(x, y) for x, y in zip(given, reference, strict=True)), default=0.0)
