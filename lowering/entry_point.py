"""The way into a generated program: checks and call in one frame.

Small programs take a few microseconds, and loops over their arguments would take as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

_SOURCE = """\
def call(*inputs):
    try:
        {unpack}
        fits = {fits}
    except (AttributeError, ValueError):
        fits = False
    return main({passed}) if fits else otherwise(inputs)
"""


def entry_point(
    main: Callable[..., Any],
    expected: Sequence[tuple[tuple[int, ...], torch.dtype]],
    device: torch.device | None,
    arguments: Sequence[int | torch.Tensor],
    otherwise: Callable[[Sequence[Any]], Any],
) -> Callable[..., Any]:
    """A function of the inputs that calls `main` if they fit, else `otherwise` with them all.

    Inputs fit that have the shapes and types of `expected`, are on `device` (None: where the
    first one is) and record no gradients. `arguments` are what `main` takes: the number of an
    input, or a tensor that is bound.
    """
    names = [f"x{i}" for i in range(len(expected))]
    scope: dict[str, Any] = {
        "main": main,
        "otherwise": otherwise,
        "device": device,
        "records": torch.is_grad_enabled,
    }
    tests: list[str] = []
    for i, (shape, dtype) in enumerate(expected):
        scope |= {f"shape{i}": torch.Size(shape), f"dtype{i}": dtype}
        place = "device" if device is not None else "x0.device"
        tests.append(
            f"x{i}.dtype is dtype{i} and x{i}.shape == shape{i} and x{i}.device == {place}"
        )
    if names:
        grads = " or ".join(f"{name}.requires_grad" for name in names)
        tests.append(f"not (records() and ({grads}))")
    passed: list[str] = []
    for i, argument in enumerate(arguments):
        if isinstance(argument, torch.Tensor):
            scope[f"bound{i}"] = argument
        passed.append(f"bound{i}" if isinstance(argument, torch.Tensor) else names[argument])
    source = _SOURCE.format(
        unpack=f"{''.join(f'{name}, ' for name in names)}= inputs" if names else "() = inputs",
        fits=" and ".join(tests) or "True",
        passed=", ".join(passed),
    )
    exec(source, scope)
    return scope["call"]
