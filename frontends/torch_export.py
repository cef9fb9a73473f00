"""From PyTorch to the taso dialect, by way of torch.export."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Container, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.utils import _pytree as pytree
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.base import TensorSpec
from taso.frontends.aten.writer import CONVERTERS, UnsupportedError
from taso.frontends.fx_graph import GraphImporter, devices_of, needs_decomposition
from taso.frontends.interface import Fixed, Given, OutputLeaf, Result, Write
from taso.frontends.output_memory import Expected, memory_of
from taso.frontends.trace_errors import INSTEAD, explained
from taso.lowering.runtime import no_autocast

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
    memory: Sequence[int | None]
    """Where each argument of `@main` was while tracing; see `results_to_copy`."""
    results: Sequence[Expected]
    """What callers expect of the memory of each result of `@main`."""
    constants: Collection[str] = ()
    """The parameters that were computed while importing: they never change."""


def import_program(
    program: nn.Module | Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
) -> ImportedProgram:
    """Write a module, in eval or train mode as it stands, or a function of tensors as IR.

    Shapes, and inputs that are no tensors, are those of the example inputs. Under autocast, what
    that casts is part of the program. Raises `UnsupportedError` for control flow and sizes that
    depend on data, and for tensors that the dialect does not take; it names the op and the module
    that calls it.
    """
    exported = export(as_module(program), args, kwargs or {})
    try:
        is_autocast = torch._C._is_any_autocast_enabled()  # pyright: ignore[reportPrivateUsage]
        return import_exported(exported, is_autocast=is_autocast)
    except UnsupportedError as e:
        raise UnsupportedError(f"{e}. {INSTEAD}") from e


def export(module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ExportedProgram:
    """`torch.export.export` without gradients. Raises `UnsupportedError` where it fails."""
    own_args, own_kwargs = pytree.tree_map(_apart, (tuple(args), dict(kwargs)))
    with torch.no_grad(), _quiet(), explained(module, "trace the program"):
        return torch.export.export(module, own_args, own_kwargs)


def _apart(value: Any) -> Any:
    """A tensor of the same form in memory of its own, and without values.

    torch.export takes one that it is given twice, or that is a parameter too, for one for ever.
    """
    if type(value) not in (Tensor, nn.Parameter) or value.layout is not torch.strided:
        return value
    form = value.shape, value.stride()
    own = torch.empty_strided(*form, dtype=value.dtype, device=value.device)
    return own.requires_grad_(value.requires_grad)


@contextmanager
def _quiet() -> Generator[None]:
    """torch copies its own deprecated objects."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
        yield


def import_exported(exported: ExportedProgram, *, is_autocast: bool = False) -> ImportedProgram:
    """Write an exported program as IR; ops without a converter are decomposed where they can be.

    is_autocast: it was exported under autocast, which still is on. Decomposing then writes down
        what that casts; exporting does not.

    Raises `UnsupportedError` as `import_program` does.
    """
    literals = _literals(exported)  # decomposed, they look like captured tensors
    if is_autocast or needs_decomposition(exported.graph):
        exported = decompose(exported, CONVERTERS)
    with no_autocast():
        return _Importer(exported, literals).run()


def _literals(exported: ExportedProgram) -> frozenset[str]:
    """Tensors that the program's text holds, as in `torch.tensor(2.0)`: they never change."""
    nodes = exported.graph.find_nodes(op="placeholder")
    pairs = zip(nodes, exported.graph_signature.input_specs, strict=True)
    return frozenset(
        str(spec.target)
        for node, spec in pairs
        if spec.kind is InputKind.CONSTANT_TENSOR
        and all(str(user.target) == "aten.lift_fresh_copy.default" for user in node.users)
    )


def decompose(exported: ExportedProgram, kept: Container[str]) -> ExportedProgram:
    """Decompose by torch's table, but for the overloads in `kept`. In-place ops become others.

    Raises `UnsupportedError` where torch fails.
    """
    table = torch.export.default_decompositions()
    for overload in [overload for overload in table if str(overload) in kept]:
        del table[overload]
    with torch.no_grad(), _quiet(), explained(exported.graph_module, "decompose the program"):
        return exported.run_decompositions(table)


def as_module(program: nn.Module | Callable[..., Any]) -> nn.Module:
    """The module, or one whose `forward` is the function, with its signature if it has one."""
    return program if isinstance(program, nn.Module) else _FunctionModule(program)


class _FunctionModule(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.forward = _with_signature(function)


def _with_signature(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as torch.export takes it."""
    try:
        inspect.signature(function)
    except ValueError:  # a built-in, such as torch.relu
        return lambda *args: function(*args)
    # Of other objects that can be called, it takes partial functions alone.
    if isinstance(function, partial):
        return partial(_with_signature(function.func), *function.args, **function.keywords)
    is_taken = inspect.isroutine(function)
    return function if is_taken else MethodType(type(function).__call__, function)


class _Importer:
    """Binds what an exported program's signature says to the arguments of its graph."""

    def __init__(self, exported: ExportedProgram, literals: frozenset[str]) -> None:
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
        self._check_devices(results)
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
            memory=self._memory(states, graph.parameters),
            results=[_expected(node, i < len(writes)) for i, node in enumerate(results)],
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

    def _memory(self, states: Iterable[str], parameters: Iterable[str]) -> list[int | None]:
        held = self._held()
        nodes = [node for node in self._leaves if isinstance(node.meta["val"], Tensor)]
        nodes += [held[name][0] if name in held else None for name in (*states, *parameters)]
        return [None if node is None else memory_of(node.meta["val"]) for node in nodes]

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
                for node in own:
                    self._importer.add_value(node, self._tensor(name))
            elif name not in changed and read:
                held[name] = self._tensor(name)
                nodes.setdefault(id(held[name]), (name, []))[1].extend(read)
        for name, tied in nodes.values():
            self._importer.add_parameter(tied, name, held[name])
        return held

    def _check_devices(self, results: Sequence[fx.Node]) -> None:
        """The generated code computes, and gives its results, where the inputs are."""
        known = [node for name in self._literals for node in self._held().get(name, ())]
        devices = devices_of(self._graph, results, known)
        if len(devices) > 1:
            found = ", ".join(map(str, devices))
            raise UnsupportedError(f"tensors are on {found}, expected one device")

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


def _expected(node: fx.Node, is_written: bool) -> Expected:
    """Of a result; one that is written somewhere is copied there, and seen by nobody."""
    value: Tensor = node.meta["val"]
    return Expected(memory_of(value), None if is_written else tuple(value.stride()), is_written)
