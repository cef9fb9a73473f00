"""What the program's arguments are, and which of them `main` and `prepare` take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr
from xdsl.ir import Attribute, SSAValue

from taso.lowering.torch_source.names import comment, identifier
from taso.lowering.torch_source.types import TorchSourceError, type_of
from taso.lowering.torch_source.values import hint_of


class ArgumentFacts(NamedTuple):
    """What `taso.lowering.standalone.Argument` says of an argument of the program."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_parameter: bool
    range: tuple[int, int] | None


@dataclass(frozen=True)
class Interface:
    """The program's arguments, and where each callee argument is from."""

    arguments: tuple[ArgumentFacts, ...]
    main_takes: tuple[tuple[str, int], ...]
    prepare_takes: tuple[int, ...]


def interface_of(main: func.FuncOp, prepare: func.FuncOp | None) -> Interface:
    """Read the attributes that `taso-hoist-params` leaves on arguments.

    `taso.source = N` is argument N of the program before, `taso.prepared = I` result I of
    `prepare`; an argument with neither stands for itself. `taso.arguments` on `main` has the
    types of all that the program took, also of a parameter that nothing reads. `taso.range` is
    what random values are drawn from. Raises `TorchSourceError` where the numbers do not fit.
    """
    found: dict[int, ArgumentFacts] = {}
    main_takes: list[tuple[str, int]] = []
    for index, (arg, attrs) in enumerate(_arguments(main)):
        prepared = _index(attrs, "taso.prepared")
        if prepared is not None:
            main_takes.append(("prepared", prepared))
            continue
        source = _index(attrs, "taso.source")
        source = index if source is None else source
        name, is_parameter = hint_of(arg, f"x{source}"), "taso.param" in attrs
        found[source] = _argument(arg.type, name, is_parameter, attrs)
        main_takes.append(("argument", source))
    prepare_takes: list[int] = []
    for index, (arg, attrs) in enumerate(_arguments(prepare) if prepare else ()):
        source = _index(attrs, "taso.source")
        prepare_takes.append(index if source is None else source)
        name = hint_of(arg, f"x{prepare_takes[-1]}")
        argument = _argument(arg.type, name, True, attrs)
        if found.setdefault(prepare_takes[-1], argument)[1:] != argument[1:]:
            raise TorchSourceError(f"argument {index} of @main__prepare is no parameter of @main")
    if min(found, default=0) < 0 or len(main_takes) != len(set(main_takes)):
        raise TorchSourceError("taso.source of the arguments of @main are no distinct indices")
    _check_prepared(main, prepare, main_takes)
    types = main.attributes.get("taso.arguments")
    for index, type_ in enumerate(types.data if isinstance(types, ArrayAttr) else ()):
        found.setdefault(index, _argument(type_, f"x{index}", True, {}))
    if sorted(found) != list(range(len(found))):
        raise TorchSourceError("the arguments of @main and @main__prepare leave one out")
    arguments = tuple(found[i] for i in range(len(found)))
    return Interface(arguments, tuple(main_takes), tuple(prepare_takes))


def _arguments(function: func.FuncOp) -> list[tuple[SSAValue, dict[str, Attribute]]]:
    if function.is_declaration or len(function.body.blocks) != 1:
        name = comment(function.sym_name.data)
        raise TorchSourceError(f"expected @{name} to have a body of one block")
    args = function.body.block.args
    attrs = function.arg_attrs.data if isinstance(function.arg_attrs, ArrayAttr) else ()
    dictionaries = [dict(a.data) for a in attrs] or [dict[str, Attribute]() for _ in args]
    return list(zip(args, dictionaries, strict=True))


def _index(attrs: dict[str, Attribute], name: str) -> int | None:
    attr = attrs.get(name)
    return attr.value.data if isinstance(attr, IntegerAttr) else None


def _argument(
    type_: Attribute, name: str, is_parameter: bool, attrs: dict[str, Attribute]
) -> ArgumentFacts:
    tensor = type_of(type_)
    return ArgumentFacts(identifier(name), tensor.shape, tensor.dtype, is_parameter, _range(attrs))


def _range(attrs: dict[str, Attribute]) -> tuple[int, int] | None:
    match attrs.get("taso.range"):
        case None:
            return None
        case ArrayAttr(data=(IntegerAttr() as low, IntegerAttr() as high)):
            if low.value.data < high.value.data:
                return low.value.data, high.value.data
        case _:
            pass
    raise TorchSourceError("taso.range of an argument is no two ascending integers")


def _check_prepared(
    main: func.FuncOp, prepare: func.FuncOp | None, takes: list[tuple[str, int]]
) -> None:
    given = list(prepare.function_type.outputs) if prepare else []
    for type_, (kind, index) in zip(main.function_type.inputs, takes, strict=True):
        if kind == "prepared" and not (0 <= index < len(given) and given[index] == type_):
            raise TorchSourceError(f"result {index} of @main__prepare is no {type_}")
