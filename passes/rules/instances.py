"""Random instances of a rule: sizes, shapes and attributes under which its left side is typed.

The left terms are built from the inside out. A variable or attribute that is not bound yet is
drawn; where the parent knows the shape it needs (an element-wise op, a concat), the shape is
handed down, so that few draws are thrown away.
"""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import cast

from taso.dialects.base import Attrs, AttrValue, ConstraintError, OpKind, TensorSpec
from taso.dialects.equation import canonical
from taso.dialects.taso import OPS
from taso.dialects.window import Window, window_of
from taso.passes.rules.meaning import UndefinedError, infer_term
from taso.passes.rules.notation import (
    AttrVar,
    Batch,
    Call,
    Dim,
    DimExpr,
    DimProduct,
    DimSum,
    Result,
    Rule,
    Shape,
    ShapeOf,
    Splat,
    Term,
    Var,
    expr_symbols,
)
from taso.passes.rules.substitution import (
    Symbols,
    eval_attr,
    eval_dim,
    holds,
    match_attr,
    match_shape,
)

Sizes = tuple[int, ...]

MAX_RANK = 3
ATTEMPTS = 2_000
"""Draws before giving up on an instance."""

SCALARS = (-2, -1, 0, 1, 2, 3, 0.5)


@dataclass
class Instance:
    """Symbols and variable types under which the left side of a rule is well-typed."""

    symbols: Symbols = field(default_factory=Symbols)
    specs: dict[str, TensorSpec] = field(default_factory=dict[str, TensorSpec])

    def shape_of(self, variable: str) -> Sizes:
        return self.specs[variable].shape


class _RejectedError(Exception):
    """The draw does not fit."""


def draw_instance(rule: Rule, rng: random.Random, dtype: str) -> Instance | None:
    """An instance whose tensors have element type `dtype`, or None after `ATTEMPTS` draws."""
    for _ in range(ATTEMPTS):
        draw = _Draw(rng, dtype)
        try:
            for term in rule.lhs:
                draw.term(term, None)
            for term in rule.lhs:
                infer_term(term, draw.instance.specs, draw.instance.symbols, dtype)
        except (_RejectedError, ConstraintError, UndefinedError):
            continue
        instance = draw.instance
        if not all(holds(c, instance.symbols, instance.shape_of) for c in rule.where):
            continue
        if _is_defined(rule, instance, dtype):
            return instance
    return None


def _is_defined(rule: Rule, instance: Instance, dtype: str) -> bool:
    """Every attribute of the right side has a value: matchers pass over places without."""
    try:
        for term in rule.rhs:
            infer_term(term, instance.specs, instance.symbols, dtype)
    except UndefinedError:
        return False
    except ConstraintError:
        pass  # an ill-typed right side is what the check is to find
    return True


