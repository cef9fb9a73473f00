"""Which calls of torch ops `taso.extern` may stand for: torch's own schemas decide.

An IR file is untrusted: what it calls must compute tensors from tensors and plain data, and do
nothing else. So such a call must be of an ATen op whose schema is functional, and must fit it;
text is one of the words that its argument takes. Refused beside that are ops that

* show memory which nothing has set (`empty` and its like, `resize`), or share other storage;
* are internal (`_…`), unless listed: they trust their caller with shapes and states;
* are a library's own entry points (cuDNN, oneDNN, FBGEMM, …), for the same reason;
* run without saying what they give: the types that torch finds without data have to be those
  declared, so that a call never goes on with others.

A number may stand for a tensor where torch itself makes a tensor of it, which gives way to others
in type promotion: in arithmetic, beside an operand.

Ops that a PyTorch program itself calls are *trusted*, by name: they can be internal, or of any
namespace, and their types were found by torch. torch is imported where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from taso.dialects.extern_arguments import (
    MEMORY_FORMATS,
    TORCH_DTYPES,
    Argument,
    Arguments,
    Operand,
    TorchName,
)
from taso.dialects.spec import DTYPES, Array, TensorSpec

if TYPE_CHECKING:
    from torch import FunctionSchema, Tensor
    from torch._ops import OpOverload

NOTHING_TRUSTED: frozenset[str] = frozenset()

WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(words.split())
        for name, words in {
            "UPLO": "L U",
            "approximate": "none tanh",
            "driver": "gels gelsd gelss gelsy gesvd gesvda gesvdj",
            "indexing": "ij xy",
            "interpolation": "higher linear lower midpoint nearest",
            "mode": "circular complete constant r reduced reflect replicate",
            "ord": "fro nuc",
            "pad_mode": "constant reflect replicate",
            "padding": "same valid",
            "padding_side": "left right",
            "reduce": "add amax amin max mean min multiply prod sum",
            "rounding_mode": "floor trunc",
            "side": "left right",
        }.items()
    }
)
"""What an argument of text may say, by its name."""

INTERNAL = frozenset(
    (
        "__and__",
        "__lshift__",
        "__or__",
        "__rshift__",
        "__xor__",
        "_adaptive_avg_pool2d",
        "_adaptive_avg_pool3d",
        "_cdist_forward",
        "_log_softmax",
        "_native_batch_norm_legit_no_training",
        "_pdist_forward",
        "_prelu_kernel",
        "_safe_softmax",
        "_softmax",
        "_to_copy",
        "_trilinear",
        "_unsafe_view",
        "_upsample_bicubic2d_aa",
        "_upsample_bilinear2d_aa",
        "_upsample_nearest_exact1d",
        "_upsample_nearest_exact2d",
        "_upsample_nearest_exact3d",
        "_weight_norm_interface",
    )
)
"""Internal ops that check what they are given; exported programs hold them."""

UNSET = frozenset(
    (
        "empty",
        "empty_like",
        "empty_permuted",
        "empty_quantized",
        "empty_strided",
        "new_empty",
        "new_empty_strided",
        "resize",
        "resize_as",
    )
)
"""Ops that show memory which nothing has set."""

REFUSED = UNSET | {"from_file", "resize_as_sparse", "set"}
LIBRARIES = ("cudnn_", "fbgemm_", "miopen_", "mkldnn_", "mps_", "quantized_")

DENSE_OPERANDS = frozenset({"as_strided", "as_strided_copy", "as_strided_scatter"})
"""Ops whose values depend on strides: they read copies that are dense, in row-major order."""


class ExternError(ValueError):
    """A call that torch's schema does not allow, or that is not trusted."""


@dataclass(frozen=True)
class Call:
    """A call that its schema allows."""

    overload: OpOverload
    takes_device: bool
    """It has to be told the device: it has no operand, or asks for one."""
    outputs: tuple[bool, ...]
    """For each output whether it is a tensor; the tensors are the op's results."""
    is_sequence: bool
    """It gives a tuple or a list, of one output too."""


def check_call(
    name: str,
    arguments: Arguments,
    operands: Sequence[TensorSpec],
    results: Sequence[TensorSpec],
    *,
    random: bool,
    trusted: frozenset[str] = NOTHING_TRUSTED,
) -> Call:
    """The call, if it may be made; `ExternError` says why it may not.

    name: of the overload, such as "aten.roll.default"; `trusted` are those of overloads that a
    PyTorch program names. random: whether it is said to be random.
    """
    overload = find_overload(name, trusted)
    _check_arguments(overload, arguments, name in trusted)
    if is_random(overload, arguments) and not random:
        raise ExternError(f"{name} is random, and is not said to be")
    takes_device = _takes_device(overload, bool(operands))
    found = _outputs(overload, arguments, operands, takes_device, name in trusted)
    if found is None:
        return Call(overload, takes_device, (True,) * len(results), len(results) > 1)
    outputs, is_sequence = found
    specs = [_spec(x) for x in outputs if x is not None]
    if specs != list(results) and (name not in trusted or len(specs) != len(results)):
        gives, said = (", ".join(map(str, types)) for types in (specs, results))
        raise ExternError(f"{name} gives {gives or 'no tensor'}, not {said}")
    return Call(overload, takes_device, tuple(x is not None for x in outputs), is_sequence)


