"""How a nest runs: loops merged where all tensors allow, and tiles of rows and columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from taso.lowering.triton_source.axes import Atoms, Axis, UnsupportedKernelError
from taso.lowering.triton_source.loops import Nest, Read

TILE = 8192
"""Elements of a tile of columns that several rows collect side by side."""
ROW_TILE = 1024
"""Elements of a tile of whole rows at least, where there are as many."""
FLAT_TILE = 2048
"""Elements of a tile where nothing is collected, which runs best with much to do at once."""
MAX_COLUMNS = 16384
"""Columns that are collected in one pass at most; more are walked in several."""
ROWS_SIDE_BY_SIDE = 32
SMALL = 2**17
"""Elements that few programs collect faster than it takes to launch kernels one by one."""
THREADS = 32
"""In a warp."""
MAX_WARPS = 16
PROGRAMS = 264
"""Programs that keep an H200 busy: two on each of its 132 multiprocessors."""


class Access(NamedTuple):
    """Where a tensor is read or written: elements from one iteration of an atom to the next."""

    strides: Mapping[int, int]
    size: int
    """Elements of the tensor."""


class Loop(NamedTuple):
    """Atoms that are walked as one loop."""

    atoms: Axis
    size: int

    def stride(self, access: Access) -> int:
        return access.strides.get(self.atoms[-1], 0)


@dataclass(frozen=True)
class Config:
    """A tile: `rows` by `columns`, powers of two. Fewer columns than there are take passes."""

    rows: int
    columns: int
    warps: int


@dataclass(frozen=True)
class Schedule:
    """Loops of a kernel, the outermost first, and its tile.

    Where nothing is collected, columns are shared out to programs as rows are.
    """

    rows: tuple[Loop, ...]
    columns: tuple[Loop, ...]
    collects: bool
    config: Config

    @property
    def row_count(self) -> int:
        return math.prod(loop.size for loop in self.rows)

    @property
    def column_count(self) -> int:
        return math.prod(loop.size for loop in self.columns)

    @property
    def is_one_pass(self) -> bool:
        return not self.collects or self.column_count <= self.config.columns

    @property
    def programs(self) -> int:
        """Programs that run the kernel."""
        rows = -(-self.row_count // self.config.rows)
        return rows if self.collects else rows * -(-self.column_count // self.config.columns)


def access_of(atoms: Atoms, shape: Sequence[int], axes: Sequence[Axis]) -> Access:
    """A contiguous tensor of a shape, its axes walked by loops."""
    strides: dict[int, int] = {}
    step = 1
    for size, axis in reversed(list(zip(shape, axes, strict=True))):
        within = step
        for atom in reversed(atoms.resolve(axis)):
            strides[atom] = strides.get(atom, 0) + within
            within *= atoms.size(atom)
        step *= size
    return Access(strides, step)


def accesses_of(nest: Nest) -> list[Access]:
    """Each tensor that is read or written, once for each way in which it is."""
    reads = {s: None for step in nest.steps for s in step.sources if isinstance(s, Read)}
    read = [access_of(nest.atoms, nest.arguments[r.argument].shape, r.axes) for r in reads]
    written = [
        access_of(nest.atoms, [_size(nest.atoms, axis) for axis in axes], axes)
        for _, axes in nest.outputs
    ]
    return read + written


def _size(atoms: Atoms, axis: Axis) -> int:
    return math.prod(atoms.size(atom) for atom in atoms.resolve(axis))


def schedule(nest: Nest) -> Schedule:
    """The default schedule of a nest, for large and small tensors alike."""
    accesses = accesses_of(nest)
    rows, columns = nest.rows, nest.columns
    if not columns:
        merged = _merge(nest.atoms, rows, accesses)
        last = merged[-1:] if len(merged) > 1 else []
        columns = last[0].atoms if last else ()
        rows = tuple(atom for loop in merged[: len(merged) - len(last)] for atom in loop.atoms)
        rows = _with_contiguous_last(rows, columns, accesses)
    row_loops = _merge(nest.atoms, rows, accesses)
    column_loops = _merge(nest.atoms, columns, accesses)
    sizes = [math.prod(loop.size for loop in loops) for loops in (row_loops, column_loops)]
    if not nest.columns:
        config = shared_config(*sizes)
    elif _is_along(column_loops, accesses) or not _is_along(row_loops, accesses):
        config = row_config(*sizes)
    else:
        config = column_config(*sizes)
    return Schedule(tuple(row_loops), tuple(column_loops), bool(nest.columns), config)


def _is_along(loops: Sequence[Loop], accesses: Sequence[Access]) -> bool:
    """Whether the largest tensor is contiguous along the innermost loop."""
    largest = max(accesses, key=lambda access: access.size)
    return bool(loops) and loops[-1].stride(largest) == 1


def _with_contiguous_last(rows: Axis, columns: Axis, accesses: Sequence[Access]) -> Axis:
    """Rows in an order in which one along which a tensor is contiguous comes last: a transposed
    tensor is then read in tiles that are contiguous in it, too."""
    contiguous = [a for x in accesses for a, stride in x.strides.items() if stride == 1]
    last = next((a for a in contiguous if a in rows and a not in columns), None)
    return rows if last is None else (*(a for a in rows if a != last), last)


def _merge(atoms: Atoms, order: Axis, accesses: Sequence[Access]) -> list[Loop]:
    loops: list[Loop] = []
    for atom in order:
        size = atoms.size(atom)
        if loops and all(_continue(loops[-1], atom, size, access) for access in accesses):
            loops[-1] = Loop((*loops[-1].atoms, atom), loops[-1].size * size)
        else:
            loops.append(Loop((atom,), size))
    return loops


def _continue(loop: Loop, atom: int, size: int, access: Access) -> bool:
    """Whether a tensor lies the same for a nest of the loop and the atom as for one loop."""
    return loop.stride(access) == access.strides.get(atom, 0) * size


def shared_config(rows: int, columns: int) -> Config:
    """A tile where nothing is collected, small enough to leave work for all multiprocessors."""
    width = min(_power(columns), 64) if rows > 1 and columns > 1 else 1
    tile = FLAT_TILE
    while tile > 256 and rows * columns < tile * PROGRAMS:
        tile //= 2
    height = min(_power(rows), max(tile // width, 1))
    return Config(height, width, _warps(height * width))


def row_config(rows: int, columns: int) -> Config:
    """A tile of whole rows, or of what of long ones fits registers.

    Many programs of few warps hide latency best; where there are few rows, more warps share one.
    """
    width = min(_power(columns), MAX_COLUMNS)
    height = max(min(ROW_TILE // width, _power(rows)), 1)
    is_many = rows >= height * PROGRAMS
    return Config(height, width, _warps(height * width, 32 if is_many else 8))


def column_config(rows: int, columns: int) -> Config:
    """A tile where rows lie side by side in memory: as many as make a transaction, and passes.

    Raises `UnsupportedKernelError` where so few rows leave multiprocessors without work.
    """
    height = min(_power(rows), ROWS_SIDE_BY_SIDE)
    if rows < height * PROGRAMS // 4 and rows * columns > SMALL:
        raise UnsupportedKernelError("too few columns of a tensor are collected to fill a GPU")
    width = min(_power(columns), TILE // height)
    return Config(height, width, _warps(height * width))


def _power(size: int) -> int:
    """The least power of two that is no less."""
    return 1 << max(size - 1, 0).bit_length()


def _warps(elements: int, per_thread: int = 16) -> int:
    return max(1, min(MAX_WARPS, elements // (THREADS * per_thread)))
