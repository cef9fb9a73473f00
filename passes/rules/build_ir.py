"""Builds the right side of a rule in IR, in place of a match of its left side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import is_side_effect_free
from xdsl.transforms.dead_code_elimination import is_trivially_dead

from taso.passes.rules.match_ir import Match
from taso.passes.rules.notation import Call, Result, Term, Var, variables
from taso.passes.rules.sides import node_of


def apply_match(match: Match) -> bool:
    """Replace the left terms by the right ones, and erase what is dead by that.

    The right side stands where the first root stood; operands computed below it move up. False,
    with nothing done, where the match is not applicable.
    """
    if (below := _operands_below(match)) is None:
        return False
    first = _first_root(match)
    for op in below:
        op.detach()
        Rewriter.insert_op(op, InsertPoint.before(first))
    for old, new in zip(match.roots, build_right(match, InsertPoint.before(first)), strict=True):
        old.replace_all_uses_with(new)
    _erase_dead(_owner(root) for root in match.roots)
    return True


def is_applicable(match: Match) -> bool:
    """There is a place for the right side: no root's operand depends on another root."""
    return _operands_below(match) is not None


def build_right(match: Match, where: InsertPoint) -> list[SSAValue]:
    """Insert the ops of the right side; the values of its terms. Equal terms are built once."""
    built: dict[Term, Operation] = {}

    def value_of(term: Term) -> SSAValue:
        if isinstance(term, Var):
            return match.values[term.name]
        return built[node_of(term)].results[term.index if isinstance(term, Result) else 0]

    for node, typed in match.right.items():
        operands = [value_of(a) for a in node.args] if isinstance(node, Call) else []
        built[node] = typed.op.create_op(operands, typed.attrs)
        Rewriter.insert_op(built[node], where)
    return [value_of(term) for term in match.rule.rhs]


def _owner(value: SSAValue) -> Operation:
    return cast(Operation, value.owner)


def _positions(match: Match) -> dict[Operation, int]:
    return {op: i for i, op in enumerate(cast(Block, _owner(match.roots[0]).parent).ops)}


def _first_root(match: Match) -> Operation:
    if len(match.roots) == 1:
        return _owner(match.roots[0])
    return min((_owner(root) for root in match.roots), key=_positions(match).__getitem__)


def _operands_below(match: Match) -> list[Operation] | None:
    """The ops below the first root that the right side needs, in program order.

    None if they cannot move above it: one is a root, or has an effect.
    """
    if len(match.roots) == 1:
        return []
    position = _positions(match)
    roots = {_owner(root) for root in match.roots}
    needed = [match.values[name].owner for name in variables(match.rule.rhs)]
    below = _ancestors_below(needed, position, min(position[op] for op in roots))
    if any(op in roots or not is_side_effect_free(op) for op in below):
        return None
    return sorted(below, key=position.__getitem__)


def _ancestors_below(
    owners: Iterable[Operation | Block], position: dict[Operation, int], start: int
) -> set[Operation]:
    """The ops at or after `start` that compute `owners`, themselves included."""
    stack, found = list(owners), set[Operation]()
    while stack:
        op = stack.pop()
        if isinstance(op, Operation) and op not in found and position[op] >= start:
            found.add(op)
            stack.extend(v.owner for v in op.operands)
    return found


def _erase_dead(ops: Iterable[Operation]) -> None:
    """Erase the ops that are dead, and what is dead by that."""
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op.parent is not None and is_trivially_dead(op):
            stack.extend(v.owner for v in op.operands if isinstance(v.owner, Operation))
            Rewriter.erase_op(op)
