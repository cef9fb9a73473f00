"""What a call runs on the device, by PyTorch's profiler."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import cache

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from taso.tools.aten_names import ALLOCATIONS, QUERIES, aten_name, is_view


def profiled_launches(call: Callable[[], object], device: str) -> int:
    """What a call, after a first one, runs on the device by PyTorch's profiler.

    On CUDA these are kernels, copies and fills. On CPU, where a kernel leaves no event, they are
    the aten ops that the dispatcher hands to a kernel: not the ops of which PyTorch makes others,
    such as `linear`, and not what a kernel calls within.
    """
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with torch.no_grad():
        call()
        with _silent_stderr(), profile(activities=activities) as profiled:
            call()
            if device == "cuda":
                torch.cuda.synchronize()
    events: Iterable[FunctionEvent] = profiled.events() or ()
    if device == "cuda":
        return sum(event.device_type.name == "CUDA" for event in events)
    return sum(_kernels(event) for event in events if event.cpu_parent is None)


def _kernels(event: FunctionEvent) -> int:
    """The ops at or within this one that have a kernel and do work."""
    within = sum(map(_kernels, event.cpu_children))
    if not event.name.startswith("aten::"):
        return within
    name = aten_name(event.name)
    composite = _composite_overloads(name)
    if composite == "all" or (composite == "some" and within):
        return within
    return not is_view(name) and name not in ALLOCATIONS | QUERIES


@cache
def _composite_overloads(name: str) -> str:
    """Which overloads of an aten op PyTorch makes of others: "all", "some" or "none"."""
    packet = getattr(torch.ops.aten, name, None)
    names = [getattr(packet, o).name() for o in packet.overloads()] if packet else []
    # Overloads for TorchScript alone are not the dispatcher's.
    known = [n for n in names if torch._C._dispatch_has_kernel(n)]  # pyright: ignore[reportPrivateUsage]
    composite = [_is_composite(n) for n in known]
    return "none" if not any(composite) else "all" if all(composite) else "some"


def _is_composite(name: str) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(  # pyright: ignore[reportPrivateUsage]
        name, "CompositeImplicitAutograd"
    )


@contextmanager
def _silent_stderr() -> Generator[None]:
    """Keep what the profiler writes there, when it starts and stops, from the user."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
