"""Counts of the example programs, before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.ir import find_function, parse_module
from xdsl.context import Context

from taso.dialects.kernel import KernelOp
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass
from taso.passes.search.devices import CPU, DEVICES, H200
from taso.passes.statistics import Statistics, launches, statistics

EXAMPLES = Path(__file__).parents[2] / "examples"


def before_and_after(name: str, device: str) -> tuple[Statistics, Statistics, int]:
    """Counts of an example as given and as optimised, and the kernels then."""
    module = parse_module((EXAMPLES / f"{name}.mlir").read_text())
    before = statistics(find_function(module), DEVICES[device])
    for each in (OptimizePass(device), HoistParamsPass(), FormKernelsPass(device)):
        each.apply(Context(), module)
        module.verify()
    main = find_function(module)
    kernels = sum(isinstance(op, KernelOp) for op in main.body.block.ops)
    return before, statistics(main, DEVICES[device]), kernels


@pytest.mark.parametrize("device", DEVICES)
def test_distributivity(device: str) -> None:
    before, after, _ = before_and_after("distributivity", device)
    assert (before.flops, after.flops) == (537_133_056, 268_566_528)
    assert (before.intermediate_elements, after.intermediate_elements) == (524_288, 131_072)
    assert (before.intermediate_bytes, after.intermediate_bytes) == (4 * 524_288, 4 * 131_072)
    assert (before.ops, after.ops) == (3, 2)


@pytest.mark.parametrize("device", DEVICES)
def test_matrix_chain(device: str) -> None:
    before, after, _ = before_and_after("matrix_chain", device)
    assert (before.flops, after.flops) == (40_020_000, 60_000)
    assert (before.largest_intermediate, after.largest_intermediate) == (1_000_000, 1_000)


@pytest.mark.parametrize("name, expected", [("softmax", 1), ("batch_norm_relu", 2)])
def test_one_kernel(name: str, expected: int) -> None:
    for device in DEVICES:
        _, after, kernels = before_and_after(name, device)
        assert kernels == 1
        assert after.intermediate_elements == 0
        if device == "h200":
            assert after.launches == expected


def test_common_subexpression() -> None:
    _, after, kernels = before_and_after("common_subexpression", "h200")
    assert (after.launches, kernels, after.intermediate_elements) == (1, 1, 0)
    _, after, kernels = before_and_after("common_subexpression", "cpu")
    assert (after.launches, kernels, after.intermediate_elements) == (3, 0, 262_144)


KERNELS = """
func.func @main(%x: tensor<6x4xf32>) -> (tensor<4x6xf32>, tensor<4xf32>) {
  %two = taso.constant 2.0 : tensor<6x4xf32>
  %k = taso.kernel(%y = %x : tensor<6x4xf32>, %t = %two : tensor<6x4xf32>) -> tensor<6x4xf32> {
    %m = taso.mul %y, %t : tensor<6x4xf32>
    %e = taso.exp %m : tensor<6x4xf32>
    taso.yield %e : tensor<6x4xf32>
  }
  %n = taso.neg %k : tensor<6x4xf32>
  %r = taso.transpose %n, perm = [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
  %s = taso.reduce_sum %k, axes = [0] : tensor<6x4xf32> -> tensor<4xf32>
  func.return %r, %s : tensor<4x6xf32>, tensor<4xf32>
}
"""


def test_kernels_hide_what_is_inside_and_views_are_nothing() -> None:
    main = find_function(parse_module(KERNELS))
    assert launches(main, H200) == 3
    assert launches(main, CPU) == 4
    assert statistics(main, H200) == Statistics(
        ops=4,
        launches=3,
        flops=4 * 24,
        intermediate_bytes=96,
        intermediate_elements=24,
        largest_intermediate=24,
        peak_bytes=4 * (24 + 24 + 4),
    )
