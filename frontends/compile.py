"""`taso.compile`: a PyTorch function or module as optimised, generated code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from taso.frontends.build import DEVICE_TABLES, Build, main_of
from taso.frontends.interface import Fixed, Given, Result
from taso.frontends.report import Report
from taso.frontends.torch_export import ImportedProgram, as_module, import_program
from taso.lowering.runtime import Program
from taso.lowering.standalone import as_tuple
from taso.passes.optimize import NUMERICS
from taso.passes.statistics import opaque_ops


def compile(
    program: nn.Module | Callable[..., Any],
    example_inputs: Tensor | Sequence[Any],
    *,
    device: str | None = None,
    numerics: str = NUMERICS[0],
    time_limit: float = 10.0,
) -> CompiledProgram:
    """Find the cheapest equal program and generate its code.

    program: a module, which is compiled in the mode (train or eval) that it is in, or a function
        of tensors. Inputs and outputs are tensors, or tuples, lists and dicts of them.
    example_inputs: positional arguments, or the only one. Their shapes and element types are
        those that the result takes.
    device: "cpu" or "cuda", the device to optimise for; where the inputs are by default.
    numerics: "reassociating" (equal over the reals), or "exact" (bitwise the same).
    time_limit: seconds for the search.

    The result records no gradients. Raises `UnsupportedError` for a program that cannot be
    written in the taso dialect, ValueError for an unknown device or numerics.
    """
    inputs = (example_inputs,) if isinstance(example_inputs, Tensor) else tuple(example_inputs)
    given = _device_of(inputs) if device is None else device
    for what, value, known in (("device", given, DEVICE_TABLES), ("numerics", numerics, NUMERICS)):
        if value not in known:
            raise ValueError(f"{what} is {value!r}, expected {' or '.join(map(repr, known))}")
    module = as_module(program)
    imported = import_program(module, inputs)
    trusted = frozenset(opaque_ops(main_of(imported.module)))
    build = Build(imported.module, given, numerics, time_limit, trusted)
    return CompiledProgram(module, imported, build)


def _device_of(inputs: Sequence[Any]) -> str:
    leaves = pytree.tree_leaves(inputs)
    return next((x.device.type for x in leaves if isinstance(x, Tensor)), "cpu")


class CompiledProgram:
    """Takes and gives what the program did that it was compiled from."""

    def __init__(self, origin: nn.Module, imported: ImportedProgram, build: Build) -> None:
        self._origin = origin
        self._imported = imported
        self._build = build
        self._signature = inspect.signature(origin.forward)
        self._program = Program.from_source(build.source)
        self._input_tree = imported.input_tree.child(0)
        self._is_single = imported.output_tree.is_leaf() and imported.outputs == [Result(0)]
        self._takes_tensors = all(child.is_leaf() for child in self._input_tree.children())
        self.refresh()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The program's outputs. Raises TypeError for inputs of another structure, shape, type
        or device, naming what was expected and what was given."""
        if kwargs or not self._takes_tensors:
            args = tuple(self._flatten(*args, **kwargs))
        results = self._entry(*args)
        return results if self._is_single else self._unflatten(as_tuple(results), args)

    def _flatten(self, *args: Any, **kwargs: Any) -> Sequence[Any]:
        given = self._signature.bind(*args, **kwargs).args
        leaves, tree = pytree.tree_flatten(given)
        if tree != self._input_tree:
            expected, found = (" ".join(str(t).split()) for t in (self._input_tree, tree))
            raise TypeError(f"expected inputs {expected}, got {found}")
        return leaves

    def _unflatten(self, results: Sequence[Tensor], given: Sequence[Any]) -> Any:
        leaves: list[Any] = []
        for output in self._imported.outputs:
            match output:
                case Result(index):
                    leaves.append(results[index])
                case Given(leaf):
                    leaves.append(given[leaf])
                case Fixed(value):
                    leaves.append(value)
        return pytree.tree_unflatten(leaves, self._imported.output_tree)

    def refresh(self) -> None:
        """Take the parameters as they are now, and prepare anew what depends on them alone.

        Call it after parameters have changed: prepared ones, such as joined weights, are copies.
        """
        held = dict(self._imported.parameters)
        for own in (self._origin.named_parameters, self._origin.named_buffers):
            held |= {n: t for n, t in own(remove_duplicate=False) if n in held}
        with torch.no_grad():
            self._program.prepare(list(held.values()))
        self._entry = self._program.entry

    def report(self) -> Report:
        """What the program cost before, and what it costs now."""
        return Report.of(self._build)

    @property
    def source(self) -> str:
        """The generated Python source."""
        return self._build.source

    @property
    def graph(self) -> str:
        """The optimised program as IR text."""
        return str(self._build.optimized) + "\n"
