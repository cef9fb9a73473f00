"""A module of linalg as one Python file."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import PurePath
from typing import NamedTuple, TypeAlias

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FileLineColLoc, ModuleOp, StringAttr
from xdsl.ir import Operation

from taso.lowering.linalg.functions import KERNEL, OP
from taso.lowering.torch_source.code import Lines
from taso.lowering.torch_source.constants import constant_function
from taso.lowering.torch_source.function import translate_function
from taso.lowering.torch_source.interface import ArgumentFacts, Interface, interface_of
from taso.lowering.torch_source.names import Namespace, comment
from taso.lowering.torch_source.types import TorchSourceError, Type
from taso.lowering.torch_source.values import Callee

MAIN = "main"
PREPARE = "main__prepare"
TABLES = frozenset({"ARGUMENTS", "MAIN_TAKES", "PREPARE_TAKES"})
MODULES = frozenset({"libdevice", "tanh_float32", "tl", "torch", "triton"})
WIDTH = 100

_RUN = """if __name__ == "__main__":
    options = command_line()
    torch.set_default_device(options.device)
    torch.manual_seed(options.seed)
    inputs = draw_inputs([a and Argument(*a) for a in ARGUMENTS], options.seed, options.device)
    outputs = run_program(inputs, main, MAIN_TAKES, {prepare}, PREPARE_TAKES)
    for index, output in enumerate(outputs):
        print(format_output(index, output))
