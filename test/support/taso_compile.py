"""Compiled programs for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import torch
from support.ir import parse_module
from torch import Tensor
from torch.utils import _pytree as pytree

import taso
from taso.dialects.base import spec_of
from taso.frontends import compile as frontend
from taso.frontends.build import main_of
from taso.frontends.compile import CompiledProgram
from taso.frontends.interface import OutputLeaf, Write
from taso.frontends.output_memory import Expected
from taso.frontends.torch_export import ImportedProgram

M, K, N = 5, 4, 3


def distributivity(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a @ b + a @ c


def inputs(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """Fresh inputs of `distributivity`."""
    a, b, c = (torch.randn(s).to(dtype) for s in ((M, K), (K, N), (K, N)))
    return a, b, c


def close(given: Tensor, expected: Tensor, tolerance: float = 1e-5) -> bool:
    """Equal in shape and element type, and in value up to rounding."""
    assert (given.shape, given.dtype) == (expected.shape, expected.dtype)
    if not expected.is_floating_point():
        return bool((given == expected).all())
    return bool((given - expected).norm() <= tolerance * expected.norm())


def compiled_by_hand(
    text: str,
    example: Sequence[Any],
    states: Mapping[str, Tensor],
    parameters: Mapping[str, Tensor],
    outputs: Sequence[OutputLeaf],
    writes: Sequence[Write] = (),
) -> CompiledProgram:
    """A program of IR that is called with tensors and returns a tuple.

    The parameters are held by a function's closure.
    """
    module = parse_module(text)
    inputs = [spec_of(a) for a in main_of(module).body.block.args][: len(example)]
    input_tree = pytree.tree_structure((tuple(example), {}))
    output_tree = pytree.tree_structure((0,) * len(outputs))
    count = len(inputs) + len(states) + len(parameters)
    returned = len(main_of(module).function_type.outputs)
    results = [Expected(count + i, None, False) for i in range(returned)]
    imported = ImportedProgram(
        module,
        inputs,
        states,
        parameters,
        input_tree,
        {},
        output_tree,
        outputs,
        writes,
        range(count),
        results,
    )
    held = (*states.values(), *parameters.values())

    def program(*args: Any) -> Any:
        raise AssertionError(f"the program runs on {args}, {held}")

    with mock.patch.object(frontend, "import_program", return_value=imported):
        return taso.compile(program, example)
