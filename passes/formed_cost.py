"""What a program costs once its kernels are formed."""

from __future__ import annotations

from xdsl.dialects import func
from xdsl.ir import Operation

from taso.dialects.base import OpKind, TasoOp, spec_of
from taso.dialects.kernel import KernelOp
from taso.passes.kernel_groups import is_free
from taso.passes.search.cost import CostModel
from taso.passes.search.extract import function_cost
from taso.passes.search.outputs import computed_roots
from taso.passes.search.program import Program
from taso.passes.statistics import passes_of


def formed_cost(function: func.FuncOp, model: CostModel, *, given: func.FuncOp) -> float:
    """Seconds of a function whose kernels are formed, one launch after the other.

    On a device that fuses, extraction holds a value in registers for all that read it, whether one
    kernel can have them all or not; here what passes between kernels goes through memory.
    `given`: the input program, as in `function_cost`.
    """
    if not model.device.fuses:
        return function_cost(function, model, given=given)
    seconds = sum(_launch(op, model) for op in function.body.block.ops)
    return seconds + _copies(function, model, given)


def _launch(op: Operation, model: CostModel) -> float:
    if isinstance(op, KernelOp):
        return _kernel(op, model)
    if not isinstance(op, TasoOp) or is_free(op):
        return 0.0
    again = (passes_of(op) - 1) * _pass(op, model)
    return again + model.call(type(op), op.attrs(), op.operand_specs(), op.result_specs())


def _kernel(op: KernelOp, model: CostModel) -> float:
    """Loads, stores and arithmetic; a contraction's overlaps with the loads."""
    inner = [o for o in op.body.block.ops if isinstance(o, TasoOp) and not is_free(o)]
    arithmetic = {o: model.arithmetic(type(o), o.attrs(), o.operand_specs()) for o in inner}
    products = sum(s for o, s in arithmetic.items() if o.KIND is OpKind.CONTRACTION)
    moved = sum(spec_of(v).bytes for v in (*op.operands, *op.results)) / model.device.bandwidth
    again = (passes_of(op) - 1) * _pass(op, model)
    launch = model.device.launch + again
    return launch + max(products, moved) + sum(arithmetic.values()) - products


def _pass(op: Operation, model: CostModel) -> float:
    """A launch more, in which the operands are read again."""
    read = sum(spec_of(v).bytes for v in op.operands) / model.device.bandwidth
    return model.device.launch + read


def _copies(function: func.FuncOp, model: CostModel, given: func.FuncOp) -> float:
    """Results that the given program computes, and that are views of others here."""
    program, other = Program(function), Program(given)
    computed, wanted = (set(computed_roots(p, p.roots)) for p in (program, other))
    results = zip(program.roots, other.roots, strict=False)
    copied = {a for a, b in results if b in wanted and a not in computed}
    return sum(model.copy(program.specs(root)[0]) for root in copied)
