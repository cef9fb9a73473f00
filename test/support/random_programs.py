"""Random well-typed `taso` programs, shaped so that rewrite rules find places in them.

Each op is evaluated as it is drawn, and dropped where its result would be large or not finite,
or would hang on a rounding (a comparison of what is nearly equal): what is left is well
conditioned, so that an error in a result is a wrong rewrite or lowering.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from support import random_ops, random_patterns
from support.ir import random_array
from xdsl.builder import Builder, InsertPoint
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, Region, SSAValue

from taso.dialects.base import (
    Array,
    AttrValue,
    ConstraintError,
    TensorSpec,
    get_int,
    narrow,
    spec_of,
    tensor_type,
    widen,
)
from taso.dialects.movement import pack_constant, splat_constant
from taso.dialects.taso import OPS

LARGEST = {"f64": 1e3, "f32": 1e2, "f16": 3e1, "bf16": 3e1}
"""Magnitudes up to which results are kept, for a program's element type."""
APART = {"f64": 1e-2, "f32": 1e-2, "f16": np.inf, "bf16": np.inf}
"""Distances that no rounding closes."""
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13)
MAX_ELEMENTS = 1 << 13


@dataclass(frozen=True)
class RandomProgram:
    """A verified module with a function `@main`, and an array for each of its arguments."""

    module: ModuleOp
    inputs: list[Array]


def random_program(seed: int, dtype: str, ops: tuple[int, int] = (5, 60)) -> RandomProgram:
    """The program of a seed: float arguments and constants have this element type.

    `ops`: how many ops it has, from and up to (the last pattern may go beyond).
    """
    return Writer(seed, dtype).write(*ops)


class RejectedError(Exception):
    """What was drawn has a result that is too large, or fits no operand."""


