"""The statements of one generated function: in-place variants and the life of temporaries.

Source text refers to tensors by tokens, so that names are chosen last: a statement that runs
in place gives its result the name of the tensor that it overwrites.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from taso.lowering.torch_source.names import Namespace
from taso.lowering.torch_source.types import Type

_TOKEN = re.compile("\ue000([0-9]+)\ue001")
UNKNOWN = -1
"""The owner of memory that two results of a call may share."""
KEPT = -2
"""The owner of memory that outlives the call: constants. It must not leave the function."""


@dataclass(frozen=True)
class Ref:
    """A tensor as an expression over named tensors.

    `text` binds as tightly as a name does: a name, a call, a subscript or an attribute.
    """

    text: str
    type: Type
    repeats: bool = False
    """Elements may share memory with each other: nothing can be written there."""

    @property
    def is_name(self) -> bool:
        return _TOKEN.fullmatch(self.text) is not None

    def view(self, suffix: str, type_: Type) -> Ref:
        """A view of this tensor: `suffix` is an attribute, a call of one, or a subscript."""
        repeats = self.repeats or math.prod(type_.shape) > math.prod(self.type.shape)
        return Ref(f"{self.text}{suffix}", type_, repeats)


@dataclass
class Statement:
    """`targets = text`, or an in-place variant of it.

    `aliases` says that a result may share memory with an operand, `kept` that it is memory
    which outlives the call. `in_place` gives, for a tensor that the statement reads, the text
    which leaves the result there instead.
    """

    targets: tuple[int, ...]
    text: str
    aliases: bool = False
    kept: bool = False
    in_place: Mapping[int, str] = field(default_factory=dict[int, str])

    def reads(self) -> set[int]:
        return tokens(self.text)


def tokens(text: str) -> set[int]:
    """The tensors that a text refers to."""
    return {int(token) for token in _TOKEN.findall(text)}


class Code:
    """Statements in order. Tensors are numbered; names are chosen by `lines`."""

    def __init__(self, scope: Namespace) -> None:
        self._scope = scope
        self._hints: list[str] = []
        self._arguments: list[int] = []
        self._statements: list[Statement] = []
        self._shortcuts: list[tuple[str, Sequence[str]]] = []

    def return_if(self, condition: str, result: str, before: Sequence[str] = ()) -> None:
        """Start the function by returning `result`, a new tensor, where `condition` holds.

        before: statements that come first there; they may give arguments other values.
        """
        self._shortcuts.append((condition, [*before, f"return {result}"]))

    def argument(self, hint: str, type_: Type) -> Ref:
        """Declare a parameter of the function."""
        ref = self._declare(hint, type_)
        self._arguments.extend(tokens(ref.text))
        return ref

    def _declare(self, hint: str, type_: Type) -> Ref:
        self._hints.append(hint)
        return Ref(f"\ue000{len(self._hints) - 1}\ue001", type_)

    def assign(
        self,
        hint: str,
        text: str,
        type_: Type,
        *,
        aliases: bool = False,
        in_place: Mapping[Ref, str] | None = None,
    ) -> Ref:
        """Append `hint = text`. See `Statement` for `aliases` and `in_place`.

        `in_place` names tensors that have the result's type and that the text reads whole.
        """
        (ref,) = self.assign_all([(hint, type_)], text, aliases=aliases)
        variants = in_place or {}
        self._statements[-1].in_place = {
            number: variant
            for operand, variant in variants.items()
            if operand.is_name and operand.type == type_
            for number in tokens(operand.text)
        }
        return ref

    def keep(self, hint: str, text: str, type_: Type) -> Ref:
        """Append `hint = text`, a tensor that outlives the call."""
        (ref,) = self.assign_all([(hint, type_)], text)
        self._statements[-1].kept = True
        return ref

    def assign_all(
        self, results: list[tuple[str, Type]], text: str, *, aliases: bool = False
    ) -> list[Ref]:
        """Append a statement of several results, unpacked from the tuple that `text` gives."""
        refs = [self._declare(hint, type_) for hint, type_ in results]
        numbers = tuple(number for ref in refs for number in tokens(ref.text))
        self._statements.append(Statement(numbers, text, aliases))
        return refs

    def lines(self, results: Iterable[Ref]) -> Lines:
        """Lay out the function that returns `results`."""
        layout = _Layout(
            self._scope.nested(), self._hints, self._arguments, self._statements, list(results)
        )
        return layout.run(self._shortcuts)


@dataclass(frozen=True)
class Lines:
    """Parameter names and body of a function.

    `fresh`: no result shares memory with an argument, a constant or another result, nor its
    elements with each other.
    """

    parameters: list[str]
    body: list[str]
    fresh: bool


class _Layout:
    def __init__(
        self,
        scope: Namespace,
        hints: list[str],
        arguments: list[int],
        statements: list[Statement],
        results: list[Ref],
    ) -> None:
        self._scope, self._hints = scope, hints
        self._arguments, self._statements, self._results = arguments, statements, results
        self._names: dict[int, str] = {}
        # What memory each tensor may be part of, by the tensors that own it.
        self._owners: dict[int, frozenset[int]] = {a: frozenset({a}) for a in arguments}
        self._last_read = self._last_reads()

    def _last_reads(self) -> dict[int, int]:
        last = {n: at for at, s in enumerate(self._statements) for n in s.reads()}
        returned = {n: len(self._statements) for ref in self._results for n in tokens(ref.text)}
        return last | returned

    def run(self, shortcuts: Iterable[tuple[str, Sequence[str]]]) -> Lines:
        for number in self._arguments:
            self._names[number] = self._scope.fresh(self._hints[number])
        body: list[str] = []
        for condition, statements in shortcuts:
            body.append(f"if {self._render(condition)}:")
            body += [f"    {self._render(statement)}" for statement in statements]
        for at, statement in enumerate(self._statements):
            body.append(self._write(at, statement))
            if at + 1 < len(self._statements):
                body += self._deletions(at, statement)
        body[len(body) - 1 :] = self._return(body)
        names = [self._names[number] for number in self._arguments]
        return Lines(names, body, fresh=self._is_fresh())

    def _is_fresh(self) -> bool:
        read = [n for ref in self._results for n in tokens(ref.text)]
        owners = [owner for n in read for owner in self._owners[n] if owner != KEPT]
        distinct = len(set(owners)) == len(owners) and not any(r.repeats for r in self._results)
        return distinct and {UNKNOWN, *self._arguments}.isdisjoint(owners)

    def _write(self, at: int, statement: Statement) -> str:
        for operand, text in statement.in_place.items():
            if self._is_overwritable(operand, at):
                line = self._render(text)
                (target,) = statement.targets
                self._names[target] = self._names[operand]
                self._owners[target] = frozenset({target})
                return line
        text = self._render(statement.text)
        for target in statement.targets:
            self._owners[target] = self._owners_of(target, statement)
            self._names[target] = self._scope.fresh(self._hints[target])
        return f"{', '.join(self._names[t] for t in statement.targets)} = {text}"

    def _owners_of(self, target: int, statement: Statement) -> frozenset[int]:
        if statement.kept:
            return frozenset({KEPT})
        if not statement.aliases:
            return frozenset({target})
        return frozenset({UNKNOWN}).union(*(self._owners[n] for n in statement.reads()))

    def _is_overwritable(self, operand: int, at: int) -> bool:
        """Whether the tensor owns its memory, and nothing reads that memory from here on."""
        if operand in self._arguments or self._owners[operand] != frozenset({operand}):
            return False
        sharing = [n for n, owners in self._owners.items() if operand in owners and n != operand]
        return self._last_read[operand] == at and all(
            self._last_read.get(n, -1) < at for n in sharing
        )

    def _deletions(self, at: int, statement: Statement) -> list[str]:
        """Temporaries that end here, but for one that lives on under another name."""
        ended = {n for n in statement.reads() if self._last_read[n] == at}
        ended |= {n for n in statement.targets if n not in self._last_read}
        kept = {name for n, name in self._names.items() if self._last_read.get(n, -1) > at}
        names = [self._names[n] for n in sorted(ended.difference(self._arguments))]
        dead = [name for name in dict.fromkeys(names) if name not in kept]
        return [f"del {', '.join(dead)}"] if dead else []

    def _return(self, body: list[str]) -> list[str]:
        """The last line of the body, if any, and the return; one line where that will do."""
        texts = [self._render(ref.text) + self._copied(ref) for ref in self._results]
        returned = texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
        last = body[-1:]
        if last and last[0].startswith(f"{returned} = "):
            return [f"return {last[0].removeprefix(f'{returned} = ')}"]
        return [*last, f"return {returned}"]

    def _copied(self, result: Ref) -> str:
        kept = any(KEPT in self._owners[n] for n in tokens(result.text))
        return ".clone()" if kept else ""

    def _render(self, text: str) -> str:
        return _TOKEN.sub(lambda token: self._names[int(token[1])], text)
