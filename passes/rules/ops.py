"""Constructors of terms, named as the ops are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taso.passes.rules.notation import (
    AttrExpr,
    AttrVar,
    Batch,
    Call,
    DimExpr,
    Result,
    Shape,
    ShapeOf,
    Splat,
    Term,
)


def neg(x: Term) -> Call:
    return Call("neg", (x,))


def abs_(x: Term) -> Call:
    return Call("abs", (x,))


def exp(x: Term) -> Call:
    return Call("exp", (x,))


def log(x: Term) -> Call:
    return Call("log", (x,))


def sqrt(x: Term) -> Call:
    return Call("sqrt", (x,))


def rsqrt(x: Term) -> Call:
    return Call("rsqrt", (x,))


def tanh(x: Term) -> Call:
    return Call("tanh", (x,))


def erf(x: Term) -> Call:
    return Call("erf", (x,))


def sin(x: Term) -> Call:
    return Call("sin", (x,))


def cos(x: Term) -> Call:
    return Call("cos", (x,))


def relu(x: Term) -> Call:
    return Call("relu", (x,))


def gelu(x: Term, approximate: AttrExpr) -> Call:
    return Call("gelu", (x,), (("approximate", approximate),))


def sigmoid(x: Term) -> Call:
    return Call("sigmoid", (x,))


def silu(x: Term) -> Call:
    return Call("silu", (x,))


def add(a: Term, b: Term) -> Call:
    return Call("add", (a, b))


def sub(a: Term, b: Term) -> Call:
    return Call("sub", (a, b))


def mul(a: Term, b: Term) -> Call:
    return Call("mul", (a, b))


def div(a: Term, b: Term) -> Call:
    return Call("div", (a, b))


def maximum(a: Term, b: Term) -> Call:
    return Call("max", (a, b))


def minimum(a: Term, b: Term) -> Call:
    return Call("min", (a, b))


def power(a: Term, b: Term) -> Call:
    return Call("pow", (a, b))


def matmul(a: Term, b: Term) -> Call:
    return Call("matmul", (a, b))


def einsum(equation: AttrExpr, *inputs: Term) -> Call:
    return Call("einsum", inputs, (("equation", equation),))


def conv2d(
    x: Term,
    weight: Term,
    stride: AttrExpr,
    padding: AttrExpr,
    dilation: AttrExpr,
    groups: AttrExpr,
) -> Call:
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return Call("conv2d", (x, weight), tuple(attrs.items()))


def max_pool2d(
    x: Term, kernel: AttrExpr, stride: AttrExpr, padding: AttrExpr, dilation: AttrExpr
) -> Call:
    attrs = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    return Call("max_pool2d", (x,), tuple(attrs.items()))


def avg_pool2d(
    x: Term, kernel: AttrExpr, stride: AttrExpr, padding: AttrExpr, count_include_pad: AttrExpr
) -> Call:
    attrs = {"kernel": kernel, "stride": stride, "padding": padding}
    return Call("avg_pool2d", (x,), (*attrs.items(), ("count_include_pad", count_include_pad)))


def pad(x: Term, low: AttrExpr, high: AttrExpr, value: AttrExpr) -> Call:
    return Call("pad", (x,), (("low", low), ("high", high), ("value", value)))


def transpose(x: Term, perm: AttrExpr) -> Call:
    return Call("transpose", (x,), (("perm", perm),))


def reshape(x: Term, shape: Shape | ShapeOf | AttrExpr) -> Call:
    return Call("reshape", (x,), (("shape", shape),))


def broadcast(x: Term, dims: AttrExpr, shape: Shape | ShapeOf | AttrExpr) -> Call:
    return Call("broadcast", (x,), (("dims", dims), ("shape", shape)))


def concat(*inputs: Term, axis: AttrExpr) -> Call:
    return Call("concat", inputs, (("axis", axis),))


def split(x: Term, sizes: Sequence[DimExpr], axis: AttrExpr) -> tuple[Result, ...]:
    """All pieces of a split, in order."""
    call = Call("split", (x,), (("axis", axis), ("sizes", tuple(sizes))))
    return tuple(Result(call, i) for i in range(len(sizes)))


def slice_(x: Term, axis: AttrExpr, start: AttrExpr, stop: AttrExpr) -> Call:
    return Call("slice", (x,), (("axis", axis), ("start", start), ("stop", stop)))


def reduce_sum(x: Term, axes: AttrExpr) -> Call:
    return Call("reduce_sum", (x,), (("axes", axes),))


def reduce_max(x: Term, axes: AttrExpr) -> Call:
    return Call("reduce_max", (x,), (("axes", axes),))


def reduce_mean(x: Term, axes: AttrExpr) -> Call:
    return Call("reduce_mean", (x,), (("axes", axes),))


def var_(x: Term, axes: AttrExpr, correction: AttrExpr) -> Call:
    return Call("var", (x,), (("axes", axes), ("correction", correction)))


def softmax(x: Term, axis: AttrExpr) -> Call:
    return Call("softmax", (x,), (("axis", axis),))


def log_softmax(x: Term, axis: AttrExpr) -> Call:
    return Call("log_softmax", (x,), (("axis", axis),))


def layer_norm(x: Term, gamma: Term, beta: Term, eps: AttrExpr) -> Call:
    return Call("layer_norm", (x, gamma, beta), (("eps", eps),))


def batch_norm(
    x: Term, gamma: Term, beta: Term, axis: AttrExpr, eps: AttrExpr, correction: AttrExpr
) -> Call:
    attrs = (("axis", axis), ("eps", eps), ("correction", correction))
    return Call("batch_norm", (x, gamma, beta), attrs)


def rms_norm(x: Term, gamma: Term, eps: AttrExpr) -> Call:
    return Call("rms_norm", (x, gamma), (("eps", eps),))


def attention(q: Term, k: Term, v: Term, *mask: Term, scale: AttrExpr) -> Call:
    """Attention that is not causal."""
    return Call("attention", (q, k, v, *mask), (("scale", scale), ("causal", False)))


def splat(value: AttrExpr, *shape: DimExpr | Batch) -> Splat:
    return Splat(value, shape)


def splat_like(value: AttrExpr, var: str) -> Splat:
    """A splat of the shape of a variable."""
    return Splat(value, ShapeOf(var))


def _any_gelu(x: Term) -> Call:
    return gelu(x, AttrVar("approximate", "text"))


ACTIVATIONS: dict[str, Callable[[Term], Call]] = {
    "gelu": _any_gelu,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "tanh": tanh,
}
"""Element-wise ops of one operand that follow layers, by name."""

UNARY: dict[str, Callable[[Term], Call]] = {
    "abs": abs_,
    "cos": cos,
    "erf": erf,
    "exp": exp,
    "log": log,
    "neg": neg,
    "rsqrt": rsqrt,
    "sin": sin,
    "sqrt": sqrt,
    **ACTIVATIONS,
}
"""Element-wise ops of one operand, by name."""

BINARY: dict[str, Callable[[Term, Term], Call]] = {
    "add": add,
    "div": div,
    "max": maximum,
    "min": minimum,
    "mul": mul,
    "sub": sub,
}
"""Element-wise ops of two operands for which families of rules are made, by name."""
