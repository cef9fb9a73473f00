"""Named functions and predicates over attributes, for what symbols cannot say.

Each takes plain values (ints, floats, texts, tuples of ints) and returns one, or None where it
is undefined: then the rule does not match. They are pure, so that a rule stays data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from taso.dialects.base import AttrValue

AttrFunction: TypeAlias = Callable[..., AttrValue | None]

FUNCTIONS: dict[str, AttrFunction] = {}
"""Functions by the name that rules use."""

_F = TypeVar("_F", bound=AttrFunction)


def attr_function(function: _F) -> _F:
    """Register a function or predicate under its own name."""
    FUNCTIONS[function.__name__] = function
    return function


@attr_function
def compose(inner: tuple[int, ...], outer: tuple[int, ...]) -> tuple[int, ...] | None:
    """The permutation of transposing by `inner`, then by `outer`."""
    if len(inner) != len(outer):
        return None
    return tuple(inner[p] for p in outer)


@attr_function
def inverse(perm: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes `perm`."""
    return tuple(perm.index(i) for i in range(len(perm)))


@attr_function
def is_identity(perm: tuple[int, ...]) -> bool:
    """The permutation moves nothing."""
    return list(perm) == list(range(len(perm)))


@attr_function
def swaps_last_two(perm: tuple[int, ...]) -> bool:
    """The permutation swaps the last two axes and leaves the rest."""
    rank = len(perm)
    return rank >= 2 and perm == (*range(rank - 2), rank - 1, rank - 2)


@attr_function
def rank(shape: tuple[int, ...]) -> int:
    """The number of axes."""
    return len(shape)


@attr_function
def equal(a: AttrValue, b: AttrValue) -> bool:
    """Both are the same value."""
    return a == b
