"""`taso-form-kernels`: groups ops into regions that become one kernel each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.extern import is_random
from taso.dialects.kernel import KernelOp, YieldOp
from taso.dialects.movement import ConstantOp, splat_value
from taso.passes.kernel_groups import FUSED_VIEWS, base_value, group_ops
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named


@dataclass(frozen=True)
class FormKernelsPass(ModulePass):
    """Puts ops that run together into `taso.kernel` regions, as the device can fuse them.

    A kernel is two ops or more, or one composite: element-wise chains with row ops, a composite
    with what is element-wise around it, and on a device that fuses also a contraction with its
    element-wise epilogue. Views are read inside the kernels, splats made there. A contraction, a
    copy, an attention or a plain op alone stays as it is. Kernels there already stay too.

    device: whose cost model decides, a name in `search/devices.py`.
    """

    name = "taso-form-kernels"

    device: str = "cpu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            model = CostModel(device_named(self.device))
        except ValueError as e:
            raise PassFailedException(str(e)) from e
        for function in [f for f in op.walk() if isinstance(f, func.FuncOp)]:
            for block in function.body.blocks:
                form_kernels(block, model)


def form_kernels(block: Block, model: CostModel) -> None:
    """Replace groups of ops of a block by kernels."""
    groups = group_ops(block, model)
    for group in groups:
        _make_kernel(block, group)
    if groups:
        _sort(block)


def _make_kernel(block: Block, group: Sequence[Operation]) -> None:
    members = set(group)
    outputs = [r for op in group for r in op.results if _is_used_outside(r, members)]
    if not outputs:
        return  # dead code
    inputs = list(dict.fromkeys(v for op in group for v in map(base_value, op.operands)))
    inputs = [v for v in inputs if v.owner not in members and not _is_splat(v)]
    body = Block(arg_types=[v.type for v in inputs])
    copies: dict[SSAValue, SSAValue] = dict(zip(inputs, body.args, strict=True))
    for value, argument in zip(inputs, body.args, strict=True):
        argument.name_hint = value.name_hint
    for op in group:
        for operand in op.operands:
            _copy_into(body, operand, copies)
        body.add_op(op.clone(copies))
    body.add_op(YieldOp([copies[v] for v in outputs]))
    kernel = KernelOp(inputs, [v.type for v in outputs], Region(body))
    block.insert_op_before(kernel, group[-1])
    for value, result in zip(outputs, kernel.results, strict=True):
        result.name_hint = value.name_hint
        value.replace_all_uses_with(result)
    for op in reversed(group):
        _erase(op)


def _copy_into(body: Block, value: SSAValue, copies: dict[SSAValue, SSAValue]) -> None:
    """Make the views and splats that a value comes from in the body."""
    if value in copies or not isinstance(value.owner, Operation):
        return
    for operand in value.owner.operands:
        _copy_into(body, operand, copies)
    body.add_op(value.owner.clone(copies))


def _is_splat(value: SSAValue) -> bool:
    owner = value.owner
    return isinstance(owner, ConstantOp) and splat_value(owner.attrs()) is not None


def _is_used_outside(value: SSAValue, members: set[Operation]) -> bool:
    """Whether an op beside the members and the views that they read uses the value."""
    return any(
        any(_is_used_outside(r, members) for r in use.operation.results)
        if isinstance(use.operation, FUSED_VIEWS)
        else use.operation not in members
        for use in value.uses
    )


def _erase(op: Operation) -> None:
    """Erase an op, and the views and constants that nothing uses then."""
    operands = op.operands
    op.detach()
    op.erase(safe_erase=False)
    for operand in dict.fromkeys(operands):
        owner = operand.owner
        if isinstance(owner, (*FUSED_VIEWS, ConstantOp)) and owner.parent and not operand.uses:
            _erase(owner)


def _sort(block: Block) -> None:
    """Put each op after those that it uses, and each random call after the one before it; else
    keep the order in which they are."""
    order: dict[Operation, None] = {}
    random = [op for op in block.ops if is_random(op)]
    before = {later: [earlier] for earlier, later in pairwise(random)}

    def visit(op: Operation) -> None:
        stack = [op]
        while stack:
            current = stack[-1]
            owners = [*(v.owner for v in current.operands), *before.get(current, ())]
            missing = [o for o in owners if isinstance(o, Operation) and o not in order]
            if missing:
                stack.append(missing[0])
            else:
                order[current] = None
                stack.pop()

    ops = list(block.ops)
    for op in ops:
        if op not in order:
            visit(op)
    for op in ops:
        op.detach()
    block.add_ops(order)