"""


class KernelSections(NamedTuple):
    """Sections of a file that define one kernel; the last one is the function that launches it,
    which gives new tensors."""

    texts: Sequence[str]


KernelWriter: TypeAlias = Callable[
    [str, func.FuncOp, Callable[[str], func.FuncOp], Namespace], KernelSections | None
]
"""Writes a function that records a kernel: its name, itself, those that it calls by symbol, and
the names of the file. None where it has no kernel for it."""


def torch_source(
    module: ModuleOp,
    *,
    trusted: frozenset[str] = frozenset(),
    kernels: KernelWriter | None = None,
) -> str:
    """The file for a module of linalg on tensors with a function `main`.

    Where there is none, the only public function is `main`. `trusted` names overloads, such as
    "aten._softmax.default", that a PyTorch program calls: they may be called whatever they are.
    `kernels` writes the functions that it can that record a kernel. Raises `TorchSourceError` on
    a form that `taso.lowering.linalg` does not list, and on a call that
    `taso.dialects.extern_schema` does not allow.
    """
    return _File(module, trusted, kernels).write()


class _File:
    def __init__(
        self, module: ModuleOp, trusted: frozenset[str], kernels: KernelWriter | None
    ) -> None:
        self._module = module
        self._kernels = kernels
        self.trusted = trusted
        self._functions = {op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)}
        self._main = self._find_main()
        self._runner = files("taso.lowering").joinpath("standalone.py").read_text("utf-8")
        reserved = _top_level_names(self._runner) | TABLES | {"base64", "functools"}
        self._scope = Namespace(
            reserved | {"main", "prepare", "torch", "triton", "tl", "libdevice"}
        )
        self._callees: dict[str, Callee | None] = {}
        self._constants: dict[DenseIntOrFPElementsAttr, str] = {}
        self._sections: list[str] = []

    def _find_main(self) -> func.FuncOp:
        if MAIN in self._functions:
            return self._functions[MAIN]
        public = [f for f in self._functions.values() if f.sym_visibility is None]
        if len(public) != 1:
            raise TorchSourceError(f"expected a function @main, found {len(public)} public ones")
        return public[0]

    def function(self, symbol: str) -> func.FuncOp:
        if symbol not in self._functions:
            raise TorchSourceError(f"there is no function @{comment(symbol)} to call")
        return self._functions[symbol]

    def callee(self, symbol: str) -> Callee:
        if symbol not in self._callees:
            self._callees[symbol] = None  # being written
            name = self._scope.fresh(symbol)
            self._callees[symbol] = self._write_callee(name, self.function(symbol))
        callee = self._callees[symbol]
        if callee is None:
            raise TorchSourceError(f"@{comment(symbol)} calls itself")
        return callee

    def _write_callee(self, name: str, function: func.FuncOp) -> Callee:
        if self._kernels is not None and function.attributes.get(OP) == StringAttr(KERNEL):
            made = self._kernels(name, function, self.function, self._scope)
            if made is not None:
                self._sections += [text for text in made.texts if text not in self._sections]
                return Callee(name, fresh=True)
        return Callee(name, self._define(name, function).fresh)

    def constant(self, data: DenseIntOrFPElementsAttr, type_: Type) -> str:
        if data not in self._constants:
            name = self._constants[data] = self._scope.fresh("constant")
            self._sections.append(constant_function(name, data, type_))
        return self._constants[data]

    def _define(self, name: str, function: func.FuncOp) -> Lines:
        lines = translate_function(function, self, self._scope)
        self._sections.append(_definition(name, lines))
        return lines

    def write(self) -> str:
        prepare = self._functions.get(PREPARE)
        interface = interface_of(self._main, prepare)
        if prepare is not None:
            self._write_prepare(prepare)
        self._define("main", self._main)
        head = [self._header(), *self._imports(), "", _tables(interface)]
        runner = self._runner.partition("import torch\n")[2].strip()
        run = _RUN.format(prepare="None" if prepare is None else "prepare")
        return "\n\n\n".join(["\n".join(head), *self._sections, runner, run])

    def _write_prepare(self, prepare: func.FuncOp) -> None:
        """Without kernels: it runs once, also on the device that parameters come from."""
        kernels, self._kernels = self._kernels, None
        self._define("prepare", prepare)
        self._kernels = kernels
        self._callees.clear()

    def _header(self) -> str:
        """Where the program is from, and what it needs: torch, and libraries that add ops."""
        name = file_name(self._module)
        origin = f"{comment(name)}, " if name else ""
        symbol = comment(self._main.sym_name.data)
        called = set(re.findall(r"torch\.ops\.(\w+)", "\n".join(self._sections)))
        others = ", ".join(sorted(called - {"aten"}))
        needed = f"torch and the ops of {others}" if others else "torch alone"
        if self._uses_triton():
            needed = f"triton, {needed}".replace("torch alone", "torch and a GPU")
        return f"# Generated by taso from {origin}function @{symbol}. It needs {needed}."

    def _imports(self) -> list[str]:
        body = "\n".join(self._sections)
        extra = [f"import {m}" for m in ("base64", "functools") if f"{m}." in body]
        parsed = ast.parse(self._runner).body
        own = [ast.unparse(n) for n in parsed if isinstance(n, ast.Import | ast.ImportFrom)]
        plain = sorted([*extra, *(i for i in own if i.startswith("import") and "torch" not in i)])
        froms = [i for i in own if i.startswith("from")]
        triton = ["import triton", "import triton.language as tl"] if self._uses_triton() else []
        triton += ["from triton.language.extra import libdevice"] if "libdevice." in body else []
        return ["", *plain, *froms, "", "import torch", *triton]

    def _uses_triton(self) -> bool:
        return any(section.startswith("@triton.jit") for section in self._sections)


def _top_level_names(source: str) -> frozenset[str]:
    """What a module's source defines and imports."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        match node:
            case ast.Import() | ast.ImportFrom():
                names |= {alias.asname or alias.name for alias in node.names}
            case ast.FunctionDef() | ast.ClassDef():
                names.add(node.name)
            case _:
                pass
    return frozenset(names)


def file_name(module: ModuleOp) -> str | None:
    """The base name of the file that the module's first located operation stands in."""
    for op in module.walk():
        if (name := _located_in(op)) is not None:
            return PurePath(name).name
    return None


def _located_in(op: Operation) -> str | None:
    return op.location.filename.data if isinstance(op.location, FileLineColLoc) else None


def _tables(interface: Interface) -> str:
    lines = ["# Arguments: name, shape, dtype, whether it is a parameter, and range if it has one."]
    lines += ["ARGUMENTS = (", *(f"    {_row(a)!r}," for a in interface.arguments), ")"]
    lines.append("# What main takes: an argument, or a result of prepare.")
    lines.append(f"MAIN_TAKES = {interface.main_takes!r}")
    lines.append("# The arguments that prepare takes.")
    lines.append(f"PREPARE_TAKES = {interface.prepare_takes!r}")
    return "\n".join(lines).replace("'", '"')


def _row(argument: ArgumentFacts) -> tuple[object, ...]:
    return tuple(argument) if argument.range is not None else argument[:-1]


def _definition(name: str, lines: Lines) -> str:
    signature = f"def {name}({', '.join(lines.parameters)}):"
    if len(signature) > WIDTH:
        signature = "\n".join([f"def {name}(", *(f"    {p}," for p in lines.parameters), "):"])
    return "\n".join([signature, *(f"    {line}" for line in lines.body)])
