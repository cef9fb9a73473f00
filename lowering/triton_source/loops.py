"""A kernel as one nest of loops: rows, which programs share out, and columns, which one collects.

Every tensor that is read or written, and every value in between, is indexed by these loops. A
reduction collects over all columns; its result is a value of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.tensor import CollapseShapeOp, EmptyOp, ExpandShapeOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from taso.lowering.torch_source.elementwise import maps_of
from taso.lowering.torch_source.types import Type, scalar_value, type_of
from taso.lowering.triton_source.axes import Atoms, Axis, UnsupportedKernelError, are_distinct

Number: TypeAlias = float | int | bool


@dataclass(frozen=True, eq=False)
class Read:
    """An argument as one generic reads it: by its number, and the loops of its axes."""

    argument: int
    axes: tuple[Axis, ...]


Source: TypeAlias = "Read | Step | Number"


@dataclass(frozen=True, eq=False)
class Step:
    """A generic: its scalar body is applied to each element of the sources.

    `space` are its loops, `reduced` those that it collects over; `initial` is what collecting
    begins with.
    """

    op: linalg.GenericOp
    sources: tuple[Source, ...]
    space: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    """Of the result."""
    reduced: tuple[Axis, ...] = ()
    initial: Number | None = None


@dataclass(frozen=True)
class Nest:
    """The steps of a kernel, and its loops as atoms, the outermost first."""

    atoms: Atoms
    arguments: tuple[Type, ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[Step, tuple[Axis, ...]], ...]
    """What is returned, and the loops of its axes."""
    rows: Axis
    columns: Axis


def nest_of(block: Block) -> Nest:
    """The loops of a kernel's body, which ends in `func.return`.

    Raises `UnsupportedKernelError` for ops that are neither element-wise nor reductions, and for
    bodies that are no such nest.
    """
    try:
        return _Analysis(block).run()
    except DiagnosticException as e:
        raise UnsupportedKernelError(str(e)) from e


@dataclass(frozen=True, eq=False)
class _View:
    """A value that has the elements of another one, under other axes."""

    op: Operation
    base: SSAValue


class _Analysis:
    def __init__(self, block: Block) -> None:
        self._block = block
        self._arguments: dict[SSAValue, int] = {arg: i for i, arg in enumerate(block.args)}
        self._atoms = Atoms()
        self._numbers: dict[SSAValue, Number] = {}
        self._views: dict[SSAValue, _View] = {}
        self._steps: dict[SSAValue, Step] = {}
        self._shared: dict[SSAValue, list[Axis]] = {}
        """Axes of arguments, as their first reader walks them."""
        self._spaces: list[list[Axis]] = []

    def run(self) -> Nest:
        returned: Sequence[SSAValue] = ()
        for op in self._block.ops:
            if isinstance(op, func.ReturnOp):
                returned = op.arguments
            else:
                self._op(op)
        outputs = [self._output(value) for value in returned]
        rows, columns = self._loops([axes for _, axes in outputs])
        return Nest(
            self._atoms,
            tuple(type_of(arg) for arg in self._block.args),
            tuple(self._steps.values()),
            tuple(outputs),
            rows,
            columns,
        )

    def _op(self, op: Operation) -> None:
        match op:
            case arith.ConstantOp():
                if isinstance(op.value, DenseIntOrFPElementsAttr):
                    raise UnsupportedKernelError("a constant tensor is no number")
                self._numbers[op.result] = scalar_value(op.value)
            case EmptyOp():
                pass
            case linalg.FillOp():
                self._numbers[op.results[0]] = self._numbers[op.inputs[0]]
            case linalg.GenericOp():
                self._generic(op)
            case CollapseShapeOp() | ExpandShapeOp() | linalg.TransposeOp() | linalg.BroadcastOp():
                base = op.operands[0]
                if base in self._numbers:
                    self._numbers[op.results[0]] = self._numbers[base]
                else:
                    self._views[op.results[0]] = _View(op, base)
            case _:
                raise UnsupportedKernelError(f"{op.name} is no loop")

    def _generic(self, op: linalg.GenericOp) -> None:
        *maps, out = maps_of(op)
        space = self._fresh_space(op, maps, out)
        self._spaces.append(space)
        sources: list[Source] = []
        for value, map_ in zip(op.inputs, maps, strict=True):
            if value in self._numbers:
                sources.append(self._numbers[value])
            else:
                sources.append(self._walked(value, [space[d] for d in map_]))
        kinds = [kind.data for kind in op.iterator_types]
        if any(kind not in (IteratorType.PARALLEL, IteratorType.REDUCTION) for kind in kinds):
            raise UnsupportedKernelError("a loop is neither parallel nor a reduction")
        reduced = tuple(
            a for a, kind in zip(space, kinds, strict=True) if kind is IteratorType.REDUCTION
        )
        initial = None
        if reduced:
            initial = self._numbers.get(op.outputs[0])
            if initial is None:
                raise UnsupportedKernelError("a reduction does not begin with a number")
        axes = tuple(space[d] for d in out)
        self._steps[op.results[0]] = Step(op, tuple(sources), tuple(space), axes, reduced, initial)

    def _fresh_space(
        self, op: linalg.GenericOp, maps: Sequence[tuple[int, ...]], out: tuple[int, ...]
    ) -> list[Axis]:
        sizes: dict[int, int] = {}
        for value, map_ in zip((*op.inputs, *op.outputs), (*maps, out), strict=True):
            sizes |= zip(map_, type_of(value).shape, strict=True)
        if 0 in sizes.values():
            raise UnsupportedKernelError("a tensor has no elements")
        return [self._atoms.axis(sizes[d]) for d in range(len(op.iterator_types))]

    def _walked(self, value: SSAValue, loops: Sequence[Axis]) -> Source:
        """The value as loops walk it: an argument by the loops of its other readers if it can."""
        base = value
        while base in self._views:
            base = self._views[base].base
        if base in self._steps:
            axes = self._through(value, {base: list(self._steps[base].axes)})
            self._unify(axes, loops)
            return self._steps[base]
        if base not in self._arguments:
            raise UnsupportedKernelError("a value is read before it is set")
        known = self._shared.get(base)
        if known is not None:
            before = self._atoms.copy()
            try:
                self._unify(self._through(value, {base: known}), loops)
                return Read(self._arguments[base], tuple(known))
            except UnsupportedKernelError:
                self._atoms = before
        fresh = [self._atoms.axis(size) for size in type_of(base).shape]
        self._unify(self._through(value, {base: fresh}), loops)
        self._shared.setdefault(base, fresh)
        return Read(self._arguments[base], tuple(fresh))

    def _unify(self, axes: Sequence[Axis], loops: Sequence[Axis]) -> None:
        for axis, loop in zip(axes, loops, strict=True):
            self._atoms.unify(axis, loop)
        if not all(are_distinct(self._atoms, space) for space in self._spaces):
            raise UnsupportedKernelError("a value is read along two ways at once")

    def _through(self, value: SSAValue, known: dict[SSAValue, list[Axis]]) -> list[Axis]:
        """The axes of a view, given those of the value at its base."""
        if value in known:
            return known[value]
        view = self._views[value]
        axes = self._through(view.base, known)
        match view.op:
            case linalg.TransposeOp(permutation=permutation):
                return [axes[p] for p in permutation.get_values()]
            case linalg.BroadcastOp(dimensions=dimensions):
                added, rest = set(dimensions.get_values()), iter(axes)
                shape = type_of(value).shape
                return [
                    self._atoms.axis(n) if i in added else next(rest) for i, n in enumerate(shape)
                ]
            case CollapseShapeOp(reassociation=groups):
                return [tuple(a for i in group for a in axes[i.value.data]) for group in groups]
            case ExpandShapeOp(reassociation=groups):
                made = [self._atoms.axis(size) for size in type_of(value).shape]
                for axis, group in zip(axes, groups, strict=True):
                    self._atoms.unify(axis, tuple(a for i in group for a in made[i.value.data]))
                return made
            case _:
                raise UnsupportedKernelError(f"{view.op.name} is no view")

    def _output(self, value: SSAValue) -> tuple[Step, tuple[Axis, ...]]:
        base = value
        while base in self._views:
            base = self._views[base].base
        if base not in self._steps:
            raise UnsupportedKernelError("a result is not computed here")
        step = self._steps[base]
        return step, tuple(self._through(value, {base: list(step.axes)}))

    def _loops(self, outputs: Sequence[Sequence[Axis]]) -> tuple[Axis, Axis]:
        """Rows and columns, in the order of the first output and of the first reduction."""
        atoms, steps = self._atoms, list(self._steps.values())
        reductions = [step for step in steps if step.reduced]
        for step in reductions[1:]:
            first, other = (atoms.flat(s.reduced) for s in (reductions[0], step))
            if set(first) != set(other):
                self._atoms.unify(first, other)
                self._unify((), ())
        columns = atoms.flat(reductions[0].reduced) if reductions else ()
        if any(set(atoms.flat(step.reduced)) != set(columns) for step in reductions):
            raise UnsupportedKernelError("reductions collect over different axes")
        results = [*outputs, *(step.axes for step in reductions)]
        rows = dict.fromkeys(
            a for axes in results for a in atoms.flat(axes) if a not in set(columns)
        )
        for axes in outputs:
            missing = set(rows) - set(atoms.flat(axes))
            extra = set(atoms.flat(axes)) - set(rows)
            if missing or (extra and extra != set(columns)):
                raise UnsupportedKernelError("a result has not all the loops of the others")
        if any(not self._covers_its_loops(step) for step in reductions):
            raise UnsupportedKernelError("a contraction is no row reduction")
        inside = {*rows, *columns}
        if any(not inside.issuperset(atoms.flat(step.space)) for step in steps):
            raise UnsupportedKernelError("a value has loops that no result has")
        return tuple(rows), columns

    def _covers_its_loops(self, step: Step) -> bool:
        """Whether one of the sources has all the loops, as no operand of a product has."""
        space = set(self._atoms.flat(step.space))
        axes = [s.axes for s in step.sources if isinstance(s, Read | Step)]
        return any(space == set(self._atoms.flat(a)) for a in axes)
