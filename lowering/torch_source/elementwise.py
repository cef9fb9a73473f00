"""`linalg.generic` without reductions: each scalar op becomes one torch operation."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap

from taso.lowering.torch_source.code import Ref, tokens
from taso.lowering.torch_source.scalars import Expression, Operand, expression
from taso.lowering.torch_source.types import TorchSourceError, scalar_value, type_of
from taso.lowering.torch_source.values import Values, hint_of
from taso.lowering.torch_source.views import align, expand


def maps_of(op: GenericOp) -> list[tuple[int, ...]]:
    """For each operand, the loop dim that each of its axes follows.

    Raises `TorchSourceError` on a map that is no projected permutation.
    """
    return [dims_of(attr.data) for attr in op.indexing_maps]


def dims_of(map_: AffineMap) -> tuple[int, ...]:
    """The loop dim that each result of a map is. Raises as `maps_of` does."""
    dims = tuple(e.position for e in map_.results if isinstance(e, AffineDimExpr))
    if len(dims) != len(map_.results) or len(set(dims)) != len(dims):
        raise TorchSourceError(f"indexing map {map_} is no projected permutation")
    return dims


def is_elementwise(op: Operation) -> bool:
    """Whether an op is a generic that has no reduction dims."""
    return isinstance(op, GenericOp) and all(
        kind.data == IteratorType.PARALLEL for kind in op.iterator_types
    )


def translate_elementwise(values: Values, op: GenericOp) -> None:
    """Apply the body's ops, in order, to the operands aligned with the loop dims."""
    *inputs, output = maps_of(op)
    (result,) = op.results
    rank = len(output)
    if output != tuple(range(rank)) or op.body.block.args[-1].uses.get_length():
        raise TorchSourceError("an element-wise generic reads or permutes its output")
    scalars: dict[SSAValue, Operand] = {}
    for arg, source, axes in zip(op.body.block.args, op.inputs, inputs, strict=False):
        scalars[arg] = align(values.ref(source), axes, rank)
    *body, end = op.body.block.ops
    for inner in body:
        if isinstance(inner, arith.ConstantOp):
            scalars[inner.result] = scalar_value(inner.value)
        elif isinstance(inner, arith.SelectOp) and not isinstance(scalars[inner.cond], Ref):
            scalars[inner.result] = scalars[inner.lhs if scalars[inner.cond] else inner.rhs]
        else:
            last = inner.results[0] is end.operands[0]
            hint = hint_of(result, "") if last else ""
            scalars[inner.results[0]] = _apply(values, inner, scalars, hint)
    _bind_result(values, result, scalars[end.operands[0]])


def _apply(values: Values, op: Operation, scalars: dict[SSAValue, Operand], hint: str) -> Ref:
    operands = [scalars[v] for v in op.operands]
    made = without_overlap(expression(op, operands), operands)
    aliases = isinstance(op, arith.BitcastOp)
    return values.code.assign(
        hint or made.hint, made.text, made.type, aliases=aliases, in_place=made.in_place
    )


def without_overlap(made: Expression, operands: list[Operand]) -> Expression:
    """The expression without in-place variants that would also change another operand."""
    tensors = [x for x in operands if isinstance(x, Ref)]
    safe = {
        target: text
        for target, text in made.in_place.items()
        if all(x == target or tokens(x.text).isdisjoint(tokens(target.text)) for x in tensors)
    }
    return made._replace(in_place=safe)


def _bind_result(values: Values, result: SSAValue, yielded: Operand) -> None:
    type_ = type_of(result)
    if isinstance(yielded, Ref):
        values.bind_view(result, "expanded", expand(yielded, type_.shape))
    else:
        values.bind_number(result, yielded)


def vector_bias(op: Operation, value: SSAValue, axis: int) -> SSAValue | None:
    """The vector that `op` adds along an axis of `value`, if that is all it does."""
    if not isinstance(op, GenericOp) or not is_elementwise(op):
        return None
    *body, end = op.body.block.ops
    if len(body) != 1 or not isinstance(body[0], arith.AddfOp) or len(op.inputs) != 2:
        return None
    maps = dict(zip(op.inputs, maps_of(op), strict=False))
    bias = next(v for v in op.inputs if v is not value)
    args = set(op.body.block.args[:2])
    whole = tuple(range(type_of(value).rank))
    fits = maps[value] == whole and maps[bias] == (axis,) and set(body[0].operands) == args
    return bias if fits and end.operands[0] is body[0].result else None
