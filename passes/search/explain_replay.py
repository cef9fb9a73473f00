"""Applies the steps of an explanation to IR, by the matcher and builder of `taso-apply-rules`."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation, OpResult, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from taso.dialects.fold import evaluate_constants
from taso.dialects.taso import OPS
from taso.passes.rules.build_ir import build_right
from taso.passes.rules.match_ir import IRMatcher
from taso.passes.rules.notation import Rule
from taso.passes.search.egraph import (
    CONSTANT,
    RESULT,
    ENode,
    make_node,
    node_attrs,
    operand_classes,
)
from taso.passes.search.explain_equations import Equation, instantiate
from taso.passes.search.explain_moves import Move, chain_operands
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.explain_terms import Lowering, below, read_terms


class ReplayError(ValueError):
    """A step does not follow from its rule."""


class Replay:
    """A function to which moves are applied, one after the other, in place.

    Each must follow from its rule: the rule is matched in the IR, on the values that the step
    names, and the program changes by what it built there alone. A step from right to left
    builds the left side, and the rule has to make of it what was there before.
    """

    def __init__(self, forest: ProofForest, function: func.FuncOp) -> None:
        self.function = function
        self._forest = forest
        self._lower = Lowering(forest)
        self._values: dict[int, SSAValue] = {}
        self._ops: dict[int, Operation] = {}
        self._shown = ProofForest()
        """What the steps so far have shown to be equal."""
        self._numbers: dict[int, int] = {}

    def share(self) -> None:
        """Compute equal terms once, and erase what no result needs."""
        _, roots = read_terms(self.function, self._forest)
        self._write([self._lower(root) for root in roots])

    def apply(self, move: Move) -> None:
        """Raises `ReplayError` where the move does not follow."""
        self._read()
        if move.equation is None or move.equation.rule is None:
            self._prove_structure(move)
        else:
            self._prove_rule(move, move.equation, move.equation.rule)
        _, roots = read_terms(self.function, self._forest)
        after = [self._lower(t) for t in move.after]
        for root, new in zip(roots, after, strict=True):
            if not self._is_shown(self._lower(root), new):
                raise ReplayError(f"{_name(move)} does not lead to the program after it")
        self._write(after)

    def _read(self) -> None:
        """Look at the program, and compute equal terms once."""
        terms, _ = read_terms(self.function, self._forest)
        self._values, self._ops = {}, {}
        for value, term in terms.items():
            self._bind(self._lower(term), value)
            if (first := self._values[self._lower(term)]) is not value:
                value.replace_all_uses_with(first)

    def _bind(self, term: int, value: SSAValue) -> None:
        self._values.setdefault(term, value)
        if isinstance(value, OpResult):
            node = self._forest.terms[term]
            self._ops.setdefault(node.children[0] if node.op == RESULT else term, value.op)

    def _prove_rule(self, move: Move, equation: Equation, rule: Rule) -> None:
        left, right = (
            [self._lower(instantiate(self._forest, p, move.leaves)) for p in side]
            for side in (equation.left, equation.right)
        )
        values = {n: self._value(move.leaves[i]) for i, n in enumerate(equation.variables)}
        match = IRMatcher(rule).match_at([self._value(t) for t in left], values)
        if match is None:
            raise ReplayError(f"rule {rule.name} does not match where it was applied")
        built = build_right(match, InsertPoint.before(self._terminator))
        terms, _ = read_terms(self.function, self._forest)
        if [self._lower(terms[v]) for v in built] != right:
            raise ReplayError(f"rule {rule.name} builds another term than the step shows")
        for root, before, after in move.places:
            sides = (left[root], right[root]) if move.forward else (right[root], left[root])
            if sides != (self._lower(before), self._lower(after)):
                raise ReplayError(f"rule {rule.name} is not what the step shows")
            self._equate(*sides)

    def _prove_structure(self, move: Move) -> None:
        """A constant folded, or a chain bracketed anew."""
        for _, before, after in move.places:
            old, new = self._lower(before), self._lower(after)
            constants = sorted((old, new), key=lambda t: self._forest.terms[t].op == CONSTANT)
            folds = self._fold(constants[0]) == self._forest.terms[constants[1]]
            chains = (sorted(chain_operands(self._forest, t)) for t in (old, new))
            if not folds and len({tuple(chain) for chain in chains}) > 1:
                raise ReplayError(f"{_name(move)} does not hold")
            self._equate(old, new)

    def _fold(self, term: int) -> ENode | None:
        """The constant that a term of constants is."""
        node = self._forest.terms[term]
        if node.op == CONSTANT:
            return node
        parts = self._forest.terms[node.children[0]] if node.op == RESULT else node
        operands = [self._fold(c) for c in parts.children]
        attrs = [node_attrs(operand) for operand in operands if operand is not None]
        if len(attrs) < len(operands) or parts.op not in OPS:
            return None
        results = evaluate_constants(OPS[parts.op], attrs, node_attrs(parts))
        if results is None:
            return None
        index = node.attrs[0] if node.op == RESULT else 0
        attrs = results[index if isinstance(index, int) else 0]
        return make_node(CONSTANT, attrs)

    def _equate(self, old: int, new: int) -> None:
        self._shown.equate(self._translated(old), self._translated(new), 0, 0)

    def _is_shown(self, old: int, new: int) -> bool:
        """The terms differ by what steps have shown to be equal, and by nothing else."""
        a, b = self._translated(old), self._translated(new)
        return self._shown.find(a) == self._shown.find(b)

    def _translated(self, term: int) -> int:
        """A lowered term as one of `_shown`."""
        for part in below(self._forest, [term], self._numbers):
            node = self._forest.terms[part]
            children = tuple([self._numbers[c] for c in node.children])
            self._numbers[part] = self._shown.term(node._replace(children=children))
        return self._numbers[term]

    @property
    def _terminator(self) -> Operation:
        last = self.function.body.block.last_op
        assert last is not None
        return last

    def _value(self, term: int) -> SSAValue:
        """The value of a term, computed at the end of the block if it is not yet."""
        lowered = self._lower(term)
        for part in below(self._forest, [lowered], {*self._values, *self._ops}):
            self._make(part)
        return self._values[lowered]

    def _make(self, term: int) -> None:
        node = self._forest.terms[term]
        if node.op == RESULT:
            (index,) = node.attrs
            self._bind(term, self._ops[node.children[0]].results[int(index)])  # pyright: ignore[reportArgumentType]
            return
        operands = [self._values[c] for c in operand_classes(node)]
        op = OPS[node.op].create_op(operands, node_attrs(node))
        Rewriter.insert_op(op, InsertPoint.before(self._terminator))
        self._ops[term] = op
        if len(op.results) == 1:
            self._values[term] = op.results[0]

    def _write(self, roots: Sequence[int]) -> None:
        """Make the function return these terms, and erase what they do not need."""
        self._read()
        results = len(self._terminator.operands)
        for root in roots[results:]:  # the last random call
            for part in below(self._forest, [root], {*self._values, *self._ops}):
                self._make(part)
        self._terminator.operands = [self._value(root) for root in roots[:results]]
        needed = {self._ops[t] for t in below(self._forest, roots) if t in self._ops}
        for op in reversed(list(self.function.body.block.ops)):
            if op not in needed and op is not self._terminator:
                Rewriter.erase_op(op)


def _name(move: Move) -> str:
    return "the order of a chain" if move.equation is None else move.equation.name
