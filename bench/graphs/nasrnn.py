"""NAS recurrent cell (Zoph and Le, Neural Architecture Search with Reinforcement Learning, 2017).

As TASO's benchmark has it (Jia et al., SOSP 2019): each step has weights of its own.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

GATES = 8
"""Pairs of products in a step; each shares its left operands with the others."""


def nasrnn(*, steps: int = 5, batch: int = 1, hidden: int = 512, dtype: str = "f32") -> ModuleOp:
    """`steps` inputs and a state, all [batch, hidden], to the last state."""
    to = GraphBuilder(dtype)
    inputs = [to.input(batch, hidden) for _ in range(steps)]
    state = to.input(batch, hidden)
    for x in inputs:
        state = _step(to, x, state)
    return to.module(state)


def _step(to: GraphBuilder, x: SSAValue, state: SSAValue) -> SSAValue:
    width = to.shape(state)[1]

    def gate() -> SSAValue:
        return to.add(to.linear(x, width, bias=False), to.linear(state, width, bias=False))

    def tanh(value: SSAValue) -> SSAValue:
        return to.apply("tanh", value)

    def sigmoid(value: SSAValue) -> SSAValue:
        return to.apply("sigmoid", value)

    t = [gate() for _ in range(GATES)]
    a = to.add(to.relu(t[0]), sigmoid(t[3]))
    b = to.add(sigmoid(t[1]), tanh(t[2]))
    c = to.mul(sigmoid(t[4]), tanh(t[5]))
    d = to.mul(sigmoid(t[6]), to.relu(t[7]))
    e = to.add(sigmoid(b), tanh(c))
    f = to.mul(tanh(a), tanh(d))
    return tanh(to.mul(tanh(e), tanh(f)))
