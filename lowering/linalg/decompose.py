"""Ops that lower as simpler `taso` ops: composites, means, variances, chains of products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import opt_einsum

from taso.dialects import equation
from taso.dialects.base import Emitter
from taso.dialects.contraction import EinsumOp
from taso.dialects.elementwise import DivOp, MulOp, SubOp
from taso.dialects.movement import BroadcastOp
from taso.dialects.reduction import ReduceMeanOp, ReduceSumOp
from taso.dialects.spec import Attrs, get_int, get_ints, get_str

_V = TypeVar("_V")


def decompose_mean(to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
    """The sum over the count; 0/0 over no elements."""
    (x,), axes = operands, get_ints(attrs, "axes")
    total = to.emit(ReduceSumOp, [x], axes=axes)
    return to.emit(DivOp, [total, to.splat(_count(to, x, axes), to.spec(total))])


def decompose_var(to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
    """Squared distances from the mean, in a second pass over the data."""
    (x,), axes = operands, get_ints(attrs, "axes")
    shape = to.spec(x).shape
    kept = tuple(i for i in range(len(shape)) if i not in axes)
    mean = to.emit(ReduceMeanOp, [x], axes=axes)
    distance = to.emit(SubOp, [x, to.emit(BroadcastOp, [mean], dims=kept, shape=shape)])
    total = to.emit(ReduceSumOp, [to.emit(MulOp, [distance, distance])], axes=axes)
    divisor = max(_count(to, x, axes) - get_int(attrs, "correction"), 0)
    return to.emit(DivOp, [total, to.splat(divisor, to.spec(total))])


def _count(to: Emitter[_V], x: _V, axes: Sequence[int]) -> int:
    return math.prod(to.spec(x).shape[a] for a in axes)


def decompose_einsum(to: Emitter[_V], operands: Sequence[_V], attrs: Attrs) -> _V:
    """Products of two operands at a time, in the greedy order of opt_einsum."""
    text = get_str(attrs, "equation")
    terms, result = equation.split(text)
    shapes = [to.spec(v).shape for v in operands]
    path, _ = opt_einsum.contract_path(text, *shapes, shapes=True, optimize="greedy")
    values = list(operands)
    for step in path:
        taken = sorted(step)
        inputs, factors = [terms[i] for i in taken], [values[i] for i in taken]
        for i in reversed(taken):
            del terms[i], values[i]
        # A letter stays until the last operand that has it is in.
        needed = set(result).union(*terms)
        kept = "".join(dict.fromkeys(x for x in "".join(inputs) if x in needed))
        output = kept if terms else result
        values.append(to.emit(EinsumOp, factors, equation=f"{','.join(inputs)}->{output}"))
        terms.append(output)
    return values[0]
