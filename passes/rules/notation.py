"""The notation of rewrite rules: terms over the ops of the dialect, as plain data.

A rule says that its left terms equal its right terms, one for one. A symbol used twice is a
condition: the same dim, the same value, the same attribute. `where` holds what symbols cannot
say. Nothing here is code: the same object is printed, matched in the IR and in the e-graph,
compiled to PDL, inverted, and checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from xdsl.irdl import OptOperandDef, VarOperandDef

from taso.dialects.base import BOOL, FLOAT, INT, INTS, STR, TasoOp
from taso.dialects.spec import OpKind
from taso.dialects.taso import OPS
from taso.passes.rules.functions import FUNCTIONS, parameter_types, result_type


class RuleError(ValueError):
    """A rule is malformed; the text names the rule and the part."""


@dataclass(frozen=True)
class Dim:
    """A symbol for the size of one axis."""

    name: str


@dataclass(frozen=True)
class DimSum:
    """The sum of sizes, such as the width of a concat."""

    parts: tuple[DimExpr, ...]


@dataclass(frozen=True)
class DimProduct:
    """The product of sizes, such as the number of rows of a flattened batch."""

    parts: tuple[DimExpr, ...]


@dataclass(frozen=True)
class Batch:
    """A symbol for any number of leading axes; the first entry of a shape."""

    name: str


DimExpr: TypeAlias = int | Dim | DimSum | DimProduct
Shape: TypeAlias = tuple[DimExpr | Batch, ...]


@dataclass(frozen=True)
class ShapeOf:
    """The shape of the value that a variable stands for."""

    var: str


AttrKind: TypeAlias = Literal["perm", "axis", "axes", "dims", "shape", "int", "scalar", "text"]


@dataclass(frozen=True)
class AttrVar:
    """A symbol for an attribute. `kind` says what it ranges over:

    a permutation, one axis, ascending axes, a broadcast's dims, a shape, an integer, a float,
    a text.
    """

    name: str
    kind: AttrKind


@dataclass(frozen=True)
class Apply:
    """A named function of attributes (see `functions.py`); undefined (None): no match."""

    function: str
    args: tuple[AttrExpr, ...]


AttrExpr: TypeAlias = (
    bool
    | int
    | float
    | str
    | AttrVar
    | Apply
    | ShapeOf
    | Dim
    | DimSum
    | DimProduct
    | tuple["AttrExpr | Batch", ...]
)


@dataclass(frozen=True)
class Var:
    """A symbol for a tensor: of this shape, or of any (None).

    With `param`, only a value computed from parameters and constants alone.
    """

    name: str
    shape: Shape | None = None
    param: bool = False


@dataclass(frozen=True)
class Call:
    """An op applied to terms. On the left, `attrs` match; on the right, they are computed.

    In attributes named `axis`, `axes` or `perm`, a negative entry counts from the end of the
    first operand's rank.
    """

    op: str
    args: tuple[Term, ...]
    attrs: tuple[tuple[str, AttrExpr], ...] = ()

    def attr(self, name: str) -> AttrExpr:
        return dict(self.attrs)[name]


@dataclass(frozen=True)
class Result:
    """One result of an op that has several."""

    call: Call
    index: int


@dataclass(frozen=True)
class Splat:
    """A constant that holds one value everywhere; its element type is the rule's."""

    value: AttrExpr
    shape: Shape | ShapeOf


Term: TypeAlias = Var | Call | Result | Splat


@dataclass(frozen=True)
class Condition:
    """A named predicate of attributes (see `functions.py`) that must hold for a match."""

    predicate: str
    args: tuple[AttrExpr, ...]


Numerics: TypeAlias = Literal["exact", "reassociating"]
Dtypes: TypeAlias = Literal["float", "any"]


@dataclass(frozen=True)
class Rule:
    """`lhs[i]` equals `rhs[i]` for every i, wherever `lhs` matches and `where` holds.

    numerics: `exact` (bitwise the same floats) or `reassociating` (equal over the reals).
    nonfinite: `kept` if NaN and inf come out where they did, else `lost`.
    overflow: `may-grow` if intermediates can be larger than any on the left.
    dtypes: element types for which it holds; all tensors in it have the same one.
    """

    name: str
    lhs: tuple[Term, ...]
    rhs: tuple[Term, ...]
    where: tuple[Condition, ...] = ()
    numerics: Numerics = "reassociating"
    nonfinite: Literal["kept", "lost"] = "kept"
    overflow: Literal["kept", "may-grow"] = "kept"
    dtypes: Dtypes = "float"
    bidirectional: bool = False
    """Also used right to left, under the name `NAME-reversed`."""
    simplifies: bool = False
    """The right side is never dearer: `taso-simplify` applies the rule greedily."""

    def __post_init__(self) -> None:
        check_rule(self)
        if self.bidirectional:
            self.reversed()

    @property
    def family(self) -> str:
        return self.name.partition("-")[0]

    def reversed(self) -> Rule:
        """The rule right to left. Raises `RuleError` where the right side binds too little."""
        return replace(
            self,
            name=f"{self.name}-reversed",
            lhs=self.rhs,
            rhs=self.lhs,
            bidirectional=False,
            simplifies=False,
        )


