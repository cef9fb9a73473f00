"""Writes the linalg forms that `taso.lowering.linalg` lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from xdsl.builder import Builder
from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, IndexType, TensorType, i64
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.rewriter import InsertPoint

from taso.dialects.spec import TensorSpec, spec_of, tensor_type
from taso.lowering.linalg.values import Splat, Value, View, element_type

ScalarBody: TypeAlias = Callable[[Builder, Sequence[SSAValue]], SSAValue]
"""Writes the scalar ops of a generic's body and gives what it yields."""

_Op = TypeVar("_Op", bound=Operation)


class LinalgBuilder:
    """Appends ops to a block; views and splats become tensors where an op has to read one."""

    def __init__(self, block: Block) -> None:
        self._builder = Builder(InsertPoint.at_end(block))
        self._tensors: dict[Value, SSAValue] = {}
        self._scalars: dict[tuple[bytes, str], SSAValue] = {}

    def insert(self, op: _Op) -> _Op:
        """Append an op."""
        return self._builder.insert(op)

    def append(self, op: Operation) -> View:
        """Append an op of one result, a tensor."""
        return View.of(self.insert(op).results[0])

    def tensor(self, value: Value) -> SSAValue:
        """The value as a tensor of its own, made once."""
        if isinstance(value, View) and value.is_identity:
            return value.source
        if value not in self._tensors:
            made = self.fill(value) if isinstance(value, Splat) else self._copy(value)
            self._tensors[value] = made
        return self._tensors[value]

    def empty(self, spec: TensorSpec) -> SSAValue:
        """A tensor whose elements are not set."""
        return self.insert(tensor.EmptyOp((), tensor_type(spec))).tensor

    def fill(self, splat: Splat) -> SSAValue:
        """A new tensor that holds one element everywhere."""
        scalar = self._scalar(splat)
        return self.insert(linalg.FillOp((scalar,), (self.empty(splat.spec),))).results[0]

    def _scalar(self, splat: Splat) -> SSAValue:
        key = (splat.element, splat.spec.dtype)
        if key not in self._scalars:
            self._scalars[key] = self.insert(arith.ConstantOp(splat.scalar_attribute())).result
        return self._scalars[key]

    def _copy(self, view: View) -> SSAValue:
        """Transpose the source, then repeat it."""
        kept = [(i, axis) for i, axis in enumerate(view.axes) if axis is not None]
        perm = [axis for _, axis in kept]
        source = view.source
        if perm != sorted(perm):
            moved = self.empty(view.spec.with_shape([view.spec.shape[i] for i, _ in kept]))
            source = self.insert(linalg.TransposeOp(source, moved, _ints(perm))).results[0]
        if view.is_permutation:
            return source
        repeated = [i for i, axis in enumerate(view.axes) if axis is None]
        init = self.empty(view.spec)
        return self.insert(linalg.BroadcastOp(source, init, _ints(repeated))).results[0]

    def elementwise(self, operands: Sequence[Value], result: TensorSpec, body: ScalarBody) -> View:
        """Apply `body` to the elements of operands that have the result's shape."""
        if not any(isinstance(v, View) for v in operands):
            operands = [View.of(self.tensor(operands[0])), *operands[1:]]
        inputs = list(dict.fromkeys(v for v in operands if isinstance(v, View)))

        def write(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
            by_value: dict[Value, SSAValue] = dict(zip(inputs, args, strict=False))
            for v in operands:
                if isinstance(v, Splat) and v not in by_value:
                    by_value[v] = b.insert(arith.ConstantOp(v.scalar_attribute())).result
            return body(b, [by_value[v] for v in operands])

        maps = [_map(result.rank, v.source_axes()) for v in inputs]
        maps.append(_map(result.rank, range(result.rank)))
        sources = [v.source for v in inputs]
        return self._generic(sources, self.empty(result), maps, result.rank, write)

    def reduction(
        self,
        operands: Sequence[Value],
        terms: Sequence[str],
        result: str,
        init: Splat,
        combine: ScalarBody,
    ) -> View:
        """Fold the operands over the letters that `result` lacks.

        `terms` names the axes of each operand by letters, as an einsum does; `combine` gets
        an element of each operand and the value so far, which starts as `init`.
        """
        # A repeated axis could leave a loop dim without a map that bounds it.
        views = [
            v if isinstance(v, View) and v.is_permutation else View.of(self.tensor(v))
            for v in operands
        ]
        letters = list(dict.fromkeys(result + "".join(terms)))
        maps = [
            _map(len(letters), [letters.index(term[i]) for i in view.source_axes()])
            for term, view in zip(terms, views, strict=True)
        ]
        maps.append(_map(len(letters), range(len(result))))
        sources = [v.source for v in views]
        return self._generic(sources, self.fill(init), maps, len(result), combine)

    def fold(
        self,
        inputs: Sequence[SSAValue],
        maps: Sequence[Sequence[AffineExpr]],
        init: Splat,
        combine: ScalarBody,
    ) -> View:
        """Fold the inputs over loop dims, of which the result's axes are the first ones, in order.

        `maps` says where each input, and the result, is read; `combine` gets an element of each
        input and the value so far, which starts as `init`.
        """
        used = {d for exprs in maps for e in exprs for d in e.used_dims()}
        attrs = [AffineMapAttr(AffineMap(len(used), 0, tuple(exprs))) for exprs in maps]
        return self._generic(inputs, self.fill(init), attrs, len(maps[-1]), combine)

    def gather(self, table: SSAValue, indices: SSAValue, axis: int) -> View:
        """The parts of `table` along `axis` that `indices` name, in place of that axis."""
        rank, spec = spec_of(indices).rank, spec_of(table)
        kept = spec.shape[:axis], spec.shape[axis + 1 :]
        result = spec.with_shape([*kept[0], *spec_of(indices).shape, *kept[1]])

        def extract(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
            at = [d for d in range(result.rank) if not axis <= d < axis + rank]
            positions: list[SSAValue] = [b.insert(linalg.IndexOp(d)).result for d in at]
            positions.insert(axis, b.insert(arith.IndexCastOp(args[0], IndexType())).result)
            return b.insert(tensor.ExtractOp(table, positions, element_type(spec))).result

        maps = [_map(result.rank, range(axis, axis + rank)), _map(result.rank, range(result.rank))]
        return self._generic([indices], self.empty(result), maps, result.rank, extract)

    def matmul(self, lhs: SSAValue, rhs: SSAValue, init: Splat) -> View:
        """The named product of two matrices."""
        return self.append(linalg.MatmulOp((lhs, rhs), (self.fill(init),)))

    def _generic(
        self,
        inputs: Sequence[SSAValue],
        init: SSAValue,
        maps: Sequence[AffineMapAttr],
        parallel: int,
        body: ScalarBody,
    ) -> View:
        types = [cast("TensorType[Any]", v.type).element_type for v in (*inputs, init)]
        block = Block(arg_types=types)
        for arg in block.args:
            arg.name_hint = "in"
        block.args[-1].name_hint = "out"
        inner = Builder(InsertPoint.at_end(block))
        inner.insert(linalg.YieldOp(body(inner, block.args)))
        reductions = maps[0].data.num_dims - parallel
        iterators = [
            *[IteratorTypeAttr.parallel()] * parallel,
            *[IteratorTypeAttr.reduction()] * reductions,
        ]
        op = linalg.GenericOp(inputs, (init,), Region(block), maps, iterators, (init.type,))
        return self.append(op)


def _map(rank: int, dims: Sequence[int]) -> AffineMapAttr:
    exprs = tuple(AffineExpr.dimension(d) for d in dims)
    return AffineMapAttr(AffineMap(rank, 0, exprs))


def _ints(values: Sequence[int]) -> DenseArrayBase[Any]:
    return DenseArrayBase.from_list(i64, values)
