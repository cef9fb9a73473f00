"""How a program's calls map to the arguments and results of its `@main`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Result:
    """An output that is a result of `@main`."""

    index: int


@dataclass(frozen=True)
class Given:
    """An output that is the tensor given as this input leaf: the very object."""

    leaf: int


@dataclass(frozen=True)
class Fixed:
    """An output that is the same Python value, which may be None, on every call."""

    value: Any


OutputLeaf: TypeAlias = Result | Given | Fixed


@dataclass(frozen=True)
class Write:
    """After a call, this result of `@main` is copied into a tensor that the program changes.

    `target` is the name of a state, or the number of an input leaf.
    """

    result: int
    target: str | int