class _Draw:
    """One draw of an instance."""

    def __init__(self, rng: random.Random, dtype: str) -> None:
        self.rng = rng
        self.dtype = dtype
        self.instance = Instance()
        # Prefixes have to agree often; a size of 0 is rare, as in programs.
        self.sizes = (1, 2, 3, 4, 5) if rng.random() < 0.9 else (0, 1, 2)
        self.prefix = self.shape()

    def shape(self) -> Sizes:
        return tuple(self.rng.choice(self.sizes) for _ in range(self.rng.randint(0, MAX_RANK)))

    def term(self, term: Term, target: Sizes | None) -> Sizes:
        """Bind all symbols within a term; `target` is the shape that its user needs, if known."""
        match term:
            case Var(name, shape):
                return self.variable(name, shape, target)
            case Splat(value, shape):
                if isinstance(value, AttrVar) and value.name not in self.instance.symbols.attrs:
                    self.instance.symbols.attrs[value.name] = self.scalar()
                return self.splat(shape, target)
            case Result(call, index):
                return self.call(call, target)[index].shape
            case Call():
                return self.call(term, target)[0].shape

    def scalar(self) -> int | float:
        return self.rng.choice(SCALARS[:-1] if self.dtype == "i64" else SCALARS)

    def variable(self, name: str, pattern: Shape | None, target: Sizes | None) -> Sizes:
        specs = self.instance.specs
        if name not in specs:
            if pattern is None:
                shape = self.shape() if target is None else target
            else:
                shape = self.pattern(pattern, target)
            specs[name] = TensorSpec(shape, self.dtype)
        return specs[name].shape

    def splat(self, shape: Shape | ShapeOf, target: Sizes | None) -> Sizes:
        if isinstance(shape, ShapeOf):
            return self.variable(shape.var, None, target)
        return self.pattern(shape, target)

    def pattern(self, pattern: Shape, target: Sizes | None) -> Sizes:
        """Bind a shape pattern's symbols: to the target's sizes, or at random."""
        symbols = self.instance.symbols
        if target is not None:
            if not match_shape(pattern, target, symbols):
                raise _RejectedError
            return target
        for symbol in expr_symbols(pattern):
            if isinstance(symbol, Dim):
                symbols.dims.setdefault(symbol.name, self.rng.choice(self.sizes))
            elif isinstance(symbol, Batch):
                prefix = self.prefix if self.rng.random() < 0.6 else ()
                symbols.batches.setdefault(symbol.name, prefix)
        return cast(Sizes, eval_attr("", pattern, 0, symbols, self.instance.shape_of))

    def call(self, call: Call, target: Sizes | None) -> tuple[TensorSpec, ...]:
        if call.op == "einsum":
            operands = self.einsum_operands(call, target)
        elif call.op == "conv2d":
            operands = self.convolution_operands(call)
        elif OPS[call.op].KIND is OpKind.WINDOW:
            operands = self.pool_operands(call)
        elif call.op == "pad":
            operands = self.pad_operands(call, target)
        elif call.op == "concat":
            operands = self.concat_operands(call, target)
        elif OPS[call.op].KIND is OpKind.ELEMENTWISE:
            operands = self.elementwise_operands(call, target)
        else:
            operands = [self.term(arg, None) for arg in call.args]
        for name, expr in call.attrs:
            self.attribute(call, name, expr, operands, target)
        specs = [TensorSpec(shape, self.dtype) for shape in operands]
        rank = len(operands[0])
        attrs = {name: cast(AttrValue, self.value(name, e, rank)) for name, e in call.attrs}
        return OPS[call.op].infer(specs, attrs)

    def value(self, name: str, expr: object, rank: int) -> AttrValue | None:
        instance = self.instance
        return eval_attr(name, expr, rank, instance.symbols, instance.shape_of)

    def elementwise_operands(self, call: Call, target: Sizes | None) -> list[Sizes]:
        """Operands whose shapes are bound first; then all the others have that shape."""
        shapes: dict[int, Sizes] = {}
        for i in sorted(range(len(call.args)), key=lambda i: _freedom(call.args[i])):
            shapes[i] = target = self.term(call.args[i], target)
        return [shapes[i] for i in range(len(call.args))]

    def concat_operands(self, call: Call, target: Sizes | None) -> list[Sizes]:
        """Operands that agree but along the axis: pieces of the target where it is known."""
        like = self.term(call.args[0], None) if target is None else target
        self.attribute(call, "axis", call.attr("axis"), [like], None)
        axis = self.value("axis", call.attr("axis"), len(like))
        if not isinstance(axis, int) or not 0 <= axis < len(like):
            raise _RejectedError
        if target is None:
            cuts = [like[axis], *(self.rng.choice(self.sizes) for _ in call.args[1:])]
        else:
            cuts = list(self.parts(target[axis], call.args))
        shapes: list[Sizes] = []
        for arg, size in zip(call.args, cuts, strict=True):
            free = _freedom(arg) >= 2
            piece = (*like[:axis], size, *like[axis + 1 :])
            shapes.append(self.term(arg, piece if free else None))
        return shapes

    def einsum_operands(self, call: Call, target: Sizes | None) -> list[Sizes]:
        """Draw an equation that gives the target, and operands that fit it."""
        letters = iter(string.ascii_lowercase)
        kept = target if target is not None else self.shape()
        sizes = {next(letters): n for n in kept}
        result = "".join(sizes)
        sizes |= {next(letters): self.rng.choice(self.sizes) for _ in range(self.rng.randint(0, 2))}
        members: list[list[str]] = [[] for _ in call.args]
        for letter in sizes:
            for i in self.rng.sample(
                range(len(members)), self.rng.randint(1, min(2, len(members)))
            ):
                members[i].append(letter)
        for term in members:
            self.rng.shuffle(term)
        expr = call.attr("equation")
        if isinstance(expr, AttrVar):
            text = ",".join("".join(t) for t in members)
            self.instance.symbols.attrs.setdefault(expr.name, canonical(f"{text}->{result}"))
        wanted = [tuple(sizes[letter] for letter in term) for term in members]
        return [self.term(arg, w) for arg, w in zip(call.args, wanted, strict=True)]

    def convolution_operands(self, call: Call) -> list[Sizes]:
        """Draw a window and groups, and an image and a weight that fit them."""
        rng = self.rng
        proposals: Attrs = {
            "stride": (rng.randint(1, 3), rng.randint(1, 3)),
            "dilation": (rng.randint(1, 2), rng.randint(1, 2)),
            "groups": rng.choice((1, 1, 2, 3, 4)),
        }
        attrs = self.bound(call, proposals)
        groups, dilation = cast(int, attrs["groups"]), cast(Sizes, attrs["dilation"])
        drawn = (groups * rng.randint(1, 3), *(rng.randint(1, 3) for _ in range(3)))
        weight = self.completed(call.args[1], drawn)
        # Half of the paddings are those that keep the size, as in most programs.
        same = tuple(d * (k // 2) for d, k in zip(dilation, weight[2:], strict=True))
        padding = rng.choice((same, (rng.randint(0, 2), rng.randint(0, 2))))
        window = window_of(weight[2:], {**attrs, **self.bound(call, {"padding": padding})}, "C2")
        image = self.image(call.args[0], weight[1] * groups, window)
        weight = self.completed(call.args[1], (weight[0], image[1] // groups, *weight[2:]))
        return [image, self.term(call.args[1], weight)]

    def pool_operands(self, call: Call) -> list[Sizes]:
        """Draw a window that is padded by at most half of it, and an image that fits it."""
        draw = self.rng.randint
        proposals: Attrs = {
            "kernel": (draw(1, 3), draw(1, 3)),
            "stride": (draw(1, 3), draw(1, 3)),
            "dilation": (draw(1, 2), draw(1, 2)),
            "count_include_pad": self.rng.choice((False, True)),
        }
        attrs = self.bound(call, proposals)
        kernel = cast(Sizes, attrs["kernel"])
        padding = self.bound(call, {"padding": tuple(draw(0, k // 2) for k in kernel)})
        return [self.image(call.args[0], draw(1, 3), window_of(kernel, {**attrs, **padding}, "C2"))]

    def bound(self, call: Call, proposals: Attrs) -> Attrs:
        """Those attributes of a call for which there are proposals, bound to them if not before."""
        exprs = {name: expr for name, expr in call.attrs if name in proposals}
        for name, expr in exprs.items():
            self.bind(name, expr, proposals[name], 4)
        return {name: cast(AttrValue, self.value(name, e, 4)) for name, e in exprs.items()}

    def image(self, arg: Term, channels: int, window: Window) -> Sizes:
        """Draw an image into which a window fits, as far as it is not known."""
        sizes = [
            max(extent - 2 * padding, 1) + self.rng.randint(0, 3)
            for extent, padding in zip(window.extent, window.padding, strict=True)
        ]
        drawn = (self.rng.choice(self.sizes), channels, *sizes)
        shape = self.term(arg, self.completed(arg, drawn))
        if len(shape) != 4:
            raise _RejectedError
        return shape

    def completed(self, arg: Term, drawn: Sizes) -> Sizes:
        """The drawn sizes, but for those that the symbols of a variable say."""
        pattern = arg.shape if isinstance(arg, Var | Splat) else None
        if isinstance(arg, Var) and arg.name in self.instance.specs:
            return self.instance.shape_of(arg.name)
        if not isinstance(pattern, tuple) or len(pattern) != len(drawn):
            return drawn
        symbols = self.instance.symbols
        for symbol in expr_symbols(tuple(p for p in pattern if isinstance(p, DimSum | DimProduct))):
            if isinstance(symbol, Dim):
                symbols.dims.setdefault(symbol.name, min(self.rng.choice(self.sizes), 3))
        known = [eval_dim(cast(DimExpr, p), symbols) for p in pattern]
        return tuple(d if k is None else k for k, d in zip(known, drawn, strict=True))

    def pad_operands(self, call: Call, target: Sizes | None) -> list[Sizes]:
        """Draw margins, and what is within them."""
        arg = call.args[0]
        if target is None:
            drawn = self.shape()
            rank = len(arg.shape) if isinstance(arg, Var) and arg.shape else len(drawn)
        else:
            drawn, rank = target, len(target)
        for name in ("low", "high"):
            margins = tuple(self.rng.randint(0, 2) for _ in range(rank))
            self.bind(name, call.attr(name), margins, rank)
        self.bind("value", call.attr("value"), float(self.scalar()), rank)
        if target is None:
            return [self.term(arg, drawn if isinstance(arg, Var) and arg.shape is None else None)]
        low, high = (cast(Sizes, self.value(n, call.attr(n), rank)) for n in ("low", "high"))
        inner = tuple(max(n - a - b, 1) for n, a, b in zip(target, low, high, strict=True))
        return [self.term(arg, inner)]

    def attribute(
        self, call: Call, name: str, expr: object, operands: list[Sizes], target: Sizes | None
    ) -> None:
        """Bind the symbols of one attribute of the left side."""
        if self.value(name, expr, len(operands[0])) is not None:
            return
        self.bind(name, expr, self.propose(call, name, operands[0], target), len(operands[0]))

    def bind(self, name: str, expr: object, proposal: AttrValue, rank: int) -> None:
        """Bind the symbols of an attribute that are not bound yet."""
        if self.value(name, expr, rank) is not None:
            return
        symbols, shape_of = self.instance.symbols, self.instance.shape_of
        if not match_attr(name, cast("AttrVar", expr), proposal, rank, symbols, shape_of):
            raise _RejectedError

    def propose(self, call: Call, name: str, shape: Sizes, target: Sizes | None) -> AttrValue:
        """A value for an attribute of an op whose first operand has `shape`."""
        rng, rank = self.rng, len(shape)
        match call.op, name:
            case _, "perm":
                return tuple(rng.sample(range(rank), rank))
            case _, "axis" if rank > 0:
                return rng.randrange(rank)
            case _, "axes" if rank > 0:
                return tuple(sorted(rng.sample(range(rank), rng.randint(1, rank))))
            case "broadcast", "dims":
                return self.dims(shape, target)
            case "broadcast", "shape":
                dims = cast(Sizes, self.value("dims", call.attr("dims"), rank))
                return target if target is not None else self.widened(shape, dims)
            case "reshape", "shape":
                return target if target is not None else self.regrouped(shape)
            case "split", "sizes":
                axis = cast(int, self.value("axis", call.attr("axis"), rank))
                return self.parts(shape[axis], cast("Sequence[object]", call.attr("sizes")))
            case "slice", "start" | "stop":
                axis = cast(int, self.value("axis", call.attr("axis"), rank))
                return rng.randint(0, shape[axis])
            case _, "eps" | "scale":
                return self.scalar()
            case _, "correction":
                return rng.randint(0, 2)
            case _, "approximate":
                return rng.choice(("none", "tanh"))
            case _:
                raise _RejectedError

    def dims(self, shape: Sizes, target: Sizes | None) -> Sizes:
        """Result axes for the axes of `shape`, within the target where it is known."""
        if target is None:
            rank = self.rng.randint(len(shape), MAX_RANK + 1)
            return tuple(sorted(self.rng.sample(range(rank), len(shape))))
        every = combinations(range(len(target)), len(shape))
        fits = [d for d in every if tuple(target[i] for i in d) == shape]
        if not fits:
            raise _RejectedError
        return self.rng.choice(fits)

    def widened(self, shape: Sizes, dims: Sizes) -> Sizes:
        """A shape that has `shape` along `dims`, and other sizes elsewhere."""
        if len(dims) != len(shape):
            raise _RejectedError
        rank = max((dims[-1] + 1 if dims else 0), self.rng.randint(0, MAX_RANK))
        held = dict(zip(dims, shape, strict=True))
        return tuple(held[i] if i in held else self.rng.choice(self.sizes) for i in range(rank))

    def regrouped(self, shape: Sizes) -> Sizes:
        """The same number of elements: an axis of one added, two axes merged, or as it is."""
        at = self.rng.randint(0, len(shape))
        merged = (*shape[:at], *_merge(shape[at : at + 2]), *shape[at + 2 :])
        return self.rng.choice((shape, (*shape[:at], 1, *shape[at:]), merged))

    def parts(self, size: int, sizes: Sequence[object]) -> Sizes:
        """Sizes that sum to `size`: as many as the pattern has."""
        count = len(sizes) if isinstance(sizes, tuple) else self.rng.randint(1, 3)
        cuts = sorted(self.rng.randint(0, size) for _ in range(count - 1))
        return tuple(b - a for a, b in zip((0, *cuts), (*cuts, size), strict=True))


def _merge(shape: Sizes) -> Sizes:
    return (shape[0] * shape[1],) if len(shape) == 2 else shape


def _freedom(term: Term) -> int:
    """How little a term says of its own shape: 0 where it is computed from its operands."""
    match term:
        case Splat():
            return 3
        case Call("broadcast"):
            return 2
        case Var(_, None):
            return 2
        case Call(op, args) if OPS[op].KIND is OpKind.ELEMENTWISE:
            return min(_freedom(arg) for arg in args)
        case _:
            return 0
