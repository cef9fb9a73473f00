"""Sums of products, named by the letters of an einsum, as the torch function that fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.types import Type, ints
from taso.lowering.torch_source.views import align, permute


class Product(NamedTuple):
    """A call of a torch function, whose result's axes are named by `letters`."""

    function: str
    arguments: tuple[str, ...]
    letters: str

    @property
    def text(self) -> str:
        return f"{self.function}({', '.join(self.arguments)})"


def product(operands: Sequence[Ref], terms: Sequence[str], result: str) -> Product:
    """The sum of the products of two tensors over the letters that `result` lacks.

    The axes of the product may be in another order than those of `result`.
    """
    a, left = _summed(operands[0], terms[0], terms[1] + result)
    b, right = _summed(operands[1], terms[1], terms[0] + result)
    batch = "".join(c for c in result if c in left and c in right)
    m = "".join(c for c in result if c in left and c not in right)
    n = "".join(c for c in result if c in right and c not in left)
    k = "".join(c for c in left if c in right and c not in result)
    if len(k) != 1 or not _is_matmul(batch, m, n):
        return Product("torch.einsum", (f'"{left},{right}->{result}"', a.text, b.text), result)
    if _is_transposed(batch, m, n, result):  # (xy)ᵀ = yᵀxᵀ
        a, b, left, right, m, n = b, a, right, left, n, m
    x = permute(a, [left.index(c) for c in batch + m + k]).text
    y = permute(b, [right.index(c) for c in batch + n[:-1] + k + n[-1:]]).text
    letters = n[:-1] + m + n[-1:] if len(n) > 1 else batch + m + n
    return Product(_function(batch, m, n), (x, y), letters)


def portable(made: Product, operands: Sequence[Ref], terms: Sequence[str]) -> str:
    """The product of integers, which torch's matrix products take on a CPU only."""
    summed = [c for c in dict.fromkeys("".join(terms)) if c not in made.letters]
    order = made.letters + "".join(summed)
    a, b = (
        align(x, [order.index(c) for c in term], len(order)).text
        for x, term in zip(operands, terms, strict=True)
    )
    axes = tuple(range(len(made.letters), len(order)))
    sum_ = f"torch.sum({a} * {b}, {ints(axes)}, dtype={operands[0].type.torch_dtype})"
    return f"{sum_} if {operands[0].text}.is_cuda else {made.text}"


def _summed(x: Ref, term: str, needed: str) -> tuple[Ref, str]:
    """The sum over the letters that nothing else has."""
    if set(term) <= set(needed):
        return x, term
    text, kept = reduction("sum", x, term, needed, x.type.dtype)
    shape = tuple(n for n, c in zip(x.type.shape, term, strict=True) if c in kept)
    return Ref(text, Type(shape, x.type.dtype)), kept


def is_linear(terms: Sequence[str], result: str) -> bool:
    """Whether a product is one of two matrices, or of a matrix with each row of a tensor.

    The rows lie along one axis of the tensor, the result's last axis is the matrix's own.
    """
    if len(result) == 2:
        return all(len(term) == 2 and len(set(term) & set(result)) == 1 for term in terms)
    rows, matrix = terms
    kept = "".join(c for c in rows if c in result)
    summed = set(rows) & set(matrix) - set(result)
    return (
        len(matrix) == 2
        and len(summed) == 1
        and len(rows) == len(result)
        and result[:-1] == kept
        and result[-1] in matrix
    )


def linear_operands(operands: Sequence[Ref], terms: Sequence[str], result: str) -> tuple[Ref, Ref]:
    """The rows [*b, k] and the weight [n, k] of a product that `is_linear`, of rank 3 or more."""
    x, weight = operands
    k = next(c for c in terms[1] if c not in result)
    order = result[:-1] + k
    rows = permute(x, [terms[0].index(c) for c in order])
    return rows, permute(weight, [terms[1].index(c) for c in result[-1] + k])


def _is_matmul(batch: str, m: str, n: str) -> bool:
    """Whether torch.matmul, or a special case of it, has a place for all letters."""
    if batch:
        return len(m) == len(n) == 1
    return len(m) <= 1 or len(n) <= 1


def _is_transposed(batch: str, m: str, n: str, result: str) -> bool:
    if not m or not n:
        return bool(n)
    return not batch and len(m) == len(n) == 1 and result == n + m


def _function(batch: str, m: str, n: str) -> str:
    if not n:
        return ("torch.dot", "torch.mv", "torch.matmul")[min(len(m), 2)]
    if len(m) == len(n) == 1 and len(batch) <= 1:
        return "torch.bmm" if batch else "torch.mm"
    return "torch.matmul"


def ordered(ref: Ref, letters: str, result: str) -> Ref:
    """The tensor with its axes in the order of `result`."""
    return permute(ref, [letters.index(c) for c in result])


def reduction(function: str, x: Ref, term: str, result: str, dtype: str) -> tuple[str, str]:
    """A sum (`sum`) or extremum (`amax`, `amin`) over the letters that `result` lacks.

    Returns the source and the letters of what it gives. torch would widen sums of integers.
    """
    axes = tuple(i for i, c in enumerate(term) if c not in result)
    kept = "".join(c for c in term if c in result)
    wide = function == "sum" and (dtype != x.type.dtype or dtype.startswith("int"))
    suffix = f", dtype={Type((), dtype).torch_dtype}" if wide else ""
    return f"torch.{function}({x.text}, {ints(axes)}{suffix})", kept
