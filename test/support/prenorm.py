"""Pre-norm transformer layers, x + f(norm(x)), as IR."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.base import AttrValue, TasoOp, spec_of, tensor_type
from taso.dialects.spec import TensorSpec
from taso.dialects.taso import OPS
from taso.dialects.values import splat_constant

EPSILON = 1e-5


@dataclass(frozen=True)
class Shape:
    """Sizes of a model; `hidden` is a multiple of `heads`."""

    layers: int = 12
    batch: int = 2
    length: int = 32
    hidden: int = 64
    heads: int = 4
    dtype: str = "f32"


def prenorm_module(shape: Shape, *, written_norm: bool = False) -> ModuleOp:
    """A module whose `@main` runs the layers on [batch, length, hidden]; weights are parameters.

    With `written_norm`, layer norms are the ops that they are made of.
    """
    builder = _Builder(shape, written_norm)
    x = builder.argument((shape.batch, shape.length, shape.hidden), param=False)
    for _ in range(shape.layers):
        x = builder.layer(x)
    return ModuleOp([builder.function(x)])


class _Builder:
    def __init__(self, shape: Shape, written_norm: bool) -> None:
        self._shape = shape
        self._written_norm = written_norm
        self._block = Block()
        self._params: list[bool] = []

    def argument(self, dims: tuple[int, ...], *, param: bool = True) -> SSAValue:
        self._params.append(param)
        type_ = tensor_type(TensorSpec(dims, self._shape.dtype))
        return self._block.insert_arg(type_, len(self._block.args))

    def function(self, result: SSAValue) -> func.FuncOp:
        self._block.add_op(func.ReturnOp(result))
        types = FunctionType.from_lists([a.type for a in self._block.args], [result.type])
        marks = [DictionaryAttr({"taso.param": UnitAttr()} if p else {}) for p in self._params]
        return func.FuncOp("main", types, Region(self._block), arg_attrs=ArrayAttr(marks))

    def emit(self, op: str, *operands: SSAValue, **attrs: AttrValue) -> SSAValue:
        made: TasoOp = OPS[op].create_op(operands, attrs)
        self._block.add_op(made)
        return made.results[0]

    def layer(self, x: SSAValue) -> SSAValue:
        x = self.emit("add", x, self._attention(self._norm(x)))
        return self.emit("add", x, self._mlp(self._norm(x)))

    def _linear(self, x: SSAValue, width: int) -> SSAValue:
        dims = spec_of(x).shape
        product = self.emit("matmul", x, self.argument((dims[-1], width)))
        return self.emit("add", product, self._along_last(self.argument((width,)), product))

    def _along_last(self, vector: SSAValue, like: SSAValue) -> SSAValue:
        dims = spec_of(like).shape
        return self.emit("broadcast", vector, dims=(len(dims) - 1,), shape=dims)

    def _splat(self, value: float, like: SSAValue) -> SSAValue:
        return self.emit("constant", **splat_constant(value, spec_of(like)))

    def _norm(self, x: SSAValue) -> SSAValue:
        hidden = self._shape.hidden
        gamma, beta = self.argument((hidden,)), self.argument((hidden,))
        if not self._written_norm:
            return self.emit("layer_norm", x, gamma, beta, eps=EPSILON)
        dims = spec_of(x).shape
        rows = tuple(range(len(dims) - 1))

        def over_row(value: SSAValue) -> SSAValue:
            return self.emit("broadcast", value, dims=rows, shape=dims)

        axes = (len(dims) - 1,)
        centred = self.emit("sub", x, over_row(self.emit("reduce_mean", x, axes=axes)))
        variance = self.emit("var", x, axes=axes, correction=0)
        shifted = self.emit("add", variance, self._splat(EPSILON, variance))
        unit = self.emit("mul", centred, over_row(self.emit("rsqrt", shifted)))
        scaled = self.emit("mul", unit, self._along_last(gamma, unit))
        return self.emit("add", scaled, self._along_last(beta, scaled))

    def _attention(self, x: SSAValue) -> SSAValue:
        q, k, v = (self._heads(self._linear(x, self._shape.hidden)) for _ in range(3))
        scores = self.emit("matmul", q, self.emit("transpose", k, perm=(0, 1, 3, 2)))
        size = self._shape.hidden // self._shape.heads
        scaled = self.emit("mul", scores, self._splat(1 / math.sqrt(size), scores))
        mixed = self.emit("matmul", self.emit("softmax", scaled, axis=3), v)
        rows = self.emit("transpose", mixed, perm=(0, 2, 1, 3))
        joined = self.emit("reshape", rows, shape=spec_of(x).shape)
        return self._linear(joined, self._shape.hidden)

    def _heads(self, x: SSAValue) -> SSAValue:
        """[batch, length, hidden] as [batch, heads, length, hidden / heads]."""
        s = self._shape
        split = self.emit("reshape", x, shape=(s.batch, s.length, s.heads, s.hidden // s.heads))
        return self.emit("transpose", split, perm=(0, 2, 1, 3))

    def _mlp(self, x: SSAValue) -> SSAValue:
        wide = self._linear(x, 4 * self._shape.hidden)
        return self._linear(self.emit("gelu", wide, approximate="tanh"), self._shape.hidden)
