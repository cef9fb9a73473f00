"""Activations."""

from __future__ import annotations

from xdsl.ir import SSAValue

from taso.dialects.activation import GeluOp, ReluOp, SigmoidOp, SiluOp
from taso.dialects.elementwise import MaxOp
from taso.frontends.aten.compare import compare, where
from taso.frontends.aten.elementwise import clamp, mul
from taso.frontends.aten.writer import NodeWriter, Operand, converts


@converts("relu.default")
def relu(to: NodeWriter, x: Operand) -> SSAValue:
    return to.elementwise(ReluOp, x)


@converts("sigmoid.default")
def sigmoid(to: NodeWriter, x: Operand) -> SSAValue:
    return to.elementwise(SigmoidOp, x)


@converts("silu.default")
def silu(to: NodeWriter, x: Operand) -> SSAValue:
    return to.elementwise(SiluOp, x)


@converts("gelu.default")
def gelu(to: NodeWriter, x: Operand, approximate: str = "none") -> SSAValue:
    return to.elementwise(GeluOp, x, approximate=approximate)


@converts("leaky_relu.default")
def leaky_relu(to: NodeWriter, x: SSAValue, negative_slope: float = 0.01) -> SSAValue:
    scaled = mul(to, x, negative_slope)
    if 0 < negative_slope <= 1:
        return to.elementwise(MaxOp, x, scaled)
    return where(to, compare(to, "gt", x, 0), x, scaled)


@converts("hardtanh.default")
def hardtanh(to: NodeWriter, x: Operand, min_val: float = -1, max_val: float = 1) -> SSAValue:
    return clamp(to, x, min_val, max_val)


@converts("relu6.default")
def relu6(to: NodeWriter, x: Operand) -> SSAValue:
    return clamp(to, x, 0, 6)
