"""Matrix products and einsum."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import reduce

import numpy as np
from xdsl.ir import SSAValue

from taso.dialects.base import TensorSpec
from taso.dialects.contraction import EinsumOp, MatMulOp
from taso.dialects.elementwise import AddOp, MulOp
from taso.dialects.movement import TransposeOp
from taso.frontends.aten.writer import NodeWriter, UnsupportedError, converts


@converts("mm.default", "bmm.default", "matmul.default")
def matmul(to: NodeWriter, a: SSAValue, b: SSAValue) -> SSAValue:
    """By NumPy's rules: a vector is a row or a column, batch axes are broadcast."""
    rows, columns = to.shape(a), to.shape(b)
    a = to.reshape(a, [1, *rows]) if len(rows) == 1 else a
    b = to.reshape(b, [*columns, 1]) if len(columns) == 1 else b
    prefixes = [to.shape(x)[:-2] for x in (a, b)]
    if all(prefixes):
        batch = np.broadcast_shapes(*prefixes)
        a, b = (to.expand(x, [*batch, *to.shape(x)[-2:]]) for x in (a, b))
    return to.reshape(to.emit(MatMulOp, [a, b]), to.result.shape)


@converts("addmm.default", "baddbmm.default")
def addmm(
    to: NodeWriter, bias: SSAValue, a: SSAValue, b: SSAValue, beta: float = 1, alpha: float = 1
) -> SSAValue:
    """beta · bias + alpha · a @ b, scaled and added in f32 for half types, as in torch."""
    product = to.emit(MatMulOp, [a, b])
    if beta == 1 and alpha == 1:
        return to.elementwise(AddOp, product, bias)
    spec = TensorSpec(to.result.shape, to.accumulator)
    terms = [_times(to, alpha, product, spec)]
    if beta != 0:  # else the bias is not read, whatever it holds
        terms.append(_times(to, beta, bias, spec))
    return to.cast(reduce(lambda x, y: to.emit(AddOp, [x, y]), terms), to.result.dtype)


def _times(to: NodeWriter, factor: float, x: SSAValue, spec: TensorSpec) -> SSAValue:
    wide = to.fit(x, spec)
    return wide if factor == 1 else to.emit(MulOp, [wide, to.number(factor, spec)])


@converts("linear.default")
def linear(to: NodeWriter, x: SSAValue, weight: SSAValue, bias: SSAValue | None = None) -> SSAValue:
    perm = (1, 0)
    # A weight may be a vector: one output feature, which the result lacks.
    transposed = to.emit(TransposeOp, [weight], perm=perm) if len(to.shape(weight)) == 2 else weight
    product = matmul(to, x, transposed)
    return product if bias is None else to.elementwise(AddOp, product, bias)


@converts("einsum.default")
def einsum(
    to: NodeWriter, equation: str, tensors: Sequence[SSAValue], path: object = None
) -> SSAValue:
    return to.emit(EinsumOp, tensors, equation=explicit_equation(equation))


def explicit_equation(equation: str) -> str:
    """An equation with its result term, in lower-case letters. Raises `UnsupportedError`.

    A result that is not written holds the letters that occur once, in alphabetical order.
    """
    text = equation.replace(" ", "")
    if "." in text:
        raise UnsupportedError(f"equation {equation!r} has an ellipsis")
    operands, arrow, result = text.partition("->")
    letters = sorted(set(operands) - {","})
    if not arrow:
        result = "".join(x for x in letters if operands.count(x) == 1)
    if len(letters) > len(string.ascii_lowercase):
        raise UnsupportedError(f"equation {equation!r} has more than 26 letters")
    if all(x in string.ascii_lowercase for x in letters):
        return f"{operands}->{result}"
    names = str.maketrans(dict(zip(letters, string.ascii_lowercase, strict=False)))
    return f"{operands}->{result}".translate(names)
