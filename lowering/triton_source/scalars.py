"""Scalar ops of generics as Triton expressions.

Halves are computed in float32: a fused value is rounded where it is stored. `arith` and `math`
mean the same here as on one element.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.ir import Attribute, Operation

from taso.lowering.torch_source.scalars import CASTS, comparison_symbol
from taso.lowering.torch_source.types import dtype_of
from taso.lowering.triton_source.axes import UnsupportedKernelError

TANH = "tanh_float32"
HELPERS = {
    TANH: f"""\
@triton.jit
def {TANH}(x):
    # As Cephes' tanhf (S. L. Moshier), within 2 units in the last place.
    size = tl.abs(x)
    z = x * x
    series = -5.70498872745e-3 * z + 2.06390887954e-2
    series = (series * z - 5.37397155531e-2) * z + 1.33314422036e-1
    near = (series * z - 3.33332819422e-1) * z * x + x
    far = 1.0 - 2.0 / (tl.exp(2.0 * size) + 1.0)
    return tl.where(size < 0.625, near, tl.where(x < 0.0, -far, far))""",
}
"""Functions that kernels call, by name."""

NAN = "propagate_nan=tl.PropagateNan.ALL"
UNARY = {
    "arith.negf": "-{0}",
    "math.absf": "tl.abs({0})",
    "math.absi": "tl.abs({0})",
    "math.cos": "tl.cos({0})",
    "math.erf": "tl.erf({0})",
    "math.exp": "tl.exp({0})",
    "math.log": "tl.log({0})",
    "math.rsqrt": "tl.rsqrt({0})",
    "math.sin": "tl.sin({0})",
    "math.sqrt": "tl.sqrt_rn({0})",
}
BINARY = {
    "arith.addf": "{0} + {1}",
    "arith.addi": "{0} + {1}",
    "arith.andi": "{0} & {1}",
    "arith.divf": "{0} / {1}",
    "arith.maximumf": f"tl.maximum({{0}}, {{1}}, {NAN})",
    "arith.maxsi": "tl.maximum({0}, {1})",
    "arith.minimumf": f"tl.minimum({{0}}, {{1}}, {NAN})",
    "arith.minsi": "tl.minimum({0}, {1})",
    "arith.mulf": "{0} * {1}",
    "arith.muli": "{0} * {1}",
    "arith.ori": "{0} | {1}",
    "arith.subf": "{0} - {1}",
    "arith.subi": "{0} - {1}",
    "arith.xori": "{0} ^ {1}",
    "math.powf": "libdevice.pow({0}, {1})",
}
TYPES = {
    "float16": "tl.float32",
    "bfloat16": "tl.float32",
    "float32": "tl.float32",
    "float64": "tl.float64",
    "bool": "tl.int1",
    "int16": "tl.int16",
    "int32": "tl.int32",
    "int64": "tl.int64",
}
"""What values of a torch dtype are computed in."""


def computed_in(element: Attribute) -> str:
    """The Triton type that values of an element type are computed in."""
    return TYPES[dtype_of(element)]


def scalar_text(op: Operation, operands: Sequence[str]) -> str:
    """One scalar op applied to tiles or numbers, as source that binds as loosely as any.

    Raises `UnsupportedKernelError` on an op that has no translation.
    """
    if op.name == "math.tanh":
        wide = computed_in(op.results[0].type) == "tl.float64"
        return f"{'libdevice.tanh' if wide else TANH}({operands[0]})"
    if op.name in UNARY:
        return UNARY[op.name].format(*operands)
    if op.name in BINARY:
        return BINARY[op.name].format(*operands)
    match op:
        case arith.SelectOp():
            chosen = f"tl.where({', '.join(operands)})"
            is_typed = any(x.isidentifier() for x in operands[1:])
            return chosen if is_typed else f"{chosen}.to({computed_in(op.results[0].type)})"
        case arith.CmpfOp() | arith.CmpiOp():
            return f"{operands[0]} {comparison_symbol(op)} {operands[1]}"
        case _ if op.name in CASTS:
            source, target = computed_in(op.operands[0].type), computed_in(op.results[0].type)
            return operands[0] if source == target else f"{operands[0]}.to({target})"
        case _:
            raise UnsupportedKernelError(f"{op.name} has no translation to Triton")
