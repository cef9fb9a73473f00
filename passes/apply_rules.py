"""`taso-apply-rules`: applies named rules, whatever they cost."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from taso.passes.rules.build_ir import apply_match, is_applicable
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.match_ir import IRMatcher, Match, ParamAnalysis
from taso.passes.rules.notation import Rule, RuleFamily
from taso.passes.search.siblings import MAX_JOINED


@dataclass(frozen=True)
class ApplyRulesPass(ModulePass):
    """Applies each rule of `rules` in one sweep over the program, in the order given.

    A sweep visits the ops that were there when it began, in program order, and applies the rule
    where it matches; it does not visit the ops that it makes, so that rules which make a program
    larger end too. A rule of several left terms takes the first group of ops in program order
    that fits and replaces them all at the place of the first. A family takes the largest group;
    its member for n siblings is named `FAMILY-n`.
    """

    name = "taso-apply-rules"

    rules: tuple[str, ...]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for rule in [find_rule(name) for name in self.rules]:
            params = ParamAnalysis()
            for block in _blocks(op):
                if isinstance(rule, Rule):
                    apply_rule(rule, block, params)
                else:
                    apply_family(rule, block, params)


def find_rule(name: str) -> Rule | RuleFamily:
    """The rule, the family, or the member of a family that has this name.

    Raises `PassFailedException` where there is none, and says what comes close.
    """
    known = known_rules()
    family, _, count = name.rpartition("-")
    if family in FAMILIES and count in _COUNTS:
        return FAMILIES[family].member(int(count))
    if name not in known:
        close = difflib.get_close_matches(name, known)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise PassFailedException(f"unknown rule '{name}'{hint}")
    return known[name]


_COUNTS = frozenset(str(n) for n in range(2, MAX_JOINED + 1))


def known_rules() -> dict[str, Rule | RuleFamily]:
    """All rules and families by name, each family followed by its members."""
    known: dict[str, Rule | RuleFamily] = dict(RULES)
    for family in FAMILIES.values():
        known[family.name] = family
        known.update((member.name, member) for member in family.members.values())
    return known


def _blocks(module: ModuleOp) -> Iterator[Block]:
    for op in module.walk():
        for region in op.regions:
            yield from region.blocks


def apply_rule(rule: Rule, block: Block, params: ParamAnalysis) -> None:
    """One sweep of a rule over a block."""
    matcher = IRMatcher(rule, params)
    ops = list(block.ops)
    for first in ops:
        any(apply_match(match) for match in matcher.matches_from(first, ops))


def apply_family(family: RuleFamily, block: Block, params: ParamAnalysis) -> None:
    """One sweep of a family over a block."""

    @cache
    def matcher(count: int) -> IRMatcher:
        return IRMatcher(family.member(count), params)

    ops = list(block.ops)
    for i, first in enumerate(ops):
        if match := _largest_group(matcher, first, ops[i + 1 :]):
            apply_match(match)


def _largest_group(
    matcher: Callable[[int], IRMatcher], first: Operation, later: Sequence[Operation]
) -> Match | None:
    """The group that starts at `first` and takes every later op that fits what it has."""
    group, largest = [first], None
    for op in later:
        match = matcher(len(group) + 1).match([*group, op])
        if match is not None and is_applicable(match):
            group.append(op)
            largest = match
    return largest
