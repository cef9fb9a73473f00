"""The text form of rules: what `taso rules list` prints and rule files hold.

    # Products that share their left operand.
    rule matmul-factor-left reassociating nonfinite-lost both-ways:
      add(matmul(a: [*p, m, k], b: [*q, k, n]), matmul(a, c: [*q, k, n]))
      => matmul(a, add(b, c))
      where holds(?attribute), …

A variable has its shape where it is first named; one without is of any shape. `splat(2): [m, n]`
is a constant, `split(…)#1` a result, `?p` an attribute, `n + m` and `n * m` dims, `shape(x)` a
shape. Several terms a side are separated by commas. `#` opens a comment at the start of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

from taso.passes.rules.notation import (
    Apply,
    AttrExpr,
    AttrKind,
    AttrVar,
    Batch,
    Call,
    Condition,
    Dim,
    DimExpr,
    DimProduct,
    DimSum,
    Result,
    Rule,
    RuleError,
    Shape,
    ShapeOf,
    Splat,
    Term,
    Var,
)

_T = TypeVar("_T")

ATTRIBUTE_KINDS: dict[str, AttrKind] = {
    "perm": "perm",
    "axis": "axis",
    "axes": "axes",
    "dims": "dims",
    "shape": "shape",
    "sizes": "shape",
    "kernel": "shape",
    "stride": "shape",
    "padding": "shape",
    "dilation": "shape",
    "low": "shape",
    "high": "shape",
    "groups": "int",
    "count_include_pad": "int",
    "start": "int",
    "stop": "int",
    "correction": "int",
    "eps": "scalar",
    "scale": "scalar",
    "value": "scalar",
    "equation": "text",
    "approximate": "text",
}
"""What an attribute's symbol ranges over, by the name of the attribute (`value`: a splat's)."""

_FLAGS: dict[str, tuple[str, object]] = {
    "exact": ("numerics", "exact"),
    "reassociating": ("numerics", "reassociating"),
    "nonfinite-lost": ("nonfinite", "lost"),
    "overflow-may-grow": ("overflow", "may-grow"),
    "any-dtype": ("dtypes", "any"),
    "simplifies": ("simplifies", True),
    "both-ways": ("bidirectional", True),
}

MAX_DEPTH = 50
"""Deepest nesting of terms and expressions."""


# Printing


def print_rule(rule: Rule) -> str:
    """The rule as text that `parse_rules` reads back to an equal rule."""
    flags = [word for word, (name, value) in _FLAGS.items() if getattr(rule, name) == value]
    named: set[str] = set()
    lines = [
        f"rule {rule.name} {' '.join(flags)}:",
        f"  {_side(rule.lhs, named)}",
        f"  => {_side(rule.rhs, named)}",
    ]
    if rule.where:
        conditions = (_function(c.predicate, c.args) for c in rule.where)
        lines.append(f"  where {', '.join(conditions)}")
    return "\n".join(lines) + "\n"


def _side(terms: Sequence[Term], named: set[str]) -> str:
    return ",\n     ".join(_term(t, named) for t in terms)


def _term(term: Term, named: set[str]) -> str:
    match term:
        case Var(name, shape, param):
            if name in named:
                return name
            named.add(name)
            notes = ["param"] * param + ([_expr(shape)] if shape is not None else [])
            return f"{name}: {' '.join(notes)}" if notes else name
        case Splat(value, shape):
            return f"splat({_expr(value)}): {_expr(shape)}"
        case Result(call, index):
            return f"{_term(call, named)}#{index}"
        case Call(op, args, attrs):
            shown = [_term(arg, named) for arg in args]
            shown += [f"{name}={_expr(expr)}" for name, expr in attrs]
            return f"{op}({', '.join(shown)})"


def _expr(expr: object) -> str:
    match expr:
        case bool():
            return "true" if expr else "false"
        case int() | float():
            return repr(expr)
        case str():
            return f'"{expr}"'
        case AttrVar(name):
            return f"?{name}"
        case Dim(name):
            return name
        case Batch(name):
            return f"*{name}"
        case ShapeOf(var):
            return f"shape({var})"
        case DimSum(parts):
            return " + ".join(_part(p) for p in parts)
        case DimProduct(parts):
            return " * ".join(_part(p) for p in parts)
        case Apply(function, args):
            return _function(function, args)
        case tuple():
            return f"[{', '.join(_expr(e) for e in cast('tuple[object, ...]', expr))}]"
        case _:
            raise TypeError(f"{expr!r} is no expression")


def _part(expr: DimExpr) -> str:
    return f"({_expr(expr)})" if isinstance(expr, DimSum | DimProduct) else _expr(expr)


def _function(name: str, args: Sequence[object]) -> str:
    return f"{name}({', '.join(_expr(a) for a in args)})"


# Parsing


class _Token(NamedTuple):
    kind: str
    text: str
    line: int
    column: int


_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|^\#[^\n]*)
    |(?P<newline>\n)
    |(?P<number>-?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|inf\b))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)
    |(?P<string>"[^"\n]*")
    |(?P<mark>=>|[()\[\],:=?*+\#])
    """,
    re.VERBOSE | re.MULTILINE,
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_DIGITS = 18


