"""A graph of AOTAutograd as generated code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from torch import Tensor, fx
from xdsl.dialects.builtin import ModuleOp

from taso.frontends import cost_cache
from taso.frontends.aten.writer import UnsupportedError
from taso.frontends.build import DEVICE_TABLES, Build, main_of
from taso.frontends.fx_graph import GraphImporter, devices_of, is_read
from taso.frontends.interface import Fixed, Given, OutputLeaf, Result
from taso.frontends.options import Options
from taso.frontends.output_memory import (
    Expected,
    Stride,
    copy_to,
    memory_of,
    results_to_copy,
)
from taso.frontends.prepared import PreparedValues
from taso.lowering.runtime import load_source
from taso.lowering.standalone import as_tuple
from taso.passes.statistics import opaque_ops

BoxedCall: TypeAlias = Callable[[list[Any]], list[Any]]
"""A call in AOTAutograd's convention: it empties the list of its arguments, so that they can be
freed as soon as they are not needed."""


@dataclass(frozen=True)
class Role:
    """What AOTAutograd says of a graph.

    parameters: the placeholders of tensors that stay the same objects from call to call, and
        that the graph does not change.
    visible: the number of outputs that a caller may see, which come first; those after them are
        saved for the backward graph. None if all may be seen.
    keeps_strides: visible outputs must have the strides that tracing gave them. Gradients need
        not: autograd takes any, and gives those of parameters the strides of these.
    """

    parameters: Collection[int] = ()
    visible: int | None = None
    keeps_strides: bool = True


@dataclass(frozen=True)
class ImportedGraph:
    """An AOTAutograd graph as IR. Each argument of `@main`, in order, is the placeholder of a
    number, or a constant tensor."""

    module: ModuleOp
    arguments: Sequence[int | Tensor]
    outputs: Sequence[OutputLeaf]
    device: str
    placeholders: Sequence[int | None]
    """The memory that each placeholder is in while tracing; None for one that is no tensor."""
    results: Sequence[Expected]


def compile_graph(graph: fx.Graph, role: Role, options: Options) -> BoxedCall:
    """Optimise a graph of static shapes. Raises `UnsupportedError` for one that has no IR."""
    imported = import_graph(graph, role)
    device = options.device or imported.device
    trusted = frozenset(opaque_ops(main_of(imported.module)))
    costs = cost_cache.load(device)
    build = Build(imported.module, device, options.numerics, options.time_limit, trusted, costs)
    return GeneratedCall(imported, build, freeze=options.freeze)


def import_graph(graph: fx.Graph, role: Role) -> ImportedGraph:
    """Write a graph as IR. Raises `UnsupportedError`."""
    importer = GraphImporter(graph)
    nodes = graph.find_nodes(op="placeholder")
    by_name = {node.name: index for index, node in enumerate(nodes)}
    inputs: list[int] = []
    for index, node in enumerate(nodes):
        if not isinstance(node.meta.get("val"), Tensor):
            importer.add_value(node, node.meta.get("val"))
        elif index not in role.parameters and is_read(node):
            importer.add_input(node)
            inputs.append(index)
    for index in sorted(role.parameters):
        if is_read(nodes[index]):
            importer.add_parameter([nodes[index]], nodes[index].name, nodes[index].meta["val"])
    results, outputs = _outputs(graph)
    imported = importer.run(results)
    parameters = [
        imported.constants[name] if name in imported.constants else by_name[name]
        for name in imported.parameters
    ]
    return ImportedGraph(
        module=imported.module,
        arguments=[*inputs, *parameters],
        outputs=outputs,
        device=_device_of(graph, results),
        placeholders=[_memory(node) for node in nodes],
        results=_expected(results, outputs, role),
    )


def _memory(node: fx.Node) -> int | None:
    value = node.meta.get("val")
    return memory_of(value) if isinstance(value, Tensor) else None


def _expected(
    results: Sequence[fx.Node], outputs: Sequence[OutputLeaf], role: Role
) -> list[Expected]:
    visible = {x.index for x in outputs[: role.visible] if isinstance(x, Result)}
    expected: list[Expected] = []
    for index, node in enumerate(results):
        value: Tensor = node.meta["val"]
        stride = tuple(value.stride()) if index in visible and role.keeps_strides else None
        expected.append(Expected(memory_of(value), stride, index not in visible))
    return expected


def _device_of(graph: fx.Graph, results: Sequence[fx.Node]) -> str:
    """The type of the one device that all tensors are on but constants, which go anywhere."""
    devices = devices_of(graph, results)
    if len(devices) != 1 or devices[0].type not in DEVICE_TABLES:
        found = ", ".join(map(str, devices)) or "none"
        raise UnsupportedError(f"tensors are on {found}, expected one CPU or CUDA device")
    return devices[0].type


def _outputs(graph: fx.Graph) -> tuple[list[fx.Node], list[OutputLeaf]]:
    """The nodes that are results, each once, and what each output is."""
    leaves: dict[fx.Node, OutputLeaf] = {
        node: Given(index) for index, node in enumerate(graph.find_nodes(op="placeholder"))
    }
    results: list[fx.Node] = []
    outputs: list[OutputLeaf] = []
    (values,) = cast("tuple[Sequence[Any]]", graph.output_node().args)
    for value in values:
        if not isinstance(value, fx.Node):
            outputs.append(Fixed(value))
            continue
        if value not in leaves:
            leaves[value] = Result(len(results))
            results.append(value)
        outputs.append(leaves[value])
    return results, outputs


class GeneratedCall:
    """Calls generated code with the arguments of the graph that it was made from.

    Everything that a call deals with stands in one list, the pool: the arguments, what is held
    (constants and fixed outputs), the prepared values, and the results.
    """

    def __init__(self, imported: ImportedGraph, build: Build, *, freeze: bool) -> None:
        self._imported = imported
        code = load_source(build.source, "graph")
        self._main: Callable[..., Any] = code.main
        self._held: list[Any] = []
        places = [x if isinstance(x, int) else self._hold(x) for x in imported.arguments]
        self._returns = [self._place(output) for output in imported.outputs]
        first_prepared = len(imported.placeholders) + len(self._held)
        self._prepare_takes = [places[i] for i in code.PREPARE_TAKES]
        self._main_takes = [
            places[i] if kind == "argument" else first_prepared + i for kind, i in code.MAIN_TAKES
        ]
        self._prepared: PreparedValues | None = None
        if hasattr(code, "prepare"):
            self._prepared = PreparedValues(code.prepare, freeze=freeze)
        self._copies: list[tuple[int, Stride | None]] | None = None

    def _hold(self, value: Any) -> int:
        """The place in the pool of a value that is the same in each call."""
        self._held.append(value)
        return len(self._imported.placeholders) + len(self._held) - 1

    def _place(self, output: OutputLeaf) -> int:
        """Where the pool has an output at the end; results are counted from its end."""
        match output:
            case Result(index):
                return index - len(self._imported.results)
            case Given(leaf):
                return leaf
            case Fixed(value):
                return self._hold(value)

    def __call__(self, args: list[Any]) -> list[Any]:
        pool = [*args, *self._held]
        args.clear()
        if self._prepared is not None:
            pool += self._prepared.of([pool[i] for i in self._prepare_takes])
        results = list(as_tuple(self._main(*[pool[i] for i in self._main_takes])))
        if self._copies is None:
            self._copies = self._find_copies(pool, results)
        for index, stride in self._copies:
            results[index] = copy_to(results[index], stride)
        pool += results
        return [pool[i] for i in self._returns]

    def _find_copies(
        self, pool: Sequence[Any], results: Sequence[Tensor]
    ) -> list[tuple[int, Stride | None]]:
        """What has to be copied. That is the same on each call, as AOTAutograd fixes strides."""
        traced = self._imported.placeholders
        held = [(pool[i], traced[i] if i < len(traced) else None) for i in self._main_takes]
        return results_to_copy(held, list(zip(results, self._imported.results, strict=True)))