def dims(names: str) -> tuple[Dim, ...]:
    """Dim symbols from a text of names between blanks."""
    return tuple(Dim(name) for name in names.split())


def var(name: str, *shape: DimExpr | Batch, param: bool = False) -> Var:
    """A tensor symbol of the given shape (none given: rank 0)."""
    return Var(name, shape, param)


def any_var(name: str, *, param: bool = False) -> Var:
    """A tensor symbol of any shape."""
    return Var(name, None, param)


def subterms(term: Term) -> Iterator[Term]:
    """The term and all terms within it, outermost first."""
    yield term
    match term:
        case Call():
            for arg in term.args:
                yield from subterms(arg)
        case Result():
            yield from subterms(term.call)
        case Var() | Splat():
            pass


def all_subterms(terms: Sequence[Term]) -> Iterator[Term]:
    """`subterms` of each term in turn."""
    for term in terms:
        yield from subterms(term)


def variables(terms: Sequence[Term]) -> dict[str, Var]:
    """The tensor symbols in the terms by name, in order of first use."""
    return {t.name: t for t in all_subterms(terms) if isinstance(t, Var)}


def expr_symbols(expr: object) -> Iterator[Dim | Batch | AttrVar | ShapeOf]:
    """The symbols within a shape or an attribute expression."""
    match expr:
        case Dim() | Batch() | AttrVar() | ShapeOf():
            yield expr
        case DimSum(parts) | DimProduct(parts):
            for part in parts:
                yield from expr_symbols(part)
        case Apply(_, args):
            for arg in args:
                yield from expr_symbols(arg)
        case tuple():
            for item in expr:  # pyright: ignore[reportUnknownVariableType]
                yield from expr_symbols(item)
        case _:
            pass


def term_symbols(terms: Sequence[Term]) -> set[Dim | Batch | AttrVar | ShapeOf]:
    """Dim, batch and attribute symbols anywhere in the terms."""
    found: set[Dim | Batch | AttrVar | ShapeOf] = set()
    for term in all_subterms(terms):
        match term:
            case Var():
                found.update(expr_symbols(term.shape))
            case Call():
                for _, expr in term.attrs:
                    found.update(expr_symbols(expr))
            case Splat():
                found.update(expr_symbols(term.value))
                found.update(expr_symbols(term.shape))
            case Result():
                pass
    return found


def check_rule(rule: Rule) -> None:
    """Raise `RuleError` unless ops and attributes exist and the left binds the right."""
    if len(rule.lhs) != len(rule.rhs) or not rule.lhs:
        raise RuleError(f"rule {rule.name}: as many terms on the right as on the left")
    if not all(isinstance(term, Call | Result) for term in rule.lhs):
        raise RuleError(f"rule {rule.name}: a left term is no op")
    known: dict[str, Var] = {}
    for term in all_subterms((*rule.lhs, *rule.rhs)):
        match term:
            case Call():
                _check_call(rule.name, term)
            case Var() if known.setdefault(term.name, term) != term:
                raise RuleError(f"rule {rule.name}: variable {term.name} has two shapes")
            case Var(_, shape) | Splat(_, shape):
                _check_shape(rule.name, shape)
            case Result():
                pass
    for condition in rule.where:
        _check_function(rule.name, condition.predicate, condition.args)
    bound = variables(rule.lhs)
    for name in variables(rule.rhs):
        if name not in bound:
            raise RuleError(f"rule {rule.name}: variable {name} is not bound on the left")
    left = term_symbols(rule.lhs)
    used = term_symbols(rule.rhs)
    for condition in rule.where:
        used.update(expr_symbols(condition.args))
    for symbol in used - left:
        if isinstance(symbol, ShapeOf):
            if symbol.var not in bound:
                raise RuleError(f"rule {rule.name}: shape of unbound variable {symbol.var}")
        else:
            raise RuleError(f"rule {rule.name}: symbol {symbol.name} is not bound on the left")


def _check_shape(rule: str, shape: Shape | ShapeOf | None) -> None:
    entries = shape if isinstance(shape, tuple) else ()
    if any(isinstance(e, Batch) for e in entries[1:]):
        raise RuleError(f"rule {rule}: a batch symbol stands first in a shape")
    if any(isinstance(e, bool | float | str) or not _is_size(e) for e in entries):
        raise RuleError(f"rule {rule}: {entries} is no shape")


def _is_size(entry: object) -> bool:
    match entry:
        case int():
            return entry >= 0
        case DimSum(parts) | DimProduct(parts):
            return all(_is_size(p) for p in parts)
        case _:
            return isinstance(entry, Dim | Batch)


