"""The way into a generated program: checks and call in one frame.

Small programs take a few microseconds, and loops over their arguments would take as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._C._functorch import TransformType, get_interpreter_stack

_SOURCE = """\
def call(*inputs):
    try:
        {unpack}
        fits = {fits}
    except (AttributeError, ValueError):
        fits = False
    if not fits:
        reject(inputs)
        {unpack}
    if not ({records}):
        return main({passed})
    if transforms():
        refuse_gradients(transforms())
    if {given_records}:
        warn()
    set_records(False)
    try:
        return main({passed})
    finally:
        set_records(True)
"""


def entry_point(
    main: Callable[..., Any],
    expected: Sequence[tuple[tuple[int, ...], torch.dtype]],
    device: torch.device | None,
    arguments: Sequence[int | torch.Tensor],
    reject: Callable[[Sequence[Any]], None],
    warn: Callable[[], None],
) -> Callable[..., Any]:
    """A function of the inputs that calls `main`, without recording gradients.

    Inputs fit that have the shapes and types of `expected` and are on `device` (None: where the
    first one is); `reject` is called with others, and raises. `warn` is called where PyTorch
    would record gradients of an input; where `torch.func` would, RuntimeError is raised, for it
    would take them for zeros. `arguments` are what `main` takes: the number of an input,
    or a tensor that is bound.
    """
    names = [f"x{i}" for i in range(len(expected))]
    scope: dict[str, Any] = {
        "main": main,
        "reject": reject,
        "warn": warn,
        "device": device,
        "is_recording": torch.is_grad_enabled,
        # What torch.set_grad_enabled calls, at a fifth of its cost.
        "set_records": torch._C._set_grad_enabled,  # pyright: ignore[reportPrivateUsage]
        "transforms": get_interpreter_stack,
        "refuse_gradients": _refuse_gradients,
    }
    tests: list[str] = []
    for i, (shape, dtype) in enumerate(expected):
        scope |= {f"shape{i}": torch.Size(shape), f"dtype{i}": dtype}
        place = "device" if device is not None else "x0.device"
        tests.append(
            f"x{i}.dtype is dtype{i} and x{i}.shape == shape{i} and x{i}.device == {place}"
        )
    passed: list[str] = []
    for i, argument in enumerate(arguments):
        if isinstance(argument, torch.Tensor):
            scope[f"bound{i}"] = argument
        passed.append(f"bound{i}" if isinstance(argument, torch.Tensor) else names[argument])
    # A bound tensor can come to require gradients later.
    is_bound = any(isinstance(a, torch.Tensor) and a.is_floating_point() for a in arguments)
    given_records = " or ".join(f"{name}.requires_grad" for name in names) or "False"
    source = _SOURCE.format(
        unpack=f"{''.join(f'{name}, ' for name in names)}= inputs" if names else "() = inputs",
        fits=" and ".join(tests) or "True",
        records="is_recording()" if is_bound else f"is_recording() and ({given_records})",
        given_records=given_records,
        passed=", ".join(passed),
    )
    exec(source, scope)
    # A cycle would keep the bound tensors, which may be large, until garbage is collected.
    return scope.pop("call")


def _refuse_gradients(transforms: Sequence[Any]) -> None:
    if any(transform.key() == TransformType.Grad for transform in transforms):
        raise RuntimeError(
            "torch.func asks for gradients, and this program records none; "
            'torch.compile(..., backend="taso") does'
        )
