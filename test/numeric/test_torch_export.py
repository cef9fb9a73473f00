"""Imported programs mean what torch computes: in float64, at unequal sizes, sizes of 1 and none."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from support.imported import check
from torch import Tensor, nn
from xdsl.dialects import func

from taso.dialects.interpret import interpret
from taso.frontends.torch_export import ImportedProgram, UnsupportedError, import_program

Shape = tuple[int, ...]
Case = tuple[str, Callable[..., Any], list[Shape]]


def unary(x: Tensor) -> tuple[Tensor, ...]:
    return (
        torch.exp(x),
        F.gelu(x),
        F.gelu(x, approximate="tanh"),
        torch.log(x),  # NaN below zero, here as there
        -x,
        x**2,
        x**3,
        x**0.5,
        2**x,
        torch.reciprocal(x),
        F.relu(x),
        F.relu_(x * 1),
        torch.rsqrt(x),
        3 - x,
        torch.sqrt(x),
        torch.square(x),
        torch.tanh(x),
        x + 2,
        torch.add(x, 2, alpha=3),
        torch.sub(x, 2, alpha=3),
        x * 0.3,
        x / 7,
    )


@pytest.mark.parametrize("shape", [(3, 5), (1,), (), (0, 2)], ids=str)
def test_unary(shape: Shape) -> None:
    check(unary, [torch.randn(shape, dtype=torch.float64)])


def binary(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    return (
        torch.add(x, y, alpha=3),
        x / y,
        torch.maximum(x, y),
        x * y,
        x.exp() ** y,
        torch.sub(x, y, alpha=0.5),
    )


BROADCASTS = [
    [(3, 5), (3, 5)],
    [(3, 5), (5,)],
    [(3, 1), (1, 5)],
    [(1, 5), (2, 3, 1)],
    [(4, 3), ()],
    [(), ()],
    [(0, 3), (1, 3)],
]


@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
def test_binary_broadcasts(shapes: list[Shape]) -> None:
    x, y = (torch.randn(s, dtype=torch.float64) for s in shapes)
    check(binary, [x, y])


CASES: list[Case] = [
    ("addmm", lambda b, x, w: torch.addmm(b, x, w, beta=0.5, alpha=2), [(4,), (3, 5), (5, 4)]),
    ("addmm_without_bias", lambda b, x, w: torch.addmm(b, x, w, beta=0), [(4,), (3, 5), (5, 4)]),
    ("amax", lambda x: x.amax(dim=(0, -1)), [(3, 4, 5)]),
    ("amax_all", lambda x: x.amax(), [(3, 4)]),
    ("adaptive_pool", lambda x: F.adaptive_avg_pool2d(x, (2, 3)), [(2, 3, 4, 9)]),
    ("adaptive_pool_of_one", lambda x: F.adaptive_avg_pool2d(x, 1), [(3, 4, 5)]),
    ("avg_pool", lambda x: F.avg_pool2d(x, 3, 2, 1), [(2, 3, 7, 5)]),
    ("avg_pool_counted", lambda x: F.avg_pool2d(x, (3, 2), 1, (1, 0), False, False), [(3, 7, 5)]),
    ("avg_pool_of_lines", lambda x: F.avg_pool1d(x, 3, 2, 1), [(2, 3, 8)]),
    ("avg_pool_of_whole", lambda x: F.avg_pool2d(x, 2, ceil_mode=True), [(2, 3, 6, 4)]),
    ("baddbmm", lambda b, x, y: torch.baddbmm(b, x, y), [(2, 3, 4), (2, 3, 5), (2, 5, 4)]),
    ("bmm", torch.bmm, [(2, 3, 4), (2, 4, 5)]),
    ("cat", lambda x, y: torch.cat([x, y], dim=-1), [(3, 2), (3, 5)]),
    ("cat_with_empty", lambda x, y: torch.cat([x, y]), [(3, 2), (0,)]),
    ("chunk", lambda x: x.chunk(3, dim=1), [(2, 7)]),
    ("contiguous", lambda x: x.T.contiguous() + 1, [(2, 7)]),
    ("conv", F.conv2d, [(2, 3, 7, 5), (4, 3, 3, 2), (4,)]),
    ("conv_grouped", lambda x, w: F.conv2d(x, w, None, 2, 1, 2, 2), [(2, 4, 9, 6), (6, 2, 3, 2)]),
    ("conv_of_line", lambda x, w: F.conv1d(x, w, None, 2, 1), [(3, 8), (4, 3, 3)]),
    ("conv_of_lines", lambda x, w, b: F.conv1d(x, w, b, 1, 2, 2), [(2, 3, 8), (4, 3, 3), (4,)]),
    ("conv_of_none", lambda x, w: F.conv2d(x, w), [(0, 3, 4, 4), (2, 3, 3, 3)]),
    ("conv_of_one", lambda x, w: F.conv2d(x, w, padding=1), [(3, 1, 1), (2, 3, 3, 3)]),
    (
        "conv_same",
        lambda x, w: F.conv2d(x, w, padding="same", dilation=(1, 3)),
        [(2, 3, 7, 9), (4, 3, 2, 4)],
    ),
    ("conv_same_of_lines", lambda x, w: F.conv1d(x, w, padding="same"), [(2, 3, 7), (4, 3, 4)]),
    ("conv_valid", lambda x, w: F.conv2d(x, w, padding="valid"), [(2, 3, 7, 9), (4, 3, 2, 4)]),
    (
        "convolution",
        lambda x, w, b: torch.convolution(x, w, b, [1, 2], [1], [1], False, [0], 1),
        [(2, 3, 7, 5), (4, 3, 3, 2), (4,)],
    ),
    ("einsum_batch", lambda x, y: torch.einsum("bij,bjk->bik", x, y), [(2, 3, 4), (2, 4, 5)]),
    ("einsum_implicit", lambda x, y: torch.einsum("kj, ja", x, y), [(3, 4), (4, 5)]),
    ("einsum_letters", lambda x, y: torch.einsum("Aj,jB->BA", x, y), [(3, 4), (4, 5)]),
    ("einsum_sum", lambda x: torch.einsum("ij->j", x), [(3, 4)]),
    ("expand", lambda x: x.expand(3, -1, 4) * 2, [(5, 1)]),
    ("flatten", lambda x: x.flatten(1), [(2, 3, 4)]),
    ("full", lambda x: torch.full((2, 2), 1.5, dtype=x.dtype) + x, [(2, 2)]),
    ("layer_norm_plain", lambda x: F.layer_norm(x, (5,)), [(2, 3, 5)]),
    ("layer_norm_two", lambda x, g: F.layer_norm(x, (3, 5), g, eps=1e-3), [(2, 3, 5), (3, 5)]),
    ("linear", F.linear, [(2, 3, 4), (5, 4), (5,)]),
    ("linear_of_vector", F.linear, [(4,), (5, 4), (5,)]),
    ("linear_without_bias", lambda x, w: F.linear(x, w), [(1, 4), (5, 4)]),
    ("matmul_batches", torch.matmul, [(2, 1, 3, 4), (5, 4, 2)]),
    ("matmul_left_vector", torch.matmul, [(4,), (2, 4, 5)]),
    ("matmul_one_batch", torch.matmul, [(2, 3, 4), (4, 5)]),
    ("matmul_right_vector", torch.matmul, [(2, 3, 4), (4,)]),
    ("matmul_vectors", torch.matmul, [(4,), (4,)]),
    ("matrix_transpose", lambda x: x.mT @ x, [(2, 3, 4)]),
    ("max_all", lambda x: x.max(), [(3, 4)]),
    ("max_pool", lambda x: F.max_pool2d(x, 3, 2, 1), [(2, 3, 7, 5)]),
    ("max_pool_dilated", lambda x: F.max_pool2d(x, (2, 3), 1, 1, (3, 2)), [(3, 7, 8)]),
    ("max_pool_of_lines", lambda x: F.max_pool1d(x, 3, 2, 1), [(2, 3, 8)]),
    ("max_pool_of_whole", lambda x: F.max_pool2d(x, 2, ceil_mode=True), [(2, 3, 6, 4)]),
    (
        "max_pool_with_indices",
        lambda x: torch.ops.aten.max_pool2d_with_indices(x, [2, 2], ceil_mode=False)[0],
        [(2, 3, 6, 4)],
    ),
    ("max_values", lambda x: x.max(dim=1, keepdim=True).values, [(3, 4)]),
    ("mean", lambda x: x.mean(dim=(0, 2)), [(3, 4, 5)]),
    ("mean_all", lambda x: x.mean(), [(3, 4)]),
    ("mm", torch.mm, [(3, 4), (4, 1)]),
    ("moved_axes", lambda x: x.permute(2, 0, -2), [(2, 3, 4)]),
    ("narrow", lambda x: x.narrow(1, 1, 2), [(3, 4)]),
    ("pad", lambda x: F.pad(x, (1, 0, 0, 2), value=0.5), [(2, 3, 4)]),
    ("pad_and_cut", lambda x: F.pad(x, (-1, 2, 3, -2)), [(2, 3, 4)]),
    ("pad_nothing", lambda x: F.pad(x, (0, 0)) * 2, [(2, 3)]),
    ("sdpa", F.scaled_dot_product_attention, [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)]),
    (
        "sdpa_scaled",
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3),
        [(4, 5), (6, 5), (6, 7)],
    ),
    ("select", lambda x: x[:, -1], [(3, 4)]),
    ("slice", lambda x: x[1:-1, :100, None], [(5, 4)]),
    ("slice_to_none", lambda x: x[3:2], [(5, 4)]),
    ("softmax", lambda x: torch.softmax(x, dim=-2), [(3, 4, 5)]),
    ("softmax_of_scalar", lambda x: torch.softmax(x, dim=0), [()]),
    ("split", lambda x: x.split([1, 4, 2], dim=-1), [(3, 7)]),
    ("split_evenly", lambda x: x.split(3), [(7, 2)]),
    ("squeeze", lambda x: x.squeeze() + x.squeeze(0).squeeze(-1), [(1, 3, 1)]),
    ("std", lambda x: x.std(dim=1), [(3, 4)]),
    ("sum", lambda x: x.sum(dim=1, keepdim=True), [(3, 4)]),
    ("sum_all", lambda x: x.sum(), [(3, 4)]),
    ("sum_of_none", lambda x: x.sum(dim=0), [(0, 4)]),
    ("sum_of_scalar", lambda x: x.sum(), [()]),
    ("transpose", lambda x: x.transpose(0, -1), [(2, 3, 4)]),
    ("unbind", lambda x: x.unbind(1), [(2, 3)]),
    ("unflatten", lambda x: x.unflatten(-1, (2, 3)), [(4, 6)]),
    ("var", lambda x: x.var(dim=0), [(6, 4)]),
    ("var_all_biased", lambda x: x.var(correction=0), [(6, 4)]),
    ("var_biased_of_one", lambda x: x.var(dim=0, correction=0), [(1, 4)]),
    ("var_unbiased", lambda x: x.var(dim=1, unbiased=True, keepdim=True), [(6, 4)]),
    ("view", lambda x: x.view(4, -1).reshape(2, 2, 3), [(2, 6)]),
    ("amin", lambda x: x.amin(dim=(0, -1), keepdim=True), [(3, 4, 5)]),
    ("argmax", lambda x: x.argmax(dim=-2), [(3, 4, 5)]),
    ("argmax_all", lambda x: x.argmax(), [(3, 4)]),
    ("argmax_kept", lambda x: x.argmax(dim=1, keepdim=True), [(3, 4)]),
    ("argmax_of_scalar", lambda x: x.argmax(dim=0), [()]),
    ("argmin", lambda x: x.argmin(dim=0), [(3, 4)]),
    ("argmin_all_kept", lambda x: x.argmin(keepdim=True), [(3, 4)]),
    ("cumsum", lambda x: x.cumsum(dim=-1), [(3, 4)]),
    ("cumsum_of_none", lambda x: x.cumsum(dim=0), [(0, 4)]),
    ("cumsum_of_scalar", lambda x: x.cumsum(dim=0), [()]),
    ("group_norm", lambda x, g, b: F.group_norm(x, 3, g, b), [(2, 6, 5), (6,), (6,)]),
    ("group_norm_plain", lambda x: F.group_norm(x, 1, eps=0.1), [(2, 3)]),
    ("log_softmax", lambda x: torch.log_softmax(x, dim=-2), [(3, 4, 5)]),
    ("log_softmax_of_scalar", lambda x: torch.log_softmax(x, dim=0), [()]),
    ("max_with_indices", lambda x: x.max(dim=1), [(3, 4)]),
    ("min_all", lambda x: x.min(), [(3, 4)]),
    ("min_with_indices", lambda x: x.min(dim=0, keepdim=True), [(3, 4)]),
    (
        "native_group_norm",
        lambda x, g, b: torch.native_group_norm(x, g, b, 2, 6, 5, 3, 0.1),
        [(2, 6, 5), (6,), (6,)],
    ),
    (
        "native_group_norm_plain",
        lambda x: torch.native_group_norm(x, None, None, 2, 4, 3, 2, 0.1),
        [(2, 4, 3)],
    ),
    (
        "native_layer_norm",
        lambda x, g, b: torch.native_layer_norm(x, (5,), g, b, 0.1),
        [(2, 3, 5), (5,), (5,)],
    ),
    (
        "native_layer_norm_two",
        lambda x: torch.native_layer_norm(x, (3, 5), None, None, 0.1),
        [(2, 3, 5)],
    ),
    (
        "rms_norm_fused",
        lambda x, g: torch.ops.aten._fused_rms_norm(x, [3, 5], g, None),
        [(2, 3, 5), (3, 5)],
    ),
    ("rms_norm", lambda x, g: F.rms_norm(x, (5,), g, 1e-3), [(2, 3, 5), (5,)]),
    ("rms_norm_plain", lambda x: F.rms_norm(x, (3, 5)), [(2, 3, 5)]),
]


@pytest.mark.parametrize("case", CASES, ids=[name for name, _, _ in CASES])
def test_op(case: Case) -> None:
    _, function, shapes = case
    inputs = [torch.randn(s, dtype=torch.float64) for s in shapes]
    check(lambda *args: function(*args), inputs)


@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 1), (1, 4, 3, 5), (0, 4)], ids=str)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_by_given_statistics(shape: Shape, affine: bool) -> None:
    """Given as buffers: x · scale + shift, of which only that depends on the input."""
    norm = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    module = norm(shape[1], eps=1e-3, affine=affine).double().eval()
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data.uniform_(0.5, 2)
    check(module, [torch.randn(shape, dtype=torch.float64)])
    if 0 not in shape:
        imported = import_program(module, [torch.randn(shape, dtype=torch.float64)])
        of_input = rf"= taso\.(?!broadcast).*tensor<{'x'.join(map(str, shape))}xf64>$"
        assert len(re.findall(of_input, str(imported.module), re.MULTILINE)) == 2


def test_batch_norm_by_statistics_of_the_batch() -> None:
    """Without running statistics, which it would update."""
    x, g, b = (torch.randn(s, dtype=torch.float64) for s in ((2, 3, 4, 5), (3,), (3,)))
    check(lambda x: F.batch_norm(x, None, None, training=True), [x])
    check(lambda x, g, b: F.batch_norm(x, None, None, g, b, True, eps=1e-2), [x, g, b])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_batch_norm_of_halves_is_rounded_once(dtype: torch.dtype) -> None:
    """Far from zero, where rounding the products one by one would leave nothing."""
    module = nn.BatchNorm2d(3).eval()
    module.running_mean.copy_(torch.tensor([100.0, -50.0, 30.0]))
    x = (torch.randn(2, 3, 4, 5) + module.running_mean[:, None, None]).to(dtype)
    imported = import_program(module, [x])
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    held = [t.detach().numpy() for t in imported.parameters.values()]
    wide = x.to(torch.float64).numpy()
    given_dtype = np.float16 if dtype is torch.float16 else ml_dtypes.bfloat16
    (result,) = interpret(main, [wide.astype(given_dtype), *held])
    expected = module.double()(x.double()).detach().numpy()
    step = 2.0 ** (-10 if dtype is torch.float16 else -7)
    np.testing.assert_allclose(result.astype(np.float64), expected, rtol=step, atol=1e-4)


PROMOTIONS: list[tuple[str, Callable[..., Any], list[torch.dtype]]] = [
    ("float_and_half", lambda x, y: x + y, [torch.float32, torch.float16]),
    ("int_and_float", lambda x, y: x * y, [torch.int32, torch.float32]),
    ("int_and_long", lambda x, y: x - y, [torch.int32, torch.int64]),
    ("int_division", lambda x, y: x / (y + 9), [torch.int64, torch.int64]),
    ("int_plus_float", lambda x, y: x + y + 0.5, [torch.int64, torch.int64]),
    ("to_bfloat16", lambda x, y: (x + y).to(torch.bfloat16), [torch.float32, torch.float32]),
    ("int_sum", lambda x, y: (x + y).sum(dim=0), [torch.int32, torch.int32]),
    ("wide_softmax", lambda x, y: x.softmax(0, torch.float64) + y, [torch.float32, torch.float64]),
    ("wide_sum", lambda x, y: x.sum(0, dtype=torch.float64) + y, [torch.float16, torch.float64]),
]


@pytest.mark.parametrize("case", PROMOTIONS, ids=[name for name, _, _ in PROMOTIONS])
def test_promotion(case: tuple[str, Callable[..., Any], list[torch.dtype]]) -> None:
    _, function, dtypes = case
    inputs = [(torch.randn(3, 4) * 4).to(dtype) for dtype in dtypes]
    imported = import_program(lambda x, y: function(x, y), inputs)
    [given] = [t.double() for t in run_imported_as_numpy(imported, inputs)]
    expected = function(*inputs)
    limit = 1e-2 if expected.dtype is torch.bfloat16 else 1e-3
    assert torch.allclose(given, expected.double(), rtol=limit, atol=limit)


def run_imported_as_numpy(imported: ImportedProgram, inputs: Sequence[Tensor]) -> list[Tensor]:
    [main] = [op for op in imported.module.ops if isinstance(op, func.FuncOp)]
    results = interpret(main, [t.numpy() for t in inputs])
    return [torch.tensor(array.astype(np.float64)) for array in results]


class PreNormLayer(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.q, self.k, self.v, self.out = (nn.Linear(d, d) for _ in range(4))
        self.mlp = nn.Sequential(nn.Linear(d, 3 * d), nn.GELU(), nn.Linear(3 * d, d))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm1(x)
        q, k, v = (
            f(h).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        heads = F.scaled_dot_product_attention(q, k, v)
        x = x + self.dropout(self.out(heads.transpose(1, 2).flatten(2)))
        return x + self.mlp(self.norm2(x))


def test_pre_norm_layer() -> None:
    model = PreNormLayer(12, 3).double().eval()
    check(model, [torch.randn(2, 5, 12, dtype=torch.float64)])


def test_pre_norm_layer_keeps_its_ops_whole() -> None:
    model = PreNormLayer(12, 3).eval()
    text = str(import_program(model, [torch.randn(2, 5, 12)]).module)
    whole = ("layer_norm", "attention", "gelu", "matmul")
    assert [text.count(f"taso.{op} ") for op in whole] == [2, 1, 1, 6]


def test_arguments_are_inputs_then_parameters_that_are_read() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unread = nn.Parameter(torch.randn(2))
            self.weight = nn.Parameter(torch.randn(3, 4))
            self.register_buffer("shift", torch.randn(4))

        def forward(self, x: Tensor) -> Tensor:
            return x @ self.weight + self.get_buffer("shift")

    model = Model()
    imported = import_program(model, [torch.randn(2, 3)])
    assert list(imported.parameters) == ["weight", "shift"]
    assert imported.parameters["weight"].data_ptr() == model.weight.data_ptr()
    text = str(imported.module)
    assert "@main(%x: tensor<2x3xf32>, %weight: tensor<3x4xf32> {taso.param}, %shift: " in text


def test_captured_tensor_is_a_parameter() -> None:
    weight = torch.randn(3, 4, dtype=torch.float64)
    imported = import_program(lambda x: x @ weight, [torch.randn(2, 3, dtype=torch.float64)])
    [held] = imported.parameters.values()
    assert held.data_ptr() == weight.data_ptr()


class Transforms(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft(x).real


x32 = torch.randn(3, 4)
REFUSED: list[tuple[str, Callable[..., Any], list[Any], str]] = [
    (
        "in_a_module",
        nn.Sequential(nn.ReLU(), nn.Sequential(Transforms())),
        [x32],
        r"^aten\.\w+\.\w+ \(in module '1\.0'\) is not supported: .*complex64",
    ),
    ("complex", lambda x: x + x, [torch.randn(2, dtype=torch.complex64)], "'x' has .*complex64"),
    ("complex_inside", lambda x: torch.fft.fft(x).real, [x32], "fft.*complex64"),
    ("sparse", lambda x: x + x, [torch.eye(2).to_sparse()], r"'x' is sparse.* call .to_dense\(\)"),
    ("sizes_from_data", lambda x: x.nonzero() * 2, [x32], "depends on data"),
    ("branch_on_data", lambda x: x if x.sum() > 0 else -x, [x32], "torch.export cannot trace"),
    (
        "cond",
        lambda x: torch.cond(x.sum().bool(), lambda y: y + 1, lambda y: y - 1, (x,)),
        [x32],
        "control flow that depends on data",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(case: tuple[str, Callable[..., Any], list[Any], str]) -> None:
    _, program, inputs, message = case
    with pytest.raises(UnsupportedError, match=message):
        import_program(program, inputs)


def test_a_tensor_that_changes_and_is_given_twice_is_refused() -> None:
    """torch.export fails at it, with an assertion of its own."""
    x = torch.zeros(2)
    with pytest.raises(UnsupportedError, match=r"torch\.export cannot decompose the program"):
        import_program(lambda x, y: x.add_(1) + y, [x, x])
