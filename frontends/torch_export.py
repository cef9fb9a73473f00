"""From PyTorch to the taso dialect, by way of torch.export."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Container, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch._dynamo.exc import TorchDynamoException
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.utils import _pytree as pytree
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.base import TensorSpec
from taso.frontends.aten.writer import CONVERTERS, UnsupportedError
from taso.frontends.fx_graph import GraphImporter, needs_decomposition
from taso.frontends.interface import Fixed, Given, OutputLeaf, Result, Write

WRITES = (OutputKind.BUFFER_MUTATION, OutputKind.PARAMETER_MUTATION, OutputKind.USER_INPUT_MUTATION)


@dataclass(frozen=True)
class ImportedProgram:
    """A PyTorch program as IR: the arguments of `@main` are inputs, states, then parameters.

    The inputs are the tensors among the leaves of a call's arguments. The tensors of states and
    parameters are the program's own, so that later changes in place are seen.
    """

    module: ModuleOp
    inputs: Sequence[TensorSpec]
    states: Mapping[str, Tensor]
    """Buffers that the program changes when it runs; nothing is prepared from them."""
    parameters: Mapping[str, Tensor]
    """Parameters, other buffers and captured tensors that the program reads."""
    input_tree: pytree.TreeSpec
    """The structure of a call's (args, kwargs)."""
    fixed_inputs: Mapping[int, Any]
    """Leaves of a call's arguments that are no tensors, with the value that they must have."""
    output_tree: pytree.TreeSpec
    outputs: Sequence[OutputLeaf]
    writes: Sequence[Write]
    constants: Collection[str] = ()
    """The parameters that were computed while importing: they never change."""


def import_program(
    program: nn.Module | Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
) -> ImportedProgram:
    """Write a module, in eval or train mode as it stands, or a function of tensors as IR.

    Shapes, and inputs that are no tensors, are those of the example inputs. Raises
    `UnsupportedError` for control flow and sizes that depend on data, and for tensors that the
    dialect does not take; it names the op and the module that calls it.
    """
    module = as_module(program)
    return import_exported(export(module, args, kwargs or {}))


