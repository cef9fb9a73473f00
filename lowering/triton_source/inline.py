"""The body of a kernel function with the functions that it calls written out."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from taso.lowering.triton_source.axes import UnsupportedKernelError

MAX_DEPTH = 8
"""Kernels call composites, which call nothing deeper."""


def inlined(function: func.FuncOp, resolve: Callable[[str], func.FuncOp]) -> Block:
    """A copy of the function's block, without calls. Raises for a function without a body."""
    source = _body(function)
    block = Block(arg_types=source.arg_types)
    for old, new in zip(source.args, block.args, strict=True):
        new.name_hint = old.name_hint
    results = _copy(source, block, list(block.args), resolve, 0)
    block.add_op(func.ReturnOp(*results))
    return block


def _body(function: func.FuncOp) -> Block:
    if function.is_declaration or len(function.body.blocks) != 1:
        raise UnsupportedKernelError("a function has no body of one block")
    return function.body.block


def _copy(
    source: Block,
    target: Block,
    arguments: list[SSAValue],
    resolve: Callable[[str], func.FuncOp],
    depth: int,
) -> list[SSAValue]:
    if depth > MAX_DEPTH:
        raise UnsupportedKernelError("calls are nested too deeply")
    values: dict[SSAValue, SSAValue] = dict(zip(source.args, arguments, strict=True))
    for op in source.ops:
        match op:
            case func.ReturnOp():
                return [values[v] for v in op.arguments]
            case func.CallOp():
                given = [values[v] for v in op.arguments]
                callee = _body(resolve(op.callee.string_value()))
                results = _copy(callee, target, given, resolve, depth + 1)
                values.update(zip(op.results, results, strict=True))
            case _:
                _clone(op, target, values)
    raise UnsupportedKernelError("a function does not end in func.return")


def _clone(op: Operation, target: Block, values: dict[SSAValue, SSAValue]) -> None:
    copy = op.clone(values)
    target.add_op(copy)
    values.update(zip(op.results, copy.results, strict=True))
