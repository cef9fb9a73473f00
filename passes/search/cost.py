"""The cost model: where values are kept, and the seconds that it takes to get them there.

On a device that fuses, a value is in *memory*, in the *registers* of a kernel, or in the *tile*
that a contraction accumulates. Element-wise and row ops read registers and make registers;
element-wise ops may also work on a tile, as the epilogue of its contraction. A store of registers
to memory costs a launch and the bytes written, a load the bytes read. A value in registers is
shared freely: that a kernel may have to compute it again is not counted. A contraction reads
memory and makes a tile, at the cost of a launch, for a kernel holds one contraction at most: a
store of its tile costs the bytes alone. A library call and a copy read and write memory; views
change nothing and are free in any place, and so are splats.

On a device that does not fuse, each op but views and constants is a call that reads and writes
memory: launch + max(flops / rate, bytes / bandwidth).

What is computed from parameters and constants alone is *prepared* once: it costs nothing in the
main program but memory, and next to nothing as a tie-breaker.

A result that the input program computes is to be in memory of its own, row by row. If it is a
view of something else in the end, it costs a copy, unless a kernel stores it as it shall be.

Not modelled: the copy that a reshape of a transposed value needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import ClassVar, NamedTuple, cast

from taso.dialects import equation
from taso.dialects.attention import AttentionOp
from taso.dialects.base import Attrs, AttrValue, OpKind, TasoOp, TensorSpec, numpy_dtype
from taso.dialects.composite import BatchNormOp, LogSoftmaxOp, SoftmaxOp
from taso.dialects.contraction import EinsumOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.elementwise import BinaryOp, MulOp
from taso.dialects.emit import SpecEmitter
from taso.dialects.norm import GroupNormOp
from taso.dialects.reduction import ArgExtremumOp, ReductionOp
from taso.dialects.scan import CumSumOp
from taso.dialects.taso import OPS
from taso.passes.search.devices import Device
from taso.passes.search.egraph import INPUT, RESULT, ENode, node_attrs
from taso.passes.search.layout import Layout
from taso.passes.search.outputs import is_view, keeps_memory

PREPARE_WEIGHT = 1e-6
"""A second of preparing parameters counts as this many seconds: of equals, the least wins."""

VIEW_SECONDS = 1e-10
"""A view's cost: of programs that are else equal, the one with fewer views wins."""

ATTENTION_EFFICIENCY = 2 / 3
"""Of the rate of a matmul of queries × keys; fitted to flash kernels at 128 and 512."""


class Place(Enum):
    """Where a value is, or may be read."""

    MEMORY = "memory"
    REGISTERS = "registers"
    TILE = "tile"
    LOADED = "loaded"  # in registers, or loaded into them
    OPERAND = "operand"  # loaded, or in a tile: what an element-wise op reads
    PREPARED = "prepared"  # in memory while parameters are prepared
    OUTPUT = "output"  # in memory of its own, row by row, as results are to be
    VIEWED = "viewed"  # in memory, as a view of another value


class Step(NamedTuple):
    """A way to bring a value to `place`, given each operand (or the value itself) in `source`."""

    place: Place
    source: Place
    seconds: float = 0.0
    kept: int = 0
    """Bytes of parameters or prepared values that the main program then keeps."""
    tile: int | None = None
    """The number of an operand that is needed in a tile, whatever `source` says."""


class NodeCost(NamedTuple):
    """What computing a node costs, wherever its result goes, and the steps that it offers."""

    seconds: float
    steps: tuple[Step, ...]


