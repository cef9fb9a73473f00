"""Convolutions and pooling as torch calls; a convolution takes the bias that is added to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xdsl.ir import Operation, SSAValue

from taso.dialects.base import TasoOp
from taso.dialects.convolution import Conv2dOp
from taso.dialects.pooling import AvgPool2dOp, MaxPool2dOp
from taso.dialects.spec import Attrs, AttrValue, TensorSpec
from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.elementwise import vector_bias
from taso.lowering.torch_source.types import Type
from taso.lowering.torch_source.values import Values, only_user

DEFAULTS: Mapping[str, AttrValue] = {
    "padding": (0, 0),
    "dilation": (1, 1),
    "groups": 1,
    "count_include_pad": True,
}
"""What torch takes arguments for that are not given."""


def conv2d(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    """The call for an image, a weight and, where it is given, a bias."""
    arguments = [x.text for x in operands]
    if attrs["stride"] != (1, 1):
        arguments.append(f"stride={attrs['stride']!r}")
    return _call(Conv2dOp, "torch.conv2d", operands[:2], arguments, attrs)


def max_pool2d(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    return _call(MaxPool2dOp, "torch.max_pool2d", operands, _pool_arguments(operands, attrs), attrs)


def avg_pool2d(operands: Sequence[Ref], attrs: Attrs) -> Ref:
    function = "torch.nn.functional.avg_pool2d"
    return _call(AvgPool2dOp, function, operands, _pool_arguments(operands, attrs), attrs)


def _pool_arguments(operands: Sequence[Ref], attrs: Attrs) -> list[str]:
    """torch strides by the kernel unless told otherwise."""
    strides = [] if attrs["stride"] == attrs["kernel"] else [f"stride={attrs['stride']!r}"]
    return [operands[0].text, repr(attrs["kernel"]), *strides]


def _call(
    op: type[TasoOp], function: str, operands: Sequence[Ref], arguments: list[str], attrs: Attrs
) -> Ref:
    given = {name: attrs[name] for name in DEFAULTS if name in attrs}
    named = [f"{name}={value!r}" for name, value in given.items() if value != DEFAULTS[name]]
    (spec,) = op.infer([TensorSpec(x.type.shape, "f32") for x in operands], attrs)
    text = f"{function}({', '.join([*arguments, *named])})"
    return Ref(text, Type(spec.shape, operands[0].type.dtype))


class BiasedConvolution(NamedTuple):
    """A convolution whose only reader adds one number to each of its channels."""

    operands: Sequence[SSAValue]
    attrs: Attrs
    bias: SSAValue
    add: Operation


def biased_convolution(call: Operation, op: type[TasoOp], attrs: Attrs) -> BiasedConvolution | None:
    """A call that stands for `op` with the addition that is its only reader, if it is one."""
    reader = only_user(call.results[0])
    if op is not Conv2dOp or reader is None:
        return None
    bias = vector_bias(reader, call.results[0], 1)
    return None if bias is None else BiasedConvolution(call.operands, attrs, bias, reader)


def convolve_biased(values: Values, biased: BiasedConvolution) -> None:
    """Append the convolution and the addition as one call."""
    operands = values.refs([*biased.operands, biased.bias])
    values.assign(biased.add.results[0], "conv2d", conv2d(operands, biased.attrs).text)
