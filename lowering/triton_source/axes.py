"""Which axes of which tensors are one loop.

An axis is a sequence of atoms, the outermost first; a loop over the axis is a nest of loops over
these. Axes that a generic walks together, or that a reshape keeps, are unified: their atoms become
the same ones, split where one axis is a product of several others. Axes of size 1 have no atoms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Axis: TypeAlias = tuple[int, ...]


class UnsupportedKernelError(ValueError):
    """The kernel has a form that no family of generated kernels takes."""


class Atoms:
    """Loops that are known to be equal, or to be nests of others."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._parts: dict[int, Axis] = {}
        """What an atom stands for, where that is no longer itself."""

    def axis(self, size: int) -> Axis:
        """A new axis."""
        if size == 1:
            return ()
        self._sizes.append(size)
        return (len(self._sizes) - 1,)

    def size(self, atom: int) -> int:
        return self._sizes[atom]

    def resolve(self, axis: Axis) -> Axis:
        """The atoms that an axis is made of now."""
        if not any(atom in self._parts for atom in axis):
            return axis
        return self.resolve(tuple(part for atom in axis for part in self._parts.get(atom, (atom,))))

    def flat(self, axes: Iterable[Axis]) -> Axis:
        """The atoms of some axes, one after the other."""
        return self.resolve(tuple(atom for axis in axes for atom in axis))

    def unify(self, a: Axis, b: Axis) -> None:
        """Make two axes of one size the same. Raises where neither is a nest of the other."""
        left, right = list(self.resolve(a)), list(self.resolve(b))
        while left and right:
            x, y = left.pop(), right.pop()
            if x == y:
                continue
            if self._sizes[x] > self._sizes[y]:
                x, y, left, right = y, x, right, left
            if self._sizes[x] < self._sizes[y]:
                outer, y = self._split(y, self._sizes[x])
                right.append(outer)
            self._parts[y] = (x,)
            left, right = list(self.resolve(tuple(left))), list(self.resolve(tuple(right)))
        if left or right:
            raise UnsupportedKernelError("axes of different sizes are one loop")

    def _split(self, atom: int, inner: int) -> Axis:
        outer, rest = divmod(self._sizes[atom], inner)
        if rest:
            raise UnsupportedKernelError("a reshape cuts across loops")
        parts = (*self.axis(outer), *self.axis(inner))
        self._parts[atom] = parts
        return parts

    def copy(self) -> Atoms:
        copied = Atoms()
        copied._sizes, copied._parts = list(self._sizes), dict(self._parts)
        return copied


def are_distinct(atoms: Atoms, axes: Sequence[Axis]) -> bool:
    """Whether no loop is two of the axes."""
    flat = atoms.flat(axes)
    return len(set(flat)) == len(flat)
