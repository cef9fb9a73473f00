"""A cost model of measured calls, for devices on which each op is a call.

What has not been measured costs what the roofline says, times the median of measured to predicted
over the ops of its kind: so that numbers of both sorts can be added up.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from xdsl.dialects import func

from taso.dialects.base import Attrs, AttrValue, OpKind, TasoOp, TensorSpec
from taso.dialects.elementwise import AddOp, MulOp
from taso.dialects.movement import BroadcastOp, ReshapeOp
from taso.dialects.taso import OPS
from taso.passes.search.cost import VIEW_SECONDS, CostModel
from taso.passes.search.devices import Device
from taso.passes.search.extract import Encoding
from taso.passes.search.layout import OP, PRODUCT, Layout, dense_strides, is_copied
from taso.passes.search.program import Graph, Program

LARGE = 1 << 20
"""Bytes of a result from which on it counts whether it is written over an operand: fresh memory
has to be mapped, and is read before it is written."""


class Call(NamedTuple):
    """One op as it is measured: its operands' types and how they lie in memory."""

    op: str
    attrs: tuple[tuple[str, AttrValue], ...]
    operands: tuple[TensorSpec, ...]
    layouts: tuple[Layout, ...]

    @staticmethod
    def of(
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        layouts: Sequence[Layout] = (),
    ) -> Call:
        """Operands are dense where no layouts are given."""
        found = layouts or [Layout(dense_strides(x.shape)) for x in operands]
        pairs = [(x, _normal(x, layout)) for x, layout in zip(operands, found, strict=True)]
        if op is AddOp:
            pairs.sort(key=lambda pair: pair[1].strides != dense_strides(pair[0].shape))
        name = op.name.partition(".")[2]
        call = Call(name, tuple(sorted(attrs.items())), *zip(*pairs, strict=True))
        return call._replace(layouts=call._relevant())

    def _relevant(self) -> tuple[Layout, ...]:
        """The layouts, with what made a value where that makes a difference."""
        if self.bias_axis is not None:
            written, maker = 0, PRODUCT
        else:
            written, maker = self.written_over, OP
        return tuple(
            layout._replace(made_by=maker if i == written else "")
            for i, layout in enumerate(self.layouts)
        )

    @property
    def key(self) -> str:
        """The call as text; `parse` is the way back."""
        attrs = {name: _plain(value) for name, value in self.attrs}
        operands = [
            [x.dtype, x.shape, *layout]
            for x, layout in zip(self.operands, self.layouts, strict=True)
        ]
        return json.dumps([self.op, attrs, operands], separators=(",", ":"))

    @staticmethod
    def parse(key: str) -> Call:
        """Raises ValueError, KeyError or TypeError for what is no key."""
        op, attrs, operands = json.loads(key)
        given = tuple((name, _restored(value)) for name, value in sorted(attrs.items()))
        specs = tuple(TensorSpec(tuple(x[1]), x[0]) for x in operands)
        layouts = tuple(Layout(tuple(x[2]), x[3], x[4]) for x in operands)
        call = Call(op, given, specs, layouts)
        OPS[op].infer(specs, dict(given))
        return call

    @property
    def written_over(self) -> int | None:
        """The operand that an element-wise call on large tensors writes its result over."""
        if OPS[self.op].KIND is not OpKind.ELEMENTWISE:
            return None
        (result,) = OPS[self.op].infer(self.operands, dict(self.attrs))
        for i, (spec, layout) in enumerate(zip(self.operands, self.layouts, strict=True)):
            if layout.made_by and spec == result and spec.bytes >= LARGE:
                return i
        return None

    @property
    def is_copy(self) -> bool:
        """A reshape that no strides can do."""
        if self.op != ReshapeOp.name.partition(".")[2]:
            return False
        (result,) = ReshapeOp.infer(self.operands, dict(self.attrs))
        return is_copied(self.operands[0], self.layouts[0], result.shape)

    @property
    def is_view(self) -> bool:
        """A view that moves nothing."""
        return OPS[self.op].KIND is OpKind.VIEW and not self.is_copy

    @property
    def bias_axis(self) -> int | None:
        """The axis along which a vector is added to the result of a call that takes a bias."""
        if self.op != "add" or self.layouts[0].made_by != PRODUCT:
            return None
        (spec, _), (_, layout) = self.operands, self.layouts
        along = [axis for axis, step in enumerate(layout.strides) if step]
        return along[0] if along in ([spec.rank - 1], [1]) and spec.rank in (2, 3, 4) else None


def _normal(spec: TensorSpec, layout: Layout) -> Layout:
    """The layout without what makes no difference: steps along axes of one element."""
    steps = zip(spec.shape, layout.strides, dense_strides(spec.shape), strict=True)
    return layout._replace(strides=tuple(d if size == 1 else step for size, step, d in steps))


