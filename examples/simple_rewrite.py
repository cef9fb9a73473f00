"""A@B + A@C needs two matrix products; A@(B + C) needs one. Let taso find that out.

python examples/simple_rewrite.py
"""

import torch
from torch import Tensor

import taso
from taso.lowering.measure import measure


def program(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a @ b + a @ c


# Build: the program, and inputs that say which shapes it is for.
inputs = torch.randn(1024, 512), torch.randn(512, 256), torch.randn(512, 256)

# Optimise: find the cheapest equal program, and generate code for it.
optimized = taso.compile(program, inputs)
print(optimized.graph)
print(optimized.report())

# Check: on other inputs, against float64.
fresh = [torch.randn_like(x) for x in inputs]
exact = program(*(x.double() for x in fresh))
error = (optimized(*fresh) - exact).norm() / exact.norm()
print(f"relative error against float64: {error:.1e}")
assert error < 1e-5

# Time: both in turns, on this machine.
times = measure({"before": lambda: program(*inputs), "after": lambda: optimized(*inputs)})
before, after = times["before"].median, times["after"].median
print(
    f"{before * 1e3:.2f} ms before, {after * 1e3:.2f} ms after: {before / after:.2f} times faster"
)
