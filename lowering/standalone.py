"""What a generated file holds to run alone: seeded inputs, and results as text.

The source below the imports is copied into every generated file, so that `python out.py` and
`taso run` draw the same inputs and print the same lines. It needs nothing but torch.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch


class Argument(NamedTuple):
    """What an argument of the program is; `dtype` is the name of a torch dtype.

    range: what its values are drawn from, the end left out, where not any value will do.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_parameter: bool
    range: tuple[int, int] | None = None


def draw_inputs(arguments: Sequence[Argument], seed: int, device: str) -> list[torch.Tensor]:
    """A tensor an argument, the same on every device: each has a CPU generator of its own.

    Floats are N(0, 1), and parameters are divided by sqrt(fan-in), where the fan-in is the
    last dim but one, or the only one. Integers are in [-4, 4], booleans fair coins. What has a
    range is uniform in it.
    """
    drawn: list[torch.Tensor] = []
    for index, argument in enumerate(arguments):
        generator = torch.Generator("cpu").manual_seed((seed << 16) + index)
        drawn.append(_draw(argument, generator).to(device))
    return drawn


def _draw(argument: Argument, generator: torch.Generator) -> torch.Tensor:
    shape, dtype = argument.shape, getattr(torch, argument.dtype)
    if not dtype.is_floating_point:
        low, high = argument.range or ((0, 2) if dtype == torch.bool else (-4, 5))
        return torch.randint(low, high, shape, generator=generator, device="cpu").to(dtype)
    drawn_in = torch.float64 if dtype == torch.float64 else torch.float32
    if argument.range is not None:
        low, high = argument.range
        values = torch.rand(shape, generator=generator, dtype=drawn_in, device="cpu")
        return (low + (high - low) * values).to(dtype)
    values = torch.randn(shape, generator=generator, dtype=drawn_in, device="cpu")
    if argument.is_parameter and shape:
        values *= max(shape[-2:][0], 1) ** -0.5
    return values.to(dtype)


def format_output(index: int, tensor: torch.Tensor) -> str:
    """One line: shape, dtype, mean, L2 norm, and the first four values."""
    values = tensor.detach().cpu().to(torch.float64).flatten()
    first = ", ".join(f"{value:.6g}" for value in values[:4].tolist())
    return (
        f"output {index}: shape {list(tensor.shape)} dtype {str(tensor.dtype).split('.')[1]} "
        f"mean {values.mean().item():.6g} norm {values.norm().item():.6g} first [{first}]"
    )


def run_program(
    arguments: Sequence[torch.Tensor],
    main: Callable[..., Any],
    main_takes: Sequence[tuple[str, int]],
    prepare: Callable[..., Any] | None,
    prepare_takes: Sequence[int],
) -> tuple[torch.Tensor, ...]:
    """The results of `main`; `prepare` runs first where there is one."""
    prepared = as_tuple(prepare(*(arguments[i] for i in prepare_takes))) if prepare else ()
    sources = {"argument": arguments, "prepared": prepared}
    return as_tuple(main(*(sources[kind][i] for kind, i in main_takes)))


def as_tuple(results: Any) -> tuple[torch.Tensor, ...]:
    """The results of a generated function, which gives one tensor bare."""
    return results if isinstance(results, tuple) else (results,)


def command_line() -> argparse.Namespace:
    """The seed and the device that the file is run with."""
    parser = argparse.ArgumentParser(description="Run the program on random inputs.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    return parser.parse_args()
