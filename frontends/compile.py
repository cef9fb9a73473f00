"""`taso.compile`: a PyTorch function or module as optimised, generated code."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from taso.frontends import cost_cache
from taso.frontends.build import Build, main_of
from taso.frontends.example import Example
from taso.frontends.interface import Fixed, Given, OutputLeaf, Result
from taso.frontends.options import CompileOptions
from taso.frontends.owners import Owners
from taso.frontends.report import Report
from taso.frontends.save import save_program
from taso.frontends.saved_program import Interface, copy_writes
from taso.frontends.specialize import Specialized
from taso.frontends.torch_export import as_module, import_program
from taso.lowering.inductor import is_plain
from taso.lowering.standalone import as_tuple
from taso.passes.optimize import NUMERICS
from taso.passes.statistics import opaque_ops

CANDIDATES = 4
"""Of how many programs the fastest is taken where costs have been measured (`taso tune`)."""


def compile(
    program: nn.Module | Callable[..., Any],
    example_inputs: Tensor | Sequence[Any] | Mapping[str, Any],
    *,
    device: str | torch.device | None = None,
    numerics: str = NUMERICS[0],
    time_limit: float = 10.0,
    freeze: bool = False,
    inductor: bool | None = None,
    cuda_graph: bool | None = None,
) -> CompiledProgram:
    """Find the cheapest equal program and generate its code.

    program: a module, or a function of tensors. Inputs and outputs are tensors and plain Python
        values, in tuples, lists, dicts and whatever else `torch.utils._pytree` knows.
    example_inputs: a tuple of arguments by position (or the only one, a tensor), or a dict of
        arguments by keyword. The result takes tensors of their shapes and element types, and
        the very numbers, strings and None that they have.
    device: "cpu" or "cuda", the device to optimise for; where the inputs are by default.
    numerics: "reassociating" (equal over the reals), or "exact" (bitwise the same).
    time_limit: seconds for the search. What `taso tune` has measured on the device decides in it,
        and then the cheapest programs are run to find the fastest.
    freeze: take the parameters as they are now, and check at no call whether they, or the
        training modes of modules, have changed.
    inductor: have Inductor, the compiler behind `torch.compile`, compile the generated code at the
        first call, which takes seconds. By default, that is done for programs on a CPU whose calls
        take more than a millisecond, and the code is used where it is faster on the first inputs,
        unless results have to stay exact.
    cuda_graph: replay the code as a CUDA graph that the first call captures, which takes launches
        off the CPU. By default, that is done on CUDA, for programs that draw no random numbers.

    The result records no gradients. It computes with the parameters that the modules have when
    it is called; `CompiledProgram` says more. Raises TypeError for a program that can't be called
    or example inputs that do not fit its signature, `UnsupportedError` for a program that cannot
    be written in the taso dialect, ValueError for an option that has another value.
    """
    if not callable(program) or inspect.isclass(program):
        found = f"the class {program.__name__}" if inspect.isclass(program) else repr(program)
        raise TypeError(f"expected a torch.nn.Module or a function of tensors, got {found}")
    origin = as_module(program)
    example = Example.of(example_inputs, inspect.signature(origin.forward))
    kind = example.device if device is None else device
    kind = kind.type if isinstance(kind, torch.device) else kind
    options = CompileOptions(numerics, time_limit, kind, freeze, inductor, cuda_graph)
    return CompiledProgram(origin, Owners(program), example, options)


_is_any_autocast: Callable[[], bool] = torch._C._is_any_autocast_enabled  # pyright: ignore


class CompiledProgram:
    """Takes and gives what the program did that it was compiled from.

    Each call computes with the parameters as they are. It sees those that an operation in place,
    `load_state_dict` or an optimiser has changed, and those that were replaced. Prepared copies,
    such as joined weights, are made anew then. It does not see what is written through `.data`
    (`p.data.mul_(2)`) into a parameter that it has a copy of: call `refresh` after that.

    Code that Inductor has compiled has a copy of all parameters. After one has changed, the
    generated code itself runs, until `refresh` is called.

    Where modules are in another training mode than before, have other submodules, or are under
    autocast or no longer, the call compiles the program for that first, and keeps one result for
    each mode. Attributes that are no tensors count as constants, and so do tensors in objects that
    are no modules, and what the variables of a function's closure stand for. A call computes, and
    does nothing else: it sets no attributes, appends to no lists, and runs no hooks that were
    registered after compiling.
    """

    def __init__(
        self, origin: nn.Module, owners: Owners, example: Example, options: CompileOptions
    ) -> None:
        self._origin = origin
        self._owners = owners
        self._example = example.blank()
        self._options = options
        self._placed = example.device
        self._device = options.device or example.device
        self.__signature__ = inspect.signature(origin.forward)
        self._modules: list[nn.Module] = []
        self._by_mode: dict[tuple[Any, ...], Specialized] = {}
        self._autocast: torch.dtype | None = None
        self._update(example)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The program's outputs.

        Raises TypeError for inputs of another structure, shape, type or device, naming what was
        expected and what was given, and for a parameter that has changed its shape or type.
        """
        if (self._autocast or _is_any_autocast()) and self._autocast != self._present_autocast():
            self._update()
        if self._is_unchanged is not None and not self._is_unchanged():
            self._catch_up(args, kwargs)
        if kwargs or len(args) != self._flat_inputs:
            leaves = self._interface.leaves(args, kwargs)
            inputs = self._interface.tensors(leaves)
        else:
            leaves = inputs = args
        results = self._entry(*inputs)
        if self._is_bare and not self._memory.copies(inputs, (results,)):
            return results
        return self._output(leaves, self._memory.mend(inputs, as_tuple(results)))

    def _output(self, leaves: Sequence[Any], results: Sequence[Tensor]) -> Any:
        if self._writes:
            writes = [(n, leaves[x] if isinstance(x, int) else x) for n, x in self._writes]
            results = copy_writes(results, writes, leaves)
        return self._interface.output(leaves, results)

    def _catch_up(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Take up what has changed, and have Inductor compile what is due for this call."""
        if not self._current.is_in_step():
            self._update()
        current = self._current
        inputs = self._interface.tensors(self._interface.leaves(args, kwargs))
        if current.is_due and is_plain(inputs):
            current.program.check(inputs)
            self._compile(current, inputs)
            current.is_due = False
            self._adopt(current)

    def _compile(self, program: Specialized, inputs: Sequence[Tensor]) -> None:
        """Unless it was asked for, that this fails is no failure of the program."""
        options = self._options
        try:
            if options.is_for_graph(program.build, self._placed):
                program.capture(inputs)
            else:
                program.compile(inputs, always=options.inductor is True)
        except Exception as e:
            if options.inductor or options.cuda_graph:
                raise
            reason = str(e).strip().partition("\n")[0]
            what = "Inductor cannot compile" if self._device == "cpu" else "CUDA cannot capture"
            warnings.warn(f"{what} a program: {reason}", stacklevel=4)

    def _update(self, example: Example | None = None) -> None:
        """Take up the program for the modules as they are, compiling it where there is none."""
        modules = self._owners.modules()
        if modules != self._modules:
            self._modules = modules
            self._by_mode.clear()
        self._autocast = self._present_autocast()
        mode = (self._autocast, *(module.training for module in modules))
        known = self._by_mode.get(mode)
        if known is None or not known.is_current():
            known = self._by_mode[mode] = self._specialize(example or self._example.filled())
            known.is_due = self._is_due(known.build)
        if not known.is_in_step():
            known.refresh()
            known.is_due |= self._is_for_capture(known)
        self._adopt(known)

    def _is_for_capture(self, program: Specialized) -> bool:
        """Whether the code is to be captured, and is not, or no longer."""
        return (
            self._options.is_for_graph(program.build, self._placed)
            and not program.program.is_captured
        )

    def _is_due(self, build: Build) -> bool:
        """Whether the first call compiles or captures the code."""
        return self._options.is_for_inductor(build) or self._options.is_for_graph(
            build, self._placed
        )

    def _present_autocast(self) -> torch.dtype | None:
        """The element type that autocast makes operands, where it is on."""
        device = self._device
        return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None

    def _specialize(self, example: Example) -> Specialized:
        options = self._options
        imported = import_program(self._origin, example.args, example.kwargs)

        def build(module: Any) -> Build:
            trusted = frozenset(opaque_ops(main_of(module)))
            costs = cost_cache.load(self._device)
            candidates = CANDIDATES if costs else 1
            limits = (options.numerics, options.time_limit)
            return Build(module, self._device, *limits, trusted, costs, candidates)

        is_autocast = self._autocast is not None
        return Specialized(self._owners, imported, build, options.freeze, is_autocast)

    def _adopt(self, program: Specialized) -> None:
        """Lay out what a call needs."""
        imported = program.imported
        self._current = program
        self._is_unchanged = _never if program.is_due else program.is_unchanged
        self._entry = program.program.entry
        self._memory = program.output_memory()
        self._interface = Interface(
            self.__signature__,
            imported.input_tree,
            imported.fixed_inputs,
            imported.output_tree,
            [_pair(leaf) for leaf in imported.outputs],
        )
        self._writes = [
            (w.result, w.target if isinstance(w.target, int) else program.parameters[w.target])
            for w in imported.writes
        ]
        by_position, by_keyword = imported.input_tree.children()
        is_flat = all(child.is_leaf() for child in by_position.children())
        is_plain = is_flat and not by_keyword.num_leaves and not imported.fixed_inputs
        self._flat_inputs = by_position.num_leaves if is_plain else -1
        is_one = imported.output_tree.is_leaf() and imported.outputs[0] == Result(0)
        self._is_bare = is_one and not self._writes

    def __reduce__(self) -> Any:
        raise TypeError("a compiled program cannot be copied or pickled: .save(path) writes it")

    def refresh(self) -> None:
        """Take the parameters as they are now, and prepare anew what depends on them alone.

        It is needed after what a call can't see: writes through `.data`, and with `freeze` any
        change. Raises TypeError as a call does.
        """
        for program in self._by_mode.values():
            program.is_stale = True
            program.is_due = self._is_due(program.build)
        self._update()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the program for the present mode and its parameters into a new folder.

        `from FOLDER.program import load` and `load()` give a callable as this one, which does not
        follow the modules any more; `python FOLDER/program.py` runs it on random inputs. Both
        need torch and safetensors alone, and where outputs are of a package's own types, that
        package. Raises FileExistsError unless there is nothing at the path, or an empty folder,
        ValueError for inputs or outputs whose structure can't be written down.
        """
        if not self._current.is_in_step():
            self._update()
        save_program(self._current, self._interface, self._device, path)

    def report(self) -> Report:
        """What the program cost before, and what it costs now."""
        return Report.of(self._current.build, self.code)

    @property
    def code(self) -> str:
        """What calls run: "torch", the generated source, "inductor", compiled by it, or "cuda
        graph", which replays the source. The latter are made at the first call."""
        program = self._current.program
        if program.is_captured:
            return "cuda graph"
        return "inductor" if program.is_compiled else "torch"

    @property
    def source(self) -> str:
        """The generated Python source."""
        return self._current.build.source

    @property
    def graph(self) -> str:
        """The optimised program as IR text."""
        return str(self._current.build.optimized) + "\n"


def _skip_in_dynamo(function: Any) -> None:
    """Let `torch.compile` call the function as it is, and what that calls.

    This is `torch.compiler.disable` without a wrapper, which would take a microsecond a call.
    """
    function._torchdynamo_disable = True
    function._torchdynamo_disable_msg = "it runs what taso.compile has generated"
    frames: Any = torch._C._dynamo.eval_frame  # pyright: ignore
    skip = frames._FrameAction.SKIP
    frames.set_code_exec_strategy(function.__code__, frames._FrameExecStrategy(skip, skip))


_skip_in_dynamo(CompiledProgram.__call__)


def _never() -> bool:
    return False


def _pair(leaf: OutputLeaf) -> tuple[str, Any]:
    """An output as `Interface` has it."""
    match leaf:
        case Result(index):
            return "result", index
        case Given(index):
            return "input", index
        case Fixed(value):
            return "fixed", value