def parse_rules(text: str, source: str = "<rules>") -> list[Rule]:
    """The rules in a text. Raises `RuleError` "source:line:column: …" naming rule and field."""
    return list(_Parser(_tokens(text, source), source).rules())


def _tokens(text: str, source: str) -> list[_Token]:
    tokens: list[_Token] = []
    line, begin, at = 1, 0, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise RuleError(f"{source}:{line}:{at - begin + 1}: unexpected {text[at]!r}")
        if found.lastgroup == "newline":
            line, begin = line + 1, found.end()
        elif found.lastgroup != "blank":
            tokens.append(_Token(str(found.lastgroup), found.group(), line, at - begin + 1))
        at = found.end()
    tokens.append(_Token("end", "the end", line, at - begin + 1))
    return tokens


@dataclass
class _Parser:
    tokens: list[_Token]
    source: str
    at: int = 0
    rule: str = ""
    field: str = ""
    depth: int = 0

    def __post_init__(self) -> None:
        self.vars: dict[str, Var] = {}
        self.kinds: dict[str, AttrKind] = {}

    # Tokens

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, message: str, token: _Token | None = None) -> NoReturn:
        line, column = (token or self.token)[2:]
        place = f"rule {self.rule}: " if self.rule else ""
        part = f"{self.field}: " if self.field else ""
        raise RuleError(f"{self.source}:{line}:{column}: {place}{part}{message}")

    def take(self, mark: str) -> bool:
        """Step over a mark or word if it comes next."""
        if self.token.kind in ("mark", "word") and self.token.text == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            self.fail(f"expected {mark!r}, found {self.token.text!r}")

    def next(self, kind: str, what: str) -> str:
        token = self.token
        if token.kind != kind:
            self.fail(f"expected {what}, found {token.text!r}")
        self.at += 1
        return token.text

    def identifier(self, what: str) -> str:
        token = self.token
        name = self.next("word", what)
        if not _IDENTIFIER.fullmatch(name):
            self.fail(f"expected {what}, found {name!r}", token)
        return name

    def number(self) -> int | float:
        token = self.token
        text = self.next("number", "a number")
        if re.fullmatch(r"-?\d+", text):
            if len(text) > _MAX_DIGITS:
                self.fail("the number is too long", token)
            return int(text)
        return float(text)

    def separated(self, item: Callable[[], _T], end: str) -> list[_T]:
        """Items between commas, up to and with the mark `end`."""
        items: list[_T] = []
        if not self.take(end):
            items.append(item())
            while self.take(","):
                items.append(item())
            self.expect(end)
        return items

    def nested(self, parse: Callable[[], _T]) -> _T:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        result = parse()
        self.depth -= 1
        return result

    # Rules

    def rules(self) -> Iterator[Rule]:
        while self.token.kind != "end":
            yield self.one_rule()

    def one_rule(self) -> Rule:
        self.rule, self.field, self.vars = "", "", {}
        start = self.token
        self.expect("rule")
        self.rule = self.next("word", "a name")
        self.kinds = self.attribute_kinds()
        self.field = "flags"
        flags: dict[str, Any] = {}
        while not self.take(":"):
            token = self.token
            word = self.next("word", "a flag or ':'")
            if word not in _FLAGS:
                self.fail(f"no flag {word!r}, expected one of {', '.join(_FLAGS)}", token)
            name, value = _FLAGS[word]
            if name in flags:
                self.fail(f"{name} is given twice", token)
            flags[name] = value
        lhs, rhs, where = self.side("left side"), (), ()
        self.expect("=>")
        rhs = self.side("right side")
        if self.take("where"):
            where = self.conditions()
        self.field = ""
        try:
            return Rule(self.rule, lhs, rhs, where, **flags)
        except RuleError as error:
            raise RuleError(f"{self.source}:{start.line}:{start.column}: {error}") from error

    def attribute_kinds(self) -> dict[str, AttrKind]:
        """What the symbols of this rule range over: as the attributes that they stand for."""
        kinds: dict[str, AttrKind] = {}
        for i in range(self.at, len(self.tokens) - 3):
            name, mark, ask, symbol = (t.text for t in self.tokens[i : i + 4])
            if name == "=>":
                break
            if ask == "?" and (mark == "=" or (name, mark) == ("splat", "(")):
                kind = ATTRIBUTE_KINDS.get("value" if mark == "(" else name)
                if kind is not None:
                    kinds.setdefault(symbol, kind)
        return kinds

    def side(self, field: str) -> tuple[Term, ...]:
        self.field = field
        terms = [self.term()]
        while self.take(","):
            terms.append(self.term())
        return tuple(terms)

    def conditions(self) -> tuple[Condition, ...]:
        self.field = "where"
        found: list[Condition] = []
        while True:
            name = self.identifier("a predicate")
            self.expect("(")
            found.append(Condition(name, tuple(self.separated(self.expr, ")"))))
            if not self.take(","):
                return tuple(found)

    # Terms

    def term(self) -> Term:
        return self.nested(self.one_term)

    def one_term(self) -> Term:
        token = self.token
        name = self.identifier("a term")
        if name in ("rule", "where"):
            self.fail(f"expected a term, found {name!r}", token)
        if not self.take("("):
            return self.variable(name, token)
        if name == "splat":
            value = self.expr()
            self.expect(")")
            self.expect(":")
            return Splat(value, self.splat_shape())
        call = self.call(name)
        if not self.take("#"):
            return call
        index = self.number()
        if not isinstance(index, int) or index < 0:
            self.fail("expected the index of a result")
        return Result(call, index)

    def variable(self, name: str, token: _Token) -> Var:
        if not self.take(":"):
            return self.vars.setdefault(name, Var(name))
        if name in self.vars:
            self.fail(f"{name} has its shape where it is first named", token)
        param = self.take("param")
        shape = self.shape() if self.token.text == "[" or not param else None
        self.vars[name] = Var(name, shape, param)
        return self.vars[name]

    def call(self, op: str) -> Call:
        args: list[Term] = []
        attrs: list[tuple[str, AttrExpr]] = []

        def operand_or_attribute() -> None:
            if self.tokens[self.at + 1].text == "=" and self.token.kind == "word":
                name = self.identifier("an attribute")
                self.expect("=")
                attrs.append((name, self.expr()))
            elif attrs:
                self.fail("operands come before attributes")
            else:
                args.append(self.term())

        self.separated(operand_or_attribute, ")")
        return Call(op, tuple(args), tuple(attrs))

    def splat_shape(self) -> Shape | ShapeOf:
        if not self.take("shape"):
            return self.shape()
        self.expect("(")
        return self.shape_of()

    def shape(self) -> Shape:
        self.expect("[")
        return cast(Shape, tuple(self.separated(self.entry, "]")))

    def shape_of(self) -> ShapeOf:
        name = self.identifier("a variable")
        self.expect(")")
        return ShapeOf(name)

    # Expressions

    def entry(self) -> AttrExpr | Batch:
        """An entry of a shape or a list."""
        return Batch(self.identifier("a batch symbol")) if self.take("*") else self.expr()

    def expr(self) -> AttrExpr:
        return self.nested(self.sum_or_product)

    def sum_or_product(self) -> AttrExpr:
        parts = [self.atom()]
        sign = self.token.text if self.token.kind == "mark" else ""
        if sign not in ("+", "*"):
            return parts[0]
        while self.take(sign):
            parts.append(self.atom())
        for part in parts:
            if isinstance(part, bool) or not isinstance(part, int | Dim | DimSum | DimProduct):
                self.fail(f"{_expr(part)} is no dim")
        make = DimSum if sign == "+" else DimProduct
        return make(cast("tuple[DimExpr, ...]", tuple(parts)))

    def atom(self) -> AttrExpr:
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            return self.next("string", "a text")[1:-1]
        if self.take("?"):
            return self.symbol()
        if self.take("("):
            inner = self.expr()
            self.expect(")")
            return inner
        if self.take("["):
            return tuple(self.separated(self.entry, "]"))
        name = self.identifier("an expression")
        if name in ("true", "false"):
            return name == "true"
        if not self.take("("):
            return Dim(name)
        if name == "shape":
            return self.shape_of()
        return Apply(name, tuple(self.separated(self.expr, ")")))

    def symbol(self) -> AttrVar:
        token = self.token
        name = self.identifier("a symbol")
        if name not in self.kinds:
            self.fail(f"?{name} stands for no attribute on the left", token)
        return AttrVar(name, self.kinds[name])
