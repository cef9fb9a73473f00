"""Cases of ops by element type, on random inputs and on given ones."""

from typing import Any

import numpy as np
from support.linalg import OpCase, check, module_of, random_inputs

from taso.dialects.spec import TensorSpec, numpy_dtype

FLOATS = ["f16", "bf16", "f32", "f64"]
INTEGERS = ["i32", "i64"]
NUMBERS = [*FLOATS, *INTEGERS]
ALL = [*NUMBERS, "i1"]

Shape = tuple[int, ...]
Case = tuple[str, list[Shape], dict[str, Any]]


def check_random(dtype: str, cases: list[Case], *, positive: bool = False) -> None:
    """Check all cases, in one module, on random inputs of one element type."""
    typed = [
        OpCase(name, [TensorSpec(shape, dtype) for shape in shapes], attrs)
        for name, shapes, attrs in cases
    ]
    specs = [t for case in typed for t in case.operands]
    inputs = random_inputs(specs, np.random.default_rng(), positive=positive)
    check(module_of(typed), inputs)


def check_arrays(name: str, arrays: list[np.ndarray], dtype: str, /, **attrs: Any) -> None:
    """Check one op on the given values."""
    with np.errstate(over="ignore"):
        inputs = [array.astype(numpy_dtype(dtype)) for array in arrays]
    specs = [TensorSpec(array.shape, dtype) for array in arrays]
    check(module_of([OpCase(name, specs, attrs)]), inputs)
