"""What random arguments have to be drawn from, where not any value will do.

An index has to be in its table, and a variance above 0. The range stands on an argument as
`taso.range = [low, high]`: integers from low to high - 1, floats from low up to high.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, i64
from xdsl.ir import Attribute, BlockArgument, SSAValue

from taso.dialects.base import OpKind, TasoOp
from taso.dialects.elementwise import AddOp, CastOp, RsqrtOp, SqrtOp
from taso.dialects.gather import GatherOp
from taso.dialects.spec import get_int, spec_of

RANGE = "taso.range"
_OF_VARIANCES = (1, 2)


def range_attrs(function: func.FuncOp) -> Mapping[int, Mapping[str, Attribute]]:
    """The attributes of the arguments, by number, that have a range."""
    return {
        index: {RANGE: ArrayAttr(IntegerAttr(bound, i64) for bound in bounds)}
        for index, bounds in value_ranges(function).items()
    }


def value_ranges(function: func.FuncOp) -> Mapping[int, tuple[int, int]]:
    """By number, the ranges of arguments that are indices, or under a root.

    What indexes several tables has to be in the smallest.
    """
    found: dict[int, tuple[int, int]] = {}
    for op in function.walk():
        if isinstance(op, GatherOp):
            size = spec_of(op.table).shape[get_int(op.attrs(), "axis")]
            for argument in _arguments(op.indices):
                found[argument.index] = min((0, size), found.get(argument.index, (0, size)))
        elif isinstance(op, SqrtOp | RsqrtOp):
            for argument in _arguments(op.operand):
                found.setdefault(argument.index, _OF_VARIANCES)
    return found


def _arguments(value: SSAValue) -> list[BlockArgument]:
    """The arguments that a value is, but for what only moves elements, or adds to them."""
    if isinstance(value, BlockArgument):
        return [value]
    owner = value.owner
    if isinstance(owner, AddOp | CastOp):
        sources = owner.operands
    elif isinstance(owner, TasoOp) and owner.KIND in (OpKind.VIEW, OpKind.COPY):
        sources = owner.operands[:1] if isinstance(owner, GatherOp) else owner.operands
    else:
        return []
    return [argument for source in sources for argument in _arguments(source)]
