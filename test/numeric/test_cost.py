"""The cost model against formulas by hand, and programs in both of their forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.ir import find_function, parse_module
from xdsl.dialects import func

from taso.dialects.base import TensorSpec
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.search.convert import from_selection, origin_choice, to_egraph
from taso.passes.search.cost import VIEW_SECONDS, CostModel
from taso.passes.search.devices import CPU, DEVICES, H200, Device, device_named
from taso.passes.search.extract import extract, function_cost, selection_cost
from taso.passes.search.saturate import Limits, saturate
from taso.passes.statistics import statistics

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.mlir"))


def parse_function(text: str) -> func.FuncOp:
    return find_function(parse_module(text))


def cost(device: str, body: str) -> float:
    return function_cost(parse_function(body), CostModel(DEVICES[device]))


CHAIN = """
func.func @main(%x: tensor<300x200xf32>, %y: tensor<300x200xf32>) -> tensor<300x200xf32> {
  %e = taso.exp %x : tensor<300x200xf32>
  %s = taso.add %e, %y : tensor<300x200xf32>
  func.return %s : tensor<300x200xf32>
}
"""


def test_a_fused_chain_loads_its_inputs_and_stores_its_result() -> None:
    moved = 3 * 4 * 300 * 200 / H200.bandwidth
    arithmetic = 2 * 300 * 200 / H200.vector_rate
    assert cost("h200", CHAIN) == pytest.approx(H200.launch + moved + arithmetic, rel=1e-12)


def test_calls_read_and_write_memory_each() -> None:
    moved = (2 + 3) * 4 * 300 * 200 / CPU.bandwidth
    assert cost("cpu", CHAIN) == pytest.approx(2 * CPU.launch + moved, rel=1e-12)


EPILOGUE = """
func.func @main(
    %x: tensor<64x96xf16>, %w: tensor<96x32xf16>, %b: tensor<32xf16>) -> tensor<64x32xf16> {
  %m = taso.matmul %x, %w : tensor<64x96xf16>, tensor<96x32xf16> -> tensor<64x32xf16>
  %r = taso.broadcast %b, dims = [1] : tensor<32xf16> -> tensor<64x32xf16>
  %s = taso.OP
  func.return %s : tensor<64x32xf16>
}
"""


def test_an_epilogue_is_free_of_the_way_through_memory_and_a_row_op_is_not() -> None:
    moved = 2 * 64 * 32 / H200.bandwidth
    added = cost("h200", EPILOGUE.replace("OP", "add %m, %r : tensor<64x32xf16>"))
    bare = cost(
        "h200", EPILOGUE.replace("OP", "reshape %m : tensor<64x32xf16> -> tensor<64x32xf16>")
    )
    softmax = "softmax %m, axis = 1 : tensor<64x32xf16> -> tensor<64x32xf16>"
    normed = cost("h200", EPILOGUE.replace("OP", softmax))
    bias = 2 * 32 / H200.bandwidth
    assert added - bare == pytest.approx(bias + 64 * 32 / H200.vector_rate, rel=1e-3)
    way = H200.launch + 2 * moved
    assert normed - bare == pytest.approx(way + 5 * 64 * 32 / H200.vector_rate, rel=1e-3)


SUM_OF_PRODUCTS = """
func.func @main(%x: tensor<64x96xf16>, %v: tensor<96x32xf16>, %w: tensor<96x32xf16>)
    -> tensor<64x32xf16> {
  %m = taso.matmul %x, %v : tensor<64x96xf16>, tensor<96x32xf16> -> tensor<64x32xf16>
  %n = taso.matmul %x, %w : tensor<64x96xf16>, tensor<96x32xf16> -> tensor<64x32xf16>
  %a = taso.tanh %m : tensor<64x32xf16>
  %b = taso.tanh %n : tensor<64x32xf16>
  %s = taso.add %a, %b : tensor<64x32xf16>
  func.return %RESULT : tensor<64x32xf16>
}
"""


def test_each_product_of_a_sum_takes_a_launch() -> None:
    """A kernel holds one contraction: all gates of a recurrent cell seemed to cost one launch."""
    stored = 2 * 64 * 32 / H200.bandwidth
    product = cost("h200", SUM_OF_PRODUCTS.replace("RESULT", "m")) - stored
    arithmetic = 3 * 64 * 32 / H200.vector_rate
    assert product > H200.launch
    both = cost("h200", SUM_OF_PRODUCTS.replace("RESULT", "s"))
    assert both == pytest.approx(2 * product + arithmetic + stored, rel=1e-9)


def test_a_product_is_bound_by_flops_or_by_bytes() -> None:
    square = 2 * 2048**3 / (775e12 * (2048 / (2048 + 128)) ** 3)
    body = """
    func.func @main(%a: tensor<2048x2048xf16>, %b: tensor<2048xNxf16>) -> tensor<2048xNxf16> {
      %c = taso.matmul %a, %b : tensor<2048x2048xf16>, tensor<2048xNxf16> -> tensor<2048xNxf16>
      func.return %c : tensor<2048xNxf16>
    }
    """
    stored = H200.launch + 2 * 2048 * 2048 / H200.bandwidth
    found = cost("h200", body.replace("N", "2048").replace("Nx", "2048x"))
    assert found == pytest.approx(square + stored, rel=1e-9)
    vector = 2 * (2048 * 2048 + 2048 + 2048) / H200.bandwidth + H200.launch
    assert cost("h200", body.replace("N", "1")) == pytest.approx(vector, rel=1e-9)


CONVOLUTION = """
func.func @main(%x: tensor<4x6x9x8xf32>, %w: tensor<10x3x3x2xf32>) -> tensor<4x10x4x7xf32> {
  %y = taso.conv2d %x, %w, stride = [2, 1], padding = [0, 0], dilation = [1, 1], groups = 2
    : tensor<4x6x9x8xf32>, tensor<10x3x3x2xf32> -> tensor<4x10x4x7xf32>
  func.return %y : tensor<4x10x4x7xf32>
}
"""


@pytest.mark.parametrize("device", DEVICES.values(), ids=lambda device: device.name)
def test_a_convolution_is_a_call_at_the_rate_of_the_product_that_it_is(device: Device) -> None:
    windows, outputs, weights = 4 * 4 * 7, 5, 3 * 3 * 2
    flops = 2 * windows * 10 * weights
    assert statistics(parse_function(CONVOLUTION), device).flops == flops
    moved = 4 * (4 * 6 * 9 * 8 + 10 * weights + windows * 10) / device.bandwidth
    arithmetic = flops / device.matmul_rate("f32", (windows, outputs, weights))
    expected = device.launch + max(arithmetic, moved)
    assert cost(device.name, CONVOLUTION) == pytest.approx(expected, rel=1e-12)


def test_column_statistics_take_a_pass_more_than_row_statistics() -> None:
    body = """
    func.func @main(%x: tensor<512x512xf32>) -> tensor<512x512xf32> {
      %s = taso.softmax %x, axis = A : tensor<512x512xf32> -> tensor<512x512xf32>
      func.return %s : tensor<512x512xf32>
    }
    """
    columns, rows = (cost("h200", body.replace("A", axis)) for axis in "01")
    assert columns - rows == pytest.approx(H200.launch + 4 * 512 * 512 / H200.bandwidth, rel=1e-9)


@pytest.mark.parametrize("device", DEVICES.values(), ids=lambda device: device.name)
def test_what_is_prepared_costs_next_to_nothing(device: Device) -> None:
    body = """
    func.func @main(%x: tensor<64x64xf32>, %w: tensor<64x64xf32> ATTR) -> tensor<64x64xf32> {
      %e = taso.exp %w : tensor<64x64xf32>
      %s = taso.matmul %x, %USED : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
      func.return %s : tensor<64x64xf32>
    }
    """
    bare = cost(device.name, body.replace("USED", "w").replace("ATTR", ""))
    paid = cost(device.name, body.replace("USED", "e").replace("ATTR", ""))
    prepared = cost(device.name, body.replace("USED", "e").replace("ATTR", "{taso.param}"))
    assert paid - bare >= device.launch
    assert 0 < prepared - bare < 1e-9


def test_a_gather_does_not_read_its_table() -> None:
    body = """
    func.func @main(%t: tensor<VOCABx64xf32>, %i: tensor<10xi64>) -> tensor<10x64xf32> {
      %r = taso.gather %t, %i, axis = 0 : tensor<VOCABx64xf32>, tensor<10xi64> -> tensor<10x64xf32>
      func.return %r : tensor<10x64xf32>
    }
    """
    moved = (2 * 4 * 10 * 64 + 8 * 10) / CPU.bandwidth
    for size in ("100", "30000"):
        assert cost("cpu", body.replace("VOCAB", size)) == pytest.approx(CPU.launch + moved)


ATTENTION = """
func.func @main(%q: TQ, %k: TQ, %v: TQ, %m: TS) -> TQ {
  %t = taso.transpose %k, perm = [0, 2, 1] : TQ -> tensor<12x64x128xf32>
  %s = taso.matmul %q, %t : TQ, tensor<12x64x128xf32> -> TS
  %c = taso.constant 0.125 : TS
  %d = taso.mul %s, %c : TS
  %a = taso.add %d, %m : TS
  %p = taso.softmax %a, axis = 2 : TS -> TS
  %r = taso.matmul %p, %v : TS, TQ -> TQ
  func.return %r : TQ
}
"""


@pytest.mark.parametrize("device", ["cpu", "h200-calls", "h200"])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_cheaper_than_its_parts(masked: bool, device: str) -> None:
    text = ATTENTION.replace("TQ", "tensor<12x128x64xf32>").replace("TS", "tensor<12x128x128xf32>")
    if not masked:
        text = text.replace("%a = taso.add %d, %m : tensor<12x128x128xf32>\n", "\n")
        text = text.replace("softmax %a", "softmax %d")
    function = parse_function(text)
    graph, roots = to_egraph(function)
    origin = origin_choice(graph, roots)
    saturate(graph, list(RULES.values()), Limits())
    selection = extract(graph, roots, CostModel(DEVICES[device]), origin=origin)
    from_selection(function, graph, roots, selection)
    ops = [op.name for op in function.walk() if op.name.startswith("taso.")]
    assert ops == ["taso.attention"]


def test_views_break_ties() -> None:
    body = """
    func.func @main(%x: tensor<6x4xf32>) -> tensor<4x6xf32> {
      %t = taso.transpose %x, perm = [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
      func.return %t : tensor<4x6xf32>
    }
    """
    assert cost("cpu", body) == VIEW_SECONDS


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_selection_costs_what_its_function_costs(example: Path, device: str) -> None:
    model = CostModel(DEVICES[device])
    function, given = (parse_function(example.read_text()) for _ in range(2))
    graph, roots = to_egraph(function)
    origin = origin_choice(graph, roots)
    before = selection_cost(graph, roots, origin, model)
    assert before <= function_cost(function, model) * (1 + 1e-9)  # equal ops are one there
    saturate(graph, [*RULES.values(), *FAMILIES.values()], Limits())
    selection = extract(graph, roots, model, origin=origin)
    from_selection(function, graph, roots, selection)
    assert function_cost(function, model, given=given) == pytest.approx(selection.cost, rel=1e-9)
    assert selection.cost <= before


def test_unknown_device() -> None:
    with pytest.raises(ValueError, match="unknown device 'abacus', expected one of cpu, h200"):
        device_named("abacus")


def test_element_types_without_a_rate_take_that_of_float32() -> None:
    assert CPU.matmul_rate("i32", (64, 64, 64)) == CPU.matmul_rate("f32", (64, 64, 64))
    assert TensorSpec((2,), "i32").bytes == 8
