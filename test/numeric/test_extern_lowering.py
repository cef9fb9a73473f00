"""Opaque calls in linalg and in torch source: records, memory, and what they cost."""

import numpy as np
import pytest
import torch
from support.ir import find_function, parse_module, random_array
from support.torch_source import check_torch, program_of
from torch_mlir import ir
from xdsl.dialects import func
from xdsl.dialects.builtin import StringAttr

from taso.dialects.extern import ExternOp
from taso.dialects.spec import TensorSpec
from taso.lowering.linalg.functions import recorded_op
from taso.lowering.pipeline import lower
from taso.lowering.torch_source import torch_source
from taso.lowering.torch_source.types import TorchSourceError
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import DEVICES, Device
from taso.passes.search.extract import function_cost

MATRIX = TensorSpec((3, 4), "f32")
FLIP = 'overload = "aten.flip.default", arguments = "$0, [0]", random = false'
NO_DROPOUT = 'overload = "aten.dropout.default", arguments = "$0, 0.5, False", random = false'


def program(*lines: str, results: str) -> str:
    types = ", ".join([str(MATRIX)] * results.count("%"))
    body = "\n  ".join([*lines, f"func.return {results} : {types}"])
    return f"func.func @main(%x: {MATRIX}) -> ({types}) {{\n  {body}\n}}"


def flip(result: str, operand: str, attrs: str = FLIP) -> str:
    return f"%{result} = taso.extern %{operand}, {attrs} : {MATRIX} -> {MATRIX}"


def test_upstream_takes_the_declaration() -> None:
    text = str(lower(parse_module(program(flip("r", "x"), results="%r"))))
    with ir.Context():
        assert ir.Module.parse(text).operation.verify()


def test_a_declaration_records_the_call() -> None:
    declared = find_function(lower(parse_module(program(flip("r", "x"), results="%r"))), "extern_0")
    recorded = recorded_op(declared)
    assert recorded is not None
    assert recorded[0] is ExternOp
    assert recorded[1]["results"] == str(MATRIX)
    declared.attributes["taso.op"] = StringAttr("taso.softmax")
    assert recorded_op(declared) is None


def test_a_body_is_what_runs() -> None:
    """A record of a call on a function that has a body means nothing."""
    text = f"""
func.func @main(%x: {MATRIX}) -> {MATRIX} {{
  %r = func.call @f(%x) : ({MATRIX}) -> {MATRIX}
  func.return %r : {MATRIX}
}}
func.func private @f(%x: {MATRIX}) -> {MATRIX} attributes {{
  taso.op = "taso.extern",
  taso.attrs = {{overload = "aten.flip.default", arguments = "$0, [0]", random = false}}
}} {{
  func.return %x : {MATRIX}
}}"""
    x = torch.randn(3, 4)
    assert torch.equal(program_of(parse_module(text)).run([x])[0], x)


@pytest.mark.parametrize("record", ["", 'attributes {taso.op = "taso.extern"}'])
def test_a_declaration_without_a_record_is_refused(record: str) -> None:
    text = f"""
func.func @main(%x: {MATRIX}) -> {MATRIX} {{
  %r = func.call @f(%x) : ({MATRIX}) -> {MATRIX}
  func.return %r : {MATRIX}
}}
func.func private @f({MATRIX}) -> {MATRIX} {record}"""
    with pytest.raises(TorchSourceError, match="whose body is one block"):
        torch_source(parse_module(text))


def test_memory_that_a_call_may_share_is_not_overwritten() -> None:
    """Without training, dropout gives its operand itself, and its schema does not say so."""
    text = program(
        f"%e = taso.exp %x : {MATRIX}",
        flip("d", "e", NO_DROPOUT),
        f"%n = taso.neg %d : {MATRIX}",
        f"%r = taso.relu %e : {MATRIX}",
        flip("same", "x", NO_DROPOUT),
        f"%t = taso.tanh %same : {MATRIX}",
        results="%n, %e, %r, %t, %d",
    )
    check_torch(parse_module(text), [random_array(MATRIX, np.random.default_rng())])


def test_constants_do_not_leave_through_a_call() -> None:
    """Results can be changed in place; the constant stays."""
    text = program(
        '%c = taso.constant dense<"0x' + "0000803F00000040" * 6 + '"> : ' + str(MATRIX),
        flip("d", "c", NO_DROPOUT),
        results="%d",
    )
    run = program_of(parse_module(text)).run
    x = torch.randn(3, 4)
    (first,) = run([x])
    expected = first.clone()
    first.zero_()
    assert torch.equal(run([x])[0], expected)


def test_programs_without_inputs_run_on_the_default_device() -> None:
    attrs = 'overload = "aten.arange.default", arguments = "3", random = false'
    text = f"""
func.func @main() -> tensor<3xi64> {{
  %r = taso.extern {attrs} : -> tensor<3xi64>
  func.return %r : tensor<3xi64>
}}"""
    module = parse_module(text)
    assert "device=torch.get_default_device()" in torch_source(lower(module))
    assert program_of(module).run([])[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("device", DEVICES.values(), ids=lambda device: device.name)
def test_a_call_costs_a_launch_and_the_bytes_moved(device: Device) -> None:
    (function,) = parse_module(program(flip("r", "x"), results="%r")).ops
    assert isinstance(function, func.FuncOp)
    expected = device.launch + 2 * MATRIX.bytes / device.bandwidth + device.allocation(MATRIX.bytes)
    assert function_cost(function, CostModel(device)) == pytest.approx(expected)


def test_calls_are_no_part_of_a_kernel() -> None:
    """What is element-wise around a call is two kernels on any device: values are in memory."""
    lines = (f"%e = taso.exp %x : {MATRIX}", flip("r", "e"), f"%n = taso.neg %r : {MATRIX}")
    (function,) = parse_module(program(*lines, results="%n")).ops
    assert isinstance(function, func.FuncOp)
    h200 = DEVICES["h200"]
    assert function_cost(function, CostModel(h200)) > 3 * h200.launch
