"""Lowers `taso` to linalg, and runs that in upstream MLIR beside the NumPy meaning."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from support.mlir_jit import run_linalg
from xdsl.context import Context
from xdsl.dialects import arith, builtin, cf, func, math, scf, tensor
from xdsl.dialects.linalg import Linalg
from xdsl.ir import Block, Region
from xdsl.parser import Parser

from taso.dialects.interpret import interpret
from taso.dialects.spec import AttrValue, TensorSpec, numpy_dtype, tensor_type
from taso.dialects.taso import OPS, Taso
from taso.lowering.convert_taso_to_linalg import ConvertTasoToLinalgPass

# One rounding to nearest is at most half of this, relative; sums in f32 and f64 add some.
TOLERANCE = {"f16": 5e-4, "bf16": 4e-3, "f32": 2e-6, "f64": 1e-13}


def context() -> Context:
    """What the lowering reads and writes, and control flow, which it refuses."""
    made = Context()
    upstream = (arith.Arith, builtin.Builtin, cf.Cf, func.Func, math.Math, scf.Scf, tensor.Tensor)
    for dialect in (*upstream, Linalg, Taso):
        made.load_dialect(dialect)
    return made


def parse(text: str) -> builtin.ModuleOp:
    """A verified module."""
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def lowered(module: builtin.ModuleOp) -> builtin.ModuleOp:
    """A verified copy in linalg, which reads back as it is printed."""
    copy = module.clone()
    ConvertTasoToLinalgPass().apply(context(), copy)
    copy.verify()
    assert parse(str(copy)).is_structurally_equivalent(copy)
    return copy


def main_of(module: builtin.ModuleOp) -> func.FuncOp:
    """The module's function `@main`."""
    (main,) = (f for f in module.ops if isinstance(f, func.FuncOp) and f.sym_name.data == "main")
    return main


class OpCase(NamedTuple):
    """An op, by its name without the dialect, on operands of these types."""

    name: str
    operands: Sequence[TensorSpec]
    attrs: Mapping[str, AttrValue]


def module_of(cases: Sequence[OpCase]) -> builtin.ModuleOp:
    """A module whose `@main` takes the operands of all ops and gives their results."""
    block = Block(arg_types=[tensor_type(t) for case in cases for t in case.operands])
    args = iter(block.args)
    ops = [
        OPS[name].create_op([next(args) for _ in operands], attrs)
        for name, operands, attrs in cases
    ]
    end = func.ReturnOp(*(result for op in ops for result in op.results))
    block.add_ops([*ops, end])
    types = (block.arg_types, end.operand_types)
    module = builtin.ModuleOp([func.FuncOp("main", types, Region(block))])
    module.verify()
    return module


def random_inputs(
    operands: Sequence[TensorSpec], rng: np.random.Generator, *, positive: bool = False
) -> list[np.ndarray]:
    """Floats of either sign (or `positive`) in ±[0.3, 2), integers in [-9, 9], booleans.

    No product or quotient of two such floats is subnormal in f16.
    """

    def draw(t: TensorSpec) -> np.ndarray:
        if t.dtype == "i1":
            array = rng.integers(0, 2, t.shape)
        elif not t.is_float:
            array = rng.integers(-9, 10, t.shape)
        else:
            sign = 1 if positive else rng.choice([-1, 1], t.shape)
            array = sign * rng.uniform(0.3, 2, t.shape)
        return np.asarray(array).astype(numpy_dtype(t.dtype))

    return [draw(t) for t in operands]


def assert_close(got: np.ndarray, want: np.ndarray, tolerance: float) -> None:
    """Equal shape, type, integers, inf and NaN; else ‖got - want‖ within tolerance · ‖want‖."""
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    if want.dtype.kind in "bi":
        np.testing.assert_array_equal(got, want)
        return
    a, b = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(b)
    np.testing.assert_array_equal(a[~finite], b[~finite])
    a, b = a[finite], b[finite]
    largest = np.max(np.abs(b), initial=0.0) or 1.0  # norms must not overflow
    error, scale = np.linalg.norm(a / largest - b / largest), np.linalg.norm(b / largest)
    assert error <= tolerance * scale, f"error {error}, scale {scale}"


def check(
    module: builtin.ModuleOp, inputs: Sequence[np.ndarray], *, exact: bool = False
) -> builtin.ModuleOp:
    """Hold `@main` in linalg against its meaning; gives the lowered module."""
    result = lowered(module)
    got = run_linalg(str(result), inputs)
    tolerances = {} if exact else {numpy_dtype(d): t for d, t in TOLERANCE.items()}
    for g, w in zip(got, interpret(main_of(module), inputs), strict=True):
        assert_close(g, w, tolerances.get(w.dtype, 0.0))
    return result
