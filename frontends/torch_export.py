"""From PyTorch to the taso dialect, by way of torch.export."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.utils import _pytree as pytree
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.transforms.dead_code_elimination import dce

from taso.dialects.base import TensorSpec, spec_of, tensor_type
from taso.dialects.version import stamp_version
from taso.frontends.aten import (
    attention,
    contraction,
    elementwise,
    indexing,
    movement,
    norm,
    reduction,
)
from taso.frontends.aten.writer import CONVERTERS, NodeWriter, UnsupportedError, tensor_spec

# Importing a family registers its converters.
FAMILIES = (attention, contraction, elementwise, indexing, movement, norm, reduction)

PLACEMENT = ("device", "layout", "memory_format", "non_blocking", "pin_memory", "dtype")
"""Arguments that say where and how a result is kept; its element type is known from its node."""

CHECKS = ("aten._assert_tensor_metadata.default",)
"""Nodes that compute nothing; torch.export has made these checks."""


@dataclass(frozen=True)
class ImportedProgram:
    """A PyTorch program as IR: the arguments of `@main` are its inputs, then its parameters."""

    module: ModuleOp
    parameters: Mapping[str, Tensor]
    """Parameters, buffers and captured tensors that the program reads, in argument order. The
    tensors are the program's own, so that later changes in place are seen."""
    inputs: Sequence[TensorSpec]
    input_tree: pytree.TreeSpec
    output_tree: pytree.TreeSpec
    output_leaves: Sequence[Any]
    """For each leaf of the output its place among the results, or None where it is None."""


def import_program(
    program: nn.Module | Callable[..., Any], example_inputs: Sequence[Any]
) -> ImportedProgram:
    """Write a module, in eval or train mode as it stands, or a function of tensors as IR.

    Shapes are those of the example inputs. Raises `UnsupportedError` for an op without a
    counterpart (it names the op and the module that calls it), for inputs or outputs other than
    tensors (and None among the outputs), and for programs that change their own buffers.
    """
    module = as_module(program)
    with torch.no_grad(), warnings.catch_warnings():
        # torch copies its own deprecated objects.
        warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
        exported = torch.export.export(module, tuple(example_inputs))
        if not all(_is_known(node) for node in exported.graph.nodes):
            exported = exported.run_decompositions(_decompositions())
    return _Importer(exported).run()


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


def _is_known(node: fx.Node) -> bool:
    known = node.target is getitem or str(node.target) in CONVERTERS or str(node.target) in CHECKS
    return node.op != "call_function" or known


def _decompositions() -> Any:
    """The default decompositions, but of ops that have a converter. In-place ops become others."""
    table = torch.export.default_decompositions()
    for overload in list(table):
        if str(overload) in CONVERTERS:
            del table[overload]
    return table


