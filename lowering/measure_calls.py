"""Measures single calls on a device, each as the torch source back end writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.base import TensorSpec, get_int, tensor_type
from taso.dialects.spec import Attrs
from taso.dialects.taso import OPS
from taso.dialects.values import splat_constant
from taso.lowering.measure import Contender, sampler
from taso.lowering.measured_cost import Call
from taso.lowering.pipeline import lower
from taso.lowering.runtime import load_source
from taso.lowering.torch_source import torch_source
from taso.passes.search.layout import Layout

SAMPLE = 5e-4
"""Seconds that a sample lasts at least."""
SAMPLES = 9
INNER = 64
"""The length of the sums in a product that stands before the addition of a bias."""
POINTWISE: Attrs = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


class _Program:
    """A function of calls that is put together to be timed."""

    def __init__(self, specs: Sequence[TensorSpec], inputs: Sequence[torch.Tensor]) -> None:
        self._block = Block(arg_types=[tensor_type(x) for x in specs])
        self._inputs = inputs
        self.values: list[SSAValue] = list(self._block.args)

    def apply(self, op: str, operands: Sequence[SSAValue], attrs: Attrs) -> Sequence[SSAValue]:
        made = OPS[op].create_op(operands, attrs)
        self._block.add_op(made)
        return made.results

    def seconds(self, results: Sequence[SSAValue], device: str) -> float:
        """The time of a call that returns some values."""
        self._block.add_op(func.ReturnOp(*results))
        types = ([x.type for x in self._block.args], [x.type for x in results])
        module = ModuleOp([func.FuncOp("main", types, Region(self._block))])
        main = load_source(torch_source(lower(module)), "call").main
        inputs = self._inputs
        return _seconds(lambda: main(*inputs), device)


def measure_call(call: Call, device: str) -> float:
    """Seconds of a call on a device, "cpu" or "cuda": the least of some samples, which is what the
    call takes where nothing else disturbs it.

    The addition of a bias to a product is what it adds to a product, and a call that writes over
    an operand is what it adds to the one that makes the operand. Raises `DiagnosticException` where
    nothing translates the op, RuntimeError where torch cannot run it (out of memory).
    """
    axis, written = call.bias_axis, call.written_over
    if axis is not None:
        return _added(lambda whole: _biased(call.operands[0], axis, device, whole))
    if written is not None:
        return _added(lambda whole: _written_over(call, written, device, whole))
    program, operands = _program_of(call, device)
    return program.seconds(program.apply(call.op, operands, dict(call.attrs)), device)


def _added(seconds: Callable[[bool], float]) -> float:
    """What the second of two calls adds to the first."""
    return max(seconds(True) - seconds(False), 0.0)


def _program_of(call: Call, device: str) -> tuple[_Program, list[SSAValue]]:
    """A program that has the call's operands, numbers made in it and others as arguments."""
    pairs = list(zip(call.operands, call.layouts, strict=True))
    given = [(x, layout) for x, layout in pairs if layout.splat is None]
    high = _index_bound(call)
    inputs = [_draw(x, layout, high, device) for x, layout in given]
    program = _Program([x for x, _ in given], inputs)
    arguments = iter(program.values)
    operands = [
        next(arguments)
        if layout.splat is None
        else program.apply("constant", [], splat_constant(layout.splat, x))[0]
        for x, layout in pairs
    ]
    return program, operands


def _written_over(call: Call, written: int, device: str, whole: bool) -> float:
    program, operands = _program_of(call, device)
    unary = "not" if call.operands[written].dtype == "i1" else "neg"
    made = program.apply(unary, [operands[written]], {})
    if whole:
        operands[written] = made[0]
        made = program.apply(call.op, operands, dict(call.attrs))
    return program.seconds(made, device)


def _biased(spec: TensorSpec, axis: int, device: str, whole: bool) -> float:
    """A product, or a convolution of single pixels, whose result is `spec`."""
    if axis == spec.rank - 1:
        op, attrs = "matmul", {}
        shapes = [(*spec.shape[:-1], INNER), (INNER, spec.shape[-1])]
    else:
        n, channels, *image = spec.shape
        op, attrs = "conv2d", POINTWISE
        shapes = [(n, INNER, *image), (channels, INNER, 1, 1)]
    specs = [spec.with_shape(shape) for shape in (*shapes, (spec.shape[axis],))]
    program = _Program(specs, [_dense(x, device) for x in specs])
    *factors, bias = program.values
    made = program.apply(op, factors, attrs)
    if whole:
        row = program.apply("broadcast", [bias], {"dims": (axis,), "shape": spec.shape})
        made = program.apply("add", [*made, *row], {})
    return program.seconds(made, device)


def _seconds(call: Contender, device: str) -> float:
    sample = sampler(device)
    with torch.no_grad():
        call()
        fastest = min(sample(call, 1) for _ in range(2))
        repeats = max(1, round(SAMPLE / max(fastest, 1e-9)))
        return min(sample(call, repeats) / repeats for _ in range(SAMPLES))


def _index_bound(call: Call) -> int:
    """Integers are below it: what a gather takes are rows of its table."""
    if call.op != "gather":
        return 2
    return max(call.operands[0].shape[get_int(dict(call.attrs), "axis")], 1)


def _draw(spec: TensorSpec, layout: Layout, high: int, device: str) -> torch.Tensor:
    """A tensor whose elements lie as the layout says. Floats are in [0.1, 1.1)."""
    reach = 1 + sum((n - 1) * step for n, step in zip(spec.shape, layout.strides, strict=True))
    if 0 in spec.shape:
        reach = 1
    memory = _dense(spec.with_shape([reach]), device, high)
    return memory.as_strided(spec.shape, layout.strides)


def _dense(spec: TensorSpec, device: str, high: int = 2) -> torch.Tensor:
    dtype = _TORCH_DTYPES[spec.dtype]
    if not dtype.is_floating_point:
        return torch.randint(high, spec.shape, device=device).to(dtype)
    return (torch.rand(spec.shape, device=device) + 0.1).to(dtype)


_TORCH_DTYPES = {
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "f32": torch.float32,
    "f64": torch.float64,
    "i1": torch.bool,
    "i32": torch.int32,
    "i64": torch.int64,
}
