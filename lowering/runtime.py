"""Loads generated source and runs it: argument checks, and parameters prepared once."""

from __future__ import annotations

import itertools
import linecache
import warnings
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch

from taso.lowering.cuda_graph import capture
from taso.lowering.entry_point import entry_point
from taso.lowering.inductor import compile_main
from taso.lowering.measure import measure
from taso.lowering.pipeline import lower
from taso.lowering.standalone import Argument, as_tuple, draw_inputs, format_output
from taso.lowering.torch_source.names import comment

__all__ = ["Argument", "Program", "draw_inputs", "format_output", "load_source", "lower"]

_numbers = itertools.count()

COMPARISON = 0.5
"""Seconds to time two ways to run a program against each other."""


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

    def __init__(
        self, module: ModuleType, inputs: int | None = None, *, is_autocast: bool = False
    ) -> None:
        """`inputs` is how many of the first arguments a call takes, where others than the
        hoisted ones are bound too; by default a call takes those that are no parameters.
        `is_autocast`: calls come under autocast, and the code itself does what that would do."""
        self.module = module
        self._is_autocast = is_autocast
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
        self._known: list[torch.Tensor] = []
        self._captured_at: list[int] = []
        self.takes: list[int | torch.Tensor] = []
        """What `main` takes: the number of an input, or a tensor that is bound."""
        self.is_compiled = False
        """Whether calls enter what `compile` made."""
        self.is_captured = False
        """Whether calls replay what `capture` recorded."""
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
            with torch.no_grad(), no_autocast():
                given = (known[i] for i in self.module.PREPARE_TAKES)
                prepared = as_tuple(self.module.prepare(*given))
        self._bind(known, prepared)

    def _bind(self, known: dict[int, torch.Tensor], prepared: Sequence[torch.Tensor]) -> None:
        """Say what `main` takes, and make the entry to it."""
        free = [i for i in range(len(self.arguments)) if i not in known]
        takes: list[int | torch.Tensor] = []
        for kind, index in self.module.MAIN_TAKES:
            if kind == "argument" and index not in known:
                takes.append(free.index(index))
            else:
                takes.append(prepared[index] if kind == "prepared" else known[index])
        if self.is_captured and self._is_kept(takes, known.values()):
            return
        self.takes, self._known = takes, list(known.values())
        self.is_compiled = self.is_captured = False
        self.entry = self._entry_to(self._main, self.takes)

    def _is_kept(
        self, takes: Sequence[int | torch.Tensor], known: Collection[torch.Tensor]
    ) -> bool:
        """Whether what is captured is now bound to these: what is prepared is copied to where it
        was before, if all else lies where it did."""
        given = {_memory(x) for x in (*self._known, *known)}
        moved: list[tuple[torch.Tensor, torch.Tensor]] = []
        for old, new, address in zip(self.takes, takes, self._captured_at, strict=True):
            if isinstance(old, int) or isinstance(new, int) or new.data_ptr() == address:
                continue
            # A parameter whose data was replaced is the same object.
            if old.data_ptr() != address or not given.isdisjoint((_memory(old), _memory(new))):
                return False
            moved.append((old, new))
        with torch.no_grad():
            for old, new in moved:
                old.copy_(new)
        return True

    def _entry_to(
        self, main: Callable[..., Any], takes: Sequence[int | torch.Tensor]
    ) -> Callable[..., Any]:
        main = no_autocast()(main) if self._is_autocast else main
        return entry_point(main, self._expected, self._device, takes, self.check, self._warn)

    def compile(
        self, inputs: Sequence[torch.Tensor], varying: Collection[int], *, always: bool
    ) -> None:
        """Have Inductor compile `main` for the parameters that are bound now, and enter that.

        inputs: those of a call, from which the compiled code may take strides.
        varying: places among `parameters` of those whose values change from call to call.
        always: enter compiled code even where, timed on the inputs, it is no faster.

        Raises what Inductor raises.
        """
        bound = [i for i, is_bound in enumerate(self._is_bound) if is_bound]
        changing = {bound[i] for i in varying}
        constant = {
            place
            for place, (kind, index) in enumerate(self.module.MAIN_TAKES)
            if kind == "prepared" or (self._is_bound[index] and index not in changing)
        }
        arguments = [x if isinstance(x, torch.Tensor) else inputs[x] for x in self.takes]
        with no_autocast():
            main = compile_main(self._main, arguments, constant)
        if main is None:
            return
        takes = [x for place, x in enumerate(self.takes) if place not in constant]
        entry = self._entry_to(main, takes)
        if always or _is_faster(entry, self.entry, inputs):
            self.entry, self.is_compiled = entry, True

    def capture(self, inputs: Sequence[torch.Tensor]) -> None:
        """Capture `main` as a CUDA graph, and have calls replay it; see `cuda_graph.capture`.

        Tensors that are bound are read where they lie. Raises RuntimeError where that fails.
        """
        with no_autocast():
            replay = capture(self._main, self.takes, inputs)
        if replay is not None:
            self.entry = self._entry_to(replay, range(len(self.inputs)))
            self.is_captured = True
            self._captured_at = [0 if isinstance(x, int) else x.data_ptr() for x in self.takes]

    def __call__(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The results for these inputs.

        Raises TypeError if an input does not fit, RuntimeError before `prepare` has run.
        """
        return as_tuple(self.entry(*inputs))

    def _unprepared(self, *inputs: torch.Tensor) -> Any:
        raise RuntimeError(f"{len(self.parameters)} parameters have to be prepared first")

    def check(self, inputs: Sequence[Any]) -> None:
        """Raise TypeError if an input does not fit, naming it."""
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


@contextmanager
def no_autocast() -> Generator[None]:
    """Operations compute in the types that they are given, also under autocast."""
    guard: Any = torch._C._DisableAutocast  # pyright: ignore[reportPrivateUsage]
    with guard():
        yield


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _is_faster(
    entry: Callable[..., Any], other: Callable[..., Any], inputs: Sequence[torch.Tensor]
) -> bool:
    """Whether one takes less time than the other on these inputs. Draws no random numbers."""
    device = inputs[0].device
    with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
        timings = measure(
            {"entry": lambda: entry(*inputs), "other": lambda: other(*inputs)},
            device=device.type,
            time_limit=COMPARISON,
        )
    return timings["entry"].median < timings["other"].median


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
