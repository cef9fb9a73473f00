"""Checks a rule on random instances: types, shapes and values of both sides.

An instance is evaluated on several kinds of data. Small integers are exact where every op takes
them, so that equality means equality. Floats are compared at a tolerance far below any error of
meaning. Two more kinds hold a rule to what it says of itself: NaN and inf for `nonfinite`, very
large and very small values for `overflow`; `exact` rules must agree to the bit.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from taso.dialects.base import Array, ConstraintError, OpKind, TasoOp, TensorSpec
from taso.dialects.taso import OPS
from taso.passes.rules.instances import Instance, draw_instance
from taso.passes.rules.meaning import evaluate_term, infer_term
from taso.passes.rules.notation import Call, Rule, all_subterms

Data: TypeAlias = Literal["integers", "normal", "positive", "special", "extreme"]

TOLERANCE = 1e-9
"""Largest error in float64, relative to the largest element."""


@dataclass(frozen=True)
class Verdict:
    """What a check found. `instances` counts those evaluated; none is no evidence."""

    rule: str
    instances: int
    counterexample: str | None

    @property
    def holds(self) -> bool:
        """No counterexample, on at least one instance."""
        return self.instances > 0 and self.counterexample is None


def check(rule: Rule, *, samples: int = 40, seed: int = 0) -> Verdict:
    """Compare both sides of a rule on up to `samples` random instances of each kind of data."""
    rng = random.Random(seed)
    instances = 0
    for data in _kinds(rule):
        dtype = "i64" if data == "integers" else "f64"
        for _ in range(samples):
            instance = draw_instance(rule, rng, dtype)
            if instance is None:
                break
            instances += 1
            found = _compare(rule, instance, data, rng)
            if found is not None:
                return Verdict(rule.name, instances, f"{_describe(instance)}, {data}: {found}")
    return Verdict(rule.name, instances, None)


def _kinds(rule: Rule) -> Sequence[Data]:
    kinds: list[Data] = ["normal", "positive"]
    # A rule for floats may have ops on the right that take no others.
    terms = rule.lhs if rule.dtypes == "any" else (*rule.lhs, *rule.rhs)
    if all(_takes_integers(OPS[t.op]) for t in all_subterms(terms) if isinstance(t, Call)):
        kinds.append("integers")
    if rule.nonfinite == "kept":
        kinds.append("special")
    if rule.overflow == "kept":
        kinds.append("extreme")
    return kinds


def _takes_integers(op: type[TasoOp]) -> bool:
    float_only = getattr(op, "FLOAT_ONLY", False)
    return not float_only and op.KIND is not OpKind.COMPOSITE


def _describe(instance: Instance) -> str:
    shapes = [f"{name}: {list(spec.shape)}" for name, spec in instance.specs.items()]
    attrs = [f"?{name} = {value}" for name, value in instance.symbols.attrs.items()]
    return ", ".join(shapes + attrs)


def _compare(rule: Rule, instance: Instance, data: Data, rng: random.Random) -> str | None:
    """What is wrong with the right side on this instance, or None."""
    dtype = "i64" if data == "integers" else "f64"
    specs, symbols = instance.specs, instance.symbols
    draw = np.random.default_rng(rng.getrandbits(64))
    arrays = {name: _array(spec, data, draw) for name, spec in specs.items()}
    for left, right in zip(rule.lhs, rule.rhs, strict=True):
        expected = infer_term(left, specs, symbols, dtype)
        try:
            given = infer_term(right, specs, symbols, dtype)
        except ConstraintError as error:
            return f"the right side is ill-typed: {error}"
        if given != expected:
            return f"left has type {expected}, right {given}"
        values = [evaluate_term(t, arrays, specs, symbols, dtype) for t in (left, right)]
        if (wrong := _difference(rule, data, values[0], values[1])) is not None:
            return wrong
    return None


def _array(spec: TensorSpec, data: Data, draw: np.random.Generator) -> Array:
    if data == "integers":
        return draw.integers(-4, 5, spec.shape)
    if data == "positive":
        return draw.uniform(0.5, 2.0, spec.shape)
    values = np.asarray(draw.standard_normal(spec.shape))
    if data == "special":
        specials = draw.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], spec.shape)
        return np.where(draw.random(spec.shape) < 0.2, specials, values)
    if data == "extreme":
        return values * draw.choice([1e-200, 1e200])
    return values


def _difference(rule: Rule, data: Data, left: Array, right: Array) -> str | None:
    if data == "integers":
        return None if np.array_equal(left, right) else f"left is {left}, right {right}"
    finite = np.isfinite(left)
    if np.any(finite & ~np.isfinite(right)):
        return f"left is {left}, finite where right is not: {right}"
    if data == "extreme" and rule.numerics != "exact":
        return None
    if rule.nonfinite == "kept" and not _same_kind(left, right):
        return f"left is {left}, right {right}"
    if rule.numerics == "exact":
        same = (left == right) & (np.signbit(left) == np.signbit(right))
        return None if np.all(same | ~finite) else f"left is {left}, right {right}: not exact"
    scale = 1.0 + np.max(np.abs(left), where=finite, initial=0.0)
    error = np.abs(np.where(finite, left, 0.0) - np.where(finite, right, 0.0))
    close = error <= TOLERANCE * scale
    return None if np.all(close) else f"left is {left}, right {right}"


def _same_kind(left: Array, right: Array) -> bool:
    """NaN where NaN is, and inf of the same sign."""
    infinite = np.isinf(left)
    same_inf = np.array_equal(infinite, np.isinf(right)) and np.all(
        left[infinite] == right[infinite]
    )
    return bool(same_inf and np.array_equal(np.isnan(left), np.isnan(right)))
