"""Convolutional networks from PyTorch: what they become, and what they compute."""

import re

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn

import taso


class Block(nn.Module):
    """A residual block as in ResNet-50 (He et al., 2015): 1×1, 3×3 and 1×1, each with a norm."""

    def __init__(self, inputs: int, width: int, outputs: int, stride: int, groups: int = 1) -> None:
        super().__init__()
        shapes = [(inputs, width, 1, 1, 1), (width, width, 3, stride, groups)]
        shapes.append((width, outputs, 1, 1, 1))
        self.convs = nn.ModuleList(
            nn.Conv2d(c, o, k, s, k // 2, groups=g, bias=False) for c, o, k, s, g in shapes
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _, _ in shapes)
        self.short = nn.Conv2d(inputs, outputs, 1, stride)
        self.short_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            y = norm(conv(y))
            y = F.relu(y) if i < 2 else y
        return F.relu(y + self.short_norm(self.short(x)))


def network() -> nn.Module:
    stem = [nn.Conv2d(3, 6, 7, 2, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    blocks = [Block(6, 4, 10, 1), Block(10, 6, 8, 2, groups=3)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)]
    return with_statistics(nn.Sequential(*stem, *blocks, *head))


def with_statistics(module: nn.Module) -> nn.Module:
    """In eval mode, with scales, shifts and statistics as after training."""
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.normal_(norm.bias)
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 2)
    return module.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_norm_goes_into_the_convolution_before_it(bias: bool, groups: int) -> None:
    conv = nn.Conv2d(4, 8, 3, 2, 1, groups=groups, bias=bias)
    module = with_statistics(nn.Sequential(conv, nn.BatchNorm2d(8), nn.ReLU()))
    x = torch.randn(2, 4, 9, 7)
    compiled = taso.compile(module, (x,))
    main, _, _ = compiled.graph.partition("@main__prepare")
    ops = re.findall(r"= taso\.(\w+)", main)
    assert ops == ["conv2d", "broadcast", "add", "relu"]
    (call,) = re.findall(r"= (torch\.conv2d\(.*\))", compiled.source)
    assert call.startswith("torch.conv2d(input_, x1, x2, stride=(2, 2), padding=(1, 1)")
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), module(x), rtol=1e-4, atol=1e-5)


def test_exact_numerics_leave_the_norm_as_it_is() -> None:
    module = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    x = torch.randn(2, 3, 5, 5)
    compiled = taso.compile(module, (x,), numerics="exact")
    main, _, _ = compiled.graph.partition("@main__prepare")
    assert "taso.mul" in main


@pytest.mark.parametrize("size", [(2, 33, 30), (1, 32, 47)])
def test_a_residual_network(size: tuple[int, int, int]) -> None:
    """No further from float64 than twice what eager float32 is."""
    batch, height, width = size
    module = network()
    x = torch.randn(batch, 3, height, width)
    compiled = taso.compile(module, (x,))
    # Where strides are equal, the last convolution and that of the shortcut are one.
    assert len(re.findall(r"torch\.conv2d\(", compiled.source)) == 8
    main, _, _ = compiled.graph.partition("@main__prepare")
    assert "taso.mul" not in main
    with torch.no_grad():
        given, eager = compiled(x).double(), module(x).double()
        exact = module.double()(x.double())
    scale = exact.abs().max()
    assert (given - exact).abs().max() <= 2 * (eager - exact).abs().max() + 1e-6 * scale


def test_refreshed_statistics_are_seen() -> None:
    module = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    x = torch.randn(2, 3, 5, 5)
    compiled = taso.compile(module, (x,))
    with_statistics(module)
    compiled.refresh()
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), module(x), rtol=1e-4, atol=1e-5)
