"""Named functions over einsum equations; see `functions.py`."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import wraps
from itertools import combinations
from typing import ParamSpec, TypeVar

from taso.dialects.base import AttrValue
from taso.dialects.equation import canonical, is_valid, split
from taso.passes.rules.functions import attr_function

_P = ParamSpec("_P")
_R = TypeVar("_R", bound=AttrValue | None)


def equation_function(function: Callable[_P, _R]) -> Callable[_P, _R | None]:
    """Register a function of equations: undefined for a text that is none."""

    @wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R | None:
        if not all(is_valid(a) for a in args if isinstance(a, str)):
            return None
        return function(*args, **kwargs)

    return attr_function(checked)


@equation_function
def permutation_of(equation: str) -> tuple[int, ...] | None:
    """The permutation that an equation of one operand without sums is."""
    terms, result = split(equation)
    if len(terms) != 1 or sorted(terms[0]) != sorted(result):
        return None
    return tuple(terms[0].index(letter) for letter in result)


@equation_function
def summed_axes(equation: str) -> tuple[int, ...] | None:
    """The axes, at least one, that an equation of one operand sums over."""
    terms, result = split(equation)
    axes = tuple(i for i, letter in enumerate(terms[0]) if letter not in result)
    return axes if len(terms) == 1 and axes else None


@equation_function
def permutation_of_kept(equation: str) -> tuple[int, ...] | None:
    """How an equation of one operand permutes the axes that it does not sum over."""
    terms, result = split(equation)
    kept = [letter for letter in terms[0] if letter in result]
    return tuple(kept.index(letter) for letter in result) if len(terms) == 1 else None


def _as_matmul(equation: str) -> tuple[str, str, str] | None:
    """The letters of [*p, m, k], [*q, k, n] and of their product, if the equation is a matmul.

    One letter is contracted. Prefixes are the letters that both operands and the result share,
    or, where there are none, all but the last of the letters that one operand alone has.
    """
    terms, result = split(equation)
    if len(terms) != 2:
        return None
    left, right = terms
    batch = "".join(c for c in result if c in left and c in right)
    rows = "".join(c for c in result if c in left and c not in right)
    columns = "".join(c for c in result if c in right and c not in left)
    inner = "".join(c for c in left if c in right and c not in result)
    summed = (set(left) ^ set(right)) - set(result)
    if summed or len(inner) != 1 or not rows or not columns:
        return None
    prefixes = (batch + rows[:-1], batch + columns[:-1])
    if len(set(prefixes) - {""}) > 1:
        return None
    product = (prefixes[0] or prefixes[1]) + rows[-1] + columns[-1]
    return prefixes[0] + rows[-1] + inner, prefixes[1] + inner + columns[-1], product


@equation_function
def matmul_operand(equation: str, index: int) -> tuple[int, ...] | None:
    """How to permute operand `index` of an equation that is a matmul."""
    wanted = _as_matmul(equation)
    if wanted is None or index not in (0, 1):
        return None
    term = split(equation)[0][index]
    return tuple(term.index(letter) for letter in wanted[index])


@equation_function
def matmul_result(equation: str) -> tuple[int, ...] | None:
    """How to permute the product for an equation that is a matmul."""
    wanted = _as_matmul(equation)
    return None if wanted is None else tuple(wanted[2].index(c) for c in split(equation)[1])


@equation_function
def fused(outer: str, inner: str, position: int) -> str | None:
    """One equation for `outer` whose operand at `position` is the result of `inner`."""
    outer_terms, result = split(outer)
    inner_terms, inner_result = split(inner)
    if not 0 <= position < len(outer_terms) or len(inner_result) != len(outer_terms[position]):
        return None
    names = dict(zip(inner_result, outer_terms[position], strict=True))
    free = iter(c for c in string.ascii_lowercase if c not in outer)
    for letter in "".join(inner_terms):
        if letter not in names:
            name = next(free, None)
            if name is None:
                return None
            names[letter] = name
    renamed = ["".join(names[c] for c in term) for term in inner_terms]
    terms = [*outer_terms[:position], *renamed, *outer_terms[position + 1 :]]
    return canonical(f"{','.join(terms)}->{result}")


@equation_function
def pair(equation: str, first: int, second: int) -> str | None:
    """The equation of contracting two operands first: all that the others do not need is summed.

    Undefined for operands that share no letter while others do: their product is larger than
    either.
    """
    terms, result = split(equation)
    if not 0 <= first < second < len(terms):
        return None
    shares = {
        (i, j) for i, j in combinations(range(len(terms)), 2) if set(terms[i]) & set(terms[j])
    }
    if shares and (first, second) not in shares:
        return None
    left, right = terms[first], terms[second]
    return canonical(f"{left},{right}->{_kept(terms, result, first, second)}")


@equation_function
def after_pair(equation: str, first: int, second: int) -> str | None:
    """The equation that remains after `pair`: that pair's result, then the other operands."""
    terms, result = split(equation)
    if not 0 <= first < second < len(terms):
        return None
    rest = [t for i, t in enumerate(terms) if i not in (first, second)]
    return canonical(f"{','.join([_kept(terms, result, first, second), *rest])}->{result}")


def _kept(terms: list[str], result: str, first: int, second: int) -> str:
    needed = set(result).union(*(t for i, t in enumerate(terms) if i not in (first, second)))
    return "".join(dict.fromkeys(c for c in terms[first] + terms[second] if c in needed))


@equation_function
def with_operand_permuted(equation: str, index: int, perm: tuple[int, ...]) -> str | None:
    """The equation on operand `index` as it was before a transpose by `perm`."""
    terms, result = split(equation)
    if not 0 <= index < len(terms) or not _permutes(perm, terms[index]):
        return None
    letters = dict(zip(perm, terms[index], strict=True))
    terms[index] = "".join(letters[i] for i in range(len(perm)))
    return canonical(f"{','.join(terms)}->{result}")


@equation_function
def with_result_permuted(equation: str, perm: tuple[int, ...]) -> str | None:
    """The equation that also transposes the result by `perm`."""
    terms, result = split(equation)
    if not _permutes(perm, result):
        return None
    return canonical(f"{','.join(terms)}->{''.join(result[p] for p in perm)}")


def _permutes(perm: tuple[int, ...], term: str) -> bool:
    return sorted(perm) == list(range(len(term)))
