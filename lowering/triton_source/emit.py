"""The source of a Triton kernel, and of the function that launches it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from taso.lowering.torch_source.names import Namespace
from taso.lowering.torch_source.types import Type, literal, scalar_value, type_of
from taso.lowering.triton_source.axes import Axis, UnsupportedKernelError
from taso.lowering.triton_source.loops import Nest, Read, Source, Step
from taso.lowering.triton_source.scalars import TYPES, computed_in, scalar_text
from taso.lowering.triton_source.schedule import Access, Loop, Schedule, access_of

WIDE_SIZE = 2**31
"""Tensors of so many elements need offsets of 64 bits."""
RESERVED = frozenset({"tl", "triton", "libdevice", "torch", "row", "column", "rows", "columns"})


@dataclass(frozen=True)
class Combination:
    """How a reduction collects: of two tiles, of the columns of one, and from what it begins."""

    pair: str
    whole: str
    identity: dict[str, str]
    """By the kind of the element type: float, int or bool."""


_LEAST = {"float": 'float("-inf")', "int": "{least}", "bool": "0"}
_LARGEST = {"float": 'float("inf")', "int": "{largest}", "bool": "1"}
SUM = Combination("{0} + {1}", "tl.sum({0}, axis=1, keep_dims=True)", {"float": "0.0", "int": "0"})
MAXIMUM = Combination(
    "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    "tl.max({0}, axis=1, keep_dims=True)",
    _LEAST,
)
MINIMUM = Combination(
    "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    "tl.min({0}, axis=1, keep_dims=True)",
    _LARGEST,
)
COMBINATIONS = {
    "arith.addf": SUM,
    "arith.addi": SUM,
    "arith.maximumf": MAXIMUM,
    "arith.maxsi": MAXIMUM,
    "arith.ori": MAXIMUM,
    "arith.minimumf": MINIMUM,
    "arith.minsi": MINIMUM,
    "arith.andi": MINIMUM,
}


@dataclass
class _Scope:
    """Lines at one level of loops, and the names of what they compute."""

    indent: int
    lines: list[str] = field(default_factory=list[str])
    names: dict[object, str] = field(default_factory=dict[object, str])

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)


class Emitter:
    """Writes one kernel under one schedule.

    Values of rows are computed once a program; where columns take several passes, others are
    computed again in each pass that needs them.
    """

    def __init__(self, nest: Nest, schedule: Schedule, names: Sequence[str]) -> None:
        self._nest = nest
        self._names = names
        self._schedule = schedule
        scope = Namespace(RESERVED)
        self._pointers = [scope.fresh(f"{name}_ptr") for name in names]
        self._results = [scope.fresh("out_ptr") for _ in nest.outputs]
        self._scope = scope
        self._row = _Scope(1)
        self._levels: dict[Step, int] = {}
        self._columns = (
            set(nest.columns)
            if schedule.collects
            else {a for loop in schedule.columns for a in loop.atoms}
        )
        self._is_tiled = bool(schedule.columns)

    def kernel(self, name: str) -> str:
        """The definition of the kernel."""
        self._indices()
        parameters = ", ".join([*self._pointers, *self._results])
        return "\n".join(["@triton.jit", f"def {name}({parameters}):", *self._body()])

    # --- loops

    def _indices(self) -> None:
        schedule, row = self._schedule, self._row
        config = schedule.config
        program = "tl.program_id(0)"
        if self._is_wide():
            program += ".to(tl.int64)"
        across = 1
        if self._is_tiled and not schedule.collects:
            across = -(-schedule.column_count // config.columns)
        if across > 1:
            row.line(f"program = {program}")
            program = "program"
        down = f"{program} // {across}" if across > 1 else program
        index = "[:, None]" if self._is_tiled else ""
        row.line(f"row = {_range(down, config.rows)}{index}")
        self._split(row, "row", schedule.rows)
        if self._is_tiled and not schedule.collects:
            start = f"program % {across}" if across > 1 else "0"
            row.line(f"column = {_range(start, config.columns)}[None, :]")
            self._split(row, "column", schedule.columns)

    def _split(self, scope: _Scope, index: str, loops: Sequence[Loop]) -> None:
        """Name the index of each of the loops that are walked as one."""
        rest = math.prod(loop.size for loop in loops)
        for number, loop in enumerate(loops):
            rest //= loop.size
            name = index if len(loops) == 1 else f"{index}{number}"
            scope.names[loop] = name
            if len(loops) > 1:
                outer = index if rest == 1 else f"{index} // {rest}"
                text = outer if number == 0 else f"{outer} % {loop.size}"
                scope.line(f"{name} = {text}")

    def _is_wide(self) -> bool:
        sizes = [math.prod(a.shape) for a in self._nest.arguments]
        sizes.append(self._schedule.row_count * self._schedule.column_count)
        return max(sizes) >= WIDE_SIZE

    def _body(self) -> list[str]:
        if self._schedule.is_one_pass:
            if self._schedule.collects:
                self._column_index(self._row, "")
            for step, axes in self._nest.outputs:
                self._store(self._row, step, axes)
            return self._row.lines
        return self._passes()

    def _column_index(self, scope: _Scope, start: str) -> None:
        scope.line(f"column = {start}tl.arange(0, {self._schedule.config.columns})[None, :]")
        self._split(scope, "column", self._schedule.columns)

    def _passes(self) -> list[str]:
        """A loop over the columns for each reduction level, and one that writes."""
        reductions = [step for step in self._nest.steps if step.reduced]
        levels = sorted({self._level(step) for step in reductions})
        for level in levels:
            self._collect([step for step in reductions if self._level(step) == level])
        full = [(s, axes) for s, axes in self._nest.outputs if self._in_columns(axes)]
        if full:
            inner = self._open()
            for step, axes in full:
                self._store(inner, step, axes)
            self._close(inner)
        for step, axes in self._nest.outputs:
            if not self._in_columns(axes):
                self._store(self._row, step, axes)
        return self._row.lines

    def _open(self) -> _Scope:
        inner = _Scope(2)
        self._column_index(inner, "start + ")
        return inner

    def _close(self, inner: _Scope) -> None:
        schedule = self._schedule
        steps = f"0, {schedule.column_count}, {schedule.config.columns}"
        self._row.line(f"for start in range({steps}):")
        self._row.lines += inner.lines

    def _collect(self, reductions: Sequence[Step]) -> None:
        schedule = self._schedule
        shape = f"({schedule.config.rows}, {schedule.config.columns})"
        inner = self._open()
        totals: list[tuple[Step, Combination, str]] = []
        for step in reductions:
            combination, tile = self._collected(inner, step)
            total = self._scope.fresh("total")
            identity = _identity(combination, step)
            type_ = _accumulated_in(step)
            self._row.line(f"{total} = tl.full({shape}, {identity}, {type_})")
            inner.line(f"{total} = {combination.pair.format(total, tile)}")
            totals.append((step, combination, total))
        self._close(inner)
        for step, combination, total in totals:
            self._finish(step, combination, total)

    # --- values

    def _level(self, source: Source) -> int:
        """How many reductions, one after the other, a value needs; a reduction counts itself."""
        if not isinstance(source, Step):
            return 0
        if source not in self._levels:
            below = max(map(self._level, source.sources), default=0)
            self._levels[source] = below + (1 if source.reduced else 0)
        return self._levels[source]

    def _in_columns(self, axes: Sequence[Axis]) -> bool:
        return not self._columns.isdisjoint(self._nest.atoms.flat(axes))

    def _value(self, scope: _Scope, source: Source) -> str:
        """The name of a tile, which is computed in the scope unless it is one of rows."""
        if isinstance(source, bool | int | float):
            return literal(source)
        if not (isinstance(source, Step) and source.reduced) and self._in_columns(source.axes):
            home = scope
        else:
            home = self._row
        key = source if isinstance(source, Step) else self._key(source)
        if key not in home.names:
            made = (
                self._read(home, source) if isinstance(source, Read) else self._step(home, source)
            )
            home.names[key] = made
        return home.names[key]

    def _key(self, read: Read) -> object:
        axes = tuple(self._nest.atoms.resolve(axis) for axis in read.axes)
        return read.argument, axes

    def _read(self, scope: _Scope, read: Read) -> str:
        type_ = self._nest.arguments[read.argument]
        access = access_of(self._nest.atoms, type_.shape, read.axes)
        pointer, name = self._pointers[read.argument], self._names[read.argument]
        mask = self._mask(read.axes)
        text = f"tl.load({self._address(scope, pointer, access)}{mask and f', {mask}, other=0'})"
        if type_.dtype in ("float16", "bfloat16"):
            text += ".to(tl.float32)"
        return self._assign(scope, name, text)

    def _assign(self, scope: _Scope, hint: str, text: str) -> str:
        name = self._scope.fresh(hint)
        scope.line(f"{name} = {text}")
        return name

    def _address(self, scope: _Scope, pointer: str, access: Access) -> str:
        terms = [pointer]
        for loop in (*self._schedule.rows, *self._schedule.columns):
            stride = loop.stride(access)
            if stride and loop.size > 1:
                name = scope.names.get(loop) or self._row.names[loop]
                terms.append(name if stride == 1 else f"{name} * {stride}")
        return " + ".join(terms)

    def _mask(self, axes: Sequence[Axis]) -> str:
        schedule, config = self._schedule, self._schedule.config
        flat = set(self._nest.atoms.flat(axes))
        conditions: list[str] = []
        if not flat.isdisjoint(a for loop in schedule.rows for a in loop.atoms) and (
            schedule.row_count % config.rows
        ):
            conditions.append(f"row < {schedule.row_count}")
        if not flat.isdisjoint(self._columns) and schedule.column_count % config.columns:
            conditions.append(f"column < {schedule.column_count}")
        if len(conditions) > 1:
            return " & ".join(f"({c})" for c in conditions)
        return "".join(conditions)

    def _step(self, scope: _Scope, step: Step) -> str:
        if not step.reduced:
            return self._apply(scope, step)
        combination, tile = self._collected(self._row, step)
        return self._finish(step, combination, tile)

    def _apply(self, scope: _Scope, step: Step) -> str:
        """The body on tiles. What it yields has a name."""
        *_, end = step.op.body.block.ops
        values = self._scalars(scope, step)
        return values[end.operands[0]]

    def _scalars(
        self, scope: _Scope, step: Step, skipped: Operation | None = None
    ) -> dict[SSAValue, str]:
        values: dict[SSAValue, str] = {
            arg: self._value(scope, source)
            for arg, source in zip(step.op.body.block.args, step.sources, strict=False)
        }
        *body, _ = step.op.body.block.ops
        for op in body:
            if op is skipped:
                continue
            (result,) = op.results
            if isinstance(op, arith.ConstantOp):
                values[result] = literal(scalar_value(op.value))
                continue
            if _is_in_sigmoid(op):
                values[result] = values[op.operands[0]]
                continue
            text = _sigmoid(op, values) or scalar_text(op, [values[v] for v in op.operands])
            if text.isidentifier():
                values[result] = text
            else:
                hint = result.name_hint or step.op.results[0].name_hint or op.name.split(".")[-1]
                values[result] = self._assign(scope, hint, text)
        return values

    # --- reductions

    def _collected(self, scope: _Scope, step: Step) -> tuple[Combination, str]:
        """How a reduction collects, and the tile that it collects, with nothing beyond the end."""
        *_, last, end = step.op.body.block.ops
        total = step.op.body.block.args[-1]
        if end.operands[0] is not last.results[0] or last.name not in COMBINATIONS:
            raise UnsupportedKernelError("a reduction collects in a way of its own")
        collected = [v for v in last.operands if v is not total]
        if len(collected) != 1 or len(list(total.uses)) != 1:
            raise UnsupportedKernelError("a reduction does more with what it has collected")
        combination = COMBINATIONS[last.name]
        tile = self._scalars(scope, step, last)[collected[0]]
        config, count = self._schedule.config, self._schedule.column_count
        type_ = _accumulated_in(step)
        if not self._schedule.collects:
            return combination, tile  # of one element
        if last.name in ("arith.ori", "arith.andi"):
            tile = f"{tile}.to({type_})"
        shape = f"({config.rows}, {config.columns})"
        if count % config.columns:
            identity = _identity(combination, step)
            text = f"tl.where(column < {count}, {tile}, {identity})"
            return combination, self._assign(scope, "inside", f"tl.broadcast_to({text}, {shape})")
        return combination, self._assign(scope, "inside", f"tl.broadcast_to({tile}, {shape})")

    def _finish(self, step: Step, combination: Combination, tile: str) -> str:
        """The reduction of a tile over its columns, with what the reduction begins with."""
        scope = self._row
        if not self._schedule.collects:
            return tile
        hint = step.op.results[0].name_hint or "collected"
        whole = self._assign(scope, hint, combination.whole.format(tile))
        dtype = type_of(step.op.results[0]).dtype
        if combination is not SUM and "float" in dtype:
            # tl.max and tl.min pass over NaN.
            nans = f"tl.max(({tile} != {tile}).to(tl.int32), axis=1, keep_dims=True)"
            whole = self._assign(scope, hint, f'tl.where({nans} != 0, float("nan"), {whole})')
        if step.initial is not None and not _is_identity(combination, step):
            text = combination.pair.format(whole, literal(step.initial))
            whole = self._assign(scope, hint, text)
        if dtype == "bool":
            whole = self._assign(scope, hint, f"{whole} != 0")
        scope.names[step] = whole
        return whole

    # --- results

    def _store(self, scope: _Scope, step: Step, axes: Sequence[Axis]) -> None:
        value = self._value(scope, step)
        number = next(i for i, (s, a) in enumerate(self._nest.outputs) if s is step and a is axes)
        atoms = self._nest.atoms
        shape = [math.prod(atoms.size(a) for a in atoms.resolve(axis)) for axis in axes]
        access = access_of(atoms, shape, axes)
        address = self._address(scope, self._results[number], access)
        if address == self._results[number]:
            address += " + row"  # one element, and row 0
        mask = self._mask(axes)
        scope.line(f"tl.store({address}, {value}{mask and f', {mask}'})")


def _is_in_sigmoid(op: Operation) -> bool:
    """Whether the op is a tanh to which 1 is added, and nothing else is done with it."""
    if op.name != "math.tanh" or computed_in(op.results[0].type) != "tl.float32":
        return False
    uses = list(op.results[0].uses)
    return len(uses) == 1 and _tanh_plus_one(uses[0].operation) is op.results[0]


def _tanh_plus_one(op: Operation) -> SSAValue | None:
    """The tanh to which an op adds 1."""
    if op.name != "arith.addf":
        return None
    for value, other in (op.operands, reversed(op.operands)):
        one = other.owner
        is_one = isinstance(one, arith.ConstantOp) and scalar_value(one.value) == 1
        if is_one and isinstance(value.owner, Operation) and value.owner.name == "math.tanh":
            return value
    return None


def _sigmoid(op: Operation, values: dict[SSAValue, str]) -> str | None:
    """tanh(x) + 1 without the cancellation, and in fewer instructions than tanh takes."""
    tanh = _tanh_plus_one(op)
    if tanh is None or not isinstance(tanh.owner, Operation) or not _is_in_sigmoid(tanh.owner):
        return None
    return f"2.0 / (1.0 + tl.exp(-2.0 * {values[tanh]}))"


def _range(block: str, size: int) -> str:
    """The indices of a block of so many."""
    if block == "0":
        return f"tl.arange(0, {size})"
    return (
        f"({block} * {size} + tl.arange(0, {size}))" if size > 1 else f"({block} + tl.arange(0, 1))"
    )


def _accumulated_in(step: Step) -> str:
    dtype = type_of(step.op.results[0]).dtype
    return "tl.int32" if dtype == "bool" else TYPES[dtype]


def _identity(combination: Combination, step: Step) -> str:
    dtype = type_of(step.op.results[0]).dtype
    kind = "bool" if dtype == "bool" else "float" if "float" in dtype else "int"
    bits = int(dtype.removeprefix("int")) if kind == "int" else 1
    text = combination.identity[kind]
    return text.format(least=-(2 ** (bits - 1)), largest=2 ** (bits - 1) - 1)


def _is_identity(combination: Combination, step: Step) -> bool:
    assert step.initial is not None
    identity = _identity(combination, step)
    return literal(step.initial) == identity or float(step.initial) == float(
        identity.removeprefix('float("').removesuffix('")')
    )


def launcher(
    name: str, kernel: str, parameters: Sequence[str], results: Sequence[Type], schedule: Schedule
) -> str:
    """The function that takes tensors, launches the kernel, and gives new tensors."""
    lines = [f"def {name}({', '.join(parameters)}):"]
    scope = Namespace(RESERVED | set(parameters))
    outs = [scope.fresh("out") for _ in results]
    for out, type_ in zip(outs, results, strict=True):
        where = f"dtype={type_.torch_dtype}, device={parameters[0]}.device"
        lines.append(f"    {out} = torch.empty({type_.shape!r}, {where})")
    passed = ", ".join([*(f"{p}.contiguous()" for p in parameters), *outs])
    grid = f"({schedule.programs},)"
    lines.append(f"    {kernel}[{grid}]({passed}, num_warps={schedule.config.warps})")
    lines.append(f"    return {', '.join(outs) if len(outs) > 1 else outs[0]}")
    return "\n".join(lines)
