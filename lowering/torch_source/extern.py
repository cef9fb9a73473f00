"""Calls of torch ops that `taso.extern` stands for, as `torch.ops.aten.roll.default(x, [1])`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import func

from taso.dialects.extern_arguments import (
    Argument,
    Operand,
    TorchName,
    parse_arguments,
)
from taso.dialects.spec import Attrs, spec_of
from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.types import TorchSourceError, Type, literal, type_of
from taso.lowering.torch_source.values import Values, hint_of


def translate_extern(values: Values, op: func.CallOp, attrs: Attrs) -> None:
    """Append the call that a declared function records, and bind its results.

    Results may be memory of operands: schemas do not tell of all that are. Raises
    `TorchSourceError` for a call that torch's schema does not allow.
    """
    from taso.dialects.extern_schema import DENSE_OPERANDS, ExternError, check_call

    name, arguments = cast(str, attrs["overload"]), parse_arguments(cast(str, attrs["arguments"]))
    operands = [spec_of(v) for v in op.arguments]
    results = [spec_of(v) for v in op.results]
    try:
        call = check_call(
            name,
            arguments,
            operands,
            results,
            random=bool(attrs["random"]),
            trusted=values.file.trusted,
        )
    except ExternError as e:
        raise TorchSourceError(str(e)) from e
    refs = values.refs(op.arguments)
    function = name.split(".")[1]
    if function in DENSE_OPERANDS:
        refs = [_dense(x) for x in refs]
    items = [_argument(value, refs) for value in arguments.positional]
    items += [f"{key}={_argument(value, refs)}" for key, value in arguments.named.items()]
    if call.takes_device:
        items.append(f"device={values.device}")
    text = f"torch.ops.{name}({', '.join(items)})"
    _bind(values, op, function, text, call.outputs, is_sequence=call.is_sequence)


def _bind(
    values: Values,
    op: func.CallOp,
    hint: str,
    text: str,
    outputs: Sequence[bool],
    *,
    is_sequence: bool,
) -> None:
    """Name each output of the call; one that is no tensor gets a name that nothing reads."""
    if is_sequence and len(outputs) == 1:
        text += "[0]"
    rest = iter(op.results)
    bound = [next(rest) if is_tensor else None for is_tensor in outputs]
    names = [("unused", _NO_TYPE) if v is None else (hint_of(v, hint), type_of(v)) for v in bound]
    refs = values.code.assign_all(names, text, aliases=True)
    for value, ref in zip(bound, refs, strict=True):
        if value is not None:
            values.bind(value, ref)


_NO_TYPE = Type((), "none")


def _dense(x: Ref) -> Ref:
    return Ref(f"{x.text}.clone(memory_format=torch.contiguous_format)", x.type)


def _argument(value: Argument, operands: Sequence[Ref]) -> str:
    """An argument as source; text of one is escaped."""
    match value:
        case Operand(index):
            return operands[index].text
        case TorchName(name):
            return f"torch.{name}"
        case tuple():
            return f"[{', '.join(_argument(v, operands) for v in value)}]"
        case bool() | int() | float():
            return literal(value)
        case _:
            return repr(value).replace("'", '"')
