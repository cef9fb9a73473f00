"""ATen calls without a converter, as `taso.extern`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch._ops import OpOverload
from xdsl.builder import Builder
from xdsl.ir import SSAValue

from taso.dialects.emit import IREmitter
from taso.dialects.extern import ExternOp, format_specs
from taso.dialects.extern_arguments import (
    Argument,
    Arguments,
    Operand,
    TorchName,
    format_arguments,
    parse_arguments,
)
from taso.dialects.extern_schema import (
    DENSE_OPERANDS,
    UNSET,
    ExternError,
    check_call,
    is_random,
    schema_of,
)
from taso.dialects.spec import Attrs, ConstraintError, TensorSpec, spec_of
from taso.frontends.aten.writer import Result, UnsupportedError, tensor_spec

PLACEMENT = ("device", "layout", "non_blocking", "pin_memory")
"""Arguments that say where and how a result is kept: dense, on the operands' device, here."""


def write_opaque(
    builder: Builder, node: fx.Node, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Result:
    """Write a call of the node's op, of any namespace; returns its value, or one an output.

    args, kwargs: the node's, with SSA values for its tensors. An output that is no tensor is
    None. Raises `UnsupportedError`, with the reason, for what no `taso.extern` can hold: ops that
    change their arguments or give no tensors, element types and arguments that have no text.
    """
    overload = node.target
    if not isinstance(overload, OpOverload):
        raise UnsupportedError(f"{overload} is no op of torch")
    if overload is torch.ops.aten._local_scalar_dense.default:
        raise UnsupportedError("it makes a Python number of a tensor's data")
    outputs = _outputs(node)
    results = [_result_spec(x) for x in outputs if isinstance(x, Tensor)]
    if _op_name(overload) in UNSET and len(results) == 1:
        # Any values will do, and those of a constant are the same in each run.
        return IREmitter(builder).splat(0, results[0])
    _check_memory(node, overload)
    operands: dict[SSAValue, int] = {}
    text = _arguments_text(overload, args, kwargs, operands)
    try:
        op = _extern(overload, text, tuple(operands), results)
    except (ConstraintError, ExternError) as e:
        raise UnsupportedError(str(e)) from e
    values = iter(builder.insert(op).results)
    if isinstance(node.meta["val"], Tensor):
        return next(values)
    return [next(values) if isinstance(x, Tensor) else None for x in outputs]


def _extern(
    overload: OpOverload, text: str, operands: Sequence[SSAValue], results: Sequence[TensorSpec]
) -> ExternOp:
    """The op. Raises `ConstraintError` or `ExternError` if it can't hold the call."""
    name, arguments = str(overload), parse_arguments(text)
    random = is_random(overload, arguments)
    specs = [spec_of(v) for v in operands]
    trusted = frozenset({name})  # the program itself calls it
    check_call(name, arguments, specs, results, random=random, trusted=trusted)
    attrs: Attrs = {
        "overload": name,
        "arguments": text,
        "random": random,
        "results": format_specs(results),
    }
    return ExternOp.create_op(operands, attrs)


def _op_name(overload: OpOverload) -> str:
    return str(overload).split(".")[1]


def _outputs(node: fx.Node) -> Sequence[Any]:
    value = node.meta.get("val")
    return value if isinstance(value, tuple | list) else [value]


def _result_spec(tensor: Tensor) -> TensorSpec:
    if tensor.layout is not torch.strided:
        raise UnsupportedError(f"a result of layout {tensor.layout}")
    if not all(type(size) is int for size in tensor.shape):
        raise UnsupportedError(f"a result whose shape {list(tensor.shape)} depends on data")
    return tensor_spec(tensor)


def _check_memory(node: fx.Node, overload: OpOverload) -> None:
    """Refuse what depends on more than values: on a second device, or on strides."""
    inputs = [x for n in node.all_input_nodes for x in _outputs(n) if isinstance(x, Tensor)]
    tensors = [*inputs, *(x for x in _outputs(node) if isinstance(x, Tensor))]
    devices = sorted({str(x.device) for x in tensors})
    if len(devices) > 1:
        raise UnsupportedError(f"it has tensors on {' and '.join(devices)}")
    dense = all(x.is_contiguous() and x.storage_offset() == 0 for x in inputs)
    if _op_name(overload) in DENSE_OPERANDS and not dense:
        raise UnsupportedError("it depends on the strides of a tensor that is not contiguous")


def _arguments_text(
    overload: OpOverload,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    operands: dict[SSAValue, int],
) -> str:
    """The text of a call's arguments; numbers the values that it takes in `operands`.

    Without those of placement, others after them in order have to go by name.
    """
    names = [a.name for a in schema_of(overload).arguments if not a.kwarg_only]
    given = [*zip(names, args, strict=False), *kwargs.items()]
    positional: list[Argument] = []
    named: dict[str, Argument] = {}
    for i, (name, value) in enumerate(given):
        if name in PLACEMENT:
            continue
        argument = _argument(value, operands)
        if i < len(args) and len(positional) == i:
            positional.append(argument)
        else:
            named[name] = argument
    return format_arguments(Arguments(tuple(positional), named))


def _argument(value: Any, operands: dict[SSAValue, int]) -> Argument:
    match value:
        case SSAValue():
            return Operand(operands.setdefault(value, len(operands)))
        case torch.dtype() | torch.memory_format():
            return TorchName(str(value).removeprefix("torch."))
        case tuple() | list():
            elements: Sequence[Any] = value
            return tuple(_argument(v, operands) for v in elements)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise UnsupportedError(f"an argument of type {type(value).__name__}")
