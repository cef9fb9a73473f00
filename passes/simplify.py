"""`taso-simplify`: applies the rules that are always better, until none applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreters.pdl import PDLRewritePattern
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.utils.exceptions import PassFailedException

from taso.passes.rules.library import RULES
from taso.passes.rules.match_ir import ParamAnalysis
from taso.passes.rules.notation import Call, Rule, Var
from taso.passes.rules.pdl import has_pdl, op_of
from taso.passes.rules.run_pdl import rewrite_patterns
from taso.passes.rules.sides import node_of, root_node

REWRITES_PER_OP = 20
"""Rewrites that a program may take for each of its ops. Rules that need more do not end."""


@dataclass(frozen=True)
class SimplifyPass(ModulePass):
    """Applies the rules whose right side is never dearer, greedily, through their PDL.

    Erases what is dead. Ends where no rule applies; raises `PassFailedException` after
    `REWRITES_PER_OP` rewrites for each op, which means that the rules undo one another.
    """

    name = "taso-simplify"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rules = [rule for rule in RULES.values() if rule.simplifies and has_pdl(rule)]
        simplify(ctx, op, rules)


def simplify(ctx: Context, module: ModuleOp, rules: Sequence[Rule]) -> None:
    """Apply single-root rules greedily to a fixpoint."""
    limit = REWRITES_PER_OP * sum(1 for _ in module.walk())
    patterns = _ByRootOp(ctx, rules, limit)
    PatternRewriteWalker(GreedyRewritePatternApplier([patterns])).rewrite_module(module)
    if patterns.exceeded_by is not None:
        raise PassFailedException(
            f"taso-simplify: no end after {limit} rewrites; the last was {patterns.exceeded_by}"
        )


class _LazyPatterns:
    """The PDL of a rule, written when an op first looks like its root: most rules never need it."""

    def __init__(self, rule: Rule, ctx: Context, params: ParamAnalysis) -> None:
        root = cast(Call, root_node(rule))
        self.rule = rule
        self.root = op_of(root).name
        self._operands = {op_of(n).name for n in map(node_of, root.args) if not isinstance(n, Var)}
        self._make = partial(rewrite_patterns, rule, ctx, params)

    @cached_property
    def _patterns(self) -> list[PDLRewritePattern]:
        return self._make()

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        given = {v.owner.name for v in op.operands if isinstance(v.owner, Operation)}
        if not self._operands <= given:
            return
        for pattern in self._patterns:
            pattern.match_and_rewrite(op, rewriter)
            if rewriter.has_done_action:
                return


class _ByRootOp(RewritePattern):
    """Tries the rules, in their order, whose left side is rooted in an op of the same name."""

    def __init__(self, ctx: Context, rules: Sequence[Rule], limit: int) -> None:
        self._left = limit
        self.exceeded_by: str | None = None
        self._rules = defaultdict[str, list[_LazyPatterns]](list)
        params = ParamAnalysis()
        for rule in rules:
            patterns = _LazyPatterns(rule, ctx, params)
            self._rules[patterns.root].append(patterns)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if self.exceeded_by is not None:
            return
        for patterns in self._rules.get(op.name, ()):
            patterns.match_and_rewrite(op, rewriter)
            if rewriter.has_done_action:
                self._left -= 1
                if self._left < 0:
                    self.exceeded_by = patterns.rule.name
                return
