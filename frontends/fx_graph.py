"""An FX graph of ATen ops as a function of the taso dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from operator import getitem
from pkgutil import iter_modules
from typing import Any, cast

import torch
from torch import Tensor, fx
from torch.utils import _pytree as pytree
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.transforms.dead_code_elimination import dce

from taso.dialects.base import TensorSpec, spec_of, tensor_type
from taso.dialects.movement import ConstantOp
from taso.dialects.values import splat_value
from taso.dialects.version import stamp_version
from taso.frontends import aten
from taso.frontends.aten.opaque import write_opaque
from taso.frontends.aten.writer import CONVERTERS, NodeWriter, UnsupportedError, tensor_spec
from taso.frontends.folding import constant_attrs, constant_nodes, fold, is_mutable, is_static
from taso.passes.hoist_params import PARAM

# Importing a family registers its converters.
for _family in iter_modules(aten.__path__):
    import_module(f"{aten.__name__}.{_family.name}")

PLACEMENT = ("device", "layout", "memory_format", "non_blocking", "pin_memory", "dtype")
"""Arguments that say where and how a result is kept; its element type is known from its node."""

CHECKS = (
    "aten._assert_async.msg",
    "aten._assert_scalar.default",
    "aten._assert_tensor_metadata.default",
    "aten.sym_constrain_range.default",
    "aten.sym_constrain_range_for_size.default",
)
"""Nodes that compute nothing; tracing has made these checks."""

MAX_CONSTANT_ELEMENTS = 1024
"""Larger constants become parameters, which keeps the IR readable; splats are small at any size."""


@dataclass(frozen=True)
class ImportedGraph:
    """A graph as a module with the function `@main`.

    Its arguments are the inputs, then the parameters that it reads, by name; the last ones of
    these are `constants`, which the graph itself holds. Its results are those asked for.
    """

    module: ModuleOp
    parameters: Sequence[str]
    constants: Mapping[str, Tensor]


class GraphImporter:
    """Writes the calls of a functional graph, node by node.

    First each placeholder is added as what it is, inputs before parameters. Calls that reach no
    placeholder are computed at once (`taso.frontends.folding`).
    """

    def __init__(self, graph: fx.Graph) -> None:
        self._graph = graph
        self._values: dict[fx.Node, Any] = {}
        self._constant: set[fx.Node] = set()
        self._block = Block()
        self._builder = Builder(InsertPoint.at_end(self._block))
        self._parameters: dict[str, BlockArgument] = {}
        self._constants: dict[str, Tensor] = {}
        self._known: dict[SSAValue, Tensor] = {}
        self._written: dict[int, tuple[Tensor, SSAValue]] = {}
        self._device = torch.device("cpu")

    def add_input(self, node: fx.Node, name: str | None = None) -> TensorSpec:
        """Make a placeholder an input. Raises `UnsupportedError` unless it is a dense tensor."""
        value = node.meta["val"]
        if not isinstance(value, Tensor):
            raise UnsupportedError(f"input '{node.name}' is {value!r}, expected a tensor")
        spec = _dense_spec(value, f"input '{node.name}'")
        self._device = value.device
        self._values[node] = self._argument(name or node.name, spec)
        return spec

    def add_parameter(self, nodes: Sequence[fx.Node], name: str, tensor: Tensor) -> None:
        """Make placeholders that all stand for one tensor a parameter."""
        argument = self._argument(name, _dense_spec(tensor, f"'{name}'"))
        self._parameters[name] = argument
        self._device = tensor.device
        self._values |= dict.fromkeys(nodes, argument)

    def add_value(self, node: fx.Node, value: Any) -> None:
        """Bind a placeholder to a Python value or to a tensor that never changes."""
        self._values[node] = value

    def _argument(self, name: str, spec: TensorSpec) -> BlockArgument:
        argument = self._block.insert_arg(tensor_type(spec), len(self._block.args))
        argument.name_hint = _identifier(name)
        return argument

    def run(self, results: Sequence[fx.Node]) -> ImportedGraph:
        """Write all calls, and end the function with `results`.

        Raises `UnsupportedError`, which names the op and the module that calls it.
        """
        known = [node for node, value in self._values.items() if isinstance(value, Tensor)]
        self._constant = constant_nodes(self._graph, known)
        for node in self._graph.nodes:
            if node.op == "get_attr":
                self._values[node] = _attribute(node)
            elif node.op == "call_function" and str(node.target) not in CHECKS:
                self._values[node] = self._call(node)
        self._builder.insert(func.ReturnOp(*[self._value(self._values[n]) for n in results]))
        return self._finish()

    def _call(self, node: fx.Node) -> Any:
        args, kwargs = fx.map_arg((node.args, dict(node.kwargs)), self._values.__getitem__)
        if node.target is getitem:
            return self._item(node, cast("Sequence[Any]", args[0]))
        if node in self._constant:
            folded = fold(node, args, kwargs)
            if folded is not None:
                return folded
        return self._convert(node, *pytree.tree_map_only(Tensor, self._value, (args, kwargs)))

    def _convert(self, node: fx.Node, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        last = self._block.last_op
        try:
            result = self._convert_natively(node, args, kwargs)
        except ValueError:  # from a converter, or a ConstraintError of an op
            self._erase_after(last)
            try:
                result = write_opaque(self._builder, node, args, kwargs)
            except UnsupportedError as e:
                raise UnsupportedError(f"{node.target}{origin(node)} is not supported: {e}") from e
        if isinstance(result, SSAValue) and result.name_hint is None:
            result.name_hint = _identifier(node.name)
        return result

    def _convert_natively(
        self, node: fx.Node, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """What the node's converter writes; ValueError where it has none, or that refuses."""
        converter = CONVERTERS.get(str(node.target))
        if converter is None:
            raise UnsupportedError("it has no counterpart")
        given = {name: value for name, value in kwargs.items() if name not in PLACEMENT}
        expected = _result_specs(node)
        result = converter(NodeWriter(self._builder, expected[0], self._known), *args, **given)
        _check_results(result, expected)
        _check_read(node, result)
        return result

    def _erase_after(self, last: Operation | None) -> None:
        """Take back what was written after an op."""
        while (op := self._block.last_op) is not None and op is not last:
            op.detach()
            op.erase()

    def _item(self, node: fx.Node, results: Sequence[Any]) -> Any:
        source, index = cast("tuple[fx.Node, int]", node.args)
        if results[index] is None and node.users:
            what = f"{source.target}{origin(source)}"
            raise UnsupportedError(f"result {index} of {what} is not supported")
        return results[index]

    def _value(self, value: Any) -> SSAValue:
        """A value of the IR; a known tensor is written once, as a constant or a parameter."""
        if isinstance(value, SSAValue):
            return value
        if not isinstance(value, Tensor):
            raise UnsupportedError(f"{value!r} is no tensor")
        if id(value) not in self._written:  # the tensor is kept, so that its id stays its own
            self._written[id(value)] = (value, self._write(value))
        return self._written[id(value)][1]

    def _write(self, tensor: Tensor) -> SSAValue:
        attrs = constant_attrs(tensor)
        if tensor.numel() <= MAX_CONSTANT_ELEMENTS or splat_value(attrs) is not None:
            written = self._builder.insert(ConstantOp.create_op((), attrs)).result
        else:
            name = f"constant_{len(self._constants)}"
            self._constants[name] = tensor.to(self._device)
            written = self._parameters[name] = self._argument(name, tensor_spec(tensor))
        self._known[written] = tensor
        return written

    def _finish(self) -> ImportedGraph:
        end = cast("func.ReturnOp", self._block.last_op)
        types = (self._block.arg_types, end.operand_types)
        function = func.FuncOp("main", types, Region(self._block))
        module = ModuleOp([function])
        stamp_version(module)
        dce(module)
        self._drop_unread()
        inputs = len(self._block.args) - len(self._parameters)
        plain, param = DictionaryAttr({}), DictionaryAttr({PARAM: UnitAttr()})
        function.arg_attrs = ArrayAttr([plain] * inputs + [param] * len(self._parameters))
        function.update_function_type()
        module.verify()
        return ImportedGraph(module, tuple(self._parameters), self._constants)

    def _drop_unread(self) -> None:
        """Parameters that nothing reads are none of the program's."""
        for name, argument in list(self._parameters.items()):
            if not argument.uses:
                self._block.erase_arg(argument)
                del self._parameters[name]
                self._constants.pop(name, None)


