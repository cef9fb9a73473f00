"""Explanations as text: names for terms, and the ops of a step as lines of IR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Block, BlockArgument, SSAValue

from taso.dialects.base import tensor_type
from taso.dialects.taso import OPS
from taso.passes.search.egraph import (
    INPUT,
    NARY_OPS,
    RESULT,
    node_attrs,
    operand_classes,
)
from taso.passes.search.explain_moves import Move, corresponding
from taso.passes.search.explain_proof import ProofForest
from taso.passes.search.explain_terms import TermProgram

MAX_LINE = 200
"""Characters of an op's line; what is beyond is the middle of a long constant."""


class Writer:
    """Writes the terms of a program. A term that takes another's place takes its name, too."""

    def __init__(
        self, forest: ProofForest, program: TermProgram, values: Mapping[SSAValue, int]
    ) -> None:
        self._forest = forest
        self._program = program
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()
        for value, term in values.items():
            named = value.name_hint or (
                f"arg{value.index}" if isinstance(value, BlockArgument) else None
            )
            if named is not None and term not in self._names:
                self._names[term] = self._fresh(named)

    def _fresh(self, base: str) -> str:
        name, count = base, 0
        while name in self._taken:
            count += 1
            name = f"{base}{count}"  # xDSL takes `_1` off a name
        self._taken.add(name)
        return name

    def name(self, term: int) -> str:
        """The name of a value, without the %."""
        if term not in self._names:
            node = self._forest.terms[term]
            made = self._forest.terms[node.children[0]] if node.op == RESULT else node
            self._names[term] = self._fresh(made.op)
        return self._names[term]

    def follow(self, move: Move) -> None:
        """Name what a move made after what it took the place of."""
        for old, new in corresponding(self._forest, move):
            if new not in self._names:
                self._names[new] = self.name(old)

    def lines(self, parts: Sequence[int]) -> list[str]:
        """Each op among the terms as a line of IR."""
        results: dict[int, dict[int, int]] = {}
        for term in parts:
            node = self._forest.terms[term]
            if node.op == RESULT:
                (index,) = node.attrs
                results.setdefault(node.children[0], {})[int(str(index))] = term
        lines: list[str] = []
        for term in parts:
            if self._forest.terms[term].op not in (INPUT, RESULT):
                named = results.get(term, {0: term})
                lines.append(self.line(term, {i: self.name(t) for i, t in named.items()}))
        return lines

    def line(self, term: int, results: Mapping[int, str]) -> str:
        """An op as a line of IR; its results have the names given by their number."""
        node = self._forest.terms[term]
        operands = operand_classes(node)
        spec = {c: self._program.specs(c)[0] for c in operands}
        if node.op in NARY_OPS and len(operands) > 2:
            listed = ", ".join(f"%{self.name(c)}" for c in operands)
            return f"%{results[0]} = taso.{node.op} {listed} : {tensor_type(spec[operands[0]])}"
        block = Block(arg_types=[tensor_type(s) for s in spec.values()])
        values = dict(zip(spec, block.args, strict=True))
        for operand, value in values.items():
            value.name_hint = self.name(operand)
        op = OPS[node.op].create_op([values[c] for c in operands], node_attrs(node))
        for index, result in enumerate(op.results):
            result.name_hint = results.get(index, "_")
        return _shortened(str(op))


def _shortened(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    return f"{line[: MAX_LINE // 2]} … {line[-MAX_LINE // 3 :]}"