class _Importer:
    """Writes an exported program's graph, node by node."""

    def __init__(self, exported: ExportedProgram) -> None:
        self.exported = exported
        self.values: dict[fx.Node, Any] = {}
        self.parameters: dict[str, Tensor] = {}
        self.block = Block()
        self.builder = Builder(InsertPoint.at_end(self.block))

    def run(self) -> ImportedProgram:
        graph = self.exported.graph_module.graph
        inputs = self._add_arguments(graph.find_nodes(op="placeholder"))
        for node in graph.nodes:
            if node.op == "get_attr":
                raise UnsupportedError(f"{node.target}{_origin(node)} is not supported")
            if node.op == "call_function" and str(node.target) not in CHECKS:
                self.values[node] = self._convert(node)
        leaves = self._add_return(graph.output_node())
        spec = self.exported.call_spec
        if spec.in_spec is None or spec.out_spec is None:
            raise UnsupportedError("the program has no call signature")
        return ImportedProgram(
            module=self._module(),
            parameters=self.parameters,
            inputs=inputs,
            input_tree=spec.in_spec,
            output_tree=spec.out_spec,
            output_leaves=leaves,
        )

    def _add_arguments(self, placeholders: Sequence[fx.Node]) -> list[TensorSpec]:
        """Add the inputs, then the parameters that are read; returns the inputs' types."""
        specs = {s.arg.name: s for s in self.exported.graph_signature.input_specs}
        inputs: list[TensorSpec] = []
        read: dict[str, fx.Node] = {}
        for node in placeholders:
            spec = specs[node.name]
            if spec.kind is InputKind.USER_INPUT:
                inputs.append(_input_spec(node))
                self._add_argument(node, node.name, inputs[-1])
            elif node.users:
                read[str(spec.target)] = node
        held = {**self.exported.state_dict, **self.exported.constants}
        for name, node in read.items():
            tensor = held[name]
            if not isinstance(tensor, Tensor):
                raise UnsupportedError(f"'{name}' is {tensor!r}, expected a tensor")
            self.parameters[name] = tensor
            self._add_argument(node, name, tensor_spec(tensor))
        return inputs

    def _add_argument(self, node: fx.Node, name: str, spec: TensorSpec) -> None:
        argument = self.block.insert_arg(tensor_type(spec), len(self.block.args))
        argument.name_hint = _identifier(name)
        self.values[node] = argument

    def _convert(self, node: fx.Node) -> Any:
        if node.target is getitem:
            return self._item(node)
        args, kwargs = fx.map_arg((node.args, dict(node.kwargs)), self.values.__getitem__)
        converter = CONVERTERS.get(str(node.target))
        if converter is None:
            raise UnsupportedError(f"{node.target}{_origin(node)} is not supported")
        given = {name: value for name, value in kwargs.items() if name not in PLACEMENT}
        try:
            expected = _result_specs(node)
            result = converter(NodeWriter(self.builder, expected[0]), *args, **given)
            _check_results(result, expected)
        except ValueError as e:  # from a converter, or a ConstraintError of an op
            raise UnsupportedError(f"{node.target}{_origin(node)} is not supported: {e}") from e
        if isinstance(result, SSAValue):
            result.name_hint = _identifier(node.name)
        return result

    def _item(self, node: fx.Node) -> Any:
        source, index = cast("tuple[fx.Node, int]", node.args)
        value = self.values[source][index]
        if value is None and node.users:
            raise UnsupportedError(
                f"result {index} of {source.target}{_origin(source)} is not supported"
            )
        return value

    def _add_return(self, output: fx.Node) -> list[int | None]:
        """End the function; returns the place of each output leaf among the results."""
        for spec in self.exported.graph_signature.output_specs:
            if spec.kind is not OutputKind.USER_OUTPUT:
                raise UnsupportedError(f"the program changes '{spec.target}' when it runs")
        results: list[SSAValue] = []
        leaves: list[int | None] = []
        (outputs,) = output.args
        for leaf in cast("Sequence[Any]", outputs):
            if leaf is not None and not isinstance(leaf, fx.Node):
                raise UnsupportedError(f"output {leaf!r} is no tensor")
            leaves.append(None if leaf is None else len(results))
            if leaf is not None:
                results.append(self.values[leaf])
        self.builder.insert(func.ReturnOp(*results))
        return leaves

    def _module(self) -> ModuleOp:
        returned = self.block.last_op
        types = returned.operand_types if returned else ()
        function = func.FuncOp("main", (self.block.arg_types, types), Region(self.block))
        function.arg_attrs = self._argument_attributes()
        module = ModuleOp([function])
        stamp_version(module)
        dce(module)
        module.verify()
        return module

    def _argument_attributes(self) -> ArrayAttr[DictionaryAttr]:
        inputs = len(self.block.args) - len(self.parameters)
        plain, param = DictionaryAttr({}), DictionaryAttr({"taso.param": UnitAttr()})
        return ArrayAttr([plain] * inputs + [param] * len(self.parameters))


def _input_spec(node: fx.Node) -> TensorSpec:
    value = node.meta["val"]
    if not isinstance(value, Tensor):
        raise UnsupportedError(f"input '{node.name}' is {value!r}, expected a tensor")
    return tensor_spec(value)


def _result_specs(node: fx.Node) -> list[TensorSpec]:
    """Types of a node's results. Raises `UnsupportedError` for unsupported element types."""
    value = node.meta["val"]
    tensors = [value] if isinstance(value, Tensor) else value
    return [tensor_spec(t) for t in tensors]


def _check_results(result: Any, expected: Sequence[TensorSpec]) -> None:
    """A converter that is wrong about a type must not go unnoticed."""
    values: Sequence[SSAValue | None]
    values = [result] if isinstance(result, SSAValue) else result
    for value, spec in zip(values, expected, strict=True):
        if value is not None and spec_of(value) != spec:
            raise UnsupportedError(f"written as {spec_of(value)}, but it gives {spec}")


def _origin(node: fx.Node) -> str:
    """` (in module 'layers.0')`: the innermost submodule that a node is from, if any."""
    stack = node.meta.get("nn_module_stack") or {}
    path = next((path for path, _ in reversed(stack.values()) if path), "")
    return f" (in module '{path}')" if path else ""


def _identifier(name: str) -> str:
    """A name for an SSA value: letters, digits and underscores, no digit first."""
    return re.sub(r"^(?=\d)|\W", "_", name, flags=re.ASCII)
