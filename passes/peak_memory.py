"""The most memory that a function takes at one time.

A buffer lives from the op that makes it to the last op that reads it, or a view of it; results of
the function live to its end. Where each op is a call, an element-wise op writes over an operand
of its type that nothing reads afterwards, as the generated source does; a kernel is a function,
whose caller keeps the arguments until it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from taso.dialects.base import OpKind, TasoOp, spec_of
from taso.dialects.kernel import KernelOp, YieldOp
from taso.passes.kernel_groups import is_free


class _Step(NamedTuple):
    """Buffers, by the value that each was made as."""

    reads: list[SSAValue]
    makes: list[SSAValue]
    overwrites: Sequence[SSAValue] = ()
    """Those read that the result may be written over, if they end here."""


def peak_bytes(function: func.FuncOp, *, fuses: bool) -> int:
    """The most bytes that results of ops and kernels are in at one time; arguments count not.

    fuses: a kernel is one launch, and what is computed in it takes no memory.
    """
    steps = list(_Buffers(fuses).steps(function.body.block))
    last = {value: at for at, step in enumerate(steps) for value in (*step.makes, *step.reads)}
    live = peak = 0
    for at, step in enumerate(steps):
        ended = [v for v in dict.fromkeys((*step.makes, *step.reads)) if last[v] == at]
        in_place = any(v in ended for v in step.overwrites)
        made = sum(map(_bytes, step.makes))
        peak = max(peak, live + (0 if in_place else made))
        live += made - sum(map(_bytes, ended))
    return peak


def _bytes(value: SSAValue) -> int:
    return spec_of(value).bytes


class _Buffers:
    """Which buffer each value is in, along the ops of a function."""

    def __init__(self, fuses: bool) -> None:
        self._fuses = fuses
        self._buffer: dict[SSAValue, SSAValue] = {}
        """What is not here is an argument or a constant, or a view of one."""

    def steps(self, block: Block) -> Iterator[_Step]:
        """What runs, in order."""
        for op in block.ops:
            reads = self._of(op.operands)
            if isinstance(op, TasoOp) and is_free(op):
                self._alias(op.results, list(op.operands[:1]) * len(op.results))
            elif isinstance(op, KernelOp) and not self._fuses:
                self._alias(op.body.block.args, op.operands)
                yield from self.steps(op.body.block)
                self._alias(op.results, op.terminator.operands)
                yield _Step([*reads, *self._of(op.results)], [])
            elif isinstance(op, TasoOp | KernelOp):
                self._buffer.update(zip(op.results, op.results, strict=True))
                yield _Step(reads, list(op.results), self._overwritable(op))
            elif not isinstance(op, YieldOp):
                yield _Step(reads, [])

    def _of(self, values: Sequence[SSAValue]) -> list[SSAValue]:
        return [self._buffer[v] for v in values if v in self._buffer]

    def _alias(self, values: Sequence[SSAValue], others: Sequence[SSAValue]) -> None:
        known = zip(values, others, strict=False)  # a constant has no operand
        self._buffer.update({v: self._buffer[x] for v, x in known if x in self._buffer})

    def _overwritable(self, op: Operation) -> list[SSAValue]:
        if self._fuses or not isinstance(op, TasoOp) or op.KIND is not OpKind.ELEMENTWISE:
            return []
        whole = [v for v in op.operands if v in self._buffer and v.type == op.results[0].type]
        return [b for v in whole if isinstance((b := self._buffer[v]).owner, Operation) and v is b]
