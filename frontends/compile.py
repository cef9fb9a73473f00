"""`taso.compile`: a PyTorch function or module as optimised, generated code."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from taso.frontends.build import DEVICE_TABLES, Build, main_of
from taso.frontends.example import Example
from taso.frontends.interface import Fixed, Given, OutputLeaf, Result
from taso.frontends.owners import Owners
from taso.frontends.report import Report
from taso.frontends.save import save_program
from taso.frontends.saved_program import Interface, copy_writes
from taso.frontends.specialize import Specialized
from taso.frontends.torch_export import as_module, import_program
from taso.lowering.standalone import as_tuple
from taso.passes.optimize import NUMERICS
from taso.passes.statistics import opaque_ops


def compile(
    program: nn.Module | Callable[..., Any],
    example_inputs: Tensor | Sequence[Any] | Mapping[str, Any],
    *,
    device: str | None = None,
    numerics: str = NUMERICS[0],
    time_limit: float = 10.0,
    freeze: bool = False,
) -> CompiledProgram:
    """Find the cheapest equal program and generate its code.

    program: a module, or a function of tensors. Inputs and outputs are tensors and plain Python
        values, in tuples, lists, dicts and whatever else `torch.utils._pytree` knows.
    example_inputs: a tuple of arguments by position (or the only one, a tensor), or a dict of
        arguments by keyword. The result takes tensors of their shapes and element types, and
        the very numbers, strings and None that they have.
    device: "cpu" or "cuda", the device to optimise for; where the inputs are by default.
    numerics: "reassociating" (equal over the reals), or "exact" (bitwise the same).
    time_limit: seconds for the search.
    freeze: take the parameters as they are now, and check at no call whether they, or the
        training modes of modules, have changed.

    The result records no gradients. It computes with the parameters that the modules have when
    it is called; `CompiledProgram` says more. Raises TypeError for a program that can't be called
    or example inputs that do not fit its signature, `UnsupportedError` for a program that cannot
    be written in the taso dialect, ValueError for an unknown device or numerics.
    """
    if not callable(program) or inspect.isclass(program):
        found = f"the class {program.__name__}" if inspect.isclass(program) else repr(program)
        raise TypeError(f"expected a torch.nn.Module or a function of tensors, got {found}")
    origin = as_module(program)
    example = Example.of(example_inputs, inspect.signature(origin.forward))
    given = example.device if device is None else device
    for what, value, known in (("device", given, DEVICE_TABLES), ("numerics", numerics, NUMERICS)):
        if value not in known:
            raise ValueError(f"{what} is {value!r}, expected {' or '.join(map(repr, known))}")
    options = Options(given, numerics, time_limit, freeze)
    return CompiledProgram(origin, Owners(program), example, options)


@dataclass(frozen=True)
class Options:
    """What `compile` was asked for."""

    device: str
    numerics: str
    time_limit: float
    freeze: bool


class CompiledProgram:
    """Takes and gives what the program did that it was compiled from.

    Each call computes with the parameters as they are. It sees those that an operation in place,
    `load_state_dict` or an optimiser has changed, and those that were replaced. Prepared copies,
    such as joined weights, are made anew then. It does not see what is written through `.data`
    (`p.data.mul_(2)`) into a parameter that is prepared: call `refresh` after that.

    Where modules are in another training mode than before, or have other submodules, the call
    compiles the program for them first, and keeps one result for each mode. Attributes that are
    no tensors count as constants, and so do tensors in objects that are no modules, and what the
    variables of a function's closure stand for.
    """

    def __init__(
        self, origin: nn.Module, owners: Owners, example: Example, options: Options
    ) -> None:
        self._origin = origin
        self._owners = owners
        self._example = example.blank()
        self._options = options
        self.__signature__ = inspect.signature(origin.forward)
        self._modules: list[nn.Module] = []
        self._by_mode: dict[tuple[bool, ...], Specialized] = {}
        self._update(example)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The program's outputs.

        Raises TypeError for inputs of another structure, shape, type or device, naming what was
        expected and what was given, and for a parameter that has changed its shape or type.
        """
        if self._is_unchanged is not None and not self._is_unchanged():
            self._update()
        if kwargs or len(args) != self._flat_inputs:
            leaves = self._interface.leaves(args, kwargs)
            inputs = self._interface.tensors(leaves)
        else:
            leaves = inputs = args
        results = self._entry(*inputs)
        return results if self._is_bare else self._output(leaves, as_tuple(results))

    def _output(self, leaves: Sequence[Any], results: Sequence[Tensor]) -> Any:
        if self._writes:
            writes = [(n, leaves[x] if isinstance(x, int) else x) for n, x in self._writes]
            results = copy_writes(results, writes, leaves)
        return self._interface.output(leaves, results)

    def _update(self, example: Example | None = None) -> None:
        """Take up the program for the modules as they are, compiling it where there is none."""
        modules = self._owners.modules()
        if modules != self._modules:
            self._modules = modules
            self._by_mode.clear()
        mode = tuple(module.training for module in modules)
        known = self._by_mode.get(mode)
        if known is None or not known.is_current():
            known = self._by_mode[mode] = self._specialize(example or self._example.filled())
        known.refresh()
        self._adopt(known)

    def _specialize(self, example: Example) -> Specialized:
        options = self._options
        imported = import_program(self._origin, example.args, example.kwargs)

        def build(module: Any) -> Build:
            trusted = frozenset(opaque_ops(main_of(module)))
            return Build(module, options.device, options.numerics, options.time_limit, trusted)

        return Specialized(self._owners, imported, build, options.freeze)

    def _adopt(self, program: Specialized) -> None:
        """Lay out what a call needs."""
        imported = program.imported
        self._current = program
        self._is_unchanged = program.is_unchanged
        self._entry = program.program.entry
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

    def refresh(self) -> None:
        """Take the parameters as they are now, and prepare anew what depends on them alone.

        It is needed after what a call can't see: writes through `.data`, and with `freeze` any
        change. Raises TypeError as a call does.
        """
        self._update()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the program for the present mode and its parameters into a new folder.

        `from FOLDER.program import load` and `load()` give a callable as this one, which does not
        follow the modules any more; `python FOLDER/program.py` runs it on random inputs. Both
        need torch and safetensors alone, and where outputs are of a package's own types, that
        package. Raises FileExistsError unless there is nothing at the path, or an empty folder,
        ValueError for inputs or outputs whose structure can't be written down.
        """
        if self._is_unchanged is not None and not self._is_unchanged():
            self._update()
        save_program(self._current, self._interface, self._options.device, path)

    def report(self) -> Report:
        """What the program cost before, and what it costs now."""
        return Report.of(self._current.build)

    @property
    def source(self) -> str:
        """The generated Python source."""
        return self._current.build.source

    @property
    def graph(self) -> str:
        """The optimised program as IR text."""
        return str(self._current.build.optimized) + "\n"


def _pair(leaf: OutputLeaf) -> tuple[str, Any]:
    """An output as `Interface` has it."""
    match leaf:
        case Result(index):
            return "result", index
        case Given(index):
            return "input", index
        case Fixed(value):
            return "fixed", value
