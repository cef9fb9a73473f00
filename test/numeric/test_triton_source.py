"""Triton kernels generated from linalg, in Triton's interpreter and compiled for sm_90."""

from __future__ import annotations

import math

import pytest
import torch
from support.ir import parse_module
from support.triton_kernels import SHARED_BYTES, interpreted, launches, resources, source_of
from torch import Tensor

from taso.frontends.build import generate
from taso.lowering.runtime import Program

SIZES = [(1, 1), (7, 127), (33, 20), (5, 1), (1, 40)]
TOLERANCE = {"f16": 2e-3, "f32": 2e-6, "f64": 1e-12}


def matrix(rows: int, columns: int, dtype: str) -> str:
    return f"tensor<{rows}x{columns}x{dtype}>"


def softmax(m: int, n: int, dtype: str) -> str:
    t = matrix(m, n, dtype)
    return f"""func.func @main(%x: {t}) -> {t} {{
      %y = taso.softmax %x, axis = 1 : {t} -> {t}
      func.return %y : {t}
    }}"""


def normed(m: int, n: int, dtype: str) -> str:
    """Residual, layer norm and GELU, and the sum itself."""
    t, v = matrix(m, n, dtype), f"tensor<{n}x{dtype}>"
    return f"""func.func @main(%x: {t}, %r: {t}, %g: {v}, %b: {v}) -> ({t}, {t}) {{
      %sum = taso.add %x, %r : {t}
      %normal = taso.layer_norm %sum, %g, %b, eps = 1.0e-5 : {t}, {v}, {v} -> {t}
      %y = taso.gelu %normal, approximate = "tanh" : {t}
      func.return %y, %sum : {t}, {t}
    }}"""


def transposed(m: int, n: int, dtype: str) -> str:
    """Operands that lie in three ways."""
    t, u, v = matrix(m, n, dtype), matrix(n, m, dtype), f"tensor<{m}x{dtype}>"
    return f"""func.func @main(%x: {t}, %y: {u}, %v: {v}) -> {t} {{
      %turned = taso.transpose %y, perm = [1, 0] : {u} -> {t}
      %wide = taso.broadcast %v, dims = [0] : {v} -> {t}
      %sum = taso.add %x, %turned : {t}
      %scaled = taso.mul %sum, %wide : {t}
      %z = taso.tanh %scaled : {t}
      func.return %z : {t}
    }}"""


def square(m: int, n: int, dtype: str) -> str:
    """One tensor that is read in two ways."""
    t = matrix(n, n, dtype)
    return f"""func.func @main(%x: {t}) -> {t} {{
      %turned = taso.transpose %x, perm = [1, 0] : {t} -> {t}
      %sum = taso.sub %x, %turned : {t}
      %y = taso.exp %sum : {t}
      func.return %y : {t}
    }}"""


def reshaped(m: int, n: int, dtype: str) -> str:
    """Axes that are one loop for a tensor, and two for another."""
    t, flat, other = f"tensor<{m}x3x{n}x{dtype}>", matrix(3 * m, n, dtype), matrix(m, 3 * n, dtype)
    return f"""func.func @main(%x: {flat}, %y: {other}) -> {t} {{
      %a = taso.reshape %x : {flat} -> {t}
      %b = taso.reshape %y : {other} -> {t}
      %sum = taso.add %a, %b : {t}
      %z = taso.relu %sum : {t}
      func.return %z : {t}
    }}"""


def statistics(m: int, n: int, dtype: str) -> str:
    """Results of rows beside one of all elements, and a sum along the outer axes."""
    t, v = f"tensor<{m}x{n}x4x{dtype}>", matrix(m, 4, dtype)
    return f"""func.func @main(%x: {t}) -> ({v}, {v}, {t}) {{
      %least = taso.reduce_min %x, axes = [1] : {t} -> {v}
      %sum = taso.reduce_sum %x, axes = [1] : {t} -> {v}
      %wide = taso.broadcast %least, dims = [0, 2] : {v} -> {t}
      %above = taso.sub %x, %wide : {t}
      func.return %least, %sum, %above : {v}, {v}, {t}
    }}"""


PROGRAMS = [softmax, normed, transposed, square, reshaped, statistics]


def draw(program: Program, dtype: str) -> list[Tensor]:
    type_ = {"f16": torch.float16, "f32": torch.float32}[dtype]
    return [torch.randn(a.shape).to(type_) for a in program.arguments]


def error(given: Tensor, expected: Tensor) -> float:
    assert given.shape == expected.shape
    difference = (given.double() - expected.double()).norm()
    return (difference / expected.double().norm().clamp(min=1e-3)).item()


