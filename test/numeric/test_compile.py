"""`taso.compile`: calls like the program that it was made from, and what it tells."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.taso_compile import K, M, N, close, distributivity, inputs
from torch import Tensor, nn

import taso
from taso.frontends.torch_export import UnsupportedError


def test_function() -> None:
    compiled = taso.compile(distributivity, inputs())
    for _ in range(2):
        fresh = inputs()
        assert close(compiled(*fresh), distributivity(*fresh))


class Scaled:
    """An object that can be called, as a training harness may be."""

    def __init__(self) -> None:
        self.layer = nn.Sequential(nn.Linear(4, 3), nn.Dropout())
        self.factor = torch.randn(3)

    def __call__(self, x: Tensor) -> Tensor:
        return self.layer(x) * self.factor


@pytest.mark.parametrize("program_of", [lambda s: s, lambda s: s.__call__])
def test_callable_objects_and_their_methods(program_of: Callable[[Any], Any]) -> None:
    scaled, x = Scaled(), torch.randn(2, 4)
    scaled.layer.eval()
    compiled = taso.compile(program_of(scaled), x)
    assert close(compiled(x), scaled(x))
    scaled.layer[0] = nn.Linear(4, 3)
    scaled.factor.mul_(3)
    assert close(compiled(x), scaled(x))
    scaled.layer.train()
    torch.manual_seed(0)
    expected = scaled(x)
    torch.manual_seed(0)
    assert close(compiled(x), expected)


def test_a_compiled_program_can_be_compiled() -> None:
    inner = taso.compile(distributivity, inputs())
    given = inputs()
    assert close(taso.compile(inner, given)(*given), distributivity(*given))


def test_one_tensor_needs_no_tuple() -> None:
    x = torch.randn(3, 4)
    assert torch.equal(taso.compile(torch.relu, x)(x), torch.relu(x))


def test_exact_numerics_keep_every_bit() -> None:
    example = inputs(torch.float16)
    compiled = taso.compile(distributivity, example, numerics="exact")
    assert compiled.report().rules == ()
    fresh = inputs(torch.float16)
    assert torch.equal(compiled(*fresh), distributivity(*fresh))


def test_report() -> None:
    report = taso.compile(distributivity, inputs()).report()
    figures = report.as_dict()
    assert figures["flops_before"] == 2 * 2 * M * K * N + M * N
    assert figures["flops_after"] == 2 * M * K * N + K * N
    assert (figures["ops_before"], figures["ops_after"]) == (3, 2)
    assert figures["intermediate_bytes_before"] == 2 * 4 * M * N
    assert figures["intermediate_bytes_after"] == 4 * K * N
    assert figures["predicted_us_after"] < figures["predicted_us_before"]
    assert figures["rules"] == ["matmul-factor-left"]
    assert (figures["native_share"], figures["opaque"]) == (1.0, {})
    assert "matmul-factor-left" in str(report)
    assert f"{figures['flops_before']:,}" in str(report)


def test_report_names_opaque_ops() -> None:
    report = taso.compile(distributivity, inputs()).report()
    report = dataclasses.replace(report, opaque={"aten.sort.default": 2})
    assert report.native_share == pytest.approx(1 / 3)
    assert "2 × aten.sort.default" in str(report)
    assert "33.3%" in str(report)
    assert report.as_dict()["opaque"] == {"aten.sort.default": 2}


def test_source_and_graph() -> None:
    compiled = taso.compile(distributivity, inputs())
    assert "def main(a, b, c):" in compiled.source
    assert compiled.graph.count("taso.matmul") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "device is 'tpu', expected 'cpu' or 'cuda'"),
        ({"device": torch.device("meta")}, "device is 'meta', expected 'cpu' or 'cuda'"),
        ({"device": ""}, "device is '', expected 'cpu' or 'cuda'"),
        ({"numerics": "sloppy"}, "numerics is 'sloppy', expected 'reassociating' or 'exact'"),
        ({"time_limit": "x"}, "time_limit is 'x', expected seconds"),
        ({"time_limit": -1}, "time_limit is -1, expected seconds"),
        ({"time_limit": math.nan}, "time_limit is nan, expected seconds"),
        ({"freeze": 1}, "freeze is 1, expected True or False"),
        ({"inductor": "yes"}, "inductor is 'yes', expected True, False or None"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        taso.compile(distributivity, inputs(), **options)


def test_the_device_may_be_torchs() -> None:
    given = inputs()
    compiled = taso.compile(distributivity, given, device=torch.device("cpu"))
    assert close(compiled(*given), distributivity(*given))


def test_op_that_no_program_holds_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"aten\.\w+\.\w+ is not supported: .*complex64"):
        taso.compile(lambda x: torch.fft.fft(x).real, torch.randn(3))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (3, "expected a torch.nn.Module or a function of tensors, got 3"),
        (torch.nn.Linear, "got the class Linear"),
    ],
)
def test_what_is_no_program(program: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        taso.compile(program, torch.ones(1))


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ((torch.ones(1),), r"do not fit the program's \(a.*missing a required argument: 'b'"),
        ({"a": torch.ones(1), "d": torch.ones(1)}, "do not fit the program's"),
        (3, "expected example inputs as a tensor, .*, got int"),
        ("abc", "expected example inputs as a tensor, .*, got str"),
    ],
)
def test_example_inputs_that_do_not_fit(example: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        taso.compile(distributivity, example)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b.to_sparse(), r"example input \[1\] is sparse; pass .to_dense"),
        (lambda b: b.to(torch.complex64), r"example input \[1\] is complex; pass torch.view_as"),
        (lambda b: torch.nested.as_nested_tensor([b, b]), "is nested; pass a padded tensor"),
        (
            lambda b: torch.quantize_per_tensor(b, 0.1, 0, torch.qint8),
            r"is quantized; pass .dequantize\(\)",
        ),
    ],
)
def test_tensors_that_cannot_be_inputs(change: Callable[[Tensor], Tensor], message: str) -> None:
    a, b, c = inputs()
    with pytest.raises(UnsupportedError, match=message):
        taso.compile(distributivity, (a, change(b), c))