class Writer:
    """Draws ops into a block, beside the value of each result in float64."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.sizes = self.random.sample(SIZES, 3)
        if self.random.random() < 0.1:
            self.sizes[0] = 0
        self.block = Block()
        self.builder = Builder(InsertPoint.at_end(self.block))
        self.inputs: list[Array] = []
        self.marks: list[bool] = []
        self.known: dict[SSAValue, Array] = {}
        """Values that moves may use."""
        self.hidden: dict[SSAValue, Array] = {}
        """Values that are not finite, for the op that follows."""
        for spec in self._draw_specs():
            self.argument(spec, param=self.random.random() < 0.35)

    def _draw_specs(self) -> list[TensorSpec]:
        draw = self.random
        ranks = [0, 1, 2, 2, 2, 2, 3, 3, 4]
        specs = [self.spec(draw.choice(ranks)) for _ in range(draw.randint(1, 5))]
        for i in range(1, len(specs)):
            if draw.random() < 0.5:
                specs[i] = draw.choice(specs[:i])
        if draw.random() < 0.3:
            specs.append(TensorSpec(specs[0].shape, draw.choice(["i64", "i32", "i1"])))
        return specs

    def spec(self, rank: int) -> TensorSpec:
        return TensorSpec(tuple(self.random.choice(self.sizes) for _ in range(rank)), self.dtype)

    def argument(self, spec: TensorSpec, *, param: bool) -> SSAValue:
        """A new argument of the function; a parameter's products stay of its operands' size."""
        value = self.block.insert_arg(tensor_type(spec), len(self.block.args))
        array = random_array(spec, self.rng)
        if param and spec.is_float and spec.rank >= 2 and spec.size:
            array = narrow(widen(array) / np.sqrt(spec.size / spec.shape[-1]), spec.dtype)
        self.inputs.append(array)
        self.marks.append(param)
        self.known[value] = widen(array)
        return value

    def write(self, least: int, most: int) -> RandomProgram:
        wanted, tries = self.random.randint(least, most), 0
        while len(self.block.ops) < wanted and tries < 400:
            tries += 1
            moves = random_ops.MOVES if self.random.random() < 0.55 else random_patterns.MOVES
            try:
                self.random.choice(moves)(self)
            except (RejectedError, ConstraintError):
                continue
        results = [v for v in self.known if not v.uses] or [list(self.known)[-1]]
        if self.random.random() < 0.15:
            results.append(self.random.choice(list(self.known)))
        self.builder.insert(func.ReturnOp(*results))
        return RandomProgram(self._module(results), self.inputs)

    def _module(self, results: Sequence[SSAValue]) -> ModuleOp:
        attrs = [DictionaryAttr({"taso.param": UnitAttr()} if m else {}) for m in self.marks]
        arg_attrs = ArrayAttr(attrs) if any(self.marks) else None
        types = [a.type for a in self.block.args], [v.type for v in results]
        module = ModuleOp([func.FuncOp("main", types, Region(self.block), arg_attrs=arg_attrs)])
        module.verify()
        return module

    def emit(self, name: str, *operands: SSAValue, **attrs: AttrValue) -> SSAValue:
        """Append an op and give its first result. Raises if it does not fit or is too large."""
        return self.emit_all(name, operands, attrs)[0]

    def emit_all(
        self, name: str, operands: Sequence[SSAValue], attrs: Mapping[str, AttrValue]
    ) -> Sequence[SSAValue]:
        """Append an op and give its results. Raises as `emit` does."""
        op = OPS[name].create_op(operands, attrs)
        if any(spec_of(v).size > MAX_ELEMENTS for v in op.results):
            raise RejectedError
        arrays = [self.hidden[v] if v in self.hidden else self.known[v] for v in operands]
        if not set(operands).issubset(self.block.args):
            self._require_decided(name, arrays, attrs)
        values = OPS[name].evaluate(arrays, attrs)
        limit = LARGEST[self.dtype]
        if any(v.size and not np.max(np.abs(widen(v))) <= limit for v in values):
            raise RejectedError
        self.builder.insert(op)
        self.known.update(zip(op.results, map(widen, values), strict=True))
        return op.results

    def emit_hidden(self, name: str, *operands: SSAValue, **attrs: AttrValue) -> SSAValue:
        """Append an op whose result may be infinite: other moves do not see it."""
        op = OPS[name].create_op(operands, attrs)
        arrays = [self.hidden[v] if v in self.hidden else self.known[v] for v in operands]
        self.builder.insert(op)
        self.hidden[op.results[0]] = widen(OPS[name].evaluate(arrays, attrs)[0])
        return op.results[0]

    def _require_decided(
        self, name: str, arrays: Sequence[Array], attrs: Mapping[str, AttrValue]
    ) -> None:
        """Raises where a rounding of a float could make another integer or boolean."""
        x = arrays[0] if arrays else np.zeros(0)
        if not np.issubdtype(x.dtype, np.floating):
            return
        gaps = np.zeros(0)
        if name == "compare":
            gaps = x - arrays[1]
        elif name == "cast" and attrs["dtype"] == "i1":
            gaps = x
        elif name == "cast" and attrs["dtype"] in ("i32", "i64"):
            gaps = x - np.rint(x)
        elif name in ("argmax", "argmin"):
            axis = get_int(attrs, "axis")
            ranked = np.sort(x if name == "argmax" else -x, axis=axis)
            gaps = np.diff(ranked, axis=axis).take([-1], axis) if x.shape[axis] > 1 else gaps
        if gaps.size and not np.min(np.abs(gaps)) > APART[self.dtype]:
            raise RejectedError

    def any(self, fits: Callable[[TensorSpec], bool] = lambda spec: spec.is_float) -> SSAValue:
        """A value whose type fits, mostly a recent one."""
        values = [v for v in self.known if fits(spec_of(v))]
        if not values:
            raise RejectedError
        return self.random.choice(values[-6:] if self.random.random() < 0.5 else values)

    def anything(self) -> SSAValue:
        """A value of any type, mostly a float."""
        return self.any(lambda spec: True) if self.random.random() < 0.3 else self.any()

    def number(self) -> SSAValue:
        """A float, or at times an integer."""
        if self.random.random() < 0.3:
            return self.any(lambda spec: spec.dtype != "i1")
        return self.any()

    def like(self, spec: TensorSpec) -> SSAValue:
        return self.any(lambda other: other == spec)

    def ranked(self, *ranks: int) -> SSAValue:
        return self.any(lambda spec: spec.dtype == self.dtype and spec.rank in ranks)

    def axis(self, x: SSAValue) -> int:
        if not spec_of(x).rank:
            raise RejectedError
        return self.random.randrange(spec_of(x).rank)

    def splat(self, value: float, like: SSAValue) -> SSAValue:
        spec = spec_of(like)
        if not spec.size:
            raise RejectedError
        return self.emit("constant", **splat_constant(value, spec))

    def positive(self, x: SSAValue) -> SSAValue:
        """The value where it is far from zero, else its square and a half."""
        if self.known[x].size and np.min(self.known[x]) > 0.1:
            return x
        return self.emit("add", self.emit("mul", x, x), self.splat(0.5, x))

    def along(self, reduced: SSAValue, like: SSAValue, axis: int) -> SSAValue:
        shape = spec_of(like).shape
        dims = tuple(i for i in range(len(shape)) if i != axis)
        return self.emit("broadcast", reduced, dims=dims, shape=shape)

    def over(self, vector: SSAValue, like: SSAValue, axis: int) -> SSAValue:
        """A vector along an axis, broadcast to the shape of another value."""
        return self.emit("broadcast", vector, dims=(axis,), shape=spec_of(like).shape)

    def vector(self, size: int) -> SSAValue:
        """A value of shape [size]."""
        return self.parameter((size,))

    def parameter(self, shape: Sequence[int]) -> SSAValue:
        """A value of this shape, from those known or a new parameter; at times a constant."""
        spec, draw = TensorSpec(tuple(shape), self.dtype), self.random.random()
        if draw < 0.4 and any(spec_of(v) == spec for v in self.known):
            return self.like(spec)
        if draw < 0.9:
            return self.argument(spec, param=self.random.random() < 0.8)
        return self.emit("constant", **pack_constant(self.rng.normal(size=shape), self.dtype))

    def pair(self, least: int, most: int) -> tuple[int, int]:
        return self.random.randint(least, most), self.random.randint(least, most)

    def images(self) -> SSAValue:
        """A value of rank 4, by reshaping where need be."""
        x = self.ranked(2, 3, 4)
        shape = spec_of(x).shape
        if len(shape) == 4:
            return x
        ones = [1] * (4 - len(shape))
        return self.emit("reshape", x, shape=self.random.choice([(*ones, *shape), (*shape, *ones)]))


def largest_error(given: Sequence[Array], reference: Sequence[Array]) -> float:
    """The largest ‖given − reference‖ / max(‖reference‖, 1); inf where shapes differ."""
    errors = [0.0]
    for x, y in zip(given, reference, strict=True):
        if x.shape != y.shape:
            return np.inf
        x, y = widen(x).astype(np.float64), widen(y).astype(np.float64)
        errors.append(float(np.linalg.norm(x - y) / max(np.linalg.norm(y), 1.0)))
    return float(np.max(errors))


def random_graph(seed: int, dtype: str, ops: int) -> ModuleOp:
    """A module with a function `@main` of many ops: random programs, one after another.

    Results of one are arguments of later ones, where the types are equal.
    """
    draw = random.Random(seed)
    block = Block()
    open_values: dict[Attribute, list[SSAValue]] = {}
    while len(block.ops) < ops:
        seed += 1
        main = next(op for op in random_program(seed, dtype).module.ops)
        assert isinstance(main, func.FuncOp)
        values: dict[SSAValue, SSAValue] = {}
        for argument in main.args:
            known = open_values.get(argument.type)
            if known and draw.random() < 0.8:
                values[argument] = known.pop(draw.randrange(len(known)))
            else:
                values[argument] = block.insert_arg(argument.type, len(block.args))
        for op in main.body.block.ops:
            if isinstance(op, func.ReturnOp):
                for operand in op.operands:
                    open_values.setdefault(operand.type, []).append(values[operand])
            else:
                block.add_op(op.clone(values))
    results = list(dict.fromkeys(v for vs in open_values.values() for v in vs))
    block.add_op(func.ReturnOp(*results))
    types = block.arg_types, [v.type for v in results]
    return ModuleOp([func.FuncOp("main", types, Region(block))])