def find_overload(name: str, trusted: frozenset[str] = NOTHING_TRUSTED) -> OpOverload:
    """The overload of this name, if it is functional and may be called."""
    import torch
    from torch._ops import OpOverload, OpOverloadPacket

    namespace, op, overload = name.split(".")
    if name not in trusted:
        _check_name(name, namespace, op)
    packet: Any = getattr(getattr(torch.ops, namespace), op, None)
    known = isinstance(packet, OpOverloadPacket) and overload in packet.overloads()
    found = getattr(packet, overload) if known else None
    if not isinstance(found, OpOverload):
        raise ExternError(f"{name} is no op of torch")
    if schema_of(found).is_mutable:
        raise ExternError(f"{name} changes its arguments")
    if not any(str(r.real_type) in _TENSORS for r in schema_of(found).returns):
        raise ExternError(f"{name} gives no tensor")
    return found


def schema_of(overload: OpOverload) -> FunctionSchema:
    """The op's schema, for which torch has no public name."""
    return overload._schema  # pyright: ignore[reportPrivateUsage]


_TENSORS = ("Tensor", "Optional[Tensor]", "List[Tensor]")


def _check_name(name: str, namespace: str, op: str) -> None:
    if namespace != "aten":
        raise ExternError(f"{name} is no op of aten, and no program that is trusted calls it")
    internal = op.startswith("_") and op not in INTERNAL
    if internal or op in REFUSED or op.startswith(LIBRARIES):
        raise ExternError(f"{name} is called for programs that are trusted alone")


def is_random(overload: OpOverload, arguments: Arguments) -> bool:
    """The call draws from torch's generator: none that drops nothing out, or does not train."""
    import torch

    if torch.Tag.nondeterministic_seeded not in overload.tags:
        return False
    schema = schema_of(overload).arguments
    given: dict[str, Any] = {a.name: a.default_value for a in schema if a.has_default_value()}
    given |= dict(zip([a.name for a in schema], arguments.positional, strict=False))
    given |= arguments.named
    return not any(name in given and given[name] in (False, 0.0) for name in _SWITCHES)


_SWITCHES = ("dropout", "dropout_p", "train", "training")
"""Arguments that turn an op's randomness off where they are false or zero."""


def _check_arguments(overload: OpOverload, arguments: Arguments, trusted: bool) -> None:
    """Raises `ExternError` where the arguments do not fit the schema, or would be changed."""
    name, schema = str(overload), schema_of(overload).arguments
    by_position = [a.name for a in schema if not a.kwarg_only]
    if len(arguments.positional) > len(by_position):
        most, found = len(by_position), len(arguments.positional)
        raise ExternError(f"{name} takes {most} arguments by position, not {found}")
    given = dict(zip(by_position, arguments.positional, strict=False))
    for key, value in arguments.named.items():
        known = key in {a.name for a in schema} and not iskeyword(key)
        if key in given or not known:
            raise ExternError(f"{name} takes no argument {key} here")
        given[key] = value
    wraps = bool(arguments.operands()) and _wraps_numbers(overload)
    for argument in schema:
        type_ = str(argument.real_type)
        if argument.name not in given:
            if not argument.has_default_value() and type_ not in _DEVICES:
                raise ExternError(f"{name} needs argument {argument.name}")
            continue
        value = given[argument.name]
        is_wrapped = wraps and type_ == "Tensor" and _is_number(value)
        if not is_wrapped and not _fits(value, type_, argument.name, trusted):
            raise ExternError(f"{name} does not take this argument {argument.name}, a {type_}")
    if _updates_statistics(name, given):
        raise ExternError(f"{name} changes the running statistics")


def _wraps_numbers(overload: OpOverload) -> bool:
    """Whether torch makes a tensor of a number that the op is given for one."""
    import torch

    op = str(overload).split(".")[1]
    return torch._C._should_allow_numbers_as_tensors(op)  # pyright: ignore[reportPrivateUsage]


def _updates_statistics(name: str, given: Mapping[str, Argument]) -> bool:
    """Training, batch norms write to their running statistics, of which schemas do not tell."""
    function = name.split(".")[1]
    reads = "backward" in function or function.endswith(("_functional", "_no_training"))
    trains = given.get("training", given.get("use_input_stats", True)) is not False
    statistics = (given.get("running_mean"), given.get("running_var"))
    return not reads and trains and any(isinstance(v, Operand) for v in statistics)


_DEVICES = ("Device", "Optional[Device]")


