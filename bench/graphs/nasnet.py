"""NASNet-A mobile (Zoph et al., CVPR 2018): 4 @ 1056, the network of 5.3 M parameters.

The paper's figure 4 gives the cells; stem, fitting of sizes and padding are those of its released
version.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder

STEM = 32
EPSILON = 1e-3


def nasnet_a(
    *, image: int = 224, cells: int = 4, width: int = 44, classes: int = 1000, dtype: str = "f32"
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes].

    cells: normal cells between reductions. width: channels of a branch in the first of them, a
    multiple of 4; a cell gives six times as many, and each reduction doubles them.
    """
    return _NasNet(dtype).run(image, cells, width, classes)


class _NasNet:
    """Cells take the results of the two cells before them: `x`, and `before` it."""

    def __init__(self, dtype: str) -> None:
        self._to = GraphBuilder(dtype)

    def run(self, image: int, cells: int, width: int, classes: int) -> ModuleOp:
        to = self._to
        stem = to.conv(to.input(1, 3, image, image), STEM, (3, 3), stride=2)
        before = x = to.batch_norm(stem, EPSILON)
        # The first reduction takes the stem's result twice, and fits none of them.
        before, x = x, self._reduction_cell(x, x, width // 4)
        before, x = x, self._reduction_cell(x, self._fit(before, x, width // 2), width // 2)
        for stage in range(3):
            channels = width << stage
            if stage:
                fitted = self._fit(before, x, channels)
                before, x = x, self._reduction_cell(x, fitted, channels)
            for _ in range(cells):
                fitted = self._fit(before, x, channels)
                before, x = x, self._normal_cell(x, fitted, channels)
        return to.module(to.linear(to.global_mean(to.relu(x)), classes))

    def _fit(self, before: SSAValue, x: SSAValue, channels: int) -> SSAValue:
        """`before` at the size of `x`, with so many channels."""
        if self._to.shape(before)[2] != self._to.shape(x)[2]:
            return self._halve(before, channels)
        if self._to.shape(before)[1] != channels:
            return self._squeeze(before, channels)
        return before

    def _squeeze(self, x: SSAValue, channels: int) -> SSAValue:
        y = self._to.conv(self._to.relu(x), channels, (1, 1))
        return self._to.batch_norm(y, EPSILON)

    def _halve(self, x: SSAValue, channels: int) -> SSAValue:
        """Half of the channels from the even pixels, half from the odd ones."""
        to = self._to
        even = to.relu(x)
        odd = to.pad(even, 0, 1)
        for axis in (2, 3):
            odd = to.apply("slice", odd, axis=axis, start=1, stop=to.shape(odd)[axis])
        halves = [to.conv(to.avg_pool(y, 1, stride=2), channels // 2, (1, 1)) for y in (even, odd)]
        return to.batch_norm(to.concat(*halves, axis=1), EPSILON)

    def _normal_cell(self, x: SSAValue, before: SSAValue, channels: int) -> SSAValue:
        to = self._to
        h = self._squeeze(x, channels)
        parts = [
            before,
            to.add(self._separable(h, channels, 5), self._separable(before, channels, 3)),
            to.add(self._separable(before, channels, 5), self._separable(before, channels, 3)),
            to.add(self._mean(h), before),
            to.add(self._mean(before), self._mean(before)),
            to.add(self._separable(h, channels, 3), h),
        ]
        return to.concat(*parts, axis=1)

    def _reduction_cell(self, x: SSAValue, before: SSAValue, channels: int) -> SSAValue:
        to = self._to
        h = self._squeeze(x, channels)
        padded = self._pad_same(h, 3)
        largest = to.max_pool(padded, 3, stride=2)
        mean = to.avg_pool(padded, 3, stride=2)

        def separable(y: SSAValue, kernel: int) -> SSAValue:
            return self._separable(y, channels, kernel, stride=2)

        first = to.add(separable(h, 5), separable(before, 7))
        second = to.add(largest, separable(before, 7))
        third = to.add(mean, separable(before, 5))
        fourth = to.add(self._mean(first), second)
        fifth = to.add(self._separable(first, channels, 3), largest)
        return to.concat(second, third, fourth, fifth, axis=1)

    def _mean(self, x: SSAValue) -> SSAValue:
        return self._to.avg_pool(x, 3, stride=1, padding=1, count_pad=False)

    def _separable(self, x: SSAValue, channels: int, kernel: int, *, stride: int = 1) -> SSAValue:
        """Twice: a relu, a convolution of each channel alone, one of single pixels, and a norm."""
        for step in (stride, 1):
            x = self._depthwise(self._to.relu(x), kernel, step)
            x = self._to.batch_norm(self._to.conv(x, channels, (1, 1)), EPSILON)
        return x

    def _depthwise(self, x: SSAValue, kernel: int, stride: int) -> SSAValue:
        channels = self._to.shape(x)[1]
        if stride == 1:
            around = (kernel // 2, kernel // 2)
            return self._to.conv(x, channels, (kernel, kernel), padding=around, groups=channels)
        padded = self._pad_same(x, kernel)
        return self._to.conv(padded, channels, (kernel, kernel), stride=2, groups=channels)

    def _pad_same(self, x: SSAValue, kernel: int) -> SSAValue:
        """Zeros such that windows at stride 2 give half the size, rounded up."""
        low = kernel // 2 - (1 - self._to.shape(x)[2] % 2)
        return self._to.pad(x, low, kernel // 2)
