"""Random well-typed `taso` programs, shaped so that rewrite rules find places in them.

Each op is evaluated as it is drawn, and dropped where its result would be large or not finite:
what is left is well conditioned, so that an error in a result is a wrong rewrite or lowering.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from support.ir import random_array
from xdsl.builder import Builder, InsertPoint
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.base import (
    Array,
    AttrValue,
    ConstraintError,
    TensorSpec,
    spec_of,
    tensor_type,
    widen,
)
from taso.dialects.movement import pack_constant, splat_constant
from taso.dialects.taso import OPS

LARGEST = {"f64": 1e3, "f32": 1e2, "f16": 3e1, "bf16": 3e1}
"""Magnitudes up to which results are kept, for a program's element type."""
WIDER = {"f64": "f64", "f32": "f64", "f16": "f32", "bf16": "f32"}
EQUATIONS = (
    "ab,bc->ac",
    "ab,cb->ac",
    "ba,bc->ca",
    "ab,b->a",
    "ab,ab->",
    "ab->ba",
    "abc,acd->abd",
    "ab,bc,cd->ad",
    "a,b->ab",
)
SPLATS = (0.0, 1.0, 2.0, 0.5, -1.0, 1e-5)
DIFFICULT = ("matmul", "siblings", "binary", "scale", "transpose", "written_out")


@dataclass(frozen=True)
class RandomProgram:
    """A verified module with a function `@main`, and an array for each of its arguments."""

    module: ModuleOp
    inputs: list[Array]


def random_program(seed: int, dtype: str) -> RandomProgram:
    """The program of a seed: float arguments and constants have this element type."""
    return _Writer(seed, dtype).write()


class RejectedError(Exception):
    """What was drawn has a result that is too large, or fits no operand."""


