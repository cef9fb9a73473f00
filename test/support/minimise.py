"""Makes a program that fails small: delta debugging on its results, ops and sizes.

After Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from support.ir import find_function
from support.random_programs import RandomProgram
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.base import Array, AttrValue, ConstraintError, TasoOp, spec_of, tensor_type
from taso.dialects.interpret import interpret
from taso.dialects.spec import DTYPES, TensorSpec, narrow, numpy_dtype


def minimise(program: RandomProgram, fails: Callable[[RandomProgram], bool]) -> RandomProgram:
    """A program that still fails and from which no single step can be taken.

    Steps: leave out a result; put an input, or an operand of the same type, in the place of an
    op; make all dims of one size smaller.
    """
    smaller = True
    while smaller:
        smaller = False
        for change in _changes(program):
            candidate = _changed(program, change)
            if candidate is not None and fails(candidate):
                program, smaller = candidate, True
                break
    return program


@dataclass(frozen=True)
class _Change:
    drop_result: int | None = None
    cut: int | None = None
    """The op, by position, whose results become inputs."""
    bypass: tuple[int, int] | None = None
    """An op, by position, and which of its operands stands for its result."""
    sizes: Mapping[int, int] = field(default_factory=dict[int, int])


def _changes(program: RandomProgram) -> Iterator[_Change]:
    """Those first that may leave out most."""
    main = find_function(program.module)
    *ops, returned = main.body.block.ops
    if len(returned.operands) > 1:
        yield from (_Change(drop_result=i) for i in range(len(returned.operands)))
    for i in reversed(range(len(ops))):
        for j, operand in enumerate(ops[i].operands):
            if [operand.type] == [r.type for r in ops[i].results]:
                yield _Change(bypass=(i, j))
    yield from (_Change(cut=i) for i in reversed(range(len(ops))) if ops[i].operands)
    sizes = sorted({d for op in ops for v in op.results for d in spec_of(v).shape})
    for size in sizes:
        yield from (_Change(sizes={size: smaller}) for smaller in (1, 2) if smaller < size)


def _changed(program: RandomProgram, change: _Change) -> RandomProgram | None:
    """The program after a change, without what is of no use any more; None if it is ill-typed."""
    try:
        return _Rewrite(program, change).run()
    except (ConstraintError, IndexError, ValueError):
        return None


class _Rewrite:
    def __init__(self, program: RandomProgram, change: _Change) -> None:
        self._main = find_function(program.module)
        self._inputs = program.inputs
        self._change = change
        self._block = Block()
        self._arrays: list[Array] = []
        self._marks: list[bool] = []
        self._values: dict[SSAValue, SSAValue] = {}

    def run(self) -> RandomProgram:
        *ops, returned = self._main.body.block.ops
        results = list(returned.operands)
        if self._change.drop_result is not None:
            del results[self._change.drop_result]
        ops = [op for op in ops if isinstance(op, TasoOp)]
        live = self._live(ops, results)
        for i, array in enumerate(self._inputs):
            argument = self._main.args[i]
            if argument in live:
                self._values[argument] = self._argument(self._resized(array), self._is_param(i))
        cut_at = self._change.cut
        for i, op in enumerate(ops):
            if live.isdisjoint(op.results):
                continue
            if i == cut_at:
                for result, array in zip(op.results, self._known(op), strict=True):
                    self._values[result] = self._argument(array, False)
            elif self._change.bypass is not None and i == self._change.bypass[0]:
                self._values[op.results[0]] = self._values[op.operands[self._change.bypass[1]]]
            else:
                self._copy(op)
        return self._program([self._values[v] for v in results])

    def _live(self, ops: list[TasoOp], results: list[SSAValue]) -> set[SSAValue]:
        live = set(results)
        for i, op in reversed(list(enumerate(ops))):
            if live.isdisjoint(op.results) or i == self._change.cut:
                continue
            bypass = self._change.bypass
            live.update(
                op.operands if bypass is None or i != bypass[0] else [op.operands[bypass[1]]]
            )
        return live

    def _known(self, op: TasoOp) -> list[Array]:
        """What an op's results are in the program as it was, rounded to their types."""
        module = ModuleOp([self._main.clone()])
        main = find_function(module)
        ops = list(self._main.body.block.ops)
        twin = list(main.body.block.ops)[ops.index(op)]
        block = main.body.block
        last = block.last_op
        assert last is not None
        block.insert_op_before(func.ReturnOp(*twin.results), last)
        last.detach()
        last.erase()
        arrays = interpret(main, self._inputs, wide=True)
        return [narrow(a, spec_of(v).dtype) for a, v in zip(arrays, op.results, strict=True)]

    def _resized(self, array: Array) -> Array:
        corner = tuple(slice(0, self._change.sizes.get(d, d)) for d in array.shape)
        return np.ascontiguousarray(array[corner]).reshape(array[corner].shape)

    def _argument(self, array: Array, param: bool) -> SSAValue:
        dtype = next(name for name in DTYPES if numpy_dtype(name) == array.dtype)
        self._arrays.append(array)
        self._marks.append(param)
        spec = TensorSpec(array.shape, dtype)
        return self._block.insert_arg(tensor_type(spec), len(self._block.args))

    def _is_param(self, index: int) -> bool:
        attrs = self._main.arg_attrs
        return attrs is not None and "taso.param" in attrs.data[index].data

    def _copy(self, op: TasoOp) -> None:
        attrs: dict[str, AttrValue] = dict(op.attrs())
        shape = attrs.get("shape")
        if self._change.sizes and isinstance(shape, tuple):
            attrs["shape"] = tuple(self._change.sizes.get(d, d) for d in shape)
        made = type(op).create_op([self._values[v] for v in op.operands], attrs)
        self._block.add_op(made)
        self._values.update(zip(op.results, made.results, strict=True))

    def _program(self, results: list[SSAValue]) -> RandomProgram:
        self._block.add_op(func.ReturnOp(*results))
        types = [a.type for a in self._block.args], [v.type for v in results]
        attrs = [DictionaryAttr({"taso.param": UnitAttr()} if m else {}) for m in self._marks]
        arg_attrs = ArrayAttr(attrs) if any(self._marks) else None
        module = ModuleOp([func.FuncOp("main", types, Region(self._block), arg_attrs=arg_attrs)])
        module.verify()
        return RandomProgram(module, self._arrays)
