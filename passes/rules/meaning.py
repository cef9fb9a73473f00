"""What a term means: its types and its values, under sizes and attributes for its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from taso.dialects.base import Array, AttrValue, TensorSpec
from taso.dialects.taso import OPS
from taso.passes.rules.notation import Call, Result, ShapeOf, Splat, Term, Var
from taso.passes.rules.substitution import Symbols, eval_attr


class UndefinedError(ValueError):
    """A symbol is unbound or an attribute function has no value here."""


Specs = Mapping[str, TensorSpec]
"""The type of each variable."""


def infer_term(term: Term, specs: Specs, symbols: Symbols, dtype: str) -> TensorSpec:
    """The type of a term of element type `dtype`.

    Raises `UndefinedError`, or `ConstraintError` where an op refuses its operands.
    """
    match term:
        case Var(name):
            return specs[name]
        case Splat(value):
            _value("value", value, 0, specs, symbols)
            return TensorSpec(splat_shape(term, specs, symbols), dtype)
        case Result(call, index):
            return infer_call(call, specs, symbols, dtype)[index]
        case Call():
            return infer_call(term, specs, symbols, dtype)[0]


def infer_call(call: Call, specs: Specs, symbols: Symbols, dtype: str) -> tuple[TensorSpec, ...]:
    """The types of all results of a call."""
    operands = [infer_term(arg, specs, symbols, dtype) for arg in call.args]
    return OPS[call.op].infer(operands, call_attrs(call, operands, specs, symbols))


def call_attrs(
    call: Call, operands: list[TensorSpec], specs: Specs, symbols: Symbols
) -> dict[str, AttrValue]:
    """The attributes of a call. Raises `UndefinedError`."""
    rank = operands[0].rank if operands else 0
    return {name: _value(name, expr, rank, specs, symbols) for name, expr in call.attrs}


def splat_shape(splat: Splat, specs: Specs, symbols: Symbols) -> tuple[int, ...]:
    """The shape of a splat. Raises `UndefinedError`."""
    if isinstance(splat.shape, ShapeOf):
        return specs[splat.shape.var].shape
    return cast("tuple[int, ...]", _value("shape", splat.shape, 0, specs, symbols))


def _value(name: str, expr: object, rank: int, specs: Specs, symbols: Symbols) -> AttrValue:
    value = eval_attr(name, expr, rank, symbols, lambda variable: specs[variable].shape)
    if value is None:
        raise UndefinedError(f"{name} has no value")
    return value


def evaluate_term(
    term: Term, arrays: Mapping[str, Array], specs: Specs, symbols: Symbols, dtype: str
) -> Array:
    """The value of a term, in the arithmetic of the arrays."""
    match term:
        case Var(name):
            return arrays[name]
        case Splat(value):
            shape = splat_shape(term, specs, symbols)
            scalar = cast(float, _value("value", value, 0, specs, symbols))
            return np.full(shape, scalar, np.int64 if dtype == "i64" else np.float64)
        case Result(call, index):
            return _evaluate_call(call, arrays, specs, symbols, dtype)[index]
        case Call():
            return _evaluate_call(term, arrays, specs, symbols, dtype)[0]


def _evaluate_call(
    call: Call, arrays: Mapping[str, Array], specs: Specs, symbols: Symbols, dtype: str
) -> tuple[Array, ...]:
    operands = [evaluate_term(arg, arrays, specs, symbols, dtype) for arg in call.args]
    types = [TensorSpec(a.shape, dtype) for a in operands]
    with np.errstate(all="ignore"):
        return OPS[call.op].evaluate(operands, call_attrs(call, types, specs, symbols))
