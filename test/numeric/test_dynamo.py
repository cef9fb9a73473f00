"""`torch.compile(model, backend="taso")`: a model goes on doing what it did, compiled."""

import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import torch
from support.dynamo import assert_same, compiled
from torch import Tensor, nn
from torch._dynamo.backends.common import aot_autograd
from torch.nn import functional
from torch.utils import _pytree as pytree

from taso.frontends import dynamo
from taso.frontends.fx_graph import devices_of

ROOT = Path(__file__).parents[2]
BF16 = {"rtol": 2e-2, "atol": 2e-2}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()
    torch.manual_seed(7)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def test_found_with_nothing_imported() -> None:
    program = """
import sys, torch
assert "taso" not in sys.modules
model, x = torch.nn.Linear(3, 4), torch.randn(2, 3)
compiled = torch.compile(model, backend="taso")
torch.testing.assert_close(compiled(x), model(x))
assert "taso.frontends.dynamo" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", program], check=True)


def test_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["torch_dynamo_backends"] == {
        "taso": "taso.frontends.dynamo:backend"
    }
    (found,) = entry_points(group="torch_dynamo_backends", name="taso")
    assert found.load() is dynamo.backend


OUTPUTS: dict[str, Callable[[Tensor], Any]] = {
    "a copy of an input": lambda x: x.clone(),
    "equal terms": lambda x: (x + 1, (x + 1).clone(), x + 1),
    "a transposed result": lambda x: (x * 2).t(),
    "views of an input": lambda x: (x.t(), x[1:], x),
    "views of a result": lambda x: ((y := x * 2), y.t(), y[1:], y),
    "a reshaped transpose": lambda x: x.t().reshape(-1),
    "a contiguous transpose": lambda x: x.t().contiguous(),
    "an expanded result": lambda x: x.sum(0).expand(3, 6),
    "a changed input": lambda x: x.add_(1),
    "pieces": lambda x: (x @ torch.ones(6, 9)).split(3, 1),
    "pieces copied": lambda x: [t.contiguous() for t in (x @ torch.ones(6, 9)).split(3, 1)],
    "constants": lambda x: (torch.arange(5.0), torch.ones(3) * 2, x * 1),
    "an expanded constant": lambda x: x + torch.arange(2.0)[1].expand(1),
    "other than tensors": lambda x: {"a": [x * 2, 3], "b": (None, "text")},
    "no elements": lambda x: x.new_zeros(0, 3) + 1,
    "permuted axes": lambda x: x.reshape(4, 2, 3).permute(1, 2, 0) * 2,
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs(name: str) -> None:
    """Also when written to in place, an output is as independent of the others as in eager."""
    program = OUTPUTS[name]
    fast = compiled(program)
    for x in (torch.randn(4, 6), torch.randn(4, 6)):
        ours, theirs = x.clone(), x.clone()
        given, expected = fast(ours), program(theirs)
        assert_same(given, expected)
        assert_same(ours, theirs)
        for y, z in zip(pytree.tree_leaves(given), pytree.tree_leaves(expected), strict=True):
            if isinstance(y, Tensor) and z.numel() and 0 not in z.stride():
                y += 1
                z += 1
        assert_same(given, expected)
        assert_same(ours, theirs)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4)])
def test_transposed_inputs(shape: tuple[int, int]) -> None:
    def program(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return (x * y).reshape(-1, 2), x @ y.t(), x.t() + 1, torch.cat([x, y])

    a, b = torch.randn(*shape), torch.randn(shape[1], shape[0]).t()
    fast = compiled(program)
    for pair in ((a, b), (b, a), (b, b), (a[:, 1:], b[:, :-1])):
        if pair[0].numel() % 2 == 0:
            assert_same(fast(*pair), program(*pair))


def test_results_allow_the_views_that_eager_allows() -> None:
    def heads(x: Tensor) -> Tensor:
        return (x @ torch.ones(6, 6)).view(4, 2, 3).transpose(0, 1)

    x = torch.randn(4, 6)
    assert_same(compiled(heads)(x).transpose(0, 1).view(4, 6), heads(x).transpose(0, 1).view(4, 6))


@dataclass
class Output:
    first: Tensor
    rest: dict[str, Tensor]


class Nested(nn.Module):
    """Keyword arguments, a data class as output, and tied weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 6, bias=False)
        self.out = nn.Linear(4, 6, bias=False)
        self.out.weight = self.embed.weight

    def forward(
        self, x: Tensor, *, scale: float = 1.0, extra: dict[str, Tensor] | None = None
    ) -> Output:
        y = self.embed(x) + self.out(x)
        rest = {name: value * scale for name, value in (extra or {}).items()}
        return Output(y, rest)


def test_keyword_arguments_and_data_classes() -> None:
    model = Nested()
    x, extra = torch.randn(3, 4), {"a": torch.randn(2), "b": torch.randn(3)}
    with torch.no_grad():
        given, expected = (m(x, scale=2.0, extra=extra) for m in (compiled(model), model))
    assert isinstance(given, Output)
    assert_same((given.first, given.rest), (expected.first, expected.rest))


