"""What the values of one function are in the generated source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Operation, SSAValue

from taso.lowering.torch_source.code import Code, Ref
from taso.lowering.torch_source.types import TorchSourceError, Type, ints, literal, type_of


@dataclass(frozen=True)
class Callee:
    """A generated function: its name, and whether its caller may write to its results (`Lines`)."""

    name: str
    fresh: bool


class FileScope(Protocol):
    """What a function needs of the file that it stands in."""

    @property
    def trusted(self) -> frozenset[str]:
        """Names of overloads that may be called whatever they are."""
        ...

    def callee(self, symbol: str) -> Callee:
        """The generated function for a symbol, written first if need be."""
        ...

    def function(self, symbol: str) -> func.FuncOp:
        """The function that a symbol names."""
        ...

    def constant(self, data: DenseIntOrFPElementsAttr, type_: Type) -> str:
        """The name of a function from a device to this constant, which it keeps."""
        ...


class Values:
    """Tensors and numbers by SSA value. Fills and empty tensors are made when they are read."""

    def __init__(self, code: Code, file: FileScope) -> None:
        self.code = code
        self.file = file
        self.device = "torch.get_default_device()"
        self._refs: dict[SSAValue, Ref] = {}
        self._numbers: dict[SSAValue, float | int | bool] = {}
        self._empty: set[SSAValue] = set()

    def add_argument(self, value: SSAValue, hint: str) -> None:
        """Bind a parameter of the function; the first one tells the device."""
        ref = self.code.argument(hint, type_of(value))
        if not self._refs:
            self.device = f"{ref.text}.device"
        self._refs[value] = ref

    def bind(self, value: SSAValue, ref: Ref) -> None:
        """Let `value` be `ref`, which must have its type."""
        assert ref.type == type_of(value), f"{ref.type} for {value.type}"
        self._refs[value] = ref

    def bind_number(self, value: SSAValue, number: float | int | bool) -> None:
        """Let `value` be a scalar, or a tensor that holds it everywhere."""
        self._numbers[value] = number

    def bind_empty(self, value: SSAValue) -> None:
        """Let `value` be a tensor of which nothing is set."""
        self._empty.add(value)

    def number(self, value: SSAValue) -> float | int | bool | None:
        """The number that a scalar is, or that a tensor holds everywhere, if it is known."""
        return self._numbers.get(value)

    def ref(self, value: SSAValue) -> Ref:
        """The tensor; one that was not needed until now is made here."""
        if value not in self._refs:
            self._refs[value] = self._make(value)
        return self._refs[value]

    def refs(self, values: Sequence[SSAValue]) -> list[Ref]:
        return [self.ref(value) for value in values]

    def _make(self, value: SSAValue) -> Ref:
        type_ = type_of(value)
        where = f"dtype={type_.torch_dtype}, device={self.device}"
        if (number := self._numbers.get(value)) is not None:
            text = f"torch.full({ints(type_.shape)}, {literal(number)}, {where})"
        elif value in self._empty and 0 in type_.shape:
            text = f"torch.empty({ints(type_.shape)}, {where})"
        else:
            raise TorchSourceError(f"a value of type {value.type} is read before it is set")
        return self.code.assign(hint_of(value, "full"), text, type_)

    def assign(
        self,
        value: SSAValue,
        hint: str,
        text: str,
        *,
        aliases: bool = False,
        in_place: Mapping[Ref, str] | None = None,
    ) -> None:
        """Append a statement that computes `value`."""
        name = hint_of(value, hint)
        ref = self.code.assign(name, text, type_of(value), aliases=aliases, in_place=in_place)
        self.bind(value, ref)

    def bind_view(self, value: SSAValue, hint: str, ref: Ref) -> None:
        """Let `value` be a view: written where it is used if that is one place, else named."""
        if ref.is_name or len(list(value.uses)) <= 1:
            self.bind(value, ref)
        else:
            self.assign(value, hint, ref.text, aliases=True)


def hint_of(value: SSAValue, otherwise: str) -> str:
    """The name that the IR has for a value, else `otherwise`."""
    return value.name_hint or otherwise


def only_user(value: SSAValue) -> Operation | None:
    """The op that reads a value, if that is one op which reads it once."""
    uses = list(value.uses)
    return uses[0].operation if len(uses) == 1 else None
