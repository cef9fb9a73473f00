"""Which ops of a block run as one kernel.

Groups grow by greedy merging along the values between them, the values that cost most to store
and load first. Two groups merge where one kernel can run both:

* element-wise ops and row ops (reductions, softmax, norms) merge while all that is collected is
  collected over the same axes of the same shape, and values in between are only transposed,
  reshaped or broadcast;
* on a device that fuses, a contraction takes the element-wise ops on its result as epilogue; on
  others its call takes a bias, and so does a convolution's on any;
* no other group lies on a path between the two, so that kernels can run in some order, and
  random calls in theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir import Block, Operation, SSAValue

from taso.dialects.base import OpKind, TasoOp, TensorSpec, spec_of
from taso.dialects.contraction import MatMulOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import AddOp
from taso.dialects.extern import is_random
from taso.dialects.movement import BroadcastOp, ReshapeOp, TransposeOp
from taso.passes.search.cost import CostModel, Place, is_library_call, reduced_axes

FUSED_VIEWS = (BroadcastOp, ReshapeOp, TransposeOp)
"""Views that a kernel reads through."""


@dataclass(eq=False)
class Group:
    """Ops that run together, by their numbers in the block."""

    members: list[int]
    size: int
    """Elements of the largest tensor that the ops run over."""
    pattern: tuple[TensorSpec, tuple[int, ...]] | None
    """The tensor and the axes over which its row ops collect."""
    reduced: int
    """Elements that collecting leaves."""
    contraction: bool
    fusable: bool
    composite: bool


def group_ops(block: Block, model: CostModel) -> list[list[Operation]]:
    """The groups of ops, views and constants left out, that become a kernel each.

    A kernel has two ops or more, or is one composite that is no library call.
    """
    grouping = _Grouping(block, model)
    grouping.merge()
    return [
        [grouping.ops[i] for i in sorted(group.members)]
        for group in grouping.groups()
        if len(group.members) > 1 or (group.composite and group.fusable)
    ]


def is_free(op: Operation) -> bool:
    """A view or a constant."""
    return isinstance(op, TasoOp) and op.KIND in (OpKind.VIEW, OpKind.CONSTANT)


def base_value(value: SSAValue) -> SSAValue:
    """What a chain of views that kernels read through looks at."""
    while isinstance(value.owner, FUSED_VIEWS):
        value = value.owner.operand
    return value


class _Grouping:
    def __init__(self, block: Block, model: CostModel) -> None:
        self.model = model
        self.ops = [op for op in block.ops if not isinstance(op, FUSED_VIEWS)]
        number = {op: i for i, op in enumerate(self.ops)}
        self._group = [self._single(i, op) for i, op in enumerate(self.ops)]
        self._uses: list[tuple[int, int, SSAValue]] = []
        """Producer, consumer, and the value as the consumer reads it."""
        for i, op in enumerate(self.ops):
            for operand in op.operands:
                base = base_value(operand)
                if isinstance(base.owner, Operation):
                    self._uses.append((number[base.owner], i, operand))
        random = [i for i, op in enumerate(self.ops) if is_random(op)]
        self._arcs = [(p, c) for p, c, _ in self._uses] + list(pairwise(random))
        """What has to come before what: producers before consumers, and a random call before
        the next."""

    def groups(self) -> list[Group]:
        return list(dict.fromkeys(self._group))

    def merge(self) -> None:
        """Merge until nothing can be merged."""
        uses = sorted(self._uses, key=lambda use: (-self._saved(use), use[1], use[0]))
        merged = True
        while merged:
            merged = sum(self._merge(*use) for use in uses) > 0

    def _single(self, number: int, op: Operation) -> Group:
        kind = op.KIND if isinstance(op, TasoOp) else None
        specs = [spec_of(v) for v in (*op.operands, *op.results)] if kind else []
        size = max((t.size for t in specs), default=0)
        collects = kind in (OpKind.REDUCTION, OpKind.COMPOSITE)
        contraction = kind is OpKind.CONTRACTION
        fusable = collects or kind is OpKind.ELEMENTWISE or (contraction and self._fuses)
        pattern, reduced = None, size
        if isinstance(op, TasoOp) and (is_library_call(type(op)) or self._is_bias(op)):
            fusable = False
        elif isinstance(op, TasoOp) and collects:
            axes = reduced_axes(type(op), op.attrs(), specs[0].rank)
            pattern = (specs[0], axes)
            reduced = (
                specs[0].with_shape([n for i, n in enumerate(specs[0].shape) if i not in axes]).size
            )
        elif contraction:
            size = specs[-1].size
        composite = kind is OpKind.COMPOSITE
        return Group([number], size, pattern, reduced, contraction, fusable, composite)

    def _is_bias(self, op: TasoOp) -> bool:
        """Whether the op adds a vector to the channels of a call's result: the call does it."""
        if not isinstance(op, AddOp):
            return False
        a, b = op.operands
        return self._takes_bias(a, b) or self._takes_bias(b, a)

    def _takes_bias(self, value: SSAValue, bias: SSAValue) -> bool:
        call, row = value.owner, bias.owner
        product = isinstance(call, MatMulOp) and spec_of(call.rhs).rank == 2 and not self._fuses
        axis = spec_of(value).rank - 1 if product else 1
        along_channels = isinstance(row, BroadcastOp) and row.attrs()["dims"] == (axis,)
        called = product or isinstance(call, Conv2dOp)
        return called and value.has_one_use() and along_channels

    @property
    def _fuses(self) -> bool:
        return self.model.device.fuses

    def _saved(self, use: tuple[int, int, SSAValue]) -> float:
        """Seconds of the value's way through memory; an epilogue also saves its own launch."""
        value = base_value(use[2])
        moves = self.model.moves(spec_of(value)) if self._fuses else ()
        places = ((Place.MEMORY, Place.REGISTERS), (Place.LOADED, Place.MEMORY))
        saved = sum(step.seconds for step in moves if step[:2] in places)
        return saved if moves else float(spec_of(value).bytes)

    def _merge(self, producer: int, consumer: int, value: SSAValue) -> bool:
        first, second = self._group[producer], self._group[consumer]
        if first is second or not self._fit(first, second, value):
            return False
        if self._has_detour(first, second):
            return False
        merged = Group(
            first.members + second.members,
            max(first.size, second.size),
            first.pattern or second.pattern,
            first.reduced if first.pattern else second.reduced,
            first.contraction or second.contraction,
            fusable=True,
            composite=first.composite or second.composite,
        )
        for member in merged.members:
            self._group[member] = merged
        return True

    def _fit(self, first: Group, second: Group, value: SSAValue) -> bool:
        if not (first.fusable and second.fusable):
            return False
        if first.contraction or second.contraction:
            return self._fits_epilogue(first, second, value)
        if first.pattern and second.pattern and first.pattern != second.pattern:
            return False
        # What runs over fewer elements is computed again for each of the larger kernel's rows:
        # cheap for a vector, wasteful for what collects.
        same = {first.size, first.reduced} if first.pattern else {first.size}
        if second.size in same:
            return True
        if second.pattern and first.size == second.reduced:
            return True
        return first.pattern is None and first.size < second.size

    def _fits_epilogue(self, first: Group, second: Group, value: SSAValue) -> bool:
        """Element-wise work on the tile of a contraction, operands computed on the way."""
        one_contraction = not (first.contraction and second.contraction)
        element_wise = first.pattern is None and second.pattern is None
        if not (one_contraction and element_wise):
            return False
        if second.contraction:
            readers = {c for p, c, _ in self._uses if self._group[p] is first}
            into_product = any(
                isinstance(op := self.ops[c], TasoOp) and op.KIND is OpKind.CONTRACTION
                for c in readers
                if self._group[c] is second
            )
            return first.size <= second.size and not into_product
        return first.size == second.size == spec_of(value).size == spec_of(base_value(value)).size

    def _has_detour(self, first: Group, second: Group) -> bool:
        """Whether a path from the first group to the second leads through a third."""
        users: dict[Group, dict[Group, None]] = {}
        for p, c in self._arcs:
            users.setdefault(self._group[p], {})[self._group[c]] = None
        seen = {first, second}
        stack = list(users.get(first, ()))
        while stack:
            group = stack.pop()
            if group not in seen:
                seen.add(group)
                following = users.get(group, {})
                if second in following:
                    return True
                stack.extend(following)
        return False