@pytest.mark.parametrize("grad", [False, True])
def test_autocast_is_guarded(grad: bool) -> None:
    model, x = mlp(), torch.randn(4, 5)
    for first in (False, True):
        torch._dynamo.reset()
        fast = compiled(model)
        for enabled in (first, not first, first):
            with (
                torch.set_grad_enabled(grad),
                torch.autocast("cpu", torch.bfloat16, enabled=enabled),
            ):
                assert_same(fast(x), model(x), **(BF16 if enabled else {}))


def test_gradients_of_a_forward_under_autocast() -> None:
    model, x = mlp(), torch.randn(4, 5)
    fast = compiled(model)
    found: list[list[Tensor]] = []
    for call in (fast, model):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = call(x).float().square().sum()
        loss.backward()
        found.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    assert_same(found[0], found[1], **BF16)


def test_modes_of_gradients_are_guarded() -> None:
    model, x = mlp(), torch.randn(4, 5)
    fast = compiled(model)
    for mode in (torch.no_grad, torch.enable_grad, torch.inference_mode, torch.no_grad):
        with mode():
            given, expected = fast(x), model(x)
            assert given.requires_grad == expected.requires_grad
            assert given.is_inference() == expected.is_inference()
            assert_same(given, expected)


def test_default_dtype_is_guarded() -> None:
    def program(x: Tensor) -> Tensor:
        return x / 2 + torch.ones(3)

    fast, x = compiled(program), torch.arange(3)
    for dtype in (torch.float32, torch.float64, torch.float32):
        torch.set_default_dtype(dtype)
        try:
            assert_same(fast(x), program(x))
        finally:
            torch.set_default_dtype(torch.float32)


def test_random_ops_draw_what_eager_draws() -> None:
    def program(x: Tensor) -> tuple[Tensor, ...]:
        return functional.dropout(x, 0.5), torch.rand(4), functional.dropout(x, 0.5), torch.randn(2)

    fast, x = compiled(program), torch.ones(5, 9)
    for _ in range(2):
        torch.manual_seed(3)
        given = [fast(x), fast(x)]
        torch.manual_seed(3)
        assert_same(given, [program(x), program(x)])
        first, _, second, _ = given[0]
        assert not torch.equal(first, second)
        assert not torch.equal(first, given[1][0])


def test_dropouts_of_a_training_graph() -> None:
    """Two differ, the backward graph knows both, and eval mode after train mode has none."""
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 6), nn.Dropout(0.5))
    fast, x = compiled(model), torch.ones(4, 6, requires_grad=True)
    for _ in range(2):
        found: list[tuple[Tensor, Tensor]] = []
        for call in (fast, model.train()):
            torch.manual_seed(5)
            y = call(x)
            found.append((y, *torch.autograd.grad(y.sum(), x)))
        assert_same(found[0], found[1])
        y, gradient = found[0]
        assert not torch.equal(y == 0, gradient == 0)
        model.eval()
        assert_same(fast(x), model(x))


def test_running_statistics_change_as_in_eager() -> None:
    ours, theirs = (nn.BatchNorm1d(5) for _ in range(2))
    fast = compiled(ours)
    for grad in (False, True):
        for _ in range(2):
            x = torch.randn(7, 5) + 3
            with torch.set_grad_enabled(grad):
                assert_same(fast(x), theirs(x))
            assert_same(ours.state_dict(), theirs.state_dict())
    ours.eval()
    theirs.eval()
    assert_same(fast(x), theirs(x))


def test_graph_breaks() -> None:
    def program(x: Tensor) -> Tensor:
        y = x * 2
        if y.sum() > 0:
            return y @ y.t()
        return y - 1

    fast = compiled(program)
    for x in (torch.ones(3, 4), -torch.ones(3, 4)):
        assert_same(fast(x), program(x))


@pytest.mark.parametrize(
    ("program", "x", "message"),
    [
        (lambda x: torch.fft.fft(x).abs(), torch.randn(4, 6), "complex64"),
        (lambda x: x + 1, torch.arange(5, dtype=torch.uint8), "torch.uint8"),
    ],
)
def test_what_the_dialect_lacks_runs_as_it_is(
    program: Callable[[Tensor], Tensor], x: Tensor, message: str
) -> None:
    fast = compiled(program)
    with pytest.warns(UserWarning, match=f"runs unoptimised: .*{message}") as caught:
        assert_same(fast(x), program(x))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(fast(x), program(x))


def test_two_devices_run_as_they_are() -> None:
    fast = compiled(lambda x: (x * 2).to("meta"))
    with pytest.warns(UserWarning, match="runs unoptimised: tensors are on cpu, meta"):
        assert fast(torch.randn(4)).device.type == "meta"


