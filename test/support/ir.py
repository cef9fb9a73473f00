"""IR for tests: modules from text, and inputs for their functions."""

import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.universe import Universe

from taso.dialects.base import Array, TensorSpec, narrow, spec_of


def context() -> Context:
    """A context with every dialect that `taso-opt` has."""
    ctx = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        ctx.register_dialect(name, factory)
    return ctx


def parse_module(text: str) -> ModuleOp:
    """The verified module of a text. Raises ParseError or VerifyException."""
    module = Parser(context(), text, "test.mlir").parse_module()
    module.verify()
    return module


def find_function(module: ModuleOp, name: str = "main") -> func.FuncOp:
    """The function of this name. Raises StopIteration if there is none."""
    functions = (op for op in module.ops if isinstance(op, func.FuncOp))
    return next(f for f in functions if f.sym_name.data == name)


def random_array(spec: TensorSpec, rng: np.random.Generator) -> Array:
    """Normal floats, integers from -5 to 5, or booleans, of the type's NumPy dtype."""
    if spec.is_float:
        return narrow(rng.normal(size=spec.shape), spec.dtype)
    low, high = (0, 2) if spec.dtype == "i1" else (-5, 6)
    return narrow(rng.integers(low, high, spec.shape), spec.dtype)


def random_inputs(function: func.FuncOp, seed: int) -> list[Array]:
    """An array for each argument of a function of tensors; the same ones for a seed."""
    rng = np.random.default_rng(seed)
    return [random_array(spec_of(arg), rng) for arg in function.body.block.args]
