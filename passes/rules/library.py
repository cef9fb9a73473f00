"""All rules by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from taso.passes.rules import elementwise, matmul, transpose
from taso.passes.rules.notation import Rule, RuleError, RuleFamily


def by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Rules by name, each bidirectional one also as `NAME-reversed`. Names are unique."""
    table: dict[str, Rule] = {}
    for rule in rules:
        for directed in (rule, rule.reversed()) if rule.bidirectional else (rule,):
            if directed.name in table:
                raise RuleError(f"rule {directed.name}: there are two of this name")
            table[directed.name] = directed
    return table


RULES: dict[str, Rule] = by_name(chain(matmul.RULES, elementwise.RULES, transpose.RULES))
"""Every rule of a fixed number of terms, in the order in which they are tried."""

FAMILIES: dict[str, RuleFamily] = {}
"""Every rule for any number of siblings."""

DEFAULT_RULES: tuple[str, ...] = tuple(RULES)
"""Names in `RULES` and `FAMILIES` that the search uses unless told otherwise."""
