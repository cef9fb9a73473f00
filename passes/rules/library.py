"""All rules by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from taso.passes.rules import (
    activation,
    broadcast,
    composite,
    concat,
    convolution,
    convolution_merge,
    einsum,
    elementwise,
    matmul,
    padding,
    pooling,
    reduction,
    transpose,
)
from taso.passes.rules.notation import Rule, RuleError, RuleFamily


def by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Rules by name, each bidirectional one also as `NAME-reversed`. Names are unique."""
    table: dict[str, Rule] = {}
    for rule in rules:
        for directed in (rule, rule.reversed()) if rule.bidirectional else (rule,):
            if directed.name in table:
                raise RuleError(f"rule {directed.name}: name: there are two of it")
            table[directed.name] = directed
    return table


RULES: dict[str, Rule] = by_name(
    chain(
        elementwise.RULES,
        broadcast.RULES,
        transpose.RULES,
        reduction.RULES,
        activation.RULES,
        composite.RULES,
        concat.RULES,
        einsum.RULES,
        matmul.RULES,
        convolution.RULES,
        convolution_merge.RULES,
        pooling.RULES,
        padding.RULES,
    )
)
"""Every rule of a fixed number of terms, in the order in which they are tried."""

FAMILIES: dict[str, RuleFamily] = {
    family.name: family for family in (*matmul.FAMILIES, *convolution_merge.FAMILIES)
}
"""Every rule for any number of siblings."""

ON_REQUEST: dict[str, str] = {
    "matmul-factor-left-reversed": "expands each product of a sum; no cost gains by it",
    "matmul-factor-right-reversed": "as the one before",
    "matmul-concat-inner-reversed": "undoes a concat that the program has for a reason",
    "matmul-of-concat-columns": "undoes the concat of weights",
    "matmul-of-concat-rows": "as the one before",
    "matmul-batch": "pairs all products of a shape, the dependent ones too",
    "convolution-concat-inputs-reversed": "undoes a concat that the program has for a reason",
    "convolution-of-concat": "as the one before",
    "convolution-ungroup": "one step where widening takes several, for more multiplications",
    "convolution-interleave-groups": "reshapes of its pieces copy, which no cost counts",
    "convolution-batch": "pairs all convolutions of a shape, the dependent ones too",
    "convolution-compose-pointwise": "a kernel for each pair in a chain of linear layers",
    "convolution-after-pointwise": "as the one before",
    "convolution-compose-depthwise": "a dense kernel for each separable convolution",
    "convolution-as-matmul": "a product beside each pointwise convolution; they join the same way",
    "convolution-as-matmul-reversed": "as the one before",
    "pooling-into-pointwise": "as many times the multiplications as a window has elements",
    "pooling-as-convolution": "many times the multiplications; only other rules would gain by it",
    "pooling-as-convolution-reversed": "no program has the weights of a mean",
    "reduction-mean-as-sum": "a mean is one op; only other rules would gain by the sum",
}
"""Rules that the search does not use unless asked to, each with the reason."""

DEFAULT_RULES: tuple[str, ...] = tuple(
    name for name in (*RULES, *FAMILIES) if name not in ON_REQUEST
)
"""Names in `RULES` and `FAMILIES` that the search uses unless told otherwise."""