def export(module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ExportedProgram:
    """`torch.export.export` without gradients. Raises `UnsupportedError` where it fails."""
    with torch.no_grad(), _quiet():
        try:
            return torch.export.export(module, tuple(args), dict(kwargs))
        except (TorchDynamoException, GuardOnDataDependentSymNode) as e:
            raise UnsupportedError(f"torch.export cannot trace the program: {_reason(e)}") from e


def _reason(error: Exception) -> str:
    """What a person needs of torch's text: its first line that says something."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


@contextmanager
def _quiet() -> Generator[None]:
    """torch copies its own deprecated objects."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
        yield


def import_exported(exported: ExportedProgram) -> ImportedProgram:
    """Write an exported program as IR; ops without a converter are decomposed where they can be.

    Raises `UnsupportedError` as `import_program` does.
    """
    literals = _literals(exported)
    if needs_decomposition(exported.graph):
        exported = decompose(exported, CONVERTERS)
    return _Importer(exported, literals).run()


def _literals(exported: ExportedProgram) -> set[str]:
    """The names of tensors that a program writes out, as `torch.tensor(…)`: it copies each first.

    Of tensors that it captures, whoever holds them may change the values.
    """
    copy = torch.ops.aten.lift_fresh_copy.default
    placeholders = exported.graph.find_nodes(op="placeholder")
    paired = zip(placeholders, exported.graph_signature.input_specs, strict=True)
    return {
        str(spec.target)
        for node, spec in paired
        if spec.kind is InputKind.CONSTANT_TENSOR and all(n.target is copy for n in node.users)
    }


def decompose(exported: ExportedProgram, kept: Container[str]) -> ExportedProgram:
    """Decompose by torch's table, but for the overloads in `kept`. In-place ops become others.

    Raises `UnsupportedError` where torch fails.
    """
    table = torch.export.default_decompositions()
    for overload in [overload for overload in table if str(overload) in kept]:
        del table[overload]
    with torch.no_grad(), _quiet():
        try:
            return exported.run_decompositions(table)
        except AssertionError as e:  # such as where a tensor that changes is given twice
            raise UnsupportedError(
                f"torch.export cannot decompose the program: {_reason(e)}"
            ) from e


def as_module(program: nn.Module | Callable[..., Any]) -> nn.Module:
    """The module, or one whose `forward` is the function, with its signature if it has one."""
    return program if isinstance(program, nn.Module) else _FunctionModule(program)


class _FunctionModule(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        try:
            inspect.signature(function)
            self.forward = function
        except ValueError:  # a built-in, such as torch.relu
            self.forward = lambda *args: function(*args)


class _Importer:
    """Binds what an exported program's signature says to the arguments of its graph."""

    def __init__(self, exported: ExportedProgram, literals: Container[str]) -> None:
        self._exported = exported
        self._literals = literals
        self._signature = exported.graph_signature
        self._graph = exported.graph
        self._importer = GraphImporter(exported.graph)
        self._leaves: dict[fx.Node, int] = {}

    def run(self) -> ImportedProgram:
        inputs, fixed = self._add_inputs()
        writes = self._writes()
        changed = {str(target) for _, target in writes if isinstance(target, str)}
        states = self._add_states(changed)
        held = self._add_parameters(changed)
        results, outputs = self._outputs(writes)
        graph = self._importer.run(results)
        spec = self._exported.call_spec
        if spec.in_spec is None or spec.out_spec is None:
            raise UnsupportedError("the program has no call signature")
        return ImportedProgram(
            module=graph.module,
            inputs=inputs,
            states=states,
            parameters={name: {**held, **graph.constants}[name] for name in graph.parameters},
            input_tree=spec.in_spec,
            fixed_inputs=fixed,
            output_tree=spec.out_spec,
            outputs=outputs,
            writes=[Write(i, target) for i, (_, target) in enumerate(writes)],
            constants=tuple(graph.constants),
        )

    def _placeholders(self) -> list[tuple[fx.Node, Any]]:
        nodes = self._graph.find_nodes(op="placeholder")
        return list(zip(nodes, self._signature.input_specs, strict=True))

    def _add_inputs(self) -> tuple[list[TensorSpec], dict[int, Any]]:
        inputs: list[TensorSpec] = []
        fixed: dict[int, Any] = {}
        leaf = 0
        for node, spec in self._placeholders():
            if spec.kind is not InputKind.USER_INPUT:
                continue
            self._leaves[node] = leaf
            if isinstance(node.meta["val"], Tensor):
                inputs.append(self._importer.add_input(node))
            else:
                fixed[leaf] = node.meta["val"]
                self._importer.add_value(node, node.meta["val"])
            leaf += 1
        return inputs, fixed

    def _writes(self) -> list[tuple[fx.Node, str | int]]:
        """What the program changes: the node of each new value, and the target."""
        by_name = {node.name: node for node in self._graph.nodes}
        writes: list[tuple[fx.Node, str | int]] = []
        for spec in self._signature.output_specs:
            if spec.kind in WRITES:
                target: str | int = str(spec.target)
                if spec.kind is OutputKind.USER_INPUT_MUTATION:
                    target = self._leaves[by_name[str(spec.target)]]
                writes.append((by_name[spec.arg.name], target))
            elif spec.kind is not OutputKind.USER_OUTPUT:
                raise UnsupportedError(f"an output of kind {spec.kind.name} is not supported")
        return writes

    def _held(self) -> dict[str, list[fx.Node]]:
        """The placeholders of what the program holds, by name."""
        held: dict[str, list[fx.Node]] = {}
        for node, spec in self._placeholders():
            if spec.kind is not InputKind.USER_INPUT:
                held.setdefault(str(spec.target), []).append(node)
        return held

    def _tensor(self, name: str) -> Tensor:
        tensor = {**self._exported.state_dict, **self._exported.constants}.get(name)
        if not isinstance(tensor, Tensor):
            raise UnsupportedError(f"'{name}' is {tensor!r}, expected a tensor")
        return tensor

    def _add_states(self, changed: set[str]) -> dict[str, Tensor]:
        states: dict[str, Tensor] = {}
        for name, nodes in self._held().items():
            if name in changed:
                states[name] = self._tensor(name)
                for node in nodes:
                    self._importer.add_input(node, name)
        return states

    def _add_parameters(self, changed: set[str]) -> dict[str, Tensor]:
        """Add what is read and never changed; tied parameters are one."""
        held: dict[str, Tensor] = {}
        nodes: dict[int, tuple[str, list[fx.Node]]] = {}
        for name, own in self._held().items():
            read = [node for node in own if node.users]
            if name in self._literals:
                for node in read:
                    self._importer.add_value(node, self._tensor(name).cpu())
            elif name not in changed and read:
                held[name] = self._tensor(name)
                nodes.setdefault(id(held[name]), (name, []))[1].extend(read)
        for name, tied in nodes.values():
            self._importer.add_parameter(tied, name, held[name])
        return held

    def _outputs(
        self, writes: Sequence[tuple[fx.Node, str | int]]
    ) -> tuple[list[fx.Node], list[OutputLeaf]]:
        """The results that the graph is asked for, the written ones first, and the outputs."""
        results = [node for node, _ in writes]
        given = {node: target for node, target in writes if isinstance(target, int)} | self._leaves
        outputs: list[OutputLeaf] = []
        (values,) = self._graph.output_node().args
        for leaf in cast("Sequence[Any]", values)[len(writes) :]:
            if not isinstance(leaf, fx.Node):
                outputs.append(Fixed(leaf))
            elif leaf in given:
                outputs.append(Given(given[leaf]))
            else:
                outputs.append(Result(len(results)))
                results.append(leaf)
        return results, outputs
