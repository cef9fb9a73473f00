"""Models by name, from PyTorch to generated code and run: as right as eager is in float32.

At their full size these tests take minutes: `make test-models`.
"""

import random
from functools import cache

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from taso.frontends.compile import CompiledProgram, compile
from taso.frontends.models import SIZES, NamedModel, model_names, named_model
from taso.frontends.torch_export import export, import_exported
from taso.tools.counts import native_ops
from taso.tools.reference import relative_error, tensors, wide_results

FACTOR = 2.0
"""Our error may be so many times eager's: sums in another order round differently."""
SLACK = 2.0**-24
"""Half a unit in the last place of float32, for outputs that eager gives exactly."""
NATIVE = 0.98

CASES = [
    pytest.param(name, size, marks=[pytest.mark.full_models] if size == "full" else [])
    for size in reversed(SIZES)
    for name in model_names()
]


@cache
def built(name: str, size: str) -> tuple[NamedModel, CompiledProgram]:
    model = named_model(name, size)
    return model, compile(model.module, model.example_inputs(seed=0))


def fresh_inputs(model: NamedModel) -> tuple[Tensor, ...]:
    seed = random.randrange(1 << 32)
    print(f"inputs of seed {seed}")
    return model.example_inputs(seed=seed)


@pytest.mark.parametrize("name, size", CASES)
def test_error_is_at_most_twice_that_of_eager(name: str, size: str) -> None:
    model, compiled = built(name, size)
    inputs = fresh_inputs(model)
    reference = wide_results(model.module, inputs)
    with torch.no_grad():
        eager = tensors(model.module(*inputs))
    for ours, theirs, exact in zip(tensors(compiled(*inputs)), eager, reference, strict=True):
        assert ours.dtype == theirs.dtype == torch.float32
        bound = FACTOR * relative_error(theirs, exact) + SLACK
        assert relative_error(ours, exact) <= bound < 1e-4


@pytest.mark.parametrize("name, size", CASES)
def test_outputs_have_the_structure_of_the_model(name: str, size: str) -> None:
    model, compiled = built(name, size)
    inputs = fresh_inputs(model)
    with torch.no_grad():
        expected, found = model.module(*inputs), compiled(*inputs)
    assert type(found) is type(expected)
    assert pytree.tree_structure(found) == pytree.tree_structure(expected)


@pytest.mark.parametrize("name, size", CASES)
def test_almost_all_ops_are_native(name: str, size: str) -> None:
    model = named_model(name, size)
    exported = export(model.module, model.example_inputs(seed=0), {})
    native, count = native_ops(import_exported(exported).module)
    print(f"{name}: {native} of {count} ops native")
    assert native >= NATIVE * count
