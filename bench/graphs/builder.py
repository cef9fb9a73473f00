"""What the graphs are written with: ops of the dialect on values, one function `@main`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from taso.dialects.base import AttrValue, TensorSpec, spec_of, tensor_type
from taso.dialects.emit import IREmitter
from taso.dialects.taso import OPS

Pair = tuple[int, int]


class GraphBuilder(IREmitter):
    """Writes a function op by op. Values are SSA values of one float type, `dtype`."""

    def __init__(self, dtype: str = "f32") -> None:
        self._dtype = dtype
        self._block = Block()
        self._params: list[bool] = []
        super().__init__(Builder(InsertPoint.at_end(self._block)))

    def module(self, *results: SSAValue) -> ModuleOp:
        """The module whose `@main` returns the results."""
        self._block.add_op(func.ReturnOp(*results))
        types = FunctionType.from_lists(
            [a.type for a in self._block.args], [r.type for r in results]
        )
        marks = [DictionaryAttr({"taso.param": UnitAttr()} if p else {}) for p in self._params]
        main = func.FuncOp("main", types, Region(self._block), arg_attrs=ArrayAttr(marks))
        return ModuleOp([main])

    def input(self, *shape: int) -> SSAValue:
        """An argument that each run gives."""
        return self._argument(shape, None)

    def param(self, *shape: int, name: str = "weight") -> SSAValue:
        """An argument that is a parameter. `name`: what it is called in the IR."""
        return self._argument(shape, name)

    def _argument(self, shape: Sequence[int], name: str | None) -> SSAValue:
        type_ = tensor_type(TensorSpec(tuple(shape), self._dtype))
        argument = self._block.insert_arg(type_, len(self._block.args))
        argument.name_hint = name
        self._params.append(name is not None)
        return argument

    def apply(self, op: str, *operands: SSAValue, **attrs: AttrValue) -> SSAValue:
        """An op of one result, by its name without the dialect."""
        return self.emit(OPS[op], operands, **attrs)

    def shape(self, x: SSAValue) -> tuple[int, ...]:
        return spec_of(x).shape

    def add(self, x: SSAValue, y: SSAValue) -> SSAValue:
        return self.apply("add", x, y)

    def mul(self, x: SSAValue, y: SSAValue) -> SSAValue:
        return self.apply("mul", x, y)

    def matmul(self, x: SSAValue, y: SSAValue) -> SSAValue:
        return self.apply("matmul", x, y)

    def relu(self, x: SSAValue) -> SSAValue:
        return self.apply("relu", x)

    def transpose(self, x: SSAValue, *perm: int) -> SSAValue:
        return self.apply("transpose", x, perm=perm)

    def reshape(self, x: SSAValue, *shape: int) -> SSAValue:
        return self.apply("reshape", x, shape=shape)

    def concat(self, *parts: SSAValue, axis: int) -> SSAValue:
        return self.apply("concat", *parts, axis=axis)

    def scale(self, x: SSAValue, factor: float) -> SSAValue:
        return self.mul(x, self.splat(factor, spec_of(x)))

    def along(self, vector: SSAValue, axis: int, like: SSAValue) -> SSAValue:
        """A vector along one axis of the shape of `like`, repeated along the others."""
        return self.apply("broadcast", vector, dims=(axis,), shape=self.shape(like))

    def linear(self, x: SSAValue, width: int, *, bias: bool = True) -> SSAValue:
        """[*, n] to [*, width]: x · weight, plus a bias."""
        product = self.matmul(x, self.param(self.shape(x)[-1], width))
        if not bias:
            return product
        last = len(self.shape(product)) - 1
        return self.add(product, self.along(self.param(width, name="bias"), last, product))

    def heads(self, x: SSAValue, count: int) -> SSAValue:
        """[tokens, n] to [count, tokens, n / count]."""
        tokens, width = self.shape(x)
        return self.transpose(self.reshape(x, tokens, count, width // count), 1, 0, 2)

    def unite(self, x: SSAValue) -> SSAValue:
        """[count, tokens, n] to [tokens, count · n]: `heads` undone."""
        count, tokens, width = self.shape(x)
        return self.reshape(self.transpose(x, 1, 0, 2), tokens, count * width)

    def layer_norm(self, x: SSAValue, eps: float) -> SSAValue:
        width = self.shape(x)[-1]
        gamma, beta = self.param(width, name="gamma"), self.param(width, name="beta")
        return self.apply("layer_norm", x, gamma, beta, eps=eps)

    def conv(
        self,
        x: SSAValue,
        channels: int,
        kernel: Pair,
        *,
        stride: int = 1,
        padding: Pair = (0, 0),
        groups: int = 1,
        bias: bool = False,
    ) -> SSAValue:
        """[n, c, h, w] to [n, channels, …]."""
        weight = self.param(channels, self.shape(x)[1] // groups, *kernel)
        window: dict[str, AttrValue] = {"stride": (stride, stride), "padding": padding}
        y = self.apply("conv2d", x, weight, **window, dilation=(1, 1), groups=groups)
        return self.add(y, self.along(self.param(channels, name="bias"), 1, y)) if bias else y

    def batch_norm(self, x: SSAValue, eps: float) -> SSAValue:
        """Over channels, by the statistics of training: x · scale + shift."""
        channels = self.shape(x)[1]
        gamma, beta, mean, variance = (
            self.param(channels, name=name) for name in ("gamma", "beta", "mean", "variance")
        )
        spread = self.add(variance, self.splat(eps, spec_of(variance)))
        scale = self.mul(self.apply("rsqrt", spread), gamma)
        shift = self.apply("sub", beta, self.mul(mean, scale))
        return self.add(self.mul(x, self.along(scale, 1, x)), self.along(shift, 1, x))

    def max_pool(self, x: SSAValue, kernel: int, *, stride: int, padding: int = 0) -> SSAValue:
        window = {name: (n, n) for name, n in (("kernel", kernel), ("stride", stride))}
        return self.apply("max_pool2d", x, **window, padding=(padding, padding), dilation=(1, 1))

    def avg_pool(
        self, x: SSAValue, kernel: int, *, stride: int, padding: int = 0, count_pad: bool = True
    ) -> SSAValue:
        window = {name: (n, n) for name, n in (("kernel", kernel), ("stride", stride))}
        return self.apply(
            "avg_pool2d", x, **window, padding=(padding, padding), count_include_pad=count_pad
        )

    def pad(self, x: SSAValue, low: int, high: int) -> SSAValue:
        """Zeros around images: so many rows and columns before, and so many after."""
        return self.apply("pad", x, low=(0, 0, low, low), high=(0, 0, high, high), value=0.0)

    def flatten(self, x: SSAValue) -> SSAValue:
        """[n, …] to [n, elements]."""
        n, *rest = self.shape(x)
        return self.reshape(x, n, math.prod(rest))

    def global_mean(self, x: SSAValue) -> SSAValue:
        """[n, c, h, w] to [n, c]."""
        return self.apply("reduce_mean", x, axes=(2, 3))
