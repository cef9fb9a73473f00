"""Rules for any number of siblings, such as products that share an input.

All classes that match one root are grouped by the symbols that the roots share; a group is
split so that no root depends on another one, for else joining them would make a cycle. The
member rule for all of a part is applied, and that for the pairs in the group.

An operand that is computed at run time is copied when it is joined with others, which costs
more than one launch saves; so a root is joined only if an operand of its own is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import combinations, islice
from typing import Any, TypeAlias, cast

from taso.passes.rules.notation import (
    AttrVar,
    Batch,
    Dim,
    Rule,
    RuleError,
    RuleFamily,
    Term,
    Var,
    expr_symbols,
    term_symbols,
)
from taso.passes.search.codegen import Symbol
from taso.passes.search.egraph import EGraph
from taso.passes.search.match import (
    CompiledRule,
    RightSide,
    Substitution,
    candidates,
    compile_build,
    compile_rule,
)

MAX_JOINED = 64
"""Siblings that are joined at once: the code of a rule grows with its roots."""

MAX_PAIRS = 28
"""Pairs that are joined in one group: all pairs of 8 siblings."""

Key: TypeAlias = str | Symbol
"""A symbol of a rule: a variable's name, or a symbol for a size or attribute."""


@dataclass(frozen=True)
class _Member:
    """The rule for n siblings, and the template's symbols as each of its roots names them."""

    right: RightSide
    names: tuple[Mapping[Key, Key], ...]
    layout: tuple[Key, ...]


@dataclass
class Siblings:
    """A family as a matcher over an e-graph."""

    family: RuleFamily
    template: CompiledRule
    """Finds one root."""
    shared: tuple[int, ...]
    """Positions of the shared symbols among the template's values."""
    _members: dict[int, _Member] = field(default_factory=dict[int, _Member])

    def search(
        self, graph: EGraph, touched: set[int], unjoined: set[int]
    ) -> list[tuple[RightSide, Substitution]]:
        """The joins of all groups in which a root is in `touched`, in canonical order.

        Roots and what their variables stand for are in `unjoined`.
        """
        found: list[Substitution] = []
        sites = [c for c in candidates(graph, self.template.root_op) if c in unjoined]
        self.template.search(graph, sites, found)
        groups: dict[tuple[object, ...], dict[int, Substitution]] = {}
        for match in found:
            if self._is_candidate(graph, match, unjoined):
                key = tuple(match.values[i] for i in self.shared)
                groups.setdefault(key, {}).setdefault(match.roots[0], match)
        several = [list(group.values()) for group in groups.values() if len(group) > 1]
        independent = _Independence(graph, self.template, several)
        return [
            self._join(chosen)
            for group in several
            for chosen in self._selections(group, independent)
            if any(m.roots[0] in touched for m in chosen)
        ]

    def _is_candidate(self, graph: EGraph, match: Substitution, unjoined: set[int]) -> bool:
        operands = match.values[: len(self.template.variables)]
        own = [cast(int, c) for i, c in enumerate(operands) if i not in self.shared]
        return unjoined.issuperset(operands) and any(graph.is_param(c) for c in own)

    def layout(self, count: int) -> tuple[Key, ...]:
        """What the values of a match of so many siblings stand for, in order."""
        return self._member(count).layout

    def _selections(
        self, group: Sequence[Substitution], independent: _Independence
    ) -> Iterator[Sequence[Substitution]]:
        """All independent siblings (in chunks, where there are very many), then the pairs."""
        for part in independent.parts(group):
            for start in range(0, len(part), MAX_JOINED):
                chunk = part[start : start + MAX_JOINED]
                if len(chunk) > 2:
                    yield chunk
        yield from islice(independent.pairs(group), MAX_PAIRS)

    def _join(self, chosen: Sequence[Substitution]) -> tuple[RightSide, Substitution]:
        member = self._member(len(chosen))
        values: dict[Key, object] = {}
        for names, match in zip(member.names, chosen, strict=True):
            for key, value in zip(_layout(self.template), match.values, strict=True):
                values[names[key]] = value
        joined = Substitution(
            tuple(m.roots[0] for m in chosen),
            tuple(m.rests[0] for m in chosen),
            tuple(values[key] for key in member.layout),
        )
        return member.right, joined

    def _member(self, count: int) -> _Member:
        if count not in self._members:
            rule = self.family.member(count)
            names = tuple(_renaming(self.family, root) for root in rule.lhs)
            keys = list(dict.fromkeys(key for renaming in names for key in renaming.values()))
            variables = [k for k in keys if isinstance(k, str)]
            symbols = [k for k in keys if not isinstance(k, str)]
            build = compile_build(rule, variables, symbols, check=True)
            self._members[count] = _Member(RightSide(rule, build), names, (*variables, *symbols))
        return self._members[count]


