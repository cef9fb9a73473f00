"""The project's dialect, passes and targets, as xDSL tools discover them (entry point
`xdsl.universe`). Factories import on use, so that a tool starts fast."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from xdsl.ir import Dialect
from xdsl.universe import Universe

PASSES = {
    "convert-taso-to-linalg": "taso.lowering.convert_taso_to_linalg:ConvertTasoToLinalgPass",
    "taso-apply-rules": "taso.passes.apply_rules:ApplyRulesPass",
    "taso-form-kernels": "taso.passes.form_kernels:FormKernelsPass",
    "taso-hoist-params": "taso.passes.hoist_params:HoistParamsPass",
    "taso-optimize": "taso.passes.optimize:OptimizePass",
    "taso-simplify": "taso.passes.simplify:SimplifyPass",
}
TARGETS = {
    "torch": "taso.lowering.torch_target:TorchTarget",
    "triton": "taso.lowering.triton_target:TritonTarget",
}


def _lazily(path: str) -> Callable[[], Any]:
    """A factory that imports `module:name` when called."""

    def load() -> Any:
        module, _, name = path.partition(":")
        return getattr(import_module(module), name)

    return load


def _dialect() -> Dialect:
    from taso.dialects.taso import Taso

    return Taso


TASO_UNIVERSE = Universe(
    all_dialects={"taso": _dialect},
    all_passes={name: _lazily(path) for name, path in PASSES.items()},
    all_targets={name: _lazily(path) for name, path in TARGETS.items()},
)
