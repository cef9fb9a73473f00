"""What counts as a call, a launch and a native op."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from taso.dialects.taso import Taso
from taso.frontends.compile import compile
from taso.frontends.torch_export import export
from taso.tools import counts
from taso.tools.counts import count, graph_calls, hidden_copies, native_ops, source_calls
from taso.tools.launches import profiled_launches

SOURCES = {
    "no call": ("return x", 0),
    "views": ("return x.T.mT.reshape(3, 4).permute(1, 0)[None, 1:].split_with_sizes((1, 2), 0)", 0),
    "a query": ("return x.expand(x.size(0), 4)", 0),
    "a call of torch": ("return torch.mm(x, y.T)", 1),
    "a nested name": ("return torch.nn.functional.gelu(x)", 1),
    "an op of aten": ("return torch.ops.aten.add.Tensor(x, y)", 1),
    "a view of aten": ("return torch.ops.aten.select.int(x, 0, 1)", 0),
    "another library's op": ("return torch.ops.mine.view_of.default(x)", 1),
    "a method": ("return x.exp().view(2)", 1),
    "in place": ("x.mul_(2.0)\n    x.add_(y)\n    return x", 2),
    "an operator": ("return x + y * 2.0", 2),
    "a comparison and a sign": ("return (x > 0) | -y", 3),
    "an augmented assignment": ("x += y\n    return x", 1),
    "negative literals": ("return x.narrow(-1, 0, 2 - 1)", 0),
    "a conversion": ("return x.to(torch.float16)", 1),
    "an index": ("x[0] = y\n    return x[y]", 2),
    "copies": ("return x.T.contiguous(), y.clone()", 2),
    "a call in a call": ("return torch.mm(torch.exp(x), y)", 2),
    "del": ("z = x + y\n    del x\n    return z", 1),
    "helpers": ("return twice(x) + twice(y)", 5),
    "a helper of a helper": ("return outer(x)", 3),
    "a constant": ("return x + constant(x.device)", 1),
    "branches": ("if x.numel() == 0:\n        return y\n    return torch.exp(x) + y", 3),
    "the longer branch": ("if x.mean():\n        return -x * y - x\n    return torch.exp(x)", 4),
    "the branch of a CPU": ("if x.is_cuda:\n        return -x * y - x\n    return torch.exp(x)", 1),
}
HELPERS = """
import functools, torch

@functools.cache
def constant(device):
    return torch.full((), 1.0, device=device) + 1.0

def twice(x):
    y = x.T + x
    return torch.exp(y)

def outer(x):
    return twice(x).neg()

def prepare(x):
    return torch.cat((x, x))

def main(x, y):
    """


@pytest.mark.parametrize("name", SOURCES)
def test_source_calls(name: str) -> None:
    body, expected = SOURCES[name]
    assert source_calls(HELPERS + body, "cpu") == expected


def test_source_calls_of_cuda() -> None:
    body = "if x.is_cuda:\n        return -x * y - x\n    return torch.exp(x)"
    assert source_calls(HELPERS + body, "cuda") == 3


def test_a_loop_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match=r"line \d+: cannot count the calls of a loop"):
        source_calls(HELPERS + "for i in range(3):\n        x = x + y\n    return x", "cpu")


class Layer(nn.Module):
    """Two linears, a norm, dropout, a copy, and SDPA between transposes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.norm = nn.Linear(12, 12), nn.Linear(12, 12), nn.LayerNorm(12)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        q = self.first(x).reshape(2, 5, 3, 4).transpose(1, 2).contiguous()
        heads = nn.functional.scaled_dot_product_attention(q, q, q)
        joined = heads.transpose(1, 2).reshape(2, 5, 12)
        return self.norm(x + self.dropout(self.second(joined)))


LAYER_CALLS = 7
"""Two linears, SDPA, a copy before and after it, the sum, the norm."""


def test_graph_calls() -> None:
    exported = export(Layer().eval(), (torch.randn(2, 5, 12),), {})
    assert graph_calls(exported) == LAYER_CALLS


@pytest.mark.parametrize(
    "function, expected",
    [
        (lambda x: x.transpose(0, 1).reshape(12), 1),  # copies
        (lambda x: x.reshape(12), 0),
        (lambda x: torch.split(x, 2, 1)[0].unsqueeze(0).expand(5, 3, 2), 0),
        (lambda x: x.clone().add_(1), 1),  # a plain clone is taken for dropout
        (lambda x: torch.softmax(x, 1, dtype=torch.float64), 2),  # converts first
        (lambda x: x + torch.arange(4), 2),
        (lambda x: torch.matmul(x.unsqueeze(0), x.T.unsqueeze(0)), 1),
    ],
)
def test_graph_calls_of_small_programs(function: Callable[[Tensor], Tensor], expected: int) -> None:
    class Program(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return function(x)

    assert graph_calls(export(Program(), (torch.randn(3, 4),), {})) == expected


def test_a_reshape_that_copies_is_found() -> None:
    x = torch.randn(3, 4)
    assert hidden_copies(lambda: x.reshape(12)) == 0
    assert hidden_copies(lambda: x.T.reshape(12) + x.T.reshape(12)) == 2
    assert hidden_copies(lambda: x.T.contiguous().view(12) + x.clone().reshape(12)) == 0


@pytest.mark.parametrize(
    "call, expected",
    [
        (lambda x: x.T.reshape(2, 6).unsqueeze(0), 1),
        (lambda x: x.view(4, 3).T, 0),
        (lambda x: nn.functional.linear(x, torch.ones(2, 4), torch.ones(2)), 3),
        (lambda x: torch.softmax(x, 1), 1),
        (lambda x: nn.functional.layer_norm(x, (4,)), 1),
        (lambda x: nn.functional.dropout(x, 0.5, training=False), 0),
        (lambda x: x.clone().mul_(2).add_(x), 3),
        (lambda x: x.to(torch.float64), 1),
        (lambda x: x.to(torch.float32), 0),
        (lambda x: torch.max(x, x) + x.max(0).values, 3),
        (lambda x: x.mean((0, 1)), 1),
        (lambda x: torch.empty(3, 4).size(), 0),
    ],
)
def test_profiled_launches(
    call: Callable[[Tensor], object], expected: int, capfd: pytest.CaptureFixture[str]
) -> None:
    x = torch.randn(3, 4)
    assert profiled_launches(lambda: call(x), "cpu") == expected
    assert capfd.readouterr() == ("", "")


IR = """
func.func @main(%a: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = taso.exp %a : tensor<2x3xf32>
  %1 = taso.transpose %0, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %2 = taso.tanh %1 : tensor<3x2xf32>
  func.return %2 : tensor<3x2xf32>
}
"""


def test_native_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context()
    for dialect in (Builtin, Func, Taso):
        context.load_dialect(dialect)
    module = Parser(context, IR).parse_module()
    assert native_ops(module) == (2, 2)
    monkeypatch.setattr(counts, "OPAQUE", "taso.exp")
    assert native_ops(module) == (1, 2)


def test_count_of_a_compiled_module() -> None:
    """Three products that share an input become one; the sum of the biases is prepared."""

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            return tuple(torch.tanh(part(x)) for part in self.parts)

    model = Shared().eval()
    inputs = (torch.randn(64, 8),)
    counted = count(model, compile(model, inputs), inputs, "cpu")
    assert (counted.calls_before, counted.profiled_launches_before) == (6, 6)
    assert counted.calls_after <= 5
    assert counted.profiled_launches_after <= 5
    assert 0 < counted.native_ops == counted.imported_ops
