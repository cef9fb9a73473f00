"""The example inputs of a program: what they may be, and how they are kept."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from taso.frontends.aten.writer import UnsupportedError


@dataclass(frozen=True)
class _Blank:
    """The form of a tensor."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device

    def fresh(self) -> Tensor:
        """A tensor of this form; its values are what the memory has."""
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)


@dataclass(frozen=True)
class Example:
    """Arguments of a call, in the structure that the program takes them."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @staticmethod
    def of(given: Any, signature: inspect.Signature) -> Example:
        """One tensor, a sequence of arguments by position, or a mapping of those by keyword.

        Raises TypeError if they are neither, or do not fit the signature, and
        `UnsupportedError` for complex, sparse, nested and quantized tensors.
        """
        if isinstance(given, Tensor):
            example = Example((given,), {})
        elif isinstance(given, Mapping):
            example = Example((), dict(given))
        elif isinstance(given, Sequence) and not isinstance(given, str):
            example = Example(tuple(given), {})
        else:
            raise TypeError(
                "expected example inputs as a tensor, a tuple of arguments or a dict of keyword "
                f"arguments, got {type(given).__name__}"
            )
        try:
            signature.bind(*example.args, **example.kwargs)
        except TypeError as e:
            raise TypeError(
                f"the example inputs do not fit the program's {signature}: {e}"
            ) from None
        example._check()
        return example

    def _check(self) -> None:
        for path, leaf in pytree.tree_leaves_with_path((self.args, self.kwargs)):
            if isinstance(leaf, Tensor) and (problem := _problem(leaf)):
                place = pytree.keystr(path[1:])
                raise UnsupportedError(f"example input {place} is {problem}")

    @property
    def device(self) -> str:
        """The device type of the first tensor."""
        leaves = pytree.tree_leaves((self.args, self.kwargs))
        return next((x.device.type for x in leaves if isinstance(x, Tensor)), "cpu")

    def blank(self) -> Example:
        """The same without the tensors' memory."""

        def blank(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            return _Blank(tuple(leaf.shape), leaf.stride(), leaf.dtype, leaf.device)

        return Example(*pytree.tree_map(blank, (self.args, self.kwargs)))

    def filled(self) -> Example:
        """The same with tensors again, whose values mean nothing."""

        def fill(leaf: Any) -> Any:
            return leaf.fresh() if isinstance(leaf, _Blank) else leaf

        return Example(*pytree.tree_map(fill, (self.args, self.kwargs)))


def _problem(tensor: Tensor) -> str | None:
    """Why a tensor can't be an input."""
    if tensor.layout is not torch.strided:
        return "sparse; pass .to_dense(), or the dense tensors that it is made of"
    if tensor.is_nested:
        return "nested; pass a padded tensor"
    if tensor.is_quantized:
        return "quantized; pass .dequantize()"
    if tensor.is_complex():
        return "complex; pass torch.view_as_real of it, and compute with that"
    return None