class CostModel:
    """Seconds of nodes and moves on a device.

    `memory_growth` bounds the memory that prepared parameters add: the bytes prepared, less
    those of the parameters that the main program then drops, are at most this share of the
    parameters' bytes (or what the input program has, if that is more).
    """

    reads_layouts: ClassVar[bool] = False
    """Whether costs depend on how operands lie in memory."""

    def __init__(self, device: Device, *, memory_growth: float = 0.25) -> None:
        self.device = device
        self.memory_growth = memory_growth
        self._known: dict[object, NodeCost] = {}

    def moves(self, spec: TensorSpec) -> tuple[Step, ...]:
        """Steps between the places of one value."""
        if not self.device.fuses:
            return ()
        device, moved = self.device, spec.bytes / self.device.bandwidth
        store = moved + device.allocation(spec.bytes)
        return (
            Step(Place.MEMORY, Place.REGISTERS, device.launch + store),
            Step(Place.MEMORY, Place.TILE, store),
            Step(Place.LOADED, Place.REGISTERS),
            Step(Place.LOADED, Place.MEMORY, moved),
            Step(Place.OPERAND, Place.LOADED),
            Step(Place.OPERAND, Place.TILE),
        )

    def output_moves(self, specs: Sequence[TensorSpec]) -> tuple[Step, ...]:
        """Steps between the places of a class that may have to be in memory of its own.

        `specs` are the types of its values; several ones of a call are not moved together.
        """
        free = (Step(Place.MEMORY, Place.OUTPUT), Step(Place.MEMORY, Place.VIEWED))
        if len(specs) != 1:
            return free
        (spec,) = specs
        stores = (_into(Place.OUTPUT, step) for step in self.moves(spec))
        return (*stores, *free, Step(Place.OUTPUT, Place.VIEWED, self.copy(spec)))

    def copy(self, spec: TensorSpec) -> float:
        """Seconds to copy a value."""
        moved = 2 * spec.bytes / self.device.bandwidth
        return self.device.launch + moved + self.device.allocation(spec.bytes)

    def input(self, spec: TensorSpec, param: bool) -> NodeCost:
        """An argument of the program."""
        if not param:
            return NodeCost(0.0, (Step(Place.MEMORY, Place.MEMORY),))
        kept = Step(Place.MEMORY, Place.PREPARED, kept=spec.bytes)
        return NodeCost(0.0, (Step(Place.PREPARED, Place.PREPARED), kept))

    def node(
        self,
        node: ENode,
        operands: tuple[TensorSpec, ...],
        results: tuple[TensorSpec, ...],
        param: bool,
        layouts: tuple[Layout, ...] = (),
    ) -> NodeCost:
        """A node other than an input.

        `operands` are the types of its children, `results` those of its class; `param`: it is
        computed from parameters and constants alone. `layouts`, of the operands, count where
        the model `reads_layouts`.
        """
        key = (node.op, node.attrs, operands, results, param, layouts)
        if key not in self._known:
            self._known[key] = self._node(node, operands, results, param, layouts)
        return self._known[key]

    def _node(
        self,
        node: ENode,
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
        param: bool,
        layouts: Sequence[Layout],
    ) -> NodeCost:
        if node.op == RESULT:
            return NodeCost(0.0, self._view_steps(Place.REGISTERS, param))
        op = OPS[node.op]
        attrs = node_attrs(node)
        if op.KIND is OpKind.CONSTANT:
            return NodeCost(0.0, self._constant_steps(attrs))
        if op.KIND is OpKind.VIEW:
            seconds = VIEW_SECONDS if param else self.view(op, attrs, operands, layouts)
            return NodeCost(seconds, self._view_steps(Place.LOADED, param))
        if param:
            kept = sum(r.bytes for r in results)
            steps = (
                Step(Place.PREPARED, Place.PREPARED),
                Step(Place.MEMORY, Place.PREPARED, kept=kept),
            )
            return NodeCost(self.prepare(op, attrs, operands, results), steps)
        if not self.device.fuses or is_library_call(op) or op.KIND is OpKind.COPY:
            call = self.call(op, attrs, operands, results, layouts)
            return NodeCost(call, (Step(Place.MEMORY, Place.MEMORY),))
        return self._fused(op, attrs, operands)

    def prepare(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
    ) -> float:
        """Seconds that preparing a value once counts as."""
        return PREPARE_WEIGHT * self.call(op, attrs, operands, results)

    def view(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        layouts: Sequence[Layout],
    ) -> float:
        """Seconds of a view."""
        return VIEW_SECONDS

    def _view_steps(self, source: Place, param: bool) -> tuple[Step, ...]:
        steps = [Step(Place.MEMORY, Place.MEMORY)]
        if param:
            steps.append(Step(Place.PREPARED, Place.PREPARED))
        if self.device.fuses:
            steps += [Step(Place.REGISTERS, source), Step(Place.TILE, Place.TILE)]
        return tuple(steps)

    def _constant_steps(self, attrs: Attrs) -> tuple[Step, ...]:
        steps = [Step(p, p) for p in (Place.MEMORY, Place.PREPARED)]
        item = numpy_dtype(cast(str, attrs["dtype"])).itemsize
        if self.device.fuses and len(cast(bytes, attrs["value"])) <= item:
            steps.append(Step(Place.REGISTERS, Place.REGISTERS))
        return tuple(steps)

    def _fused(self, op: type[TasoOp], attrs: Attrs, operands: Sequence[TensorSpec]) -> NodeCost:
        arithmetic = self.arithmetic(op, attrs, operands)
        read = sum(x.bytes for x in operands) / self.device.bandwidth
        match op.KIND:
            case OpKind.CONTRACTION:
                seconds = self.device.launch + max(arithmetic, read)
                return NodeCost(seconds, (Step(Place.TILE, Place.MEMORY),))
            case OpKind.ELEMENTWISE:
                epilogues = (Step(Place.TILE, Place.OPERAND, tile=i) for i in range(len(operands)))
                return NodeCost(arithmetic, (Step(Place.REGISTERS, Place.LOADED), *epilogues))
            case _:
                # Statistics along strided axes need a pass over the data before the one that
                # uses them.
                if is_column_op(op, attrs, operands[0].rank):
                    arithmetic += self.device.launch + read
                return NodeCost(arithmetic, (Step(Place.REGISTERS, Place.LOADED),))

    def call(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
        layouts: Sequence[Layout] = (),
    ) -> float:
        """Seconds of the op alone, memory to memory; an n-ary sum is n - 1 calls."""
        if op is AttentionOp and not self._is_flash(operands):
            return self._attention_by_parts(operands, attrs)
        count = call_count(op, operands)
        if count > 1:
            return count * self.call(op, attrs, operands[:2], results)
        device = self.device
        moved = op.bytes_accessed(operands, attrs) / device.bandwidth
        fresh = sum(device.allocation(r.bytes) for r in results)
        return device.launch + max(self.arithmetic(op, attrs, operands), moved) + fresh

    def _is_flash(self, operands: Sequence[TensorSpec]) -> bool:
        """Whether an attention's heads fit the device's fused kernel."""
        query, _, values, *_ = operands
        return max(query.shape[-1], values.shape[-1]) <= self.device.flash_head_dim

    def _attention_by_parts(self, operands: Sequence[TensorSpec], attrs: Attrs) -> float:
        """Products and a softmax. A mask, and a scale beside it, take no pass of their own.

        Of equals, products without a scale stay written out, and those with one do not.
        """
        parts = _Parts(self)
        query, key, _ = operands[:3]
        AttentionOp.decompose(parts, operands[:3], {"scale": 1.0, "causal": False})
        if attrs["scale"] == 1 or len(operands) > 3 or attrs["causal"]:
            return parts.seconds + VIEW_SECONDS
        scores = query.with_shape([*query.shape[:-1], key.shape[-2]])
        smaller = min(query, scores, key=lambda spec: spec.size)
        parts.emit(MulOp, [smaller, smaller])
        return parts.seconds - VIEW_SECONDS

    def arithmetic(self, op: type[TasoOp], attrs: Attrs, operands: Sequence[TensorSpec]) -> float:
        """Seconds of the op's floating-point operations at the rate that they reach."""
        flops = op.flops(operands, attrs) * call_count(op, operands)
        if op is AttentionOp:
            q, k, *_ = operands
            rate = self.device.matmul_rate(q.dtype, (q.shape[-2], k.shape[-2]))
            return flops / (rate * ATTENTION_EFFICIENCY)
        if op.KIND is OpKind.CONTRACTION:
            rate = self.device.matmul_rate(operands[0].dtype, _loops(op, attrs, operands))
            return flops / rate
        return flops / self.device.vector_rate


