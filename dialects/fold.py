"""Constant folding of ops and of a dialect's constants into IR."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute, Operation, SSAValue

from taso.dialects.base import MAX_FOLDED_ELEMENTS, Array, Attrs, TasoOp, TensorSpec, narrow, widen
from taso.dialects.base import spec_of
from taso.dialects.movement import (
    ConstantOp,
    dense_attribute,
    pack_constant,
    splat_constant,
    splat_value,
    unpack_constant,
)


def evaluate_constants(
    op: type[TasoOp], operands: Sequence[Attrs], attrs: Attrs
) -> list[Attrs] | None:
    """The results of an op on constants, or None where they would be too large.

    Operands and results are the attributes of `constant`s. Arithmetic runs in float64 and is
    rounded once. An op whose operands are splats and which works element by element, or only
    moves elements, is evaluated on one element, so that a splat stays one at any shape.
    """
    from taso.dialects.base import OpKind

    specs = [TensorSpec(a["shape"], a["dtype"]) for a in operands]  # pyright: ignore[reportArgumentType]
    results = op.infer(specs, attrs)
    splats = [splat_value(a) for a in operands]
    if all(s is not None for s in splats) and op.KIND in (OpKind.VIEW, OpKind.COPY):
        if len({(a["value"], a["dtype"]) for a in operands}) == 1:
            return [{**operands[0], "shape": r.shape} if r.size else _empty(r) for r in results]
    if all(s is not None for s in splats) and op.KIND is OpKind.ELEMENTWISE:
        scalars = [widen(unpack_constant({**a, "shape": ()})) for a in operands]
        (value,) = op.evaluate(scalars, attrs)
        packed = pack_constant(np.asarray(value).reshape(()), results[0].dtype)
        return [{**packed, "shape": results[0].shape}]
    if any(t.size > MAX_FOLDED_ELEMENTS for t in (*specs, *results)):
        return None
    arrays: list[Array] = op.evaluate([widen(unpack_constant(a)) for a in operands], attrs)  # pyright: ignore[reportAssignmentType]
    return [pack_constant(narrow(a, r.dtype), r.dtype) for a, r in zip(arrays, results, strict=True)]


def _empty(spec: TensorSpec) -> Attrs:
    return splat_constant(0, spec)


def fold_constants(op: TasoOp) -> Sequence[SSAValue | Attribute] | None:
    """`HasFolderInterface.fold` for every op: None unless all operands are constants."""
    owners = [v.owner for v in op.operands]
    if isinstance(op, ConstantOp) or not all(isinstance(o, ConstantOp) for o in owners):
        return None
    constants = [o.attrs() for o in owners if isinstance(o, ConstantOp)]
    folded = evaluate_constants(type(op), constants, op.attrs())
    return None if folded is None else [dense_attribute(f) for f in folded]


class TasoConstantMaterialization(ConstantMaterializationInterface):
    """Makes a `taso.constant` of a folded attribute (rank 0: a splat of the type)."""

    def materialize_constant(self, value: Attribute, type: Attribute) -> Operation | None:
        if not isinstance(value, DenseIntOrFPElementsAttr):
            return None
        spec = spec_of(type)
        attrs: Attrs = {"value": value.data.data, "shape": spec.shape, "dtype": spec.dtype}
        return ConstantOp.create_op((), attrs)