def needs_decomposition(graph: fx.Graph) -> bool:
    """Whether a call changes its operands, or has no converter though it depends on data."""
    constant = constant_nodes(graph)
    return any(
        node.op == "call_function"
        and node not in constant
        and node.target is not getitem
        and str(node.target) not in CHECKS
        and (is_mutable(node) or str(node.target) not in CONVERTERS)
        for node in graph.nodes
    )


def _attribute(node: fx.Node) -> Tensor:
    """The tensor that a graph holds as an attribute."""
    value: Any = node.graph.owning_module
    for name in str(node.target).split("."):
        value = getattr(value, name)
    if not isinstance(value, Tensor):
        raise UnsupportedError(
            f"{node.target}{origin(node)} is a {type(value).__name__}: control flow that depends "
            "on data is not supported"
        )
    return value


def _dense_spec(tensor: Tensor, what: str) -> TensorSpec:
    if tensor.layout is not torch.strided or tensor.is_quantized:
        layout = str(tensor.layout).removeprefix("torch.")
        raise UnsupportedError(f"{what} is {layout}, expected a dense tensor: call .to_dense()")
    if not is_static(tensor):
        raise UnsupportedError(f"the shape of {what}, {list(tensor.shape)}, depends on data")
    try:
        return tensor_spec(tensor)
    except UnsupportedError as e:
        raise UnsupportedError(f"{what} has {e}") from e


