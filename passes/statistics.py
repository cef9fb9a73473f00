"""What a function takes: ops, launches, FLOPs, and what it keeps in memory on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from taso.dialects.base import OpKind, TasoOp, TensorSpec, spec_of
from taso.dialects.extern import ExternOp
from taso.dialects.kernel import KernelOp
from taso.passes.kernel_groups import is_free
from taso.passes.peak_memory import peak_bytes
from taso.passes.search.cost import is_column_op
from taso.passes.search.devices import CPU, Device


@dataclass(frozen=True)
class Statistics:
    """Counts of a function. Views and constants are no ops, no launches and no intermediates.

    An intermediate is what is in memory between launches: a result of an op, or of a kernel, that
    is not a result of the function (or viewed as one).
    """

    ops: int
    """Ops, those in kernels too."""
    launches: int
    """Kernels and calls on the device."""
    flops: int
    """Floating-point operations; a multiply-add counts two."""
    intermediate_bytes: int
    intermediate_elements: int
    largest_intermediate: int
    """Elements of the largest one."""
    peak_bytes: int
    """The most bytes that results are in at one time, those of the function too."""


def statistics(function: func.FuncOp, device: Device = CPU) -> Statistics:
    """Count a function of `taso` ops; the launches and the peak depend on the device."""
    block = function.body.block
    ops = list(_tensor_ops(block))
    intermediates = _intermediates(block)
    return Statistics(
        ops=len(ops),
        launches=launches(function, device),
        flops=sum(type(op).flops(op.operand_specs(), op.attrs()) for op in ops),
        intermediate_bytes=sum(t.bytes for t in intermediates),
        intermediate_elements=sum(t.size for t in intermediates),
        largest_intermediate=max((t.size for t in intermediates), default=0),
        peak_bytes=peak_bytes(function, fuses=device.fuses),
    )


def opaque_ops(function: func.FuncOp) -> dict[str, int]:
    """How often the function calls each torch op, by the name of its overload, sorted."""
    calls = [op for op in function.walk() if isinstance(op, ExternOp)]
    return dict(sorted(Counter(str(op.attrs()["overload"]) for op in calls).items()))


def launches(function: func.FuncOp, device: Device) -> int:
    """How many kernels or calls run.

    On a device that does not fuse, each op is a call, those in kernels too. On one that does, an
    op or a kernel is one launch, and one more where statistics along other axes than the
    innermost ones are used within: their pass over the data must end before the next one starts.
    """
    if not device.fuses:
        return len(list(_tensor_ops(function.body.block)))
    return sum(_passes(op) for op in function.body.block.ops)


def _passes(op: Operation) -> int:
    if isinstance(op, KernelOp):
        inner = [o for o in op.body.block.ops if isinstance(o, TasoOp)]
        return 2 if any(_needs_pass_before(o, op) for o in inner) else 1
    if not isinstance(op, TasoOp) or is_free(op):
        return 0
    return 2 if _needs_pass_before(op, None) else 1


def _needs_pass_before(op: TasoOp, kernel: KernelOp | None) -> bool:
    if op.KIND not in (OpKind.REDUCTION, OpKind.COMPOSITE):
        return False
    if not is_column_op(type(op), op.attrs(), op.operand_specs()[0].rank):
        return False
    if op.KIND is OpKind.COMPOSITE:
        return True
    return kernel is not None and any(
        use.operation is not kernel.terminator for r in op.results for use in r.uses
    )


def _tensor_ops(block: Block) -> Iterator[TasoOp]:
    """Ops in program order, also those in kernels, without views and constants."""
    for op in block.walk():
        if isinstance(op, TasoOp) and not is_free(op):
            yield op


def _intermediates(block: Block) -> list[TensorSpec]:
    returned = {_viewed(v) for v in block.last_op.operands} if block.last_op else set[SSAValue]()
    return [
        spec_of(result)
        for op in block.ops
        if isinstance(op, TasoOp | KernelOp) and not is_free(op)
        for result in op.results
        if result not in returned
    ]


def _viewed(value: SSAValue) -> SSAValue:
    while isinstance(value.owner, Operation) and is_free(value.owner) and value.owner.operands:
        value = value.owner.operands[0]
    return value


def format_time(seconds: float) -> str:
    """A time of three digits, in the unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
