"""Named functions and predicates over attributes, for what symbols cannot say.

Each takes plain values (ints, floats, texts, tuples of ints) and returns one, or None where it
is undefined: then the rule does not match. They are pure, so that a rule stays data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from taso.dialects.base import AttrValue, ConstraintError, TensorSpec
from taso.dialects.window import require_places, window_of

AttrFunction: TypeAlias = Callable[..., AttrValue | None]

FUNCTIONS: dict[str, AttrFunction] = {}
"""Functions by the name that rules use."""

_F = TypeVar("_F", bound=AttrFunction)


def attr_function(function: _F) -> _F:
    """Register a function or predicate under its own name."""
    FUNCTIONS[function.__name__] = function
    return function


@cache
def parameter_types(name: str) -> tuple[type, ...]:
    """Which plain type each argument of a function has; `object`: any."""
    hints = get_type_hints(FUNCTIONS[name])
    return tuple(_plain(hint) for argument, hint in hints.items() if argument != "return")


@cache
def result_type(name: str) -> type:
    """Which plain type the values of a function have."""
    return _plain(get_type_hints(FUNCTIONS[name])["return"])


def _plain(hint: object) -> type:
    """`tuple[int, ...] | None` is a tuple, `AttrValue` anything."""
    if hint == AttrValue:
        return object
    some = [t for t in get_args(hint) if t is not type(None)] if _is_union(hint) else [hint]
    return cast(type, get_origin(some[0]) or some[0])


def _is_union(hint: object) -> bool:
    return get_origin(hint) in (Union, UnionType)


@attr_function
def compose(inner: tuple[int, ...], outer: tuple[int, ...]) -> tuple[int, ...] | None:
    """The permutation of transposing by `inner`, then by `outer`."""
    if len(inner) != len(outer):
        return None
    return gather(inner, outer)


@attr_function
def inverse(perm: tuple[int, ...]) -> tuple[int, ...] | None:
    """The permutation that undoes `perm`."""
    axes = range(len(perm))
    return tuple(perm.index(i) for i in axes) if sorted(perm) == list(axes) else None


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


@attr_function
def swap_last_two(rank: int) -> tuple[int, ...] | None:
    """The permutation that swaps the last two of `rank` axes."""
    return (*range(rank - 2), rank - 1, rank - 2) if rank >= 2 else None


@attr_function
def others(axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The axes of a tensor of `rank` that are not among `axes`, ascending."""
    return tuple(i for i in range(rank) if i not in axes)


@attr_function
def last_axes(count: int, rank: int) -> tuple[int, ...] | None:
    """The last `count` of `rank` axes."""
    return tuple(range(rank - count, rank)) if 0 <= count <= rank else None


@attr_function
def only(axes: tuple[int, ...]) -> int | None:
    """The one axis that there is."""
    return axes[0] if len(axes) == 1 else None


