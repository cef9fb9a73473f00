"""Where a decomposition writes its ops: NumPy arrays, types alone, or IR."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.builder import Builder
from xdsl.ir import SSAValue

from taso.dialects.base import Array, AttrValue, TasoOp, TensorSpec, spec_of
from taso.dialects.movement import ConstantOp, splat_constant


class NumPyEmitter:
    """Evaluates at once, in the arithmetic of the arrays' dtypes."""

    def emit(self, op: type[TasoOp], operands: Sequence[Array], **attrs: AttrValue) -> Array:
        (result,) = op.evaluate(operands, attrs)
        return result

    def spec(self, value: Array) -> TensorSpec:
        # Meanings run in float64 or wider integers; what asks for a spec wants the shape.
        return TensorSpec(value.shape, "f64")

    def splat(self, value: float, spec: TensorSpec) -> Array:
        return np.broadcast_to(np.float64(value), spec.shape)


class SpecEmitter:
    """Infers types and adds up FLOPs; nothing is computed."""

    def __init__(self) -> None:
        self.flops = 0

    def emit(
        self, op: type[TasoOp], operands: Sequence[TensorSpec], **attrs: AttrValue
    ) -> TensorSpec:
        self.flops += op.flops(operands, attrs)
        (result,) = op.infer(operands, attrs)
        return result

    def spec(self, value: TensorSpec) -> TensorSpec:
        return value

    def splat(self, value: float, spec: TensorSpec) -> TensorSpec:
        return spec


class IREmitter:
    """Inserts ops at a builder's insertion point."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def emit(self, op: type[TasoOp], operands: Sequence[SSAValue], **attrs: AttrValue) -> SSAValue:
        return self.builder.insert(op.create_op(operands, attrs)).results[0]

    def spec(self, value: SSAValue) -> TensorSpec:
        return spec_of(value)

    def splat(self, value: float, spec: TensorSpec) -> SSAValue:
        return self.builder.insert(ConstantOp.create_op((), splat_constant(value, spec))).result