def _result_specs(node: fx.Node) -> list[TensorSpec]:
    """Types of a node's results. Raises `UnsupportedError` for other than dense tensors."""
    value = node.meta["val"]
    results = [value] if isinstance(value, Tensor) else value
    for result in results if isinstance(results, list | tuple) else [results]:
        if not isinstance(result, Tensor):
            raise UnsupportedError(f"it gives {result!r}, which depends on data")
    return [_dense_spec(t, "a result") for t in results]


def _check_results(result: Any, expected: Sequence[TensorSpec]) -> None:
    """A converter that is wrong about a type must not go unnoticed."""
    values: Sequence[SSAValue | None]
    values = [result] if isinstance(result, SSAValue) else result
    for value, spec in zip(values, expected, strict=True):
        if value is not None and spec_of(value) != spec:
            raise UnsupportedError(f"written as {spec_of(value)}, but it gives {spec}")


def _check_read(node: fx.Node, result: Any) -> None:
    """A result that has no counterpart must not be read."""
    read = [cast(int, n.args[1]) for n in node.users if n.target is getitem and n.users]
    if isinstance(result, Sequence) and any(result[i] is None for i in read):
        raise UnsupportedError("a result that is read has no counterpart")


def origin(node: fx.Node) -> str:
    """` (in module 'layers.0')`: the innermost submodule that a node is from, if any.

    A node of a backward graph is from that of the op whose gradient it is part of.
    """
    stack = node.meta.get("nn_module_stack") or node.meta.get("fwd_nn_module_stack") or {}
    path = next((path for path, _ in reversed(stack.values()) if path), "")
    path = re.sub(r"^L\['\w+'\]\.?", "", path)  # dynamo's name of what it compiles
    return f" (in module '{path}')" if path else ""


def _identifier(name: str) -> str:
    """A name for an SSA value: letters, digits and underscores, no digit first."""
    return re.sub(r"^(?=\d)|\W", "_", name, flags=re.ASCII)
