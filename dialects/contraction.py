"""Contractions: matmul with batch prefixes, and einsum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, var_operand_def

from taso.dialects import equation
from taso.dialects.base import STR, Array, Attrs, OpKind, TasoOp, TensorSpec, get_str, require


@irdl_op_definition
class MatMulOp(TasoOp):
    """Matrix product [*b, m, k] × [*b, k, n] -> [*b, m, n]; either prefix may be empty.

    (C1) ranks are at least 2; (C2) the contracted dims agree; (C3) the batch prefixes are
    equal or one is empty; (C4) element types agree. Floats accumulate in float32 or wider.
    """

    name = "taso.matmul"
    KIND: ClassVar[OpKind] = OpKind.CONTRACTION
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        a, b = operands
        require(min(a.rank, b.rank) >= 2, "C1", f"{a} × {b}: rank below 2")
        inner = a.shape[-1], b.shape[-2]
        require(inner[0] == inner[1], "C2", f"contracted dims differ: {inner[0]} and {inner[1]}")
        prefixes = [p for p in (a.shape[:-2], b.shape[:-2]) if p]
        agree = len(set(prefixes)) <= 1
        require(agree, "C3", f"batch prefixes differ: {list(a.shape[:-2])}, {list(b.shape[:-2])}")
        require(a.dtype == b.dtype, "C4", f"element types differ: {a.dtype} and {b.dtype}")
        require(a.dtype != "i1", "C4", "element type i1 is not taken")
        prefix = prefixes[0] if prefixes else ()
        return (a.with_shape([*prefix, a.shape[-2], b.shape[-1]]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.matmul(operands[0], operands[1]),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        (result,) = cls.infer(operands, attrs)
        return 2 * result.size * operands[0].shape[-1]


@irdl_op_definition
class EinsumOp(TasoOp):
    """Sum of products over the letters that the result lacks, as `numpy.einsum` has it.

    (C1) the equation is `ab,bc->ac`: lower-case letters, no letter twice in one operand or
    in the result, every result letter in an operand; (C2) one term an operand, as long as its
    rank; (C3) each letter has one size; (C4) element types agree.
    """

    name = "taso.einsum"
    KIND: ClassVar[OpKind] = OpKind.CONTRACTION
    inputs = var_operand_def(TensorType)
    equation = prop_def(STR)
    result = result_def(TensorType)

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        text = get_str(attrs, "equation")
        require(equation.is_valid(text), "C1", f'"{text}" is no einsum equation')
        terms, result = equation.split(text)
        fits = len(terms) == len(operands) and all(
            len(term) == x.rank for term, x in zip(terms, operands, strict=True)
        )
        require(fits, "C2", f'"{text}" does not fit ranks {[x.rank for x in operands]}')
        sizes: dict[str, int] = {}
        for term, x in zip(terms, operands, strict=True):
            require(x.dtype == operands[0].dtype, "C4", f"element types differ: {x.dtype}")
            for letter, n in zip(term, x.shape, strict=True):
                same = sizes.setdefault(letter, n) == n
                require(same, "C3", f"letter {letter} has sizes {sizes[letter]} and {n}")
        require(operands[0].dtype != "i1", "C4", "element type i1 is not taken")
        return (operands[0].with_shape([sizes[letter] for letter in result]),)

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.einsum(get_str(attrs, "equation"), *operands, optimize="greedy"),)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """As written, in one loop nest: one multiply for each further operand, and the add."""
        terms, result = equation.split(get_str(attrs, "equation"))
        sizes = {
            letter: n
            for term, x in zip(terms, operands, strict=True)
            for letter, n in zip(term, x.shape, strict=True)
        }
        sums = any(letter not in result for letter in sizes)
        return math.prod(sizes.values()) * (len(operands) - 1 + sums)
