"""Loads generated source and runs it: argument checks, and parameters prepared once."""

from __future__ import annotations

import itertools
import linecache
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

from taso.lowering.entry_point import entry_point
from taso.lowering.pipeline import lower
from taso.lowering.standalone import Argument, as_tuple, draw_inputs, format_output
from taso.lowering.torch_source.names import comment

__all__ = ["Argument", "Program", "draw_inputs", "format_output", "load_source", "lower"]

_numbers = itertools.count()


def load_source(source: str, name: str) -> ModuleType:
    """Execute generated source as a module. Tracebacks show its lines; `name` is for people."""
    file = f"<taso {comment(name)} {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType(file)
    exec(compile(source, file, "exec"), module.__dict__)
    return module


class Program:
    """A generated module with its parameters. Gradients are not recorded.

    `arguments` are those of the program before parameters were hoisted, in its order: the
    `inputs`, which a call takes, and the `parameters`, which `prepare` takes. `entry`, made anew
    by `prepare`, is the call without its last step: one result comes bare.
    """

    def __init__(self, module: ModuleType, inputs: int | None = None) -> None:
        """`inputs` is how many of the first arguments a call takes, where others than the
        hoisted ones are bound too; by default a call takes those that are no parameters."""
        self.module = module
        self.arguments = tuple(Argument(*a) for a in module.ARGUMENTS)
        self._is_bound = [
            a.is_parameter if inputs is None else i >= inputs for i, a in enumerate(self.arguments)
        ]
        paired = list(zip(self.arguments, self._is_bound, strict=True))
        self.inputs = tuple(a for a, is_bound in paired if not is_bound)
        self.parameters = tuple(a for a, is_bound in paired if is_bound)
        self._main: Callable[..., Any] = module.main
        self._expected = [(a.shape, getattr(torch, a.dtype)) for a in self.inputs]
        self._device: torch.device | None = None
        self._has_warned = False
        self.takes: list[int | torch.Tensor] = []
        """What `main` takes: the number of an input, or a tensor that is bound."""
        self.entry: Callable[..., Any] = self._unprepared
        if not self.parameters:
            self.prepare(())

    @staticmethod
    def from_source(source: str, name: str = "program") -> Program:
        """Load generated source."""
        return Program(load_source(source, name))

    def prepare(self, parameters: Sequence[torch.Tensor]) -> None:
        """Bind the parameters, in order, and compute once what depends on them alone.

        What is not computed is the given tensor. Raises TypeError if they do not fit.
        """
        _check(self.parameters, parameters, parameters[0].device if parameters else None)
        self._device = parameters[0].device if parameters else None
        places = [i for i, is_bound in enumerate(self._is_bound) if is_bound]
        known = dict(zip(places, parameters, strict=True))
        prepared: tuple[torch.Tensor, ...] = ()
        if hasattr(self.module, "prepare"):
            with torch.no_grad():
                given = (known[i] for i in self.module.PREPARE_TAKES)
                prepared = as_tuple(self.module.prepare(*given))
        self._bind(known, prepared)

    def _bind(self, known: dict[int, torch.Tensor], prepared: Sequence[torch.Tensor]) -> None:
        """Say what `main` takes, and make the entry to it."""
        free = [i for i in range(len(self.arguments)) if i not in known]
        self.takes = []
        for kind, index in self.module.MAIN_TAKES:
            if kind == "argument" and index not in known:
                self.takes.append(free.index(index))
            else:
                self.takes.append(prepared[index] if kind == "prepared" else known[index])
        self.entry = entry_point(
            self._main, self._expected, self._device, self.takes, self._reject, self._warn
        )

    def __call__(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The results for these inputs.

        Raises TypeError if an input does not fit, RuntimeError before `prepare` has run.
        """
        return as_tuple(self.entry(*inputs))

    def _unprepared(self, *inputs: torch.Tensor) -> Any:
        raise RuntimeError(f"{len(self.parameters)} parameters have to be prepared first")

    def _reject(self, inputs: Sequence[Any]) -> None:
        """Name what does not fit."""
        device = self._device or (getattr(inputs[0], "device", None) if inputs else None)
        _check(self.inputs, inputs, device)

    def _warn(self) -> None:
        """Say once that there will be no gradients; the line shown is the caller's caller's."""
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                "an input requires gradients, and this program records none; "
                'torch.compile(..., backend="taso") does',
                stacklevel=4,
            )

    def run(self, arguments: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The results for all arguments in the program's order; parameters are prepared anew."""
        if len(arguments) != len(self._is_bound):
            raise TypeError(f"expected {len(self._is_bound)} arguments, got {len(arguments)}")
        paired = list(zip(arguments, self._is_bound, strict=True))
        if self.parameters:
            self.prepare([x for x, is_bound in paired if is_bound])
        return self(*(x for x, is_bound in paired if not is_bound))


def _check(
    expected: Sequence[Argument], given: Sequence[torch.Tensor], device: torch.device | None
) -> None:
    """Raise TypeError at the first tensor that does not fit, naming both sides."""
    if len(given) != len(expected):
        raise TypeError(f"expected {len(expected)} tensors, got {len(given)}")
    for argument, x in zip(expected, given, strict=True):
        what = f"{argument.dtype}{list(argument.shape)}"
        if not isinstance(x, torch.Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{argument.name}: expected {what}, got {type(x).__name__}")
        found = f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"
        if found != what or x.device != device:
            raise TypeError(
                f"{argument.name}: expected {what} on {device}, got {found} on {x.device}"
            )
