"""Convolutions, pools and pads as torch source: one call each, a bias with its convolution."""

import re

import pytest
from support.ir import find_function, parse_module, random_inputs
from support.torch_source import check_torch
from xdsl.dialects.builtin import ModuleOp

from taso.lowering.runtime import lower
from taso.lowering.torch_source import torch_source
from taso.lowering.torch_source.types import TorchSourceError


def check_text(text: str) -> list[str]:
    """Hold a program against its meaning; the lines of its `main`."""
    module = parse_module(text)
    check_torch(module, random_inputs(find_function(module), 7), accumulated=True)
    return main_of(module)


def main_of(module: ModuleOp) -> list[str]:
    match = re.search(r"^def main\(.*?\):\n((?:    .*\n)+)", torch_source(lower(module)), re.M)
    assert match is not None
    return [line.strip() for line in match[1].splitlines()]


BIASED = """
    func.func @main(%x: tensor<2x3x6x5xDT>, %w: tensor<4x3x3x2xDT>, %b: tensor<4xDT>)
        -> tensor<2x4x4x4xDT> {
      %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1
        : tensor<2x3x6x5xDT>, tensor<4x3x3x2xDT> -> tensor<2x4x4x4xDT>
      %bb = taso.broadcast %b, dims = [1] : tensor<4xDT> -> tensor<2x4x4x4xDT>
      %s = taso.add %bb, %c : tensor<2x4x4x4xDT>
      %r = taso.relu %s : tensor<2x4x4x4xDT>
      func.return %r : tensor<2x4x4x4xDT>
    }"""


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
def test_a_bias_goes_into_the_call(dtype: str) -> None:
    lines = check_text(BIASED.replace("DT", dtype))
    assert lines == ["s = torch.conv2d(x, w, b)", "s.relu_()", "return s"]


def test_a_vector_along_another_axis_is_no_bias() -> None:
    lines = check_text(BIASED.replace("DT", "f32").replace("dims = [1]", "dims = [2]"))
    assert lines[0] == "c = torch.conv2d(x, w)"


def test_a_convolution_with_two_readers_keeps_its_own_value() -> None:
    lines = check_text(BIASED.replace("DT", "f32").replace("taso.relu %s", "taso.mul %s, %c"))
    assert lines[0] == "c = torch.conv2d(x, w)"


def test_what_torch_takes_by_itself_is_not_written() -> None:
    text = """
        func.func @main(%x: tensor<2x4x9x7xf32>, %w: tensor<6x2x3x2xf32>) -> tensor<2x6x2x3xf32> {
          %c = taso.conv2d %x, %w, stride = [2, 1], padding = [1, 0], dilation = [1, 3], groups = 2
            : tensor<2x4x9x7xf32>, tensor<6x2x3x2xf32> -> tensor<2x6x5x4xf32>
          %m = taso.max_pool2d %c, kernel = [2, 2], stride = [2, 2], padding = [0, 0],
            dilation = [1, 1] : tensor<2x6x5x4xf32> -> tensor<2x6x2x2xf32>
          %p = taso.pad %m, low = [0, 0, 1, 0], high = [0, 0, 0, 2], value = 0.5
            : tensor<2x6x2x2xf32> -> tensor<2x6x3x4xf32>
          %a = taso.avg_pool2d %p, kernel = [2, 2], stride = [1, 1], padding = [0, 0],
            count_include_pad = true : tensor<2x6x3x4xf32> -> tensor<2x6x2x3xf32>
          func.return %a : tensor<2x6x2x3xf32>
        }"""
    calls = [line for line in check_text(text) if not line.startswith("del")]
    assert calls == [
        "c = torch.conv2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 3), groups=2)",
        "m = torch.max_pool2d(c, (2, 2))",
        "p = torch.nn.functional.pad(m, (0, 2, 1, 0), value=0.5)",
        "return torch.nn.functional.avg_pool2d(p, (2, 2), stride=(1, 1))",
    ]


@pytest.mark.parametrize(
    "written, tampered",
    [
        ("arith.mulf", "arith.addf"),
        ("padding = array<i64: 0, 0>", "padding = array<i64: 1, 1>"),
    ],
)
def test_a_stale_record_is_refused(written: str, tampered: str) -> None:
    """Torch has no call for windows but those of the ops: none is guessed."""
    lowered = str(lower(parse_module(BIASED.replace("DT", "f32"))))
    assert written in lowered
    stale = parse_module(lowered.replace(written, tampered))
    with pytest.raises(TorchSourceError, match="is no projected permutation"):
        torch_source(stale)


def test_a_slice_put_into_values_is_refused() -> None:
    text = """
        func.func @main(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
          %0 = tensor.insert_slice %x into %y[1] [2] [1] : tensor<2xf32> into tensor<3xf32>
          func.return %0 : tensor<3xf32>
        }"""
    with pytest.raises(TorchSourceError, match="something else than a fill"):
        torch_source(parse_module(text))
