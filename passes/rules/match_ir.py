"""Finds the left side of a rule in IR.

An op matches a call of its name, operand by operand as written; the operands of a commutative
op match in either order. A chain of binary adds is matched as it is bracketed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import func
from xdsl.ir import Block, Operation, OpResult, SSAValue

from taso.dialects.base import TasoOp
from taso.dialects.elementwise import BinaryOp
from taso.dialects.extern import is_repeated
from taso.dialects.movement import ConstantOp
from taso.dialects.spec import ConstraintError, spec_of
from taso.dialects.taso import OPS
from taso.passes.rules.notation import Call, Result, Rule, Splat, Term, Var
from taso.passes.rules.sides import LeftSide, Node, Seen, Substitution, Typing, node_of, type_right


@dataclass(frozen=True)
class Match:
    """A place where a rule applies: what its left terms and its variables are there."""

    rule: Rule
    roots: tuple[SSAValue, ...]
    values: dict[str, SSAValue]
    substitution: Substitution
    right: Typing


@dataclass(frozen=True)
class _Shape:
    """A part of the left side laid on IR: variables' values, and the value at each node."""

    variables: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])
    nodes: tuple[SSAValue, ...] = ()


class ParamAnalysis:
    """Which values are computed from `taso.param` arguments and constants alone."""

    def __init__(self) -> None:
        self._known: dict[SSAValue, bool] = {}

    def is_param(self, value: SSAValue) -> bool:
        # A stack of its own: a program may be deeper than Python's.
        stack = [value]
        while stack:
            top = stack[-1]
            owner = top.owner
            if isinstance(owner, Block):
                self._known[top] = _is_param_argument(owner, top)
            elif not isinstance(owner, TasoOp) or is_repeated(owner):
                self._known[top] = False
            elif unknown := [v for v in owner.operands if v not in self._known]:
                stack.extend(unknown)
                continue
            else:
                self._known[top] = all(self._known[v] for v in owner.operands)
            stack.pop()
        return self._known[value]


def _is_param_argument(block: Block, value: SSAValue) -> bool:
    function = block.parent_op()
    if not isinstance(function, func.FuncOp) or function.arg_attrs is None:
        return False
    return "taso.param" in function.arg_attrs.data[block.args.index(value)].data


class IRMatcher:
    """Matches one rule."""

    def __init__(self, rule: Rule, params: ParamAnalysis | None = None) -> None:
        self.rule = rule
        self._left = LeftSide(rule)
        self._params = params or ParamAnalysis()

    def match(self, ops: Sequence[Operation]) -> Match | None:
        """The first match with left term i rooted at op i."""
        return next(self._search([[op] for op in ops], _Shape(), ()), None)

    def matches_from(self, first: Operation, ops: Sequence[Operation]) -> Iterator[Match]:
        """All matches with the first left term rooted at `first`, the others among `ops`."""
        rest = [ops] * (len(self.rule.lhs) - 1)
        return self._search([[first], *rest], _Shape(), ())

    def match_at(self, roots: Sequence[SSAValue], values: Mapping[str, SSAValue]) -> Match | None:
        """The match with left term i at root i and these values of the variables, if there is one.

        The roots may be without users.
        """
        laid = self._lay(tuple(zip(self.rule.lhs, roots, strict=True)), _Shape(dict(values)))
        found = (self._solve(shape, tuple(roots)) for shape in laid)
        return next((match for match in found if match is not None), None)

    def _search(
        self, candidates: Sequence[Sequence[Operation]], laid: _Shape, roots: tuple[SSAValue, ...]
    ) -> Iterator[Match]:
        """Choose a root for each left term that has none, in the order of its candidates."""
        if len(roots) == len(candidates):
            if (match := self._solve(laid, roots)) is not None:
                yield match
            return
        term = self.rule.lhs[len(roots)]
        for op in candidates[len(roots)]:
            root = _root_value(term, op)
            if root is not None and root not in roots:
                for shape in self._lay(((term, root),), laid):
                    yield from self._search(candidates, shape, (*roots, root))

    def _solve(self, laid: _Shape, roots: tuple[SSAValue, ...]) -> Match | None:
        try:
            seen = [_see(n, v) for n, v in zip(self._left.nodes, laid.nodes, strict=True)]
        except ConstraintError:
            return None  # a value of a type that is not the dialect's
        if (found := self._left.solve(seen)) is None:
            return None
        right = type_right(self.rule, found, [spec_of(root) for root in roots])
        return None if right is None else Match(self.rule, roots, laid.variables, found, right)

    def _lay(self, todo: tuple[tuple[Term, SSAValue], ...], laid: _Shape) -> Iterator[_Shape]:
        if not todo:
            yield laid
            return
        (term, value), rest = todo[0], todo[1:]
        nodes = (*laid.nodes, value)
        match term:
            case Var(name):
                if laid.variables.get(name, value) is not value:
                    return
                if term.param and not self._params.is_param(value):
                    return
                yield from self._lay(rest, _Shape({**laid.variables, name: value}, nodes))
            case Splat():
                if isinstance(value.owner, ConstantOp):
                    yield from self._lay(rest, _Shape(laid.variables, nodes))
            case Result(call, index):
                if isinstance(value, OpResult) and value.index == index:
                    yield from self._lay(((call, value), *rest), laid)
            case Call(name, args):
                op = value.owner
                if isinstance(op, OPS[name]) and len(op.operands) == len(args):
                    for operands in _operand_orders(op):
                        pairs = tuple(zip(args, operands, strict=True))
                        yield from self._lay((*pairs, *rest), _Shape(laid.variables, nodes))


def _root_value(term: Term, op: Operation) -> SSAValue | None:
    """The result of `op` that the left term can be; an op that is erased or unused has none."""
    call = cast(Call, node_of(term))
    if not isinstance(op, OPS[call.op]) or op.parent is None:
        return None
    index = term.index if isinstance(term, Result) else 0
    used = index < len(op.results) and op.results[index].first_use is not None
    return op.results[index] if used else None


def _operand_orders(op: Operation) -> Iterator[Sequence[SSAValue]]:
    yield op.operands
    if is_commutative(type(op)) and op.operands[0] is not op.operands[1]:
        yield op.operands[::-1]


def is_commutative(op: type[Operation]) -> bool:
    """The op's two operands may be swapped."""
    return issubclass(op, BinaryOp) and op.COMMUTATIVE


def _see(node: Node, value: SSAValue) -> Seen:
    if isinstance(node, Var):
        return Seen(spec_of(value))
    op = cast(TasoOp, value.owner)
    return Seen(spec_of(op.results[0]), op.attrs())
