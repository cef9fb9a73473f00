"""Random programs: moves that draw one op, with what it needs to be defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from taso.dialects.base import TensorSpec, spec_of
from taso.dialects.movement import pack_constant, splat_constant

if TYPE_CHECKING:
    from support.random_programs import Writer

WIDER = {"f64": "f64", "f32": "f64", "f16": "f32", "bf16": "f32"}
EQUATIONS = (
    "ab,bc->ac",
    "ab,cb->ac",
    "ba,bc->ca",
    "ab,b->a",
    "ab,ab->",
    "ab->ba",
    "ab->b",
    "abc,acd->abd",
    "abcd,abed->abce",
    "ab,bc,cd->ad",
    "a,b->ab",
    "ab,cd->abcd",
)
SPLATS = (0.0, 1.0, 2.0, 0.5, -1.0, 1e-5)
INTEGERS = ("i32", "i64")


def unary(w: Writer) -> None:
    names = ["neg", "exp", "relu", "tanh", "neg", "abs", "sigmoid", "silu", "erf", "sin", "cos"]
    w.emit(w.random.choice(names), w.any())


def gelu(w: Writer) -> None:
    w.emit("gelu", w.any(), approximate=w.random.choice(["none", "tanh"]))


def of_positive(w: Writer) -> None:
    w.emit(w.random.choice(["log", "sqrt", "rsqrt"]), w.positive(w.any()))


def binary(w: Writer) -> None:
    x = w.any()
    name = w.random.choice(["add", "mul", "sub", "max", "min", "add", "mul"])
    w.emit(name, x, w.like(spec_of(x)))


def div(w: Writer) -> None:
    x = w.any()
    w.emit("div", x, w.positive(w.like(spec_of(x))))


def power(w: Writer) -> None:
    x = w.any()
    exponent = w.random.choice([2.0, 0.5, -1.0, -0.5, 3.0, 1.0, 0.0])
    x = x if exponent == 2 else w.positive(x)
    w.emit("pow", x, w.splat(exponent, x))


def scale(w: Writer) -> None:
    x = w.any()
    name, value = w.random.choice(["add", "mul", "div", "sub"]), w.random.choice(SPLATS)
    operands = [x, w.splat(0.5 if name == "div" and value < 0.5 else value, x)]
    if name in ("add", "mul"):
        w.random.shuffle(operands)
    w.emit(name, *operands)


def constant(w: Writer) -> None:
    spec = w.spec(w.random.choice([0, 1, 2, 3]))
    w.emit("constant", **pack_constant(w.rng.normal(size=spec.shape), w.dtype))


def integers(w: Writer) -> None:
    x = w.any(lambda spec: spec.dtype in INTEGERS)
    name = w.random.choice(["add", "mul", "sub", "max", "min", "and", "or", "xor"])
    y = w.emit(name, x, w.like(spec_of(x)))
    w.emit(w.random.choice(["neg", "relu", "abs", "not"]), y)


def cast(w: Writer) -> None:
    x = w.any(lambda spec: True)
    w.emit("cast", x, dtype=w.random.choice([w.dtype, w.dtype, WIDER[w.dtype], "i1", *INTEGERS]))


def compare(w: Writer) -> None:
    x = w.random.choice(w.block.args) if w.random.random() < 0.5 else w.number()
    alike = [v for v in w.known if v.type == x.type]
    other = w.random.choice(alike)
    if spec_of(x).is_float and w.random.random() < 0.5:
        other = w.splat(w.random.choice(SPLATS), x)
    predicate = w.random.choice(["eq", "ne", "lt", "le", "gt", "ge"])
    w.emit("compare", x, other, predicate=predicate)


def logic(w: Writer) -> None:
    x = w.any(lambda spec: spec.dtype == "i1")
    x = w.emit(w.random.choice(["and", "or", "xor"]), x, w.like(spec_of(x)))
    w.emit("not", x)


def select(w: Writer) -> None:
    condition = w.any(lambda spec: spec.dtype == "i1")
    shape = spec_of(condition).shape
    x = w.any(lambda spec: spec.shape == shape)
    y = w.like(spec_of(x))
    if spec_of(x).is_float and w.random.random() < 0.5:
        y = w.splat(w.random.choice(SPLATS), x)
    operands = [x, y]
    w.random.shuffle(operands)
    w.emit("select", condition, *operands)


def matmul(w: Writer) -> None:
    x = w.any(lambda s: s.dtype != "i1" and s.rank in (2, 3, 4))
    given = spec_of(x)
    if w.random.random() < 0.5 and given.is_float:
        w.emit("matmul", x, w.parameter((given.shape[-1], w.random.choice(w.sizes))))
        return
    y = w.any(lambda s: s.dtype == given.dtype and s.rank >= 2 and s.shape[-2] == given.shape[-1])
    w.emit("matmul", x, y)


def einsum(w: Writer) -> None:
    equation = w.random.choice(EQUATIONS)
    ranks = [len(term) for term in equation.split("->")[0].split(",")]
    w.emit("einsum", *(w.ranked(rank) for rank in ranks), equation=equation)


def transpose(w: Writer) -> None:
    x = w.any(lambda spec: spec.rank > 0)
    perm = list(range(spec_of(x).rank))
    w.random.shuffle(perm)
    w.emit("transpose", x, perm=tuple(perm))


def broadcast(w: Writer) -> None:
    x = w.any(lambda spec: spec.rank < 4)
    shape = list(spec_of(x).shape)
    at = w.random.randint(0, len(shape))
    dims = tuple(i + (i >= at) for i in range(len(shape)))
    shape.insert(at, w.random.choice(w.sizes))
    w.emit("broadcast", x, dims=dims, shape=tuple(shape))


def reshape(w: Writer) -> None:
    x = w.anything()
    shape = spec_of(x).shape
    choices = [(spec_of(x).size,), (1, *shape), (*shape, 1), shape[::-1]]
    if len(shape) > 1:
        choices += [(shape[0] * shape[1], *shape[2:]), (*shape[:-2], shape[-2] * shape[-1])]
    w.emit("reshape", x, shape=w.random.choice(choices))


def concat(w: Writer) -> None:
    x = w.anything()
    axis, given = w.axis(x), spec_of(x)
    others = (*given.shape[:axis], *given.shape[axis + 1 :])

    def fits(s: TensorSpec) -> bool:
        around = (*s.shape[:axis], *s.shape[axis + 1 :])
        return s.dtype == given.dtype and s.rank == given.rank and around == others

    parts = [w.any(fits) for _ in range(w.random.choice([1, 1, 2]))]
    w.emit("concat", x, *parts, axis=axis)


def split(w: Writer) -> None:
    x = w.anything()
    axis = w.axis(x)
    size = spec_of(x).shape[axis]
    ends = sorted(w.random.randint(0, size) for _ in range(w.random.choice([1, 1, 2])))
    sizes = tuple(b - a for a, b in zip([0, *ends], [*ends, size], strict=True))
    w.emit("split", x, axis=axis, sizes=sizes)


def slice_(w: Writer) -> None:
    x = w.anything()
    axis = w.axis(x)
    start, stop = sorted(w.random.randint(0, spec_of(x).shape[axis]) for _ in range(2))
    w.emit("slice", x, axis=axis, start=start, stop=stop)


def pad(w: Writer) -> None:
    x = w.anything()
    low, high = (tuple(w.random.randint(0, 2) for _ in spec_of(x).shape) for _ in range(2))
    w.emit("pad", x, low=low, high=high, value=w.random.choice(SPLATS))


def gather(w: Writer) -> None:
    """By constant indices, or by integers that are put in range first."""
    x = w.anything()
    axis = w.axis(x)
    size = spec_of(x).shape[axis]
    known = [v for v in w.known if spec_of(v).dtype in INTEGERS and spec_of(v).rank < 3]
    if size and known and w.random.random() < 0.6:
        indices = w.random.choice(known)
        for name, bound in (("max", 0), ("min", size - 1)):
            indices = w.emit(name, indices, w.splat(bound, indices))
    elif size:
        chosen = w.rng.integers(0, size, w.random.choice([(), (3,), (2, 2)]))
        indices = w.emit("constant", **pack_constant(chosen, w.random.choice(INTEGERS)))
    else:
        spec = TensorSpec((0,), w.random.choice(INTEGERS))
        indices = w.emit("constant", **splat_constant(0, spec))
    w.emit("gather", x, indices, axis=axis)


def reduce(w: Writer) -> None:
    x = w.number()
    rank = spec_of(x).rank
    axes = tuple(sorted(w.random.sample(range(rank), w.random.randint(0, rank))))
    w.emit(w.random.choice(["reduce_sum", "reduce_max", "reduce_mean", "reduce_min"]), x, axes=axes)


def reduce_booleans(w: Writer) -> None:
    x = w.any(lambda spec: spec.dtype == "i1" and spec.rank > 0)
    w.emit(w.random.choice(["reduce_max", "reduce_min"]), x, axes=(w.axis(x),))


def arg(w: Writer) -> None:
    x = w.number()
    w.emit(w.random.choice(["argmax", "argmin"]), x, axis=w.axis(x))


def var(w: Writer) -> None:
    x = w.any(lambda spec: spec.is_float and spec.rank > 0)
    rank = spec_of(x).rank
    axes = tuple(sorted(w.random.sample(range(rank), w.random.randint(1, rank))))
    w.emit("var", x, axes=axes, correction=w.random.choice([0, 1]))


def softmax(w: Writer) -> None:
    x = w.any()
    w.emit(w.random.choice(["softmax", "log_softmax"]), x, axis=w.axis(x))


def cumsum(w: Writer) -> None:
    x = w.number()
    w.emit("cumsum", x, axis=w.axis(x))


def rms_norm(w: Writer) -> None:
    x = w.ranked(1, 2, 3)
    w.emit("rms_norm", x, w.vector(spec_of(x).shape[-1]), eps=1e-2)


def layer_norm(w: Writer) -> None:
    x = w.ranked(1, 2, 3)
    size = spec_of(x).shape[-1]
    w.emit("layer_norm", x, w.vector(size), w.vector(size), eps=1e-2)


def group_norm(w: Writer) -> None:
    x = w.ranked(2, 3, 4)
    channels = spec_of(x).shape[1]
    groups = w.random.choice([n for n in range(1, channels + 1) if channels % n == 0] or [1])
    w.emit("group_norm", x, w.vector(channels), w.vector(channels), groups=groups, eps=1e-2)


def batch_norm(w: Writer) -> None:
    x = w.ranked(2, 3, 4)
    axis = w.axis(x)
    size = spec_of(x).shape[axis]
    attrs = {"axis": axis, "eps": 1e-2, "correction": w.random.choice([0, 1])}
    w.emit("batch_norm", x, w.vector(size), w.vector(size), **attrs)


def pool(w: Writer) -> None:
    kernel = w.pair(1, 3)
    padding = tuple(w.random.randint(0, k // 2) for k in kernel)
    attrs = {"kernel": kernel, "stride": w.pair(1, 2), "padding": padding}
    if w.random.random() < 0.5:
        counted = w.random.random() < 0.5
        w.emit("avg_pool2d", w.images(), **attrs, count_include_pad=counted)
    else:
        w.emit("max_pool2d", w.images(), **attrs, dilation=w.pair(1, 2))


def attention(w: Writer) -> None:
    """With keys of another length, values of another width, a mask or a causal one."""
    query = w.ranked(2, 3, 4)
    *batch, m, d = spec_of(query).shape
    n, e = (w.random.choice([size, *w.sizes]) for size in (m, d))
    key, values = w.parameter((*batch, n, d)), w.parameter((*batch, n, e))
    masks = [w.parameter((*batch, m, n))] if w.random.random() < 0.3 else []
    causal = w.random.random() < 0.3
    w.emit("attention", query, key, values, *masks, scale=0.5, causal=causal)


MOVES: tuple[Callable[[Writer], None], ...] = (
    *(unary, unary, gelu, of_positive, binary, binary, div, power, scale, scale, constant),
    *(integers, cast, compare, compare, logic, select, select),
    *(matmul, matmul, matmul, einsum, transpose, transpose, broadcast, reshape, concat, split),
    *(slice_, pad, gather, reduce, reduce, reduce_booleans, arg, var, cumsum),
    *(softmax, rms_norm, layer_norm, group_norm, batch_norm, pool, attention),
)
"""Each is drawn as often as it stands here."""