class _Writer:
    """Draws ops into a block, beside the value of each result in float64."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.sizes = self.random.sample([1, 2, 3, 4, 5, 7], 3)
        if self.random.random() < 0.1:
            self.sizes[0] = 0
        specs = self._draw_specs()
        self.block = Block(arg_types=[tensor_type(s) for s in specs])
        self.builder = Builder(InsertPoint.at_end(self.block))
        self.inputs = [random_array(s, self.rng) for s in specs]
        self.known = dict(zip(self.block.args, map(widen, self.inputs), strict=True))
        names = [n for n in dir(self) if n.startswith("_draw_op_")]
        self.moves: list[Callable[[], object]] = [getattr(self, n) for n in names]
        self.moves += [getattr(self, f"_draw_op_{n}") for n in DIFFICULT]

    def _draw_specs(self) -> list[TensorSpec]:
        draw = self.random
        specs = [self._spec(draw.choice([0, 1, 2, 2, 2, 2, 3])) for _ in range(draw.randint(1, 5))]
        for i in range(1, len(specs)):
            if draw.random() < 0.5:
                specs[i] = draw.choice(specs[:i])
        if draw.random() < 0.15:
            specs.append(TensorSpec(specs[0].shape, draw.choice(["i64", "i32", "i1"])))
        return specs

    def _spec(self, rank: int) -> TensorSpec:
        return TensorSpec(tuple(self.random.choice(self.sizes) for _ in range(rank)), self.dtype)

    def write(self) -> RandomProgram:
        wanted, tries = self.random.randint(2, 14), 0
        while wanted and tries < 200:
            tries += 1
            try:
                self.random.choice(self.moves)()
                wanted -= 1
            except (RejectedError, ConstraintError):
                continue
        results = [v for v in self.known if not v.uses][:4] or [list(self.known)[-1]]
        if self.random.random() < 0.15:
            results.append(self.random.choice(list(self.known)))
        self.builder.insert(func.ReturnOp(*results))
        marks = [self.random.random() < 0.35 for _ in self.block.args]
        attrs = [DictionaryAttr({"taso.param": UnitAttr()} if m else {}) for m in marks]
        arg_attrs = ArrayAttr(attrs) if any(marks) else None
        types = [a.type for a in self.block.args], [v.type for v in results]
        main = func.FuncOp("main", types, Region(self.block), arg_attrs=arg_attrs)
        module = ModuleOp([main])
        module.verify()
        return RandomProgram(module, self.inputs)

    def emit(self, name: str, *operands: SSAValue, **attrs: AttrValue) -> SSAValue:
        """Append an op and give its first result. Raises if it does not fit or is too large."""
        op = OPS[name].create_op(operands, attrs)
        values = OPS[name].evaluate([self.known[v] for v in operands], attrs)
        limit = LARGEST[self.dtype]
        if any(v.size and not np.max(np.abs(widen(v))) <= limit for v in values):
            raise RejectedError
        self.builder.insert(op)
        self.known.update(zip(op.results, map(widen, values), strict=True))
        return op.results[0]

    def any(self, fits: Callable[[TensorSpec], bool] = lambda spec: spec.is_float) -> SSAValue:
        """A value whose type fits, mostly a recent one."""
        values = [v for v in self.known if fits(spec_of(v))]
        if not values:
            raise RejectedError
        return self.random.choice(values[-6:] if self.random.random() < 0.5 else values)

    def like(self, spec: TensorSpec) -> SSAValue:
        return self.any(lambda other: other == spec)

    def ranked(self, *ranks: int) -> SSAValue:
        return self.any(lambda spec: spec.is_float and spec.rank in ranks)

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

    def vector(self, size: int) -> SSAValue:
        """A value of shape [size], from an argument where there is one."""
        spec = TensorSpec((size,), self.dtype)
        if any(spec_of(v) == spec for v in self.known):
            return self.like(spec)
        return self.emit("constant", **pack_constant(self.rng.normal(size=size), self.dtype))

    def _draw_op_unary(self) -> None:
        self.emit(self.random.choice(["neg", "exp", "relu", "tanh", "neg"]), self.any())

    def _draw_op_gelu(self) -> None:
        self.emit("gelu", self.any(), approximate=self.random.choice(["none", "tanh"]))

    def _draw_op_of_positive(self) -> None:
        self.emit(self.random.choice(["log", "sqrt", "rsqrt"]), self.positive(self.any()))

    def _draw_op_binary(self) -> None:
        x = self.any()
        name = self.random.choice(["add", "mul", "sub", "max", "add", "mul"])
        self.emit(name, x, self.like(spec_of(x)))

    def _draw_op_div(self) -> None:
        x = self.any()
        self.emit("div", x, self.positive(self.like(spec_of(x))))

    def _draw_op_pow(self) -> None:
        x = self.any()
        exponent = self.random.choice([2.0, 0.5, -1.0, 3.0, 1.0, 0.0])
        x = x if exponent == 2 else self.positive(x)
        self.emit("pow", x, self.splat(exponent, x))

    def _draw_op_scale(self) -> None:
        x = self.any()
        name, value = self.random.choice(["add", "mul", "div", "sub"]), self.random.choice(SPLATS)
        operands = [x, self.splat(0.5 if name == "div" and value < 0.5 else value, x)]
        if name in ("add", "mul"):
            self.random.shuffle(operands)
        self.emit(name, *operands)

    def _draw_op_constant(self) -> None:
        spec = self._spec(self.random.choice([1, 2]))
        self.emit("constant", **pack_constant(self.rng.normal(size=spec.shape), self.dtype))

    def _draw_op_integers(self) -> None:
        x = self.any(lambda spec: spec.dtype in ("i64", "i32"))
        name = self.random.choice(["add", "mul", "sub", "max"])
        y = self.emit(name, x, self.like(spec_of(x)))
        self.emit(self.random.choice(["neg", "relu"]), y)

    def _draw_op_cast(self) -> None:
        dtypes = [self.dtype, self.dtype, WIDER[self.dtype]]
        self.emit("cast", self.any(lambda spec: True), dtype=self.random.choice(dtypes))

    def _draw_op_matmul(self) -> None:
        x = self.ranked(2, 3)
        k = spec_of(x).shape[-1]
        y = self.any(lambda s: s.is_float and s.rank in (2, 3) and s.shape[-2] == k)
        self.emit("matmul", x, y)

    def _draw_op_siblings(self) -> None:
        """Products that share an operand, added up or apart."""
        x = self.ranked(2, 3)
        k = spec_of(x).shape[-1]
        weights = [
            v
            for v in self.known
            if spec_of(v).rank == 2 and spec_of(v).shape[0] == k and spec_of(v).is_float
        ]
        if not weights:
            raise RejectedError
        products = [self.emit("matmul", x, self.random.choice(weights)) for _ in range(3)]
        if spec_of(products[0]) == spec_of(products[1]) and self.random.random() < 0.6:
            self.emit("add", products[0], products[1])

    def _draw_op_einsum(self) -> None:
        equation = self.random.choice(EQUATIONS)
        ranks = [len(term) for term in equation.split("->")[0].split(",")]
        self.emit("einsum", *(self.ranked(rank) for rank in ranks), equation=equation)

    def _draw_op_transpose(self) -> None:
        x = self.any(lambda spec: spec.rank > 0)
        perm = list(range(spec_of(x).rank))
        self.random.shuffle(perm)
        self.emit("transpose", x, perm=tuple(perm))

    def _draw_op_broadcast(self) -> None:
        x = self.ranked(0, 1, 2)
        shape = list(spec_of(x).shape)
        at = self.random.randint(0, len(shape))
        dims = tuple(i + (i >= at) for i in range(len(shape)))
        shape.insert(at, self.random.choice(self.sizes))
        self.emit("broadcast", x, dims=dims, shape=tuple(shape))

    def _draw_op_reshape(self) -> None:
        x = self.any()
        shape = spec_of(x).shape
        self.emit(
            "reshape", x, shape=self.random.choice([(spec_of(x).size,), (1, *shape), shape[::-1]])
        )

    def _draw_op_concat(self) -> None:
        x = self.any()
        axis, shape = self.axis(x), spec_of(x).shape
        parts = [
            self.any(
                lambda s: (
                    s.dtype == spec_of(x).dtype
                    and s.rank == len(shape)
                    and s.shape[:axis] + s.shape[axis + 1 :] == shape[:axis] + shape[axis + 1 :]
                )
            )
            for _ in range(self.random.choice([1, 1, 2]))
        ]
        self.emit("concat", x, *parts, axis=axis)

    def _draw_op_split(self) -> None:
        x = self.any()
        axis = self.axis(x)
        at = self.random.randint(0, spec_of(x).shape[axis])
        self.emit("split", x, axis=axis, sizes=(at, spec_of(x).shape[axis] - at))

    def _draw_op_slice(self) -> None:
        x = self.any()
        axis = self.axis(x)
        start, stop = sorted(self.random.randint(0, spec_of(x).shape[axis]) for _ in range(2))
        self.emit("slice", x, axis=axis, start=start, stop=stop)

    def _draw_op_reduce(self) -> None:
        x = self.any()
        rank = spec_of(x).rank
        axes = tuple(sorted(self.random.sample(range(rank), self.random.randint(0, rank))))
        name = self.random.choice(["reduce_sum", "reduce_max", "reduce_mean", "reduce_min"])
        self.emit(name, x, axes=axes)

    def _draw_op_var(self) -> None:
        x = self.any()
        axes = (self.axis(x),)
        self.emit("var", x, axes=axes, correction=self.random.choice([0, 1]))

    def _draw_op_softmax(self) -> None:
        x = self.any()
        self.emit(self.random.choice(["softmax", "log_softmax"]), x, axis=self.axis(x))

    def _draw_op_cumsum(self) -> None:
        x = self.any()
        self.emit("cumsum", x, axis=self.axis(x))

    def _draw_op_gather(self) -> None:
        x = self.any()
        axis = self.axis(x)
        size = spec_of(x).shape[axis]
        if not size:
            raise RejectedError
        chosen = self.rng.integers(0, size, self.random.choice([(), (3,), (2, 2)]))
        indices = self.emit("constant", **pack_constant(chosen, self.random.choice(["i32", "i64"])))
        self.emit("gather", x, indices, axis=axis)

    def _draw_op_rms_norm(self) -> None:
        x = self.ranked(1, 2, 3)
        self.emit("rms_norm", x, self.vector(spec_of(x).shape[-1]), eps=1e-2)

    def _draw_op_group_norm(self) -> None:
        x = self.ranked(2, 3)
        channels = spec_of(x).shape[1]
        groups = self.random.choice([n for n in range(1, channels + 1) if channels % n == 0] or [1])
        vectors = [self.vector(channels) for _ in range(2)]
        self.emit("group_norm", x, *vectors, groups=groups, eps=1e-2)

    def _draw_op_layer_norm(self) -> None:
        x = self.ranked(1, 2, 3)
        size = spec_of(x).shape[-1]
        self.emit("layer_norm", x, self.vector(size), self.vector(size), eps=1e-2)

    def _draw_op_batch_norm(self) -> None:
        x = self.ranked(2, 3)
        axis = self.axis(x)
        vectors = [self.vector(spec_of(x).shape[axis]) for _ in range(2)]
        attrs = {"axis": axis, "eps": 1e-2, "correction": self.random.choice([0, 1])}
        self.emit("batch_norm", x, *vectors, **attrs)

    def _draw_op_attention(self) -> None:
        query = self.ranked(2, 3)
        key = self.like(spec_of(query))
        scores = spec_of(query).with_shape([*spec_of(query).shape[:-1], spec_of(key).shape[-2]])
        masks = [v for v in self.known if spec_of(v) == scores][: self.random.randint(0, 1)]
        causal = self.random.random() < 0.3
        operands = [query, key, self.like(spec_of(key)), *masks]
        self.emit("attention", *operands, scale=0.5, causal=causal)

    def _draw_op_written_out(self) -> None:
        self.random.choice([self._softmax, self._norm, self._attention])(self.ranked(2, 3))

    def _softmax(self, x: SSAValue) -> SSAValue:
        axis = self.axis(x)
        shifted = self.emit("sub", x, self.along(self.emit("reduce_max", x, axes=(axis,)), x, axis))
        powers = self.emit("exp", shifted)
        total = self.emit("reduce_sum", powers, axes=(axis,))
        return self.emit("div", powers, self.along(total, x, axis))

    def _norm(self, x: SSAValue) -> SSAValue:
        """A layer norm, or along another axis; the correction is any. Or by root mean square."""
        axis = self.axis(x)
        if self.random.random() < 0.3:
            return self._rms_norm(x, axis)
        mean = self.emit("reduce_mean", x, axes=(axis,))
        var = self.emit("var", x, axes=(axis,), correction=self.random.choice([0, 1]))
        scale = self.emit("rsqrt", self.emit("add", var, self.splat(1e-2, var)))
        centred = self.emit("sub", x, self.along(mean, x, axis))
        return self.emit("mul", centred, self.along(scale, x, axis))

    def _rms_norm(self, x: SSAValue, axis: int) -> SSAValue:
        power = self.emit("reduce_mean", self.emit("mul", x, x), axes=(axis,))
        scale = self.emit("rsqrt", self.emit("add", power, self.splat(1e-2, power)))
        normal = self.emit("mul", x, self.along(scale, x, axis))
        gamma = self.vector(spec_of(x).shape[axis])
        shape = spec_of(x).shape
        return self.emit("mul", normal, self.emit("broadcast", gamma, dims=(axis,), shape=shape))

    def _attention(self, x: SSAValue) -> SSAValue:
        rank = spec_of(x).rank
        key = self.like(spec_of(x))
        perm = (*range(rank - 2), rank - 1, rank - 2)
        scores = self.emit("matmul", x, self.emit("transpose", key, perm=perm))
        if self.random.random() < 0.5:
            scores = self.emit("mul", scores, self.splat(0.5, scores))
        masks = [v for v in self.known if spec_of(v) == spec_of(scores)]
        if masks and self.random.random() < 0.5:
            scores = self.emit("add", scores, self.random.choice(masks))
        weights = self.emit("softmax", scores, axis=rank - 1)
        return self.emit("matmul", weights, self.like(spec_of(x)))


def largest_error(given: Sequence[Array], reference: Sequence[Array]) -> float:
    """The largest ‖given − reference‖ / max(‖reference‖, 1); inf where shapes differ."""
    errors = [0.0]
    for x, y in zip(given, reference, strict=True):
        if x.shape != y.shape:
            return np.inf
        x, y = widen(x).astype(np.float64), widen(y).astype(np.float64)
        errors.append(float(np.linalg.norm(x - y) / max(np.linalg.norm(y), 1.0)))
    return float(np.max(errors))
