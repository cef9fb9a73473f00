"""PyTorch's own samples of the ops that have a converter: forward, in every element type."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from support.torch_source import to_numpy, to_torch
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo
from torch.utils import _pytree as pytree
from xdsl.dialects import func

from taso.dialects.interpret import interpret
from taso.frontends.torch_export import import_program

NAMES = (
    "__radd__",
    "__rand__",
    "__rdiv__",
    "__rmul__",
    "__ror__",
    "__rpow__",
    "__rsub__",
    "__rxor__",
    "abs",
    "add",
    "bfloat16",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "bool",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "div_no_rounding_mode",
    "double",
    "eq",
    "erf",
    "exp",
    "float",
    "float_power",
    "ge",
    "gt",
    "half",
    "int",
    "le",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "long",
    "lt",
    "masked_fill",
    "max_binary",
    "maximum",
    "min_binary",
    "minimum",
    "mul",
    "ne",
    "neg",
    "nn_functional_gelu",
    "nn_functional_hardtanh",
    "nn_functional_leaky_relu",
    "nn_functional_relu",
    "nn_functional_relu6",
    "nn_functional_silu",
    "pow",
    "reciprocal",
    "rsqrt",
    "rsub",
    "sigmoid",
    "sin",
    "sqrt",
    "square",
    "sub",
    "tanh",
    "to",
    "where",
)
"""By `OpInfo.formatted_name`."""

TOLERANCE = {torch.float16: 5e-3, torch.bfloat16: 4e-2, torch.float32: 2e-5, torch.float64: 1e-9}
INTEGERS = (torch.int32, torch.int64)
DTYPES = (*TOLERANCE, *INTEGERS, torch.bool)
REFUSED = {
    "__rpow__": INTEGERS,  # a power of integers
    "nn_functional_hardtanh": INTEGERS,  # to bounds that are no integers
    "pow": INTEGERS,
}
INFOS: dict[str, OpInfo] = {op.formatted_name: op for op in op_db if op.formatted_name in NAMES}
CASES = [
    (name, dtype)
    for name in NAMES
    for dtype in DTYPES
    if dtype in INFOS[name].dtypes and dtype not in REFUSED.get(name, ())
]


def run_imported(program: Any, inputs: Sequence[Tensor]) -> Tensor:
    imported = import_program(program, inputs)
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    [result] = interpret(main, [to_numpy(t) for t in inputs])
    return to_torch(result)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{n}-{d}" for n, d in CASES])
def test_a_sample(name: str, dtype: torch.dtype) -> None:
    """One of them, another one in each run."""
    info = INFOS[name]
    sample = random.choice(list(info.sample_inputs("cpu", dtype)))
    leaves, tree = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]

    def program(*tensors: Tensor) -> Any:
        given = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            given[place] = tensor
        first, args, kwargs = pytree.tree_unflatten(given, tree)
        return info.op(first, *args, **kwargs)

    inputs = [leaves[i].contiguous() for i in places]
    expected, given = program(*inputs), run_imported(program, inputs)
    limit = TOLERANCE.get(expected.dtype, 0.0)
    torch.testing.assert_close(given, expected, rtol=limit, atol=limit, equal_nan=True)
