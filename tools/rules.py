"""`taso rules`: show the rewrite rules, as text and as PDL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taso.passes.apply_rules import known_rules
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.notation import Rule, RuleError, RuleFamily
from taso.passes.rules.pdl import native_functions, to_pdl
from taso.passes.rules.text import print_rule
from taso.tools.diagnostics import UserError, unknown

NAME = "taso rules"
USAGE = """\
usage: taso rules list        every rule: name, numerics, both sides
       taso rules show NAME   one rule, or one family of rules
       taso rules pdl NAME    the PDL of a rule, and the native functions that it needs
"""


def main(argv: Sequence[str]) -> None:
    """Run the subcommand on stdout. Raises `UserError` on a mistake in `argv`."""
    match argv:
        case [*_, "-h" | "--help"]:
            text = USAGE
        case ["list"]:
            text = "\n".join(_list())
        case ["show", name]:
            text = _show(_find(name))
        case ["pdl", name]:
            text = _pdl(_find(name))
        case _:
            raise UserError(f"{NAME}: error: expected list, show NAME or pdl NAME")
    print(text, end="")


def _find(name: str) -> Rule | RuleFamily:
    known = known_rules()
    if name not in known:
        raise UserError(f"{NAME}: error: {unknown('rule', name, known)}")
    return known[name]


def _list() -> Iterator[str]:
    """The text of each rule (one that holds both ways once) and of each family."""
    for rule in RULES.values():
        forward = RULES.get(rule.name.removesuffix("-reversed"))
        if forward is rule or forward is None or not forward.bidirectional:
            yield _show(rule)
    for family in FAMILIES.values():
        yield _show(family)


def _show(rule: Rule | RuleFamily) -> str:
    if isinstance(rule, Rule):
        return print_rule(rule)
    fewest, most = min(rule.members), max(rule.members)
    head = f"# {rule.name} is for {fewest} to {most} siblings; its rule for {fewest}:\n"
    return head + print_rule(rule.members[fewest])


def _pdl(rule: Rule | RuleFamily) -> str:
    if isinstance(rule, RuleFamily):
        raise UserError(f"{NAME}: error: {rule.name} is a family of rules of several roots")
    try:
        module = to_pdl(rule)
    except RuleError as e:
        raise UserError(f"{NAME}: error: {e}") from e
    needs = [
        f'// needs the native {function.kind} "{function.name}": {function.meaning}\n'
        for function in native_functions(rule)
    ]
    return "".join(needs) + str(module) + "\n"
