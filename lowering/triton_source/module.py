"""A module of linalg as one Python file: Triton kernels where they can be, torch elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from taso.lowering.torch_source.module import MODULES, KernelSections, torch_source
from taso.lowering.torch_source.names import Namespace
from taso.lowering.torch_source.types import type_of
from taso.lowering.torch_source.values import hint_of
from taso.lowering.triton_source.axes import UnsupportedKernelError
from taso.lowering.triton_source.emit import Emitter, launcher
from taso.lowering.triton_source.inline import inlined
from taso.lowering.triton_source.loops import nest_of
from taso.lowering.triton_source.scalars import HELPERS
from taso.lowering.triton_source.schedule import schedule


def triton_source(module: ModuleOp, *, trusted: frozenset[str] = frozenset()) -> str:
    """The file for a module of linalg on tensors with a function `main`.

    Functions that record a kernel become Triton kernels where they are element-wise work and row
    reductions; all else is as in `torch_source`, which says what is raised.
    """
    return torch_source(module, trusted=trusted, kernels=write_kernel)


def write_kernel(
    name: str,
    function: func.FuncOp,
    resolve: Callable[[str], func.FuncOp],
    scope: Namespace,
) -> KernelSections | None:
    """The kernel and the function `name` that launches it; None for what no family takes."""
    try:
        nest = nest_of(inlined(function, resolve))
        chosen = schedule(nest)
        names = _parameters(function)
        kernel = scope.fresh(f"{name}_loops")
        text = Emitter(nest, chosen, names).kernel(kernel)
    except UnsupportedKernelError:
        return None
    helpers = [helper for name, helper in HELPERS.items() if f"{name}(" in text]
    results = [type_of(t) for t in function.function_type.outputs]
    return KernelSections([*helpers, text, launcher(name, kernel, names, results, chosen)])


def _parameters(function: func.FuncOp) -> list[str]:
    scope = Namespace(MODULES)
    args = function.body.block.args
    return [scope.fresh(hint_of(arg, f"x{i}")) for i, arg in enumerate(args)]