def _fits(value: Argument, type_: str, name: str, trusted: bool) -> bool:
    """Whether an argument is of a schema's type. Of those that are not here, there is no value."""
    if type_.startswith("Optional[") and type_ not in _DEVICES:
        return value is None or _fits(value, type_[len("Optional[") : -1], name, trusted)
    if type_.startswith("List["):
        element = type_[len("List[") : -1]
        if isinstance(value, tuple):
            return all(_fits(v, element, name, trusted) for v in value)
        return element in ("int", "float") and _fits(value, element, name, trusted)
    if type_ == "str":
        return isinstance(value, str) and (trusted or value in WORDS.get(name, ()))
    return type_ in _CHECKS and _CHECKS[type_](value)


def _is_number(value: Argument) -> bool:
    return isinstance(value, bool | int | float)


_CHECKS: Mapping[str, Callable[[Argument], bool]] = MappingProxyType(
    {
        "MemoryFormat": lambda v: isinstance(v, TorchName) and v.name in MEMORY_FORMATS,
        "ScalarType": lambda v: isinstance(v, TorchName) and v.name in TORCH_DTYPES,
        "Tensor": lambda v: isinstance(v, Operand),
        "bool": lambda v: isinstance(v, bool),
        "float": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
        "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
        "number": _is_number,
    }
)


def _takes_device(overload: OpOverload, has_operands: bool) -> bool:
    devices = [a for a in schema_of(overload).arguments if str(a.real_type) in _DEVICES]
    return any(not has_operands or not a.has_default_value() for a in devices)


def _outputs(
    overload: OpOverload,
    arguments: Arguments,
    operands: Sequence[TensorSpec],
    takes_device: bool,
    trusted: bool,
) -> tuple[list[Tensor | None], bool] | None:
    """What torch gives for operands without data; None for what is no tensor.

    None in all, for a trusted op, where torch needs the data.
    """
    import torch

    names = {dtype: name for name, dtype in TORCH_DTYPES.items()}
    metas = [
        torch.empty(t.shape, dtype=getattr(torch, names[t.dtype]), device="meta") for t in operands
    ]
    try:
        given = invoke(overload, arguments, metas, "meta" if takes_device else None)
    except Exception as e:
        if trusted:
            return None
        if isinstance(e, NotImplementedError):
            raise ExternError(f"{overload}: the types that it gives can't be checked") from e
        raise ExternError(f"{overload} is refused by torch: {_first_line(e)}") from e
    is_sequence = isinstance(given, tuple | list)
    outputs = list(given) if is_sequence else [given]
    return [x if isinstance(x, torch.Tensor) else None for x in outputs], is_sequence


def invoke(
    overload: OpOverload, arguments: Arguments, operands: Sequence[Tensor], device: str | None
) -> Any:
    """Call the op, without gradients; `device` is for an op that takes one."""
    import torch

    def value(argument: Argument) -> Any:
        match argument:
            case Operand(index):
                return operands[index]
            case TorchName(name):
                return getattr(torch, name)
            case tuple():
                return [value(v) for v in argument]
            case _:
                return argument

    named = {name: value(v) for name, v in arguments.named.items()}
    if device is not None:
        named["device"] = torch.device(device)
    with torch.no_grad():
        return overload(*map(value, arguments.positional), **named)


def evaluate_call(
    name: str, arguments: Arguments, operands: Sequence[Array], results: Sequence[TensorSpec]
) -> tuple[Array, ...]:
    """The results on CPU, in the arithmetic of the operands. Raises TypeError where there is
    none: the call is not allowed, torch refuses it, or it gives other shapes than it should."""
    import torch

    try:
        overload = find_overload(name)
        _check_arguments(overload, arguments, trusted=False)
        device = "cpu" if _takes_device(overload, bool(operands)) else None
        tensors = [torch.from_numpy(np.array(a, order="C")) for a in operands]
        outputs = invoke(overload, arguments, tensors, device)
    except (ExternError, RuntimeError, IndexError, ValueError) as e:
        raise TypeError(f"{name} has no reference: {_first_line(e)}") from e
    outputs = outputs if isinstance(outputs, tuple | list) else [outputs]
    tensors = [x for x in outputs if isinstance(x, torch.Tensor)]
    for tensor, wanted in zip(tensors, results, strict=True):
        found = _spec(tensor)
        if found.shape != wanted.shape or found.dtype not in DTYPES:
            raise TypeError(f"{name} gives {found}, not {wanted}")
    return tuple(_to_numpy(x) for x in tensors)


def _to_numpy(tensor: Tensor) -> Array:
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _spec(tensor: Tensor) -> TensorSpec:
    """The type; of one that is not dense or of another element type, one that equals no other."""
    import torch

    dtype = str(tensor.dtype).removeprefix("torch.")
    dense = tensor.layout is torch.strided
    return TensorSpec(tuple(tensor.shape), TORCH_DTYPES.get(dtype, dtype) if dense else "sparse")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