def test_numbers_in_the_text_of_a_program_are_constants() -> None:
    """On the CPU they are, which does not keep a graph on another device from being compiled."""

    def program(x: Tensor) -> Tensor:
        return x * torch.tensor(2.0) + torch.tensor([1.0, 2.0, 3.0]).to(x.device)

    devices: list[list[torch.device]] = []

    def noted(module: torch.fx.GraphModule, example: Any) -> Any:
        nodes = [n for n in module.graph.nodes if n.op == "output"]
        devices.append(devices_of(module.graph, nodes[0].all_input_nodes))
        return module.forward

    torch.compile(program, backend=aot_autograd(fw_compiler=noted))(torch.empty(3, device="meta"))
    assert devices == [[torch.device("meta")]]
    x = torch.randn(3)
    assert_same(compiled(program)(x), program(x))


def test_warning_names_op_and_module() -> None:
    class Spectrum(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.fft.fft(x).real

    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Tanh(), Spectrum()))
    with pytest.warns(UserWarning, match=r"aten\._fft_\w+\.default \(in module '1\.1'\)"):
        compiled(model)(torch.randn(2, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": {"numeric": "exact"}}, "unknown option 'numeric' .* expected numerics"),
        ({"options": {"numerics": "sloppy"}}, "numerics is 'sloppy', expected 'reassociating'"),
        ({"options": {"device": "tpu"}}, "device is 'tpu', expected 'cpu' or 'cuda'"),
        ({"options": {"time_limit": "long"}}, "time_limit is 'long', expected seconds"),
        ({"options": {"freeze": 1}}, "freeze is 1, expected True or False"),
        ({"mode": "max-autotune"}, "'max-autotune' .* has no modes, but options: numerics"),
    ],
)
def test_wrong_options(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dynamo.backend(torch.fx.symbolic_trace(nn.ReLU()), [torch.ones(2)], **arguments)
    fast = torch.compile(nn.ReLU(), backend="taso", **arguments)
    with pytest.raises(Exception, match=message):
        fast(torch.ones(2))


def test_exact_numerics_keep_every_bit() -> None:
    def program(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        return a @ b + a @ c

    inputs = [torch.randn(s).half() for s in ((5, 4), (4, 3), (4, 3))]
    fast = compiled(program, numerics="exact", time_limit=1)
    assert torch.equal(fast(*inputs), program(*inputs))


def loss(x: Tensor, weight: Tensor) -> Tensor:
    return functional.layer_norm(functional.linear(x, weight), (5,)).pow(3).sum()


@pytest.mark.parametrize(
    "program",
    [
        lambda x, w: torch.func.grad(lambda v: loss(x, v))(w),
        lambda x, w: torch.func.vjp(lambda v: functional.linear(x, v), w)[1](x[:, :5])[0],
        lambda x, w: torch.func.jacrev(lambda v: functional.linear(x, v).sum(0))(w),
        lambda x, w: torch.func.vmap(lambda row: functional.linear(row, w))(x),
    ],
)
def test_gradients_inside_a_program(program: Callable[[Tensor, Tensor], Tensor]) -> None:
    x, weight = torch.randn(4, 6), torch.randn(5, 6)
    for mode in (torch.enable_grad, torch.no_grad):
        with mode():
            assert_same(compiled(program)(x, weight), program(x, weight), rtol=1e-4, atol=1e-5)


def test_ops_stay_whole_where_nothing_is_differentiated(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[set[str]] = []
    compile_graph = dynamo.compile_graph

    def spied(graph: torch.fx.Graph, *others: Any) -> Any:
        found.append({str(node.target) for node in graph.nodes})
        return compile_graph(graph, *others)

    monkeypatch.setattr(dynamo, "compile_graph", spied)
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    x = torch.randn(2, 5, 8)
    whole = {
        f"aten.{op}.default" for op in ("layer_norm", "linear", "scaled_dot_product_attention")
    }
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            assert_same(compiled(model)(x), model(x), rtol=1e-4, atol=1e-5)
    assert [whole <= targets for targets in found] == [True, True, False]
    assert whole.isdisjoint(found[-1])


def test_gradients_of_a_part_without() -> None:
    """`linear` stays whole where nothing records it, and only there."""

    def program(x: Tensor, weight: Tensor) -> Tensor:
        with torch.no_grad():
            scale = functional.linear(x, weight).sum()
        return functional.linear(x, weight) * scale

    x, weight = torch.randn(4, 6), torch.randn(5, 6)
    fast = compiled(program)
    assert_same(fast(x, weight), program(x, weight), rtol=1e-4, atol=1e-5)
    found: list[Tensor] = []
    for call in (fast, program):
        tracked = weight.clone().requires_grad_()
        call(x, tracked).sum().backward()
        assert tracked.grad is not None
        found.append(tracked.grad)
    assert_same(found[0], found[1], rtol=1e-4, atol=1e-4)
