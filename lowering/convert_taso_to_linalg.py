"""`convert-taso-to-linalg`: from `taso` to linalg on tensors."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.base import TasoOp
from taso.dialects.kernel import KernelOp, YieldOp
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.functions import FunctionTable
from taso.lowering.linalg.lower import lower, needs_function
from taso.lowering.linalg.values import Value, View


@dataclass(frozen=True)
class ConvertTasoToLinalgPass(ModulePass):
    """Replaces every `taso` op in the module's functions by linalg that upstream MLIR takes.

    Kernels, composites and ops of several structured ops become calls of private functions
    (`taso.lowering.linalg.functions`), the others linalg in place. Transpositions and
    broadcasts become indexing maps of their readers where these are generics. Function
    arguments and their attributes stay. Raises PassFailedException where control flow holds
    ops of `taso`.
    """

    name = "convert-taso-to-linalg"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        table = FunctionTable(op)
        functions = [f for f in op.ops if isinstance(f, func.FuncOp)]
        for function in functions:
            if any(isinstance(inner, TasoOp | KernelOp) for inner in function.walk()):
                _convert(function, table)


def _convert(function: func.FuncOp, table: FunctionTable) -> None:
    if len(function.body.blocks) > 1:
        raise PassFailedException(f"@{function.sym_name.data} has branches; expected one block")
    old = function.body.block
    new = _lower_block(old, table)
    function.body.detach_block(old)
    old.erase(safe_erase=False)
    function.body.add_block(new)


def _lower_block(old: Block, table: FunctionTable) -> Block:
    new = Block(arg_types=old.arg_types)
    lowering = _BlockLowering(old, new, table)
    for op in old.ops:
        lowering.lower(op)
    return new


class _BlockLowering:
    """Lowers the ops of one block, in order, to the end of another."""

    def __init__(self, old: Block, new: Block, table: FunctionTable) -> None:
        self._to = LinalgBuilder(new)
        self._table = table
        self._values: dict[SSAValue, Value] = {}
        self._others: dict[SSAValue, SSAValue] = {}  # of other types or from other ops
        for before, after in zip(old.args, new.args, strict=True):
            after.name_hint = before.name_hint
            self._others[before] = after

    def lower(self, op: Operation) -> None:
        match op:
            case TasoOp():
                self._bind(op, self._lower_op(op))
            case KernelOp():
                body = Region(_lower_block(op.body.block, self._table))
                self._bind(op, self._call(op, self._table.for_kernel(body)))
            case YieldOp():
                self._to.insert(func.ReturnOp(*self._tensors(op)))
            case _:
                self._copy(op)

    def _lower_op(self, op: TasoOp) -> list[Value]:
        specs, attrs = op.operand_specs(), op.attrs()
        if needs_function(type(op), specs):
            return self._call(op, self._table.for_op(type(op), specs, attrs))
        return lower(self._to, type(op), [self._value(v) for v in op.operands], attrs)

    def _call(self, op: Operation, callee: str) -> list[Value]:
        call = func.CallOp(callee, self._tensors(op), op.result_types)
        return [View.of(result) for result in self._to.insert(call).results]

    def _copy(self, op: Operation) -> None:
        if any(isinstance(inner, TasoOp | KernelOp) for inner in op.walk()):
            raise PassFailedException(f"'{op.name}' holds ops of taso, which is not supported")
        tensors = dict(zip(op.operands, self._tensors(op), strict=True))
        copy = self._to.insert(op.clone(self._others | tensors))
        self._others.update(zip(op.results, copy.results, strict=True))

    def _value(self, old: SSAValue) -> Value:
        return self._values[old] if old in self._values else View.of(self._others[old])

    def _tensors(self, op: Operation) -> list[SSAValue]:
        """The operands of an op that reads whole values."""
        return [
            self._to.tensor(self._values[v]) if v in self._values else self._others[v]
            for v in op.operands
        ]

    def _bind(self, op: Operation, values: list[Value]) -> None:
        for result, value in zip(op.results, values, strict=True):
            self._values[result] = value
            if isinstance(value, View) and value.source.name_hint is None:
                value.source.name_hint = result.name_hint
