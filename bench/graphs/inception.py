"""Inception-v3 (Szegedy et al., Rethinking the Inception Architecture, CVPR 2016).

In the form in which its weights were released (and torchvision has it), without the classifier
that helps in training.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from graphs.builder import GraphBuilder, Pair

EPSILON = 1e-3


def inception_v3(
    *, image: int = 299, divide: int = 1, classes: int = 1000, dtype: str = "f32"
) -> ModuleOp:
    """An image [1, 3, image, image] to logits [1, classes]; all channels divided by `divide`."""
    return _Inception(dtype, divide).run(image, classes)


class _Inception:
    def __init__(self, dtype: str, divide: int) -> None:
        self._to = GraphBuilder(dtype)
        self._divide = divide

    def run(self, image: int, classes: int) -> ModuleOp:
        to = self._to
        x = self._stem(to.input(1, 3, image, image))
        for pooled in (32, 64, 64):
            x = self._block_5x5(x, pooled)
        x = self._reduce_first(x)
        for inner in (128, 160, 160, 192):
            x = self._block_7x7(x, inner)
        x = self._reduce_second(x)
        for _ in range(2):
            x = self._block_wide(x)
        return to.module(to.linear(to.global_mean(x), classes))

    def _stem(self, x: SSAValue) -> SSAValue:
        x = self._conv(x, 32, (3, 3), stride=2)
        x = self._conv(x, 32, (3, 3))
        x = self._conv(x, 64, (3, 3), padding=(1, 1))
        x = self._to.max_pool(x, 3, stride=2)
        x = self._conv(x, 80, (1, 1))
        x = self._conv(x, 192, (3, 3))
        return self._to.max_pool(x, 3, stride=2)

    def _conv(
        self,
        x: SSAValue,
        channels: int,
        kernel: Pair,
        *,
        stride: int = 1,
        padding: Pair = (0, 0),
    ) -> SSAValue:
        """A convolution, a norm and a relu."""
        out = channels // self._divide
        y = self._to.conv(x, out, kernel, stride=stride, padding=padding)
        return self._to.relu(self._to.batch_norm(y, EPSILON))

    def _pooled(self, x: SSAValue, channels: int) -> SSAValue:
        return self._conv(self._to.avg_pool(x, 3, stride=1, padding=1), channels, (1, 1))

    def _block_5x5(self, x: SSAValue, pooled: int) -> SSAValue:
        """Figure 5: 5×5 convolutions as two of 3×3."""
        one = self._conv(x, 64, (1, 1))
        five = self._conv(self._conv(x, 48, (1, 1)), 64, (5, 5), padding=(2, 2))
        three = self._conv(self._conv(x, 64, (1, 1)), 96, (3, 3), padding=(1, 1))
        three = self._conv(three, 96, (3, 3), padding=(1, 1))
        return self._to.concat(one, five, three, self._pooled(x, pooled), axis=1)

    def _reduce_first(self, x: SSAValue) -> SSAValue:
        three = self._conv(x, 384, (3, 3), stride=2)
        double = self._conv(self._conv(x, 64, (1, 1)), 96, (3, 3), padding=(1, 1))
        double = self._conv(double, 96, (3, 3), stride=2)
        return self._to.concat(three, double, self._to.max_pool(x, 3, stride=2), axis=1)

    def _block_7x7(self, x: SSAValue, inner: int) -> SSAValue:
        """Figure 6: 7×7 convolutions as 1×7 and 7×1."""
        one = self._conv(x, 192, (1, 1))
        seven = self._conv(x, inner, (1, 1))
        seven = self._conv(self._row(seven, inner), 192, (7, 1), padding=(3, 0))
        double = self._conv(x, inner, (1, 1))
        double = self._row(self._column(double, inner), inner)
        double = self._row(self._column(double, inner), 192)
        return self._to.concat(one, seven, double, self._pooled(x, 192), axis=1)

    def _row(self, x: SSAValue, channels: int) -> SSAValue:
        return self._conv(x, channels, (1, 7), padding=(0, 3))

    def _column(self, x: SSAValue, channels: int) -> SSAValue:
        return self._conv(x, channels, (7, 1), padding=(3, 0))

    def _reduce_second(self, x: SSAValue) -> SSAValue:
        three = self._conv(self._conv(x, 192, (1, 1)), 320, (3, 3), stride=2)
        seven = self._column(self._row(self._conv(x, 192, (1, 1)), 192), 192)
        seven = self._conv(seven, 192, (3, 3), stride=2)
        return self._to.concat(three, seven, self._to.max_pool(x, 3, stride=2), axis=1)

    def _block_wide(self, x: SSAValue) -> SSAValue:
        """Figure 7: outputs of 1×3 and 3×1 side by side."""
        one = self._conv(x, 320, (1, 1))
        three = self._both(self._conv(x, 384, (1, 1)))
        double = self._conv(self._conv(x, 448, (1, 1)), 384, (3, 3), padding=(1, 1))
        return self._to.concat(one, three, self._both(double), self._pooled(x, 192), axis=1)

    def _both(self, x: SSAValue) -> SSAValue:
        row = self._conv(x, 384, (1, 3), padding=(0, 1))
        column = self._conv(x, 384, (3, 1), padding=(1, 0))
        return self._to.concat(row, column, axis=1)
