"""The lowering passes in order, each where it has not run."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.base import TasoOp
from taso.dialects.kernel import KernelOp
from taso.lowering.convert_taso_to_linalg import ConvertTasoToLinalgPass
from taso.passes.hoist_params import HoistParamsPass


def lower(module: ModuleOp) -> ModuleOp:
    """A copy of the module as linalg on tensors, with what parameters determine prepared.

    Kernels stay as they are: which ones to form depends on the device.
    """
    lowered = module.clone()
    if any(isinstance(op, TasoOp | KernelOp) for op in lowered.walk()):
        HoistParamsPass().apply(Context(), lowered)
        ConvertTasoToLinalgPass().apply(Context(), lowered)
    lowered.verify()
    return lowered
