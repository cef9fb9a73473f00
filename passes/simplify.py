"""`taso-simplify`: applies the rules that are always better, until none applies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

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
from taso.passes.rules.notation import Rule
from taso.passes.rules.pdl import has_pdl, root_op
from taso.passes.rules.run_pdl import rewrite_patterns

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


def simplify(ctx: Context, module: ModuleOp, rules: list[Rule]) -> None:
    """Apply single-root rules greedily to a fixpoint."""
    limit = REWRITES_PER_OP * sum(1 for _ in module.walk())
    patterns = _ByRootOp(ctx, rules, limit)
    PatternRewriteWalker(GreedyRewritePatternApplier([patterns])).rewrite_module(module)
    if patterns.exceeded_by is not None:
        raise PassFailedException(
            f"taso-simplify: no end after {limit} rewrites; the last was {patterns.exceeded_by}"
        )


class _ByRootOp(RewritePattern):
    """Tries the rules, in their order, whose left side is rooted in an op of the same name."""

    def __init__(self, ctx: Context, rules: list[Rule], limit: int) -> None:
        self._left = limit
        self.exceeded_by: str | None = None
        self._patterns = defaultdict[str, list[tuple[str, PDLRewritePattern]]](list)
        params = ParamAnalysis()
        for rule in rules:
            for pattern in rewrite_patterns(rule, ctx, params):
                self._patterns[root_op(rule).name].append((rule.name, pattern))

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        for name, pattern in self._patterns.get(op.name, ()):
            if self.exceeded_by is not None:
                return
            pattern.match_and_rewrite(op, rewriter)
            if rewriter.has_done_action:
                self._left -= 1
                if self._left < 0:
                    self.exceeded_by = name
                return
