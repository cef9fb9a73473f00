"""The eight examples: what optimising them gains, to the FLOP, and that their results stay."""

from functools import cache
from pathlib import Path

import pytest
import torch
from support.ir import find_function, parse_module
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument

from taso.dialects.base import TasoOp
from taso.dialects.kernel import KernelOp
from taso.frontends.build import Build, main_of
from taso.frontends.torch_export import import_program
from taso.tools.command_line import load_ir
from taso.tools.reference import largest_error, tensors
from taso.tools.subjects import load_python, torch_subject

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL: dict[str, tuple[int, ...]] = {
    "attention": (48, 32),
    "batch_norm_relu": (96, 24),
    "common_subexpression": (64,),
    "distributivity": (64, 48, 32),
    "einsum": (96, 8, 80, 12),
    "matrix_chain": (100, 10, 100, 10, 1),
    "softmax": (64, 40),
    "transpose": (30, 24, 64, 40),
}
BOTH = pytest.mark.parametrize("device", ["cpu", "cuda"])


@cache
def build(name: str, device: str = "cpu") -> Build:
    return Build(load_ir(str(EXAMPLES / f"{name}.mlir")), device)


def count(module: ModuleOp, op: str, function: str = "main") -> int:
    return sum(each.name == f"taso.{op}" for each in find_function(module, function).walk())


def kernels(module: ModuleOp) -> list[KernelOp]:
    return [op for op in main_of(module).walk() if isinstance(op, KernelOp)]


def test_each_example_is_there_in_both_forms() -> None:
    assert sorted(p.stem for p in EXAMPLES.glob("*.mlir")) == sorted(SMALL)
    assert {p.stem for p in EXAMPLES.glob("*.py")} == {*SMALL, "simple_rewrite"}


@pytest.mark.parametrize("name", SMALL)
def test_python_and_ir_are_the_same_program(name: str) -> None:
    """The same types of arguments and results, and the same FLOPs."""
    module = load_python(EXAMPLES / f"{name}.py")
    size = module.SIZES["cpu"]
    inputs = module.example_inputs("cpu", torch.float32, size)
    imported = Build(import_program(module.example_model(size), inputs).module)
    given = build(name)
    assert main_of(imported.given).function_type == main_of(given.given).function_type
    assert parameters(imported.given) == parameters(given.given)
    assert imported.before == given.before


def parameters(module: ModuleOp) -> list[int]:
    attributes = main_of(module).arg_attrs
    return [i for i, a in enumerate(attributes or ()) if "taso.param" in a.data]


@pytest.mark.parametrize("name", SMALL)
def test_results_are_within_1e_5_of_float64(name: str) -> None:
    subject = torch_subject(EXAMPLES / f"{name}.py", "cpu", "float32", size=SMALL[name])
    for _ in range(2):
        inputs = subject.fresh_inputs()
        with torch.no_grad():
            results = tensors(subject.optimized(*inputs))
        assert largest_error(results, subject.reference(inputs)) < 1e-5


@BOTH
@pytest.mark.parametrize("name", SMALL)
def test_never_predicted_to_be_slower(name: str, device: str) -> None:
    before, after = build(name, device).predicted
    assert after <= before


@BOTH
def test_distributivity(device: str) -> None:
    example = build("distributivity", device)
    assert (example.before.flops, example.after.flops) == (537_133_056, 268_566_528)
    assert example.before.intermediate_elements == 524_288
    assert example.after.intermediate_elements == 131_072
    assert (example.before.launches, example.after.launches) == (3, 2)
    assert example.rules == ("matmul-factor-left",)


@BOTH
def test_matrix_chain(device: str) -> None:
    example = build("matrix_chain", device)
    assert (example.before.flops, example.after.flops) == (40_020_000, 60_000)
    assert example.before.largest_intermediate == 1_000_000
    assert example.after.largest_intermediate == 1_000
    assert example.rules == ("matmul-associate",)


@BOTH
def test_attention(device: str) -> None:
    """Three products, and the weights joined ahead of time."""
    example = build("attention", device)
    assert (count(example.given, "matmul"), count(example.optimized, "matmul")) == (5, 3)
    assert count(example.optimized, "concat", "main__prepare") == 1
    assert count(example.optimized, "concat") == 0
    assert (example.before.launches, example.after.launches) == (6, 4)
    assert example.before.intermediate_bytes == 4 * (3 * 768 * 512 + 2 * 512 * 512)
    assert example.after.intermediate_bytes == 4 * (2 * 768 * 512 + 2 * 512 * 512)


@pytest.mark.parametrize(
    ("name", "device", "before", "after"),
    [
        ("softmax", "cpu", 5, 1),
        ("softmax", "cuda", 5, 1),
        ("batch_norm_relu", "cpu", 9, 2),
        # Column statistics need a pass of their own before the one that uses them.
        ("batch_norm_relu", "cuda", 9, 2),
    ],
)
def test_one_kernel(name: str, device: str, before: int, after: int) -> None:
    example = build(name, device)
    assert len(kernels(example.optimized)) == 1
    outside = [op for op in main_of(example.optimized).body.block.ops if isinstance(op, TasoOp)]
    assert not outside
    assert (example.before.launches, example.after.launches) == (before, after)
    assert example.after.intermediate_bytes == 0


@BOTH
def test_transpose(device: str) -> None:
    example = build("transpose", device)
    first, second = main_of(example.optimized).body.block.last_op.operands
    assert isinstance(first, BlockArgument)
    assert count(example.given, "transpose") == 4
    # Products read operands transposed for nothing; a transposed result would be copied.
    assert count(example.optimized, "transpose") <= 2
    assert second.owner.name == "taso.matmul"
    assert example.after.flops < example.before.flops


@BOTH
def test_common_subexpression(device: str) -> None:
    example = build("common_subexpression", device)
    assert (count(example.given, "matmul"), count(example.optimized, "matmul")) == (2, 1)
    assert example.after.flops == 2 * 512**3 + 2 * 512**2
    assert example.rules == ()


def einsum_flops(sizes: tuple[int, int, int, int]) -> tuple[int, int, int]:
    """FLOPs of the best program found, and of the two orders."""
    i, j, k, n = sizes
    shapes = ((i, j), (j, k), (k, n), (i, k), (i, n))
    a, b, c, ab, abc = (f"tensor<{rows}x{columns}xf32>" for rows, columns in shapes)
    text = f"""
      func.func @main(%a: {a}, %b: {b}, %c: {c}) -> {abc} {{
        %ab = taso.einsum %a, %b, equation = "ij,jk->ik" : {a}, {b} -> {ab}
        %abc = taso.einsum %ab, %c, equation = "ik,kl->il" : {ab}, {c} -> {abc}
        func.return %abc : {abc}
      }}"""
    left, right = 2 * i * k * (j + n), 2 * j * n * (k + i)
    return Build(parse_module(text)).after.flops, left, right


def test_einsum_takes_the_cheaper_order_and_flips_with_the_shapes() -> None:
    assert build("einsum").after.flops == 2 * 2 * 4096 * 64 * 64
    found, left, right = einsum_flops((4096, 64, 4096, 64))
    assert found == right < left
    found, left, right = einsum_flops((64, 4096, 64, 4096))
    assert found == left < right