def _check_function(rule: str, name: str, args: tuple[AttrExpr, ...]) -> None:
    """Raise `RuleError` unless the function exists and takes arguments of these types."""
    if name not in FUNCTIONS:
        raise RuleError(f"rule {rule}: unknown function {name}")
    types = parameter_types(name)
    given = tuple(_type_of(a) for a in args)
    fits = len(given) == len(types) and all(
        issubclass(g, t) or (g is int and t is float) for g, t in zip(given, types, strict=True)
    )
    if not fits:
        expected, found = (", ".join(t.__name__ for t in ts) for ts in (types, given))
        raise RuleError(f"rule {rule}: {name} takes ({expected}), not ({found})")
    for arg in args:
        _check_expr(rule, arg)


def _check_expr(rule: str, expr: object) -> None:
    """Check the functions within an expression."""
    match expr:
        case Apply(function, args):
            _check_function(rule, function, args)
        case tuple():
            for item in expr:  # pyright: ignore[reportUnknownVariableType]
                _check_expr(rule, item)
        case _:
            pass


def _type_of(expr: AttrExpr) -> type:
    match expr:
        case AttrVar(_, kind):
            return _TYPES[kind]
        case Apply(function, _):
            return result_type(function)
        case ShapeOf() | tuple():
            return tuple
        case Dim() | DimSum() | DimProduct():
            return int
        case _:
            return type(expr)


_TYPES: dict[AttrKind, type] = {
    "perm": tuple,
    "axis": int,
    "axes": tuple,
    "dims": tuple,
    "shape": tuple,
    "int": int,
    "scalar": float,
    "text": str,
}


def _check_call(rule: str, call: Call) -> None:
    if call.op not in OPS:
        raise RuleError(f"rule {rule}: unknown op {call.op}")
    op = OPS[call.op]
    if op.KIND is OpKind.OPAQUE:
        raise RuleError(f"rule {rule}: nothing is known of {call.op}")
    expected = (*op.attribute_kinds(), *op.RESULT_ATTRS)
    given = tuple(name for name, _ in call.attrs)
    if sorted(given) != sorted(expected):
        raise RuleError(
            f"rule {rule}: {call.op} has attributes {list(expected)}, not {list(given)}"
        )
    for name, expr in call.attrs:
        _check_expr(rule, expr)
        _check_attribute(f"rule {rule}: {call.op} has {name}", expr, _attribute_type(op, name))
    _check_operands(rule, call, op)


def _check_operands(rule: str, call: Call, op: type[TasoOp]) -> None:
    kinds = [definition for _, definition in op.get_irdl_definition().operands]
    if any(isinstance(k, VarOperandDef) and not isinstance(k, OptOperandDef) for k in kinds):
        return
    least = sum(not isinstance(k, OptOperandDef) for k in kinds)
    if not least <= len(call.args) <= len(kinds):
        wanted = f"{least}" if least == len(kinds) else f"{least} to {len(kinds)}"
        raise RuleError(f"rule {rule}: {call.op} takes {wanted} operands, not {len(call.args)}")


def _attribute_type(op: type[TasoOp], name: str) -> type:
    """The type of an attribute's plain values."""
    kinds: dict[str, object] = {"shape": INTS, "dtype": STR, **op.attribute_kinds()}
    plain = ((BOOL, bool), (INT, int), (FLOAT, float), (INTS, tuple), (STR, str))
    return next((type_ for kind, type_ in plain if kinds[name] is kind), object)


def _check_attribute(where: str, expr: AttrExpr, expected: type) -> None:
    """Symbols that stand for numbers may stand for booleans, too."""
    given = _type_of(expr)
    fits = issubclass(given, expected) or issubclass(expected, given)
    numbers = {given, expected} == {int, float} and not isinstance(expr, float)
    if not (fits or numbers):
        raise RuleError(f"{where} of type {expected.__name__}, not {given.__name__}")
    if isinstance(expr, tuple):
        for entry in expr:
            if not isinstance(entry, Batch):
                _check_attribute(f"{where} with an entry", entry, int)


MAX_SIBLINGS = 8
"""Rules for any number of siblings are written out up to this many."""


@dataclass(frozen=True)
class RuleFamily:
    """One multi-root rule for any number of siblings: roots alike but for their own symbols.

    `members[n]` is the rule for n siblings. Matching takes the maximal group of siblings in
    canonical order and the pairs.
    """

    name: str
    members: dict[int, Rule] = field(hash=False)
    make: Callable[[int], Rule] = field(compare=False, kw_only=True)
    """The rule for any number of siblings from 2 on."""

    def member(self, count: int) -> Rule:
        """The rule for so many siblings, also where it is not written out in `members`."""
        return self.members[count] if count in self.members else self.make(count)


def sibling_family(name: str, member: Callable[[int], Rule]) -> RuleFamily:
    """The family with `member(n)` as its rule for n siblings."""
    written = {count: member(count) for count in range(2, MAX_SIBLINGS + 1)}
    return RuleFamily(name, written, make=member)