def _plain(value: AttrValue) -> Any:
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def _restored(value: Any) -> AttrValue:
    if isinstance(value, dict):
        return bytes.fromhex(cast("dict[str, str]", value)["bytes"])
    return tuple(value) if isinstance(value, list) else value


class MeasuredCostModel(CostModel):
    """Seconds of calls from a table by their keys; the device's roofline for the rest."""

    reads_layouts = True

    def __init__(
        self, device: Device, table: Mapping[str, float], *, memory_growth: float = 0.25
    ) -> None:
        super().__init__(device, memory_growth=memory_growth)
        self.table = table
        self.asked: dict[str, Call] = {}
        """The calls whose costs have been asked for, by key."""
        self._roofline = CostModel(device)
        self._factors = _factors(table, self._roofline)
        views = [table[key] for key in table if Call.parse(key).is_view]
        self._view_seconds = statistics.median(views) if views else 0.0

    def call(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
        layouts: Sequence[Layout] = (),
    ) -> float:
        if issubclass(op, AddOp | MulOp) and len(operands) > 2:
            return self._chain(op, operands, results, layouts)
        if op.KIND is OpKind.OPAQUE:
            return super().call(op, attrs, operands, results)
        return self._ask(Call.of(op, attrs, operands, layouts))

    def _ask(self, call: Call) -> float:
        self.asked.setdefault(call.key, call)
        return self.seconds(call)

    def _chain(
        self,
        op: type[TasoOp],
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
        layouts: Sequence[Layout],
    ) -> float:
        """An n-ary node is a chain from the left."""
        found = layouts or [Layout(dense_strides(x.shape)) for x in operands]
        total, first = 0.0, found[0]
        for layout in found[1:]:
            total += self.call(op, {}, operands[:2], results, (first, layout))
            first = Layout(dense_strides(operands[0].shape))
        return total

    def view(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        layouts: Sequence[Layout],
    ) -> float:
        """Seconds to make a view: some calls of torch, and where a reshape has to, a copy.

        Element-wise calls broadcast by themselves, and numbers need no views.
        """
        if op is BroadcastOp or not layouts or layouts[0].splat is not None:
            return VIEW_SECONDS
        return VIEW_SECONDS + self._ask(Call.of(op, attrs, operands, layouts))

    def prepare(
        self,
        op: type[TasoOp],
        attrs: Attrs,
        operands: Sequence[TensorSpec],
        results: Sequence[TensorSpec],
    ) -> float:
        return self._roofline.prepare(op, attrs, operands, results)

    def copy(self, spec: TensorSpec) -> float:
        return self._factor(OpKind.COPY) * self._roofline.copy(spec)

    def _factor(self, kind: OpKind) -> float:
        return self._factors.get(kind, self._factors.get(None, 1.0))

    def seconds(self, call: Call) -> float:
        """Seconds of a call, from the table or predicted."""
        if call.key in self.table:
            return self.table[call.key]
        if call.is_view:
            return self._view_seconds
        op, attrs = OPS[call.op], dict(call.attrs)
        results = op.infer(call.operands, attrs)
        if call.is_copy:
            return self.copy(results[0])
        return self._factor(op.KIND) * self._roofline.call(op, attrs, call.operands, results)

    def coverage(self, function: func.FuncOp) -> tuple[int, int]:
        """How many of a function's calls, each counted once, are measured; and how many are not
        opaque."""
        program = Program(function)
        asked = calls_of(program, program.roots, self)
        return sum(key in self.table for key in asked), len(asked)


def calls_of(graph: Graph, roots: Sequence[int], model: MeasuredCostModel) -> Mapping[str, Call]:
    """The calls, by their keys, that the programs of a graph may make: what decides its costs."""
    fresh = MeasuredCostModel(model.device, model.table)
    Encoding(graph, roots, fresh)
    return fresh.asked


def _factors(table: Mapping[str, float], roofline: CostModel) -> dict[OpKind | None, float]:
    """The median of measured to predicted by kind, and over all."""
    ratios: dict[OpKind | None, list[float]] = {}
    for key, seconds in table.items():
        call = Call.parse(key)
        op, attrs = OPS[call.op], dict(call.attrs)
        if call.bias_axis is not None or call.written_over is not None or call.is_view:
            continue
        if call.is_copy:
            kind, predicted = OpKind.COPY, roofline.copy(call.operands[0])
        else:
            results = op.infer(call.operands, attrs)
            kind, predicted = op.KIND, roofline.call(op, attrs, call.operands, results)
        for which in (kind, None):
            ratios.setdefault(which, []).append(seconds / predicted)
    return {kind: statistics.median(found) for kind, found in ratios.items()}
