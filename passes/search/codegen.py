"""Python source for what a rule says of shapes and attributes.

`Code` collects the lines of a function; `Solver` turns the constraints of a rule's left side
into assignments and checks, each as soon as the symbols that it needs are bound. Its meaning is
that of `taso.passes.rules.substitution`, decided once a rule and not once a match. Nothing from
a rule's text reaches the source but integers: names are numbered, other values are constants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from taso.dialects.spec import AttrValue, narrow
from taso.passes.rules.functions import FUNCTIONS
from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    AttrVar,
    Batch,
    Condition,
    Dim,
    DimExpr,
    DimProduct,
    DimSum,
    RuleError,
    Shape,
    ShapeOf,
    expr_symbols,
)

Symbol: TypeAlias = Dim | Batch | AttrVar | ShapeOf

MAX_NESTED_LOOPS = 16
"""Python refuses 20 nested blocks; deeper loops go on in a function of their own."""


class Code:
    """The source of one function, and the constants that it refers to.

    `abandon` is the statement that gives up outside of loops.
    """

    def __init__(self, name: str, parameters: tuple[str, ...], abandon: str) -> None:
        self.constants: dict[str, object] = {}
        self._functions: list[str] = []
        self._name = name
        self._abandon = abandon
        self._locals = list(parameters)
        self._count = 0
        self._start(name)

    def _start(self, name: str) -> None:
        self._lines = [f"def {name}({', '.join(self._locals)}):"]
        self._loops = 0

    def line(self, text: str) -> None:
        self._lines.append("    " * (self._loops + 1) + text)

    def fresh(self, prefix: str) -> str:
        """A local name not used before."""
        self._count += 1
        return f"{prefix}{self._count}"

    def assign(self, prefix: str, expression: str) -> str:
        """A new local that holds the expression."""
        name = self.fresh(prefix)
        self.define(name, expression)
        return name

    def define(self, name: str, expression: str) -> None:
        """A local of this name that holds the expression."""
        self.line(f"{name} = {expression}")
        self._locals.append(name)

    def constant(self, value: object) -> str:
        """A name for a value that is known now."""
        name = self.fresh("C")
        self.constants[name] = value
        return name

    def fail_if(self, condition: str) -> None:
        """Give up the candidate if the condition holds."""
        self.line(f"if {condition}: {'continue' if self._loops else self._abandon}")

    def loop(self, targets: tuple[str, ...], iterable: str) -> None:
        """All further lines run once for each item."""
        if self._loops == MAX_NESTED_LOOPS:
            self._continue_elsewhere()
        self.line(f"for {', '.join(targets)} in {iterable}:")
        self._loops += 1
        self._locals.extend(targets)

    def _continue_elsewhere(self) -> None:
        name = f"{self._name}_{len(self._functions)}"
        self.line(f"{name}({', '.join(self._locals)})")
        self._functions.append("\n".join(self._lines))
        self._start(name)

    def source(self) -> str:
        return "\n\n".join([*self._functions, "\n".join(self._lines)]) + "\n"

    def compile(self, environment: dict[str, object]) -> Callable[..., object]:
        """The function, run in the given environment."""
        scope = {**environment, **self.constants}
        exec(compile(self.source(), f"<{self._name}>", "exec"), scope)
        return cast(Callable[..., object], scope[self._name])


@dataclass(frozen=True)
class SizeIs:
    """The integer `actual` is the size `pattern`."""

    pattern: DimExpr
    actual: str


@dataclass(frozen=True)
class ShapeIs:
    """The tuple `actual` is the shape `pattern`."""

    pattern: Shape | ShapeOf
    actual: str


@dataclass(frozen=True)
class AttrIs:
    """The attribute `actual` is `pattern`; axes count within `rank`, an expression."""

    name: str
    pattern: AttrExpr
    actual: str
    rank: str


@dataclass(frozen=True)
class ScalarIs:
    """The value `actual` of a splat is what a constant of type `dt` given `pattern` holds."""

    pattern: AttrExpr
    actual: str


Constraint: TypeAlias = SizeIs | ShapeIs | AttrIs | ScalarIs | Condition


class Solver:
    """Binds a rule's symbols to locals of the code, and emits checks for the rest."""

    def __init__(self, rule: str, code: Code) -> None:
        self.bound: dict[Symbol, str] = {}
        """The expression for each symbol that has a value."""
        self._rule = rule
        self._code = code
        self._pending: list[Constraint] = []

    def post(self, constraint: Constraint) -> None:
        """Emit the constraint now, or when the symbols that it needs are bound."""
        self._pending.append(constraint)
        self.settle()

    def settle(self) -> None:
        """Emit what waited for symbols bound since."""
        while (ready := next(filter(self._ready, self._pending), None)) is not None:
            # Emitting it may post parts of it, and so settle others.
            self._pending.remove(ready)
            self._emit(ready)

    def finish(self) -> None:
        """Raise `RuleError` if a constraint still lacks symbols."""
        if self._pending:
            raise RuleError(f"rule {self._rule}: the left side does not determine its symbols")

    def _knows(self, expr: object) -> bool:
        return all(symbol in self.bound for symbol in expr_symbols(expr))

    def _ready(self, constraint: Constraint) -> bool:
        match constraint:
            case SizeIs(DimSum(parts) | DimProduct(parts)):
                return sum(not self._knows(p) for p in parts) <= 1
            case SizeIs() | ShapeIs(tuple()):
                return True
            case ShapeIs(pattern):
                return self._knows(pattern)
            case Condition():
                return self._knows(constraint.args)
            case AttrIs() | ScalarIs():
                pattern = constraint.pattern
                opens = isinstance(pattern, AttrVar | Dim | DimSum | DimProduct)
                return opens or _is_shape(pattern) or self._knows(pattern)

    def _emit(self, constraint: Constraint) -> None:
        match constraint:
            case SizeIs(pattern, actual):
                self._size(pattern, actual)
            case ShapeIs(tuple() as pattern, actual):
                self._shape(pattern, actual)
            case ShapeIs(ShapeOf() as pattern, actual):
                self._code.fail_if(f"{actual} != {self.bound[pattern]}")
            case AttrIs(_, AttrVar() as symbol, actual) | ScalarIs(AttrVar() as symbol, actual):
                self._equal(symbol, actual, "a")
            case AttrIs(_, Dim() | DimSum() | DimProduct() as pattern, actual):
                self.post(SizeIs(pattern, actual))
            case AttrIs(name, pattern, actual, rank):
                if _is_shape(pattern):
                    self.post(ShapeIs(cast(Shape, pattern), actual))
                else:
                    self._code.fail_if(f"{actual} != {self.value(pattern, name, rank)}")
            case ScalarIs(pattern, actual):
                same = self._code.constant(_same_scalar)
                self._code.fail_if(f"not {same}({self.value(pattern)}, {actual}, dt)")
            case Condition(predicate, args):
                values = ", ".join(self.value(a) for a in args)
                self._code.fail_if(f"{self._function(predicate)}({values}) is not True")
            case _:
                raise RuleError(f"rule {self._rule}: {constraint} is no constraint")

    def _equal(self, symbol: Symbol, actual: str, prefix: str) -> None:
        """Bind the symbol, or compare if it is bound."""
        if symbol in self.bound:
            self._code.fail_if(f"{actual} != {self.bound[symbol]}")
        else:
            self.bound[symbol] = self._code.assign(prefix, actual)

    def _size(self, pattern: DimExpr, actual: str) -> None:
        if isinstance(pattern, int):
            self._code.fail_if(f"{actual} != {pattern}")
        elif isinstance(pattern, Dim):
            self._equal(pattern, actual, "d")
        else:
            self._combined_size(pattern, actual)

    def _combined_size(self, pattern: DimSum | DimProduct, actual: str) -> None:
        """Compare a sum or product, or solve it for the one part that is not known."""
        unknown = [p for p in pattern.parts if not self._knows(p)]
        known = type(pattern)(tuple(p for p in pattern.parts if p not in unknown))
        total = self.value(known)
        if not unknown:
            self._code.fail_if(f"{actual} != {total}")
            return
        if isinstance(pattern, DimSum):
            rest = self._code.assign("t", f"{actual} - {total}")
            self._code.fail_if(f"{rest} < 0")
        else:
            factor = self._code.assign("t", total)
            self._code.fail_if(f"{factor} == 0 or {actual} % {factor}")
            rest = self._code.assign("t", f"{actual} // {factor}")
        self.post(SizeIs(unknown[0], rest))

    def _shape(self, pattern: Shape, actual: str) -> None:
        shape = self._code.assign("t", actual)
        sizes = pattern
        first = 0
        if pattern and isinstance(pattern[0], Batch):
            sizes = pattern[1:]
            first = -len(sizes)
            self._code.fail_if(f"len({shape}) < {len(sizes)}")
            self._equal(pattern[0], f"{shape}[:len({shape}) - {len(sizes)}]", "b")
        else:
            self._code.fail_if(f"len({shape}) != {len(sizes)}")
        for i, size in enumerate(sizes):
            if isinstance(size, Batch):
                raise RuleError(f"rule {self._rule}: batch {size.name} is not the first entry")
            self.post(SizeIs(size, f"{shape}[{first + i}]"))

    def value(self, expr: object, name: str = "", rank: str = "0") -> str:
        """The Python expression of an attribute or shape whose symbols are bound."""
        match expr:
            case bool() | float() | str():
                return self._code.constant(expr)
            case int():
                from_end = expr < 0 and name in ("axis", "axes", "perm")
                return f"({expr} + {rank})" if from_end else str(expr)
            case AttrVar() | Dim() | Batch() | ShapeOf():
                return self.bound[expr]
            case DimSum(parts):
                return f"({' + '.join(map(self.value, parts)) or 0})"
            case DimProduct(parts):
                return f"({' * '.join(map(self.value, parts)) or 1})"
            case Apply(function, args):
                call = f"{self._function(function)}({', '.join(map(self.value, args))})"
                result = self._code.assign("t", call)
                self._code.fail_if(f"{result} is None")
                return result
            case tuple():
                items = [self._item(e, name, rank) for e in cast("tuple[object, ...]", expr)]
                return f"({''.join(f'{item}, ' for item in items)})"
            case _:
                raise RuleError(f"rule {self._rule}: {expr!r} is no attribute expression")

    def _item(self, expr: object, name: str, rank: str) -> str:
        value = self.value(expr, name, rank)
        return f"*{value}" if isinstance(expr, Batch) else value

    def _function(self, name: str) -> str:
        if name not in FUNCTIONS:
            raise RuleError(f"rule {self._rule}: unknown function {name}")
        return self._code.constant(FUNCTIONS[name])


def _is_shape(pattern: object) -> bool:
    """A tuple that is matched entry by entry, binding sizes."""
    return isinstance(pattern, tuple) and any(
        isinstance(e, Dim | DimSum | DimProduct | Batch)
        for e in cast("tuple[object, ...]", pattern)
    )


def _same_scalar(value: AttrValue, held: float, dtype: str) -> bool:
    """A constant of this element type that is given `value` holds `held`."""
    if isinstance(value, bool) or isinstance(held, bool):
        return value is held
    if isinstance(held, float) and isinstance(value, int | float):
        return float(narrow(np.asarray(value), dtype)) == held
    return value == held