def classes_without(graph: EGraph, joins: set[int]) -> set[int]:
    """Classes with a term in which no part is of the ids `joins`.

    Joins of what joins made would not end.
    """
    free: set[int] = set()
    for cid, node in enumerate(graph.birth):
        if cid not in joins and all(graph.find(c) in free for c in node.children):
            free.add(graph.find(cid))
    return free


def compile_family(family: RuleFamily) -> Siblings:
    """The matcher of a family. Raises `RuleError` if its roots are not alike."""
    smallest = family.members[min(family.members)]
    template = compile_rule(_one_root(family.name, smallest))
    renaming = _renaming(family, smallest.lhs[1])
    shared = tuple(i for i, key in enumerate(_layout(template)) if renaming[key] == key)
    return Siblings(family, template, shared)


def _layout(template: CompiledRule) -> tuple[Key, ...]:
    return (*template.variables, *template.symbols)


def _one_root(name: str, rule: Rule) -> Rule:
    """A rule that finds the first root, under those conditions that speak of it alone."""
    root = rule.lhs[:1]
    known = term_symbols(root)
    where = tuple(c for c in rule.where if set(expr_symbols(c.args)) <= known)
    return Rule(f"{name}-root", root, root, where, overflow=rule.overflow, dtypes=rule.dtypes)


def _renaming(family: RuleFamily, root: Term) -> dict[Key, Key]:
    """The first root's symbols, each with the symbol in its place in another root."""
    names: dict[Key, Key] = {}
    first = family.members[min(family.members)].lhs[0]
    for one, other in _corresponding(family.name, first, root):
        if names.setdefault(one, other) != other:
            raise RuleError(f"rule {family.name}: {one} has two names in one root")
    return names


def _corresponding(family: str, one: object, other: object) -> Iterator[tuple[Key, Key]]:
    """Walk two terms side by side."""
    if isinstance(one, Var) and isinstance(other, Var):
        yield one.name, other.name
        yield from _corresponding(family, one.shape, other.shape)
    elif isinstance(one, Dim | Batch | AttrVar) and isinstance(other, Dim | Batch | AttrVar):
        yield one, other
    elif isinstance(one, tuple) and isinstance(other, tuple):
        left, right = cast("tuple[object, ...]", one), cast("tuple[object, ...]", other)
        if len(left) != len(right):
            raise RuleError(f"rule {family}: roots differ: {one} and {other}")
        for a, b in zip(left, right, strict=True):
            yield from _corresponding(family, a, b)
    elif is_dataclass(one) and type(one) is type(other):
        for f in fields(one):
            yield from _corresponding(
                family, getattr(cast(Any, one), f.name), getattr(cast(Any, other), f.name)
            )
    elif one != other:
        raise RuleError(f"rule {family}: roots differ: {one} and {other}")


class _Independence:
    """Which roots, and their operands, do without which other roots.

    It is looked up in the oldest node of each class, an acyclic program: joining roots that
    are independent there leaves one.
    """

    def __init__(
        self, graph: EGraph, template: CompiledRule, groups: Sequence[Sequence[Substitution]]
    ) -> None:
        roots = sorted({m.roots[0] for group in groups for m in group})
        self._bit = {root: 1 << i for i, root in enumerate(roots)}
        self._variables = len(template.variables)
        self._below: dict[int, int] = {}
        for cid in graph.class_ids() if roots else ():
            mask = 0
            for child in map(graph.find, graph.birth[cid].children):
                mask |= self._below[child] | self._bit.get(child, 0)
            self._below[cid] = mask

    def _needs(self, match: Substitution) -> int:
        needs = self._below[match.roots[0]]
        for variable in match.values[: self._variables]:
            cid = cast(int, variable)
            needs |= self._below[cid] | self._bit.get(cid, 0)
        return needs

    def pairs(self, group: Sequence[Substitution]) -> Iterator[tuple[Substitution, Substitution]]:
        """The pairs in which neither root needs the other, nor itself."""
        needs = [self._needs(match) for match in group]
        bits = [self._bit[match.roots[0]] for match in group]
        for i, j in combinations(range(len(group)), 2):
            if not (needs[i] | needs[j]) & (bits[i] | bits[j]):
                yield group[i], group[j]

    def parts(self, group: Sequence[Substitution]) -> list[list[Substitution]]:
        """The group in parts of independent roots: each goes to the first part that takes it."""
        parts: list[tuple[list[Substitution], int, int]] = []
        for match in group:
            bit, needs = self._bit[match.roots[0]], self._needs(match)
            for i, (members, bits, needed) in enumerate(parts):
                if not (needs | needed) & (bits | bit):
                    members.append(match)
                    parts[i] = (members, bits | bit, needed | needs)
                    break
            else:
                parts.append(([match], bit, needs))
        return [members for members, _, _ in parts]
