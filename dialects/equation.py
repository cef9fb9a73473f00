"""Einsum equations as text: `ab,bc->ac`. Explicit results, no ellipsis, no diagonals."""

from __future__ import annotations

import re
import string

_EQUATION = re.compile(r"[a-z]*(,[a-z]*)*->[a-z]*")


def split(equation: str) -> tuple[list[str], str]:
    """The operand terms and the result term."""
    terms, result = equation.split("->")
    return terms.split(","), result


def is_valid(equation: str) -> bool:
    """No letter twice in one term, and every result letter in an operand."""
    if not _EQUATION.fullmatch(equation):
        return False
    terms, result = split(equation)
    distinct = all(len(set(term)) == len(term) for term in (*terms, result))
    return distinct and set(result) <= set("".join(terms))


def canonical(equation: str) -> str:
    """The same equation with letters renamed a, b, c, … in order of first use."""
    names: dict[str, str] = {}
    for letter in equation:
        if letter.isalpha() and letter not in names:
            names[letter] = string.ascii_lowercase[len(names)]
    return "".join(names.get(letter, letter) for letter in equation)
