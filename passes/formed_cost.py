"""What a program costs once its kernels are formed."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from taso.dialects.base import OpKind, TasoOp, spec_of
from taso.dialects.kernel import KernelOp
from taso.dialects.movement import ConstantOp, splat_value
from taso.passes.kernel_groups import base_value, is_free
from taso.passes.search.cost import CostModel, is_column_op, is_library_call
from taso.passes.search.extract import function_cost
from taso.passes.search.outputs import computed_roots
from taso.passes.search.program import Program


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
        inner = [o for o in op.body.block.ops if isinstance(o, TasoOp) and not is_free(o)]
        return _kernel(op, inner, model)
    if not isinstance(op, TasoOp) or is_free(op):
        return 0.0
    if is_library_call(type(op)) or op.KIND is OpKind.COPY:
        return model.call(type(op), op.attrs(), op.operand_specs(), op.result_specs())
    return _kernel(op, [op], model)


def _kernel(op: Operation, inner: Sequence[TasoOp], model: CostModel) -> float:
    """Loads and stores, and the arithmetic, of which a contraction's overlaps with the loads."""
    bandwidth = model.device.bandwidth
    read = sum(spec_of(v).bytes for v in dict.fromkeys(map(base_value, op.operands)) if _is_read(v))
    written = sum(spec_of(v).bytes for v in op.results)
    seconds = model.device.launch + model.device.allocation(written) + written / bandwidth
    products = 0.0
    for each in inner:
        arithmetic = model.arithmetic(type(each), each.attrs(), each.operand_specs())
        if each.KIND is OpKind.CONTRACTION:
            products += arithmetic
        else:
            seconds += arithmetic + _pass_before(each, model)
    return seconds + max(products, read / bandwidth)


def _is_read(value: SSAValue) -> bool:
    owner = value.owner
    return not isinstance(owner, ConstantOp) or splat_value(owner.attrs()) is None


def _pass_before(op: TasoOp, model: CostModel) -> float:
    """Statistics along strided axes need a pass over the data before the one that uses them."""
    operands = op.operand_specs()
    collects = op.KIND in (OpKind.REDUCTION, OpKind.COMPOSITE)
    if not collects or not is_column_op(type(op), op.attrs(), operands[0].rank):
        return 0.0
    return model.device.launch + sum(x.bytes for x in operands) / model.device.bandwidth


def _copies(function: func.FuncOp, model: CostModel, given: func.FuncOp) -> float:
    """Results that the given program computes, and that are views of others here."""
    program, other = Program(function), Program(given)
    computed, wanted = (set(computed_roots(p, p.roots)) for p in (program, other))
    results = zip(program.roots, other.roots, strict=False)
    copied = {a for a, b in results if b in wanted and a not in computed}
    return sum(model.copy(program.specs(root)[0]) for root in copied)