def output_steps(node: ENode, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of a node whose value may have to be in memory of its own."""
    if keeps_memory(node):
        viewed = (_into(Place.VIEWED, step) for step in steps)
        return (*viewed, Step(Place.OUTPUT, Place.OUTPUT))
    is_shared = node.op == INPUT or is_view(node)
    return tuple(
        _into(Place.VIEWED if is_shared or step.source is Place.PREPARED else Place.OUTPUT, step)
        for step in steps
    )


def _into(place: Place, step: Step) -> Step:
    """The step with `place` where it leads to memory."""
    return step._replace(place=place) if step.place is Place.MEMORY else step


class _Parts(SpecEmitter):
    """Adds up what the ops of a decomposition take as calls; views and splats take none."""

    def __init__(self, model: CostModel) -> None:
        super().__init__()
        self.model = model
        self.seconds = 0.0

    def emit(
        self, op: type[TasoOp], operands: Sequence[TensorSpec], **attrs: AttrValue
    ) -> TensorSpec:
        result = super().emit(op, operands, **attrs)
        if op.KIND is not OpKind.VIEW:
            self.seconds += self.model.call(op, attrs, operands, (result,))
        return result


def is_library_call(op: type[TasoOp]) -> bool:
    """Whether the op is a call of a library even on a device that fuses."""
    return op in (AttentionOp, Conv2dOp) or op.KIND in (OpKind.OPAQUE, OpKind.WINDOW)


def call_count(op: type[TasoOp], operands: Sequence[TensorSpec]) -> int:
    """Binary ops that a node stands for: an n-ary add or mul is a chain of n - 1."""
    return max(len(operands) - 1, 1) if issubclass(op, BinaryOp) else 1


def reduced_axes(op: type[TasoOp], attrs: Attrs, rank: int) -> tuple[int, ...]:
    """The axes of the first operand over which a reduction or a composite collects."""
    if issubclass(op, ReductionOp):
        return cast("tuple[int, ...]", attrs["axes"])
    if issubclass(op, ArgExtremumOp | CumSumOp | LogSoftmaxOp | SoftmaxOp):
        return (cast(int, attrs["axis"]),)
    if op is GroupNormOp:
        return tuple(range(1, rank))
    if op is BatchNormOp:
        return tuple(i for i in range(rank) if i != attrs["axis"])
    return (rank - 1,)


def is_column_op(op: type[TasoOp], attrs: Attrs, rank: int) -> bool:
    """Whether a reduction or composite collects over other axes than the innermost ones."""
    axes = reduced_axes(op, attrs, rank)
    return axes != tuple(range(rank - len(axes), rank))


def _loops(op: type[TasoOp], attrs: Attrs, operands: Sequence[TensorSpec]) -> tuple[int, ...]:
    """Sizes m, n, k of the matmul that a contraction of two operands is; batch loops are left out.

    An einsum of more operands is one loop nest, which no matmul kernel runs: each letter is a
    loop of its own. A convolution is the matmul of all windows with the weights of a group.
    """
    if op is Conv2dOp:
        (result,) = op.infer(operands, attrs)
        n, outputs, *places = result.shape
        _, *weights = operands[1].shape
        return (n * math.prod(places), outputs // cast(int, attrs["groups"]), math.prod(weights))
    if op is not EinsumOp:
        a, b = operands
        rows = a.shape[:-1] if b.rank == 2 else a.shape[-2:-1]
        return (math.prod(rows), b.shape[-1], a.shape[-1])
    terms, result = equation.split(cast(str, attrs["equation"]))
    sizes = {
        letter: n
        for term, x in zip(terms, operands, strict=True)
        for letter, n in zip(term, x.shape, strict=True)
    }
    if len(terms) != 2:
        return tuple(sizes.values())
    rows, columns = (set(t) for t in terms)
    groups = (
        (rows & set(result)) - columns,
        (columns & set(result)) - rows,
        set(sizes) - set(result),
    )
    return tuple(math.prod(sizes[letter] for letter in group) for group in groups)
