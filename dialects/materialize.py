"""Folded attributes as constants in the IR."""

from __future__ import annotations

from typing import Any, cast

from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute, Operation

from taso.dialects.movement import ConstantOp
from taso.dialects.spec import spec_of
from taso.dialects.values import packed_bytes


class TasoConstantMaterialization(ConstantMaterializationInterface):
    """Makes a `taso.constant` of a folded attribute (rank 0: a splat of the type)."""

    def materialize_constant(self, value: Attribute, type: Attribute) -> Operation | None:
        if not isinstance(value, DenseIntOrFPElementsAttr):
            return None
        dense = cast("DenseIntOrFPElementsAttr[Any]", value)
        return ConstantOp.create_op((), packed_bytes(dense.data.data, spec_of(type)))
