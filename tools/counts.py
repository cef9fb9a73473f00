"""Counts that do not depend on how finely a program is imported: calls, and how many are native.

Calls before are the call nodes of one fixed graph: what torch.export gives, decomposed by torch's
own table but for `KEPT`. Calls after are those of the generated `main`. Neither counts views.

A copy is a call on both sides. In the graph it is a clone with a memory format (`contiguous`, or a
reshape that no view can do); a clone without one is how the table writes dropout in eval mode,
which runs nothing, and is not counted. A program's own plain `clone()` is left out with it: that
makes the count before too low, never too high. In generated code a reshape may copy without
saying so: `hidden_copies` finds these by running it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.utils._python_dispatch import TorchDispatchMode
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.base import TasoOp
from taso.frontends.compile import CompiledProgram
from taso.frontends.torch_export import decompose, export, import_exported
from taso.passes.kernel_groups import is_free
from taso.tools.aten_names import QUERIES, aten_name, is_view
from taso.tools.launches import profiled_launches

KEPT = frozenset(
    {"aten.layer_norm.default", "aten.linear.default", "aten.scaled_dot_product_attention.default"}
)
"""Ops that the fixed graph has whole."""

CHECKS = frozenset(("_assert_async", "_assert_scalar", "_assert_tensor_metadata"))
"""Nodes that compute nothing."""

OPAQUE = "taso.extern"


@dataclass(frozen=True)
class Counts:
    """What a model runs as PyTorch has it, and what ours runs."""

    calls_before: int
    """Of the fixed graph."""
    calls_after: int
    """Of the generated `main`."""
    profiled_launches_before: int
    """Eager's, by PyTorch's profiler."""
    profiled_launches_after: int
    native_ops: int
    """Of the imported program, before it is optimised."""
    imported_ops: int


def count(
    plain: nn.Module, optimized: CompiledProgram, inputs: Sequence[Tensor], device: str
) -> Counts:
    """Count a module and what it was compiled to, on inputs that both take."""
    exported = export(plain, inputs, {})
    native, imported = native_ops(import_exported(exported).module)
    copies = hidden_copies(lambda: optimized(*inputs))
    return Counts(
        calls_before=graph_calls(exported),
        calls_after=source_calls(optimized.source, device) + copies,
        profiled_launches_before=profiled_launches(lambda: plain(*inputs), device),
        profiled_launches_after=profiled_launches(lambda: optimized(*inputs), device),
        native_ops=native,
        imported_ops=imported,
    )


def graph_calls(exported: ExportedProgram) -> int:
    """The calls of the fixed graph: its call nodes but for views, checks and eval dropout."""
    fixed = decompose(exported, KEPT)
    return sum(_is_call(node) for node in fixed.graph.nodes)


def _is_call(node: fx.Node) -> bool:
    if node.op != "call_function" or node.target is operator.getitem:
        return False
    name = aten_name(str(node.target))
    is_dropout = name == "clone" and "memory_format" not in node.kwargs
    return not (is_dropout or is_view(name) or name in CHECKS)


def source_calls(source: str, device: str) -> int:
    """The calls and tensor operators that the generated `main` runs on a device, but for views.

    Those of a function of the file count each time that it is called; one behind
    `functools.cache` makes a constant once, and counts nothing. Where the code branches by more
    than the device, the longer way counts. Raises ValueError for a loop, whose calls cannot be
    told from the text.
    """
    functions = {f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}
    return _SourceCounter(functions, is_cuda=device == "cuda").function("main")


class _SourceCounter:
    """Counts the calls of the functions of one file."""

    def __init__(self, functions: dict[str, ast.FunctionDef], *, is_cuda: bool) -> None:
        self._functions = functions
        self._is_cuda = is_cuda
        self._counts = {name: 0 for name, f in functions.items() if f.decorator_list}

    def function(self, name: str) -> int:
        if name not in self._counts:
            self._counts[name] = self._block(self._functions[name].body)
        return self._counts[name]

    def _block(self, statements: Sequence[ast.stmt]) -> int:
        total = 0
        for at, statement in enumerate(statements):
            if isinstance(statement, ast.If):
                rest = statements[at + 1 :]
                counts = [self._block([*way, *rest]) for way in self._ways(statement)]
                return total + self._nested(statement.test) + max(counts)
            if isinstance(statement, ast.For | ast.While):
                raise ValueError(f"line {statement.lineno}: cannot count the calls of a loop")
            total += self._nested(statement)
            if isinstance(statement, ast.Return):
                break
        return total

    def _ways(self, statement: ast.If) -> Sequence[Sequence[ast.stmt]]:
        if isinstance(statement.test, ast.Attribute) and statement.test.attr == "is_cuda":
            return [statement.body if self._is_cuda else statement.orelse]
        return statement.body, statement.orelse

    def _nested(self, tree: ast.AST) -> int:
        return sum(self._node(node) for node in ast.walk(tree))

    def _node(self, node: ast.AST) -> int:
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                return self.function(name)
            case ast.Call(func=function):
                name = _call_name(function)
                return not is_view(name) and name not in QUERIES
            case ast.Subscript(slice=index, ctx=context):
                return isinstance(context, ast.Store) or _has_name(index)
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.AugAssign():
                return _has_name(node)
            case _:
                return 0


def _has_name(tree: ast.AST) -> bool:
    """Whether it is made of more than literals."""
    return any(isinstance(part, ast.Name) for part in ast.walk(tree))


def _call_name(function: ast.expr) -> str:
    """`split` of `x.split`, `add` of `torch.ops.aten.add.Tensor`."""
    path = ast.unparse(function)
    return aten_name(path.partition("torch.ops.")[2] or path.rpartition(".")[2])


def hidden_copies(call: Callable[[], object]) -> int:
    """Copies that a call makes for reshapes that no view can do."""
    with torch.no_grad(), _ReshapeWatch() as watch:
        call()
    return watch.copies


class _ReshapeWatch(TorchDispatchMode):
    """Counts reshapes that copy while it is active: torch runs these as a clone, then a view."""

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0
        self._cloned: Any = None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._unsafe_view.default and args[0] is self._cloned:
            self.copies += 1
        result = func(*args, **(kwargs or {}))
        self._cloned = result if func is torch.ops.aten.clone.default else None
        return result


def native_ops(module: ModuleOp) -> tuple[int, int]:
    """How many ops of a module are native, not opaque, and how many there are. Views are none."""
    ops = [op for op in module.walk() if isinstance(op, TasoOp) and not is_free(op)]
    return sum(op.name != OPAQUE for op in ops), len(ops)
