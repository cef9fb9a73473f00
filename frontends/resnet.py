"""ResNet-50 (He et al., Deep Residual Learning for Image Recognition, CVPR 2016), version 1.5.

Version 1.5 strides in the 3×3 convolution of a block, where the paper strides in the first 1×1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

EXPANSION = 4
"""Channels that leave a block, as a multiple of those of its 3×3 convolution."""


class ResNet(nn.Module):
    """[N, 3, H, W] images to [N, classes] logits.

    blocks: bottleneck blocks of each stage; each stage but the first halves the image.
    width: channels of the first stage's 3×3 convolutions; they double from stage to stage.
    """

    def __init__(
        self, blocks: Sequence[int] = (3, 4, 6, 3), width: int = 64, classes: int = 1000
    ) -> None:
        super().__init__()
        self.stem = _convolution(3, width, 7, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        channels, stages = width, list[nn.Module]()
        for index, count in enumerate(blocks):
            for block in range(count):
                stride = 2 if index and not block else 1
                stages.append(Bottleneck(channels, width << index, stride))
                channels = EXPANSION * (width << index)
        self.blocks = nn.Sequential(*stages)
        self.classifier = nn.Linear(channels, classes)
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        x = self.pool(torch.relu(self.stem(images)))
        return self.classifier(self.blocks(x).mean((2, 3)))


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions beside a shortcut: [N, C, H, W] to [N, 4·width, H/s, W/s]."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.reduce = _convolution(channels, width, 1)
        self.middle = _convolution(width, width, 3, stride)
        self.expand = _convolution(width, EXPANSION * width, 1)
        is_same = stride == 1 and channels == EXPANSION * width
        self.shortcut = (
            nn.Identity() if is_same else _convolution(channels, EXPANSION * width, 1, stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.middle(torch.relu(self.reduce(x))))
        return torch.relu(self.expand(y) + self.shortcut(x))


def _convolution(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Module:
    """A convolution that pads to keep the size, with batch normalisation in place of a bias."""
    convolution = nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out))


def _initialise(module: nn.Module) -> None:
    """He et al.'s weights, and statistics such as training leaves: not the 0 and 1 of new ones."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.get_buffer("running_mean"), std=0.1)
            nn.init.uniform_(part.get_buffer("running_var"), 0.5, 1.5)
