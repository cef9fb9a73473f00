"""What programs and graphs are compiled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from taso.frontends.build import DEVICE_TABLES, Build
from taso.passes.optimize import NUMERICS

PAYS_OFF = 1e-3
"""Seconds that a call is predicted to take from which on Inductor is asked by default. It takes
seconds to compile, and its calls take some tens of microseconds more."""


@dataclass(frozen=True)
class Options:
    """The options of `torch.compile(model, backend="taso", options={…})`.

    numerics: "reassociating" (equal over the reals), or "exact" (bitwise the same).
    time_limit: seconds for the search in each graph.
    device: "cpu" or "cuda", the device to optimise for; None for where the graph's tensors are.
    freeze: parameters keep their values while they stay where they are; no call checks that they
        do. Those made in inference mode, whose changes cannot be seen, count as inputs otherwise.

    Raises ValueError for other values.
    """

    numerics: str = Build.numerics
    time_limit: float = Build.time_limit
    device: str | None = None
    freeze: bool = False

    def __post_init__(self) -> None:
        for name, known in (("numerics", NUMERICS), ("device", (None, *DEVICE_TABLES))):
            value = getattr(self, name)
            if value not in known:
                expected = " or ".join(repr(x) for x in known if x is not None)
                raise ValueError(f"{name} is {value!r}, expected {expected}")
        limit: Any = self.time_limit
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 0:
            raise ValueError(f"time_limit is {limit!r}, expected seconds")
        freeze: Any = self.freeze
        if not isinstance(freeze, bool):
            raise ValueError(f"freeze is {freeze!r}, expected True or False")


@dataclass(frozen=True)
class CompileOptions(Options):
    """Those of `taso.compile`, which says more."""

    inductor: bool | None = None
    cuda_graph: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("inductor", "cuda_graph"):
            value: Any = getattr(self, name)
            if value is not None and not isinstance(value, bool):
                raise ValueError(f"{name} is {value!r}, expected True, False or None")
        if self.inductor and self.cuda_graph:
            raise ValueError("inductor and cuda_graph are both True, expected one of them")

    def is_for_inductor(self, build: Build) -> bool:
        """Whether Inductor is asked to compile the code."""
        if self.inductor is not None:
            return self.inductor
        pays_off = build.device == "cpu" and build.numerics != "exact"
        return pays_off and build.predicted[1] >= PAYS_OFF

    def is_for_graph(self, build: Build, device: str) -> bool:
        """Whether the code is captured as a CUDA graph, where inputs are on a device."""
        is_wanted = self.cuda_graph is not False and not self.inductor
        return is_wanted and build.device == device == "cuda" and not build.is_random


def backend_options(mode: str | None, options: Mapping[str, Any] | None) -> Options:
    """The options from what `torch.compile` passes on. Raises ValueError, naming what is wrong."""
    known = [field.name for field in fields(Options)]
    if mode not in (None, "default"):
        raise ValueError(
            f"mode {mode!r} says how Inductor tunes its kernels; backend 'taso' has no modes, "
            f"but options: {', '.join(known)}"
        )
    unknown = [repr(name) for name in options or {} if name not in known]
    if unknown:
        raise ValueError(
            f"unknown option {', '.join(unknown)} of backend 'taso', expected {', '.join(known)}"
        )
    return Options(**(options or {}))
