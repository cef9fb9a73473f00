"""The arguments of a call that `taso.extern` holds, as data and as text.

The text is a Python argument list in which `$i` is operand i and names stand for what torch
names: `$0, [1], [0], dtype=float32`. Nothing evaluates it. It is canonical: `parse_arguments`
refuses text that `format_arguments` would write otherwise, so that equal calls have equal text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from taso.dialects.spec import DTYPES, ConstraintError, require

TORCH_DTYPES: Mapping[str, str] = MappingProxyType(
    {
        "bfloat16": "bf16",
        "bool": "i1",
        "float16": "f16",
        "float32": "f32",
        "float64": "f64",
        "int32": "i32",
        "int64": "i64",
    }
)
"""Element types by torch's names for them."""
MEMORY_FORMATS = ("channels_last", "channels_last_3d", "contiguous_format", "preserve_format")
MAX_DEPTH = 4
"""Lists in lists go no deeper; ATen's do so once."""

assert sorted(TORCH_DTYPES.values()) == sorted(DTYPES)


@dataclass(frozen=True)
class Operand:
    """An operand of the op, by its number."""

    index: int


@dataclass(frozen=True)
class TorchName:
    """An element type or a memory format, by torch's name for it."""

    name: str


Argument: TypeAlias = "Operand | TorchName | bool | int | float | str | tuple[Argument, ...] | None"


@dataclass(frozen=True)
class Arguments:
    """Arguments by position, then those by name."""

    positional: tuple[Argument, ...] = ()
    named: Mapping[str, Argument] = field(default_factory=dict[str, Argument])

    def operands(self) -> list[int]:
        """The numbers of the operands, as often as they occur."""
        values = (*self.positional, *self.named.values())
        return [index for value in values for index in _operands(value)]


def _operands(value: Argument) -> Iterator[int]:
    match value:
        case Operand(index):
            yield index
        case tuple():
            for element in value:
                yield from _operands(element)
        case _:
            pass


def format_arguments(arguments: Arguments) -> str:
    """The text of arguments."""
    named = (f"{name}={_format(value)}" for name, value in arguments.named.items())
    return ", ".join([*map(_format, arguments.positional), *named])


def _format(value: Argument) -> str:
    match value:
        case Operand(index):
            return f"${index}"
        case TorchName(name):
            return name
        case tuple():
            return f"[{', '.join(map(_format, value))}]"
        case str():
            return f"'{value}'"
        case _:
            return repr(value)


@lru_cache(4096)
def parse_arguments(text: str) -> Arguments:
    """The arguments that a text holds. Raises `ConstraintError` (C2) unless it is canonical."""
    arguments = _Parser(text).parse()
    again = format_arguments(arguments)
    require(again == text, "C2", f'arguments "{text[:80]}" are written "{again[:80]}"')
    return arguments


_TOKEN = re.compile(
    r"(?P<operand>\$[0-9]{1,9})"
    r"|(?P<keyword>[A-Za-z_][A-Za-z0-9_]*)=|(?P<list>\[)|(?P<end>\])|(?P<comma>, )"
    r"|(?P<real>-?[0-9]+(?:\.[0-9]+)?e[+-]?[0-9]+|-?[0-9]+\.[0-9]+|-?inf\b|nan\b)"
    r"|(?P<integer>-?[0-9]{1,19})|'(?P<text>[\w .,>/+-]*)'|(?P<name>\w+)",
    re.ASCII,
)
_WORDS: Mapping[str, Argument] = MappingProxyType(
    {
        "None": None,
        "True": True,
        "False": False,
        **{name: TorchName(name) for name in (*TORCH_DTYPES, *MEMORY_FORMATS)},
    }
)


class _Parser:
    """Reads the tokens of a text one by one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._kind, self._value = self._next()

    def _next(self) -> tuple[str, str]:
        """The kind and the text of the next token; of kind "end of text" where there is none."""
        if self._at == len(self._text):
            return "end of text", ""
        token = _TOKEN.match(self._text, self._at)
        if token is None or token.lastgroup is None:
            self._fail(f"found {self._text[self._at : self._at + 20]!r}")
        self._at = token.end()
        return token.lastgroup, token[token.lastgroup]

    def _fail(self, problem: str) -> NoReturn:
        raise ConstraintError(f'(C2) arguments "{self._text[:80]}": {problem}')

    def _take(self, kind: str) -> str | None:
        """The next token, taken, if it is of this kind."""
        if self._kind != kind:
            return None
        value = self._value
        self._kind, self._value = self._next()
        return value

    def parse(self) -> Arguments:
        positional: list[Argument] = []
        named: dict[str, Argument] = {}
        while self._kind != "end of text":
            if positional or named:
                self._separate()
            name = self._take("keyword")
            value = self._parse_value(0)
            if name is None:
                require(not named, "C2", "an argument by position follows one by name")
                positional.append(value)
            else:
                require(name not in named, "C2", f"argument {name} is given twice")
                named[name] = value
        return Arguments(tuple(positional), MappingProxyType(named))

    def _separate(self) -> None:
        if self._take("comma") is None:
            self._fail("expected a comma and a space between arguments")

    def _parse_value(self, depth: int) -> Argument:
        kind, text = self._kind, self._value
        if kind == "list":
            return self._parse_list(depth)
        self._kind, self._value = self._next()
        match kind:
            case "operand":
                return Operand(int(text[1:]))
            case "real":
                return float(text)
            case "integer":
                return int(text)
            case "text":
                return text
            case "name" if text in _WORDS:
                return _WORDS[text]
            case _:
                self._fail(f"expected a value, found {text or kind!r}")

    def _parse_list(self, depth: int) -> Argument:
        require(depth < MAX_DEPTH, "C2", f"lists are more than {MAX_DEPTH} deep")
        self._take("list")
        elements: list[Argument] = []
        while self._take("end") is None:
            if elements:
                self._separate()
            elements.append(self._parse_value(depth + 1))
        return tuple(elements)
