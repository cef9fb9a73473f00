"""Runs a function of `taso` ops in NumPy: the reference that everything is held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from taso.dialects.base import Array, TasoOp, narrow, widen
from taso.dialects.elementwise import CastOp
from taso.dialects.kernel import KernelOp, YieldOp


def interpret(function: func.FuncOp, inputs: Sequence[Array], *, wide: bool = False) -> list[Array]:
    """The function's results for `inputs` (an array an argument, of its shape and dtype).

    Each op computes in float64 (integers: int64) and its results are rounded to their types.
    With `wide`, floats stay float64 between ops: the reference against which errors of every
    element type are measured. Raises TypeError on an op without a meaning.
    """
    return _run_block(function.body.block, [np.asarray(a) for a in inputs], wide)


def _run_block(block: Block, inputs: Sequence[Array], wide: bool) -> list[Array]:
    env: dict[SSAValue, Array] = {}
    for arg, array in zip(block.args, inputs, strict=True):
        env[arg] = widen(array) if wide else array
    for op in block.ops:
        operands = [env[v] for v in op.operands]
        match op:
            case func.ReturnOp() | YieldOp():
                return operands
            case KernelOp():
                results = _run_block(op.body.block, operands, wide)
            case TasoOp() if wide:
                results = _evaluate_wide(op, operands)
            case TasoOp():
                results = op.reference(*operands)
            case _:
                raise TypeError(f"{op.name} has no NumPy meaning")
        env.update(zip(op.results, results, strict=True))
    raise TypeError("the block has no terminator")


def _evaluate_wide(op: TasoOp, operands: Sequence[Array]) -> list[Array]:
    specs = op.result_specs()
    if isinstance(op, CastOp) and specs[0].is_float:
        return [operands[0].astype(np.float64)]
    results = type(op).evaluate([widen(a) for a in operands], op.attrs())
    # Rounding to an integer or boolean type is part of a meaning, to a float is error.
    return [
        widen(r) if t.is_float else widen(narrow(r, t.dtype))
        for r, t in zip(results, specs, strict=True)
    ]