@attr_function
def without(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that a reduction of `shape` over `axes` has."""
    return tuple(n for i, n in enumerate(shape) if i not in axes)


@attr_function
def count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int | None:
    """The number of elements that a reduction of `shape` over `axes` joins in one."""
    sizes = gather(shape, axes)
    return None if sizes is None else math.prod(sizes)


@attr_function
def size_along(shape: tuple[int, ...], axis: int) -> int | None:
    """The size of one axis."""
    return shape[axis] if 0 <= axis < len(shape) else None


@attr_function
def renumber(dims: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where `dims` stand once `axes` are gone; undefined where one of them goes."""
    if set(dims) & set(axes):
        return None
    return tuple(d - sum(a < d for a in axes) for d in dims)


@attr_function
def reindex(inner: tuple[int, ...], outer: tuple[int, ...]) -> tuple[int, ...] | None:
    """The dims of broadcasting by `inner`, then by `outer`."""
    return gather(outer, inner)


@attr_function
def sources(perm: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes, ascending, that a transpose by `perm` moves to `axes`."""
    moved_from = gather(perm, axes)
    return None if moved_from is None else tuple(sorted(moved_from))


@attr_function
def perm_of_rest(perm: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The permutation that remains of `perm` once result axes `axes` are reduced away."""
    if sorted(perm) != list(range(len(perm))):
        return None
    kept = [p for i, p in enumerate(perm) if i not in axes]
    return tuple(sorted(kept).index(p) for p in kept)


@attr_function
def both_axes(inner: tuple[int, ...], outer: tuple[int, ...], rank: int) -> tuple[int, ...] | None:
    """The axes of a tensor of `rank` reduced over `inner`, and what is left over `outer`."""
    also = gather(others(inner, rank), outer)
    return None if also is None else tuple(sorted((*inner, *also)))


@attr_function
def ascending(perm: tuple[int, ...]) -> bool:
    """The numbers ascend."""
    return list(perm) == sorted(set(perm))


@attr_function
def index_of(perm: tuple[int, ...], axis: int) -> int | None:
    """Where a transpose by `perm` moves an axis."""
    return perm.index(axis) if axis in perm else None


@attr_function
def plus(a: float, b: float) -> float:
    """The sum."""
    return a + b


@attr_function
def minus(a: float, b: float) -> float:
    """The difference."""
    return a - b


@attr_function
def times(a: float, b: float) -> float | None:
    """The product, where it is not too large for float64."""
    product = a * b
    return None if abs(product) == math.inf and math.inf not in (abs(a), abs(b)) else product


@attr_function
def reciprocal(a: float) -> float | None:
    """One over `a`, in float64, where it is finite."""
    inverse = 1.0 / a if a != 0 and math.isfinite(a) else math.inf
    return inverse if math.isfinite(inverse) else None


@attr_function
def whole(a: float) -> int | None:
    """A whole number that is 0 or more, as an integer."""
    return int(a) if a >= 0 and float(a).is_integer() else None


@attr_function
def is_positive(a: float) -> bool:
    """More than 0."""
    return a > 0


@attr_function
def moved(perm: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where a transpose by `perm` moves each of `axes`."""
    return tuple(perm.index(a) for a in axes) if set(axes) <= set(perm) else None


@attr_function
def gather(values: tuple[int, ...], indices: tuple[int, ...]) -> tuple[int, ...] | None:
    """The entries at `indices`, in that order."""
    inside = all(0 <= i < len(values) for i in indices)
    return tuple(values[i] for i in indices) if inside else None


@attr_function
def product_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of the matmul of two shapes."""
    prefix = a[:-2] or b[:-2]
    return (*prefix, a[-2], b[-1]) if min(len(a), len(b)) >= 2 else None


@attr_function
def is_zero(numbers: tuple[int, ...]) -> bool:
    """All numbers are 0."""
    return not any(numbers)


@attr_function
def at_most(a: float, b: float) -> bool:
    """`a` is no more than `b`."""
    return a <= b


@attr_function
def sums(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The sum of each number and that at the same place."""
    return tuple(x + y for x, y in zip(a, b, strict=True)) if len(a) == len(b) else None


@attr_function
def convolution_shape(
    image: tuple[int, ...],
    weight: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...] | None:
    """The shape of the convolution of two shapes, whatever its groups."""
    if len(image) != 4 or len(weight) != 4:
        return None
    places = _places(image, weight[2:], stride, padding, dilation)
    return None if places is None else (image[0], weight[0], *places)


@attr_function
def pooled_shape(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
) -> tuple[int, ...] | None:
    """The shape of a pool, without dilation, of a shape."""
    places = _places(image, kernel, stride, padding, (1, 1)) if len(image) == 4 else None
    return None if places is None else (*image[:2], *places)


def _places(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, int] | None:
    """How many windows fit into an image; undefined where none does."""
    attrs = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        window = window_of(kernel, attrs, "window")
        return require_places(window, TensorSpec(image, "f32"), "places")
    except ConstraintError:
        return None
