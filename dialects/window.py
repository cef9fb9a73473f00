"""Windows that slide over the last two axes of images [n, c, h, w]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taso.dialects.spec import Array, Attrs, TensorSpec, get_ints, require, require_static

Pair = tuple[int, int]


class Window(NamedTuple):
    """A window of `kernel` elements, `dilation` apart, that moves by `stride` over a padded image.

    Each field has a value for the height and one for the width; `padding` is added on both sides.
    """

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    @property
    def extent(self) -> Pair:
        """From the first element of the window to its last, both counted."""
        (kh, kw), (dh, dw) = self.kernel, self.dilation
        return dh * (kh - 1) + 1, dw * (kw - 1) + 1

    def padded(self, image: TensorSpec) -> TensorSpec:
        """The type of the image with its padding."""
        n, c, h, w = image.shape
        return image.with_shape([n, c, h + 2 * self.padding[0], w + 2 * self.padding[1]])

    def places(self, image: TensorSpec) -> Pair:
        """How many windows fit into the padded image."""
        (h, w), (eh, ew) = self.padded(image).shape[2:], self.extent
        return (h - eh) // self.stride[0] + 1, (w - ew) // self.stride[1] + 1


def window_of(kernel: tuple[int, ...], attrs: Attrs, constraint: str) -> Window:
    """The window of an op; `ConstraintError` unless its attributes are pairs in range.

    An op without `dilation` has none.
    """
    fields = {name: get_ints(attrs, name) for name in ("stride", "padding")}
    fields["dilation"] = get_ints(attrs, "dilation") if "dilation" in attrs else (1, 1)
    for name, value in {"kernel": kernel, **fields}.items():
        least = 0 if name == "padding" else 1
        fits = len(value) == 2 and min(value) >= least
        require(fits, constraint, f"{name} is {list(value)}, expected two numbers from {least} on")
    pairs = {name: (value[0], value[1]) for name, value in fields.items()}
    return Window(kernel=(kernel[0], kernel[1]), **pairs)


def require_places(window: Window, image: TensorSpec, constraint: str) -> Pair:
    """How many windows fit; `ConstraintError` if none does, or an axis but the batch is empty."""
    require(0 not in image.shape[1:], constraint, f"{image} has no elements to slide over")
    padded = require_static(window.padded(image))
    places = window.places(image)
    fits = min(places) >= 1
    require(fits, constraint, f"a window of extent {list(window.extent)} does not fit {padded}")
    return places


def sliding(image: Array, window: Window, fill: float) -> Array:
    """The elements of each window: [n, c, h, w] to [n, c, oh, ow, kh, kw]; padding is `fill`."""
    places = window.places(TensorSpec(image.shape, "f64"))
    y, x = (
        np.arange(place)[:, None] * stride + np.arange(kernel) * dilation - padding
        for place, kernel, stride, padding, dilation in zip(places, *window, strict=True)
    )
    y, x = y[:, None, :, None], x[None, :, None, :]
    height, width = image.shape[2:]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    read = image[:, :, np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(inside, read, fill)
