"""Views and reshapes of random shapes: what the lowering computes about indices."""

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.linalg import main_of, parse
from support.mlir_jit import run_linalg
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region

from taso.dialects.spec import TensorSpec, tensor_type
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.movement import reassociation
from taso.lowering.linalg.values import View

SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=4)


@st.composite
def factorings(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Two shapes of as many elements: the same factors, grouped twice."""
    factors = draw(st.lists(st.sampled_from([1, 2, 2, 3, 5]), min_size=1, max_size=6))

    def grouped() -> list[int]:
        cuts = draw(st.lists(st.integers(0, len(factors)), max_size=4).map(sorted))
        bounds = [0, *cuts, len(factors)]
        return [math.prod(factors[a:b]) for a, b in itertools.pairwise(bounds)]

    return grouped(), grouped()


@given(factorings())
def test_reassociation(shapes: tuple[list[int], list[int]]) -> None:
    """Runs of axes that cover both shapes, and hold equally many elements in pairs."""
    groups = reassociation(*shapes)
    for shape, runs in zip(shapes, groups, strict=True):
        assert [axis for run in runs for axis in run] == list(range(len(shape)))
    for left, right in zip(*groups, strict=True):
        sizes = [[shape[i] for i in run] for shape, run in zip(shapes, (left, right), strict=True)]
        assert math.prod(sizes[0]) == math.prod(sizes[1])


@given(SIZES, st.data())
@settings(max_examples=25, deadline=None)
def test_chains_of_views(shape: list[int], data: st.DataObject) -> None:
    """Any chain of transpositions and broadcasts is one view, and copies right."""
    array = np.random.default_rng().normal(size=shape)
    block = Block(arg_types=[tensor_type(TensorSpec(tuple(shape), "f64"))])
    view, expected = View.of(block.args[0]), array
    for _ in range(data.draw(st.integers(1, 3))):
        perm = data.draw(st.permutations(range(view.spec.rank)))
        view, expected = view.permute(perm), expected.transpose(perm)
        at = data.draw(st.integers(0, view.spec.rank))
        dims = [i + (i >= at) for i in range(view.spec.rank)]
        expected = np.stack([expected] * 2, axis=at)
        view = view.broadcast(dims, expected.shape)
    to = LinalgBuilder(block)
    to.insert(func.ReturnOp(to.tensor(view)))
    result_type = tensor_type(TensorSpec(expected.shape, "f64"))
    function = func.FuncOp("main", (block.arg_types, [result_type]), Region(block))
    module = parse(str(ModuleOp([function])))
    assert main_of(module).function_type == function.function_type
    (got,) = run_linalg(str(module), [array])
    np.testing.assert_array_equal(got, expected)