@pytest.mark.parametrize("dtype", ["f16", "f32"])
@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_interpreted(program: object, shape: tuple[int, int], dtype: str) -> None:
    text = program(*shape, dtype)  # pyright: ignore
    wide = Program.from_source(generate(parse_module(program(*shape, "f64"))))  # pyright: ignore
    source = source_of(text)
    assert "@triton.jit" in source
    inputs = draw(wide, dtype)
    results = interpreted(source, inputs)
    expected = wide.run([x.double() for x in inputs])
    for given, exact in zip(results, expected, strict=True):
        assert error(given, exact) <= TOLERANCE[dtype]


@pytest.mark.parametrize("columns", [20_000, 40_000])
def test_rows_that_take_several_passes(columns: int) -> None:
    source, x = source_of(softmax(3, columns, "f32")), torch.randn(3, columns)
    assert "for start in range(" in source
    (result,) = interpreted(source, [x])
    assert error(result, torch.softmax(x.double(), 1)) <= 1e-6


def test_nan_and_infinity_are_kept() -> None:
    t, v = matrix(4, 6, "f32"), "tensor<4xf32>"
    text = f"""func.func @main(%x: {t}) -> ({v}, {t}) {{
      %most = taso.reduce_max %x, axes = [1] : {t} -> {v}
      %wide = taso.broadcast %most, dims = [0] : {v} -> {t}
      %y = taso.max %x, %wide : {t}
      func.return %most, %y : {v}, {t}
    }}"""
    x = torch.randn(4, 6)
    x[1, 2], x[2, 3], x[3] = math.nan, math.inf, -math.inf
    most, y = interpreted(source_of(text), [x])
    assert torch.equal(most.nan_to_num(7), x.amax(1).nan_to_num(7))
    expected = torch.maximum(x, x.amax(1, keepdim=True))
    assert torch.equal(y.nan_to_num(7), expected.nan_to_num(7))


def test_integers_and_booleans() -> None:
    t, v, b = "tensor<3x5xi64>", "tensor<3xi64>", "tensor<3x5xi1>"
    text = f"""func.func @main(%x: {t}, %y: {t}) -> ({v}, {b}) {{
      %sum = taso.add %x, %y : {t}
      %most = taso.reduce_max %sum, axes = [1] : {t} -> {v}
      %wide = taso.broadcast %most, dims = [0] : {v} -> {t}
      %is = taso.compare %sum, %wide, predicate = "eq" : {t}, {t} -> {b}
      func.return %most, %is : {v}, {b}
    }}"""
    x, y = (torch.randint(-(2**40), 2**40, (3, 5)) for _ in range(2))
    most, is_most = interpreted(source_of(text), [x, y])
    assert torch.equal(most, (x + y).amax(1))
    assert torch.equal(is_most, x + y == (x + y).amax(1, keepdim=True))


def test_small_values_of_tanh_keep_their_digits() -> None:
    t = matrix(1, 64, "f32")
    text = f"""func.func @main(%x: {t}) -> {t} {{
      %a = taso.tanh %x : {t}
      %b = taso.tanh %a : {t}
      func.return %b : {t}
    }}"""
    x = torch.logspace(-8, 1, 64)[None]
    (result,) = interpreted(source_of(text), [x])
    exact = x.double().tanh().tanh()
    assert ((result - exact) / exact).abs().max() <= 5e-7


@pytest.mark.parametrize(
    "text",
    [
        softmax(8192, 4096, "f16"),
        softmax(512, 65536, "f16"),
        normed(4096, 3072, "f16"),
        normed(4096, 3072, "bf16"),
        transposed(4096, 4096, "f16"),
        reshaped(64, 1000, "f32"),
    ],
)
def test_kernels_for_sm_90_fit_without_spills(text: str) -> None:
    found = launches(source_of(text))
    assert found
    for launch in found:
        taken = resources(launch)
        print(taken)
        assert taken.spilled == 0
        assert taken.registers * launch.warps * 32 <= 65536
        assert taken.shared <= SHARED_BYTES


def test_what_no_kernel_takes_stays_torch() -> None:
    t = matrix(4, 4, "f32")
    text = f"""func.func @main(%x: {t}, %y: {t}) -> {t} {{
      %p = taso.matmul %x, %y : {t}, {t} -> {t}
      %z = taso.relu %p : {t}
      func.return %z : {t}
    }}"""
    source = source_of(text)
    assert "triton" not in source
    program = Program.from_source(source)
    x, y = draw(program, "f32")
    assert torch.equal(program(x, y)[0], (x @ y).relu())
