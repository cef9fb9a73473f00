"""`torch.compile(model, backend="taso")` on several sizes: a program for each, to a limit."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from taso.frontends import static_sizes

DYNAMIC = {"backend": "taso", "dynamic": True}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()
    torch.manual_seed(7)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def test_second_shape_is_specialised() -> None:
    model = mlp()
    compiled = torch.compile(model, backend="taso")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error")
        for rows in (4, 6, 1, 0, 6, 9):
            x = torch.randn(rows, 5)
            torch.testing.assert_close(compiled(x), model(x))


def test_numbers_made_of_sizes_are_returned() -> None:
    def program(x: Tensor) -> tuple[Tensor, int, float, Tensor]:
        rows, columns = x.shape
        return x.reshape(columns, rows) * rows, rows * columns + 1, rows / 2, x.new_ones(rows + 2)

    compiled = torch.compile(program, **DYNAMIC)
    for shape in ((3, 4), (5, 4), (5, 7)):
        x = torch.randn(shape)
        for given, expected in zip(compiled(x), program(x), strict=True):
            assert type(given) is type(expected)
            torch.testing.assert_close(given, expected)


def test_numbers_as_inputs() -> None:
    def program(x: Tensor, scale: float, count: int) -> Tensor:
        return torch.cat([x * scale] * 2)[:count] + count

    compiled = torch.compile(program, **DYNAMIC)
    for scale, count in ((0.5, 3), (0.25, 4), (1.5, 5)):
        x = torch.randn(4, 3)
        torch.testing.assert_close(compiled(x, scale, count), program(x, scale, count))


def test_strides_change_with_the_shape() -> None:
    compiled = torch.compile(lambda x: (x * 2, x.t() + 1), **DYNAMIC)
    for x in (torch.randn(3, 4), torch.randn(6, 5).t(), torch.randn(7, 8)):
        doubled, transposed = compiled(x)
        assert doubled.stride() == (x * 2).stride()
        assert transposed.stride() == (x.t() + 1).stride()
        torch.testing.assert_close(doubled, x * 2)
        torch.testing.assert_close(transposed, x.t() + 1)


@pytest.mark.parametrize("dynamic", [None, True])
def test_training(dynamic: bool | None) -> None:
    """Sizes are saved for the backward graph too."""

    def program(x: Tensor, weight: Tensor) -> Tensor:
        rows = x.shape[0]
        return ((x @ weight).reshape(-1, rows) * rows).tanh().sum()

    compiled = torch.compile(program, backend="taso", dynamic=dynamic)
    for rows in (4, 6, 3):
        inputs = [torch.randn(s, requires_grad=True) for s in ((rows, 5), (5, 2))]
        twins = [x.detach().clone().requires_grad_() for x in inputs]
        program(*inputs).backward()
        compiled(*twins).backward()
        for ours, theirs in zip(twins, inputs, strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("is_training", [False, True])
def test_more_sizes_than_allowed(is_training: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_sizes, "MAX_SIZES", 2)
    model = mlp()
    compiled = torch.compile(model, **DYNAMIC)

    def step(call: Any, x: Tensor) -> tuple[Tensor, ...]:
        model.zero_grad()
        out = call(x)
        if is_training:
            out.square().sum().backward()
            return out, *(p.grad.clone() for p in model.parameters() if p.grad is not None)
        return (out,)

    with torch.set_grad_enabled(is_training), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for rows in (4, 6, 7, 8, 4):
            x = torch.randn(rows, 5)
            for given, expected in zip(step(compiled, x), step(model, x), strict=True):
                torch.testing.assert_close(given, expected)
    messages = [str(w.message) for w in caught if "sizes" in str(w.message)]
    assert len(messages) == (2 if is_training else 1)  # one a graph
    assert "more than 2 sizes" in messages[0]


def test_specialised_for_strides_that_views_do_not_take() -> None:
    """As of what a forward graph has saved."""
    symbolic = make_fx(lambda x: x.view(-1) * x.shape[0], tracing_mode="symbolic")
    module = symbolic(torch.randn(4, 3))
    x = torch.randn(5, 3).t()
    static = static_sizes.specialize(module, [x])
    assert not static_sizes.is_symbolic(static.graph)
    torch.testing.assert_close(static(x), x.reshape(-1) * 3)


@pytest.mark.parametrize("dynamic", [None, True])
def test_sizes_that_depend_on_data_run_as_they_are(dynamic: bool | None) -> None:
    compiled = torch.compile(lambda x: (x * 2)[x > 0], backend="taso", dynamic=dynamic)
    with torch._dynamo.config.patch(capture_dynamic_output_shape_ops=True):
        for rows in (3, 4):
            x = torch.randn(rows, 5)
            with pytest.warns(UserWarning, match="a graph runs unoptimised"):
                given = compiled(x)
            torch.testing.assert_close(given, (x * 2)[x > 0])
