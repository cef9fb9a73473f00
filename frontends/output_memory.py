"""Results in memory as the traced program would have left them.

A caller may write into an output, and take a `.view` of it. So outputs share memory with an input
or with each other only where the traced graph says so, and have the strides that it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

Stride: TypeAlias = tuple[int, ...]


class Expected(NamedTuple):
    """What is expected of a result: see `memory_of`. Any strides will do where there are None.

    is_kept: the caller cannot reach it, and hands it on to another graph, which takes any strides.
    """

    memory: int
    stride: Stride | None
    is_kept: bool


def memory_of(tensor: Tensor) -> int:
    """The same number for tensors, real or fake, that share memory."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def results_to_copy(
    arguments: Sequence[tuple[Tensor, int | None]], results: Sequence[tuple[Tensor, Expected]]
) -> list[tuple[int, Stride | None]]:
    """The places of results that are to be copied, with the strides that the copies shall have.

    `arguments` are those of a call, with the memory that they are in while tracing; none for one
    that the caller does not know of, whose memory no result may share. What is to be copied
    depends on the strides of the arguments, not on their values.
    """
    owners: dict[int, set[int | None]] = {}
    for argument, memory in arguments:
        owners.setdefault(memory_of(argument), set()).add(memory)
    copied: list[tuple[int, Stride | None]] = []
    for index, (result, expected) in enumerate(results):
        if result.numel() == 0:
            continue
        known = owners.get(memory_of(result), {expected.memory})
        if expected.memory not in known or not _has_stride(result, expected.stride):
            copied.append((index, expected.stride))
        elif not expected.is_kept:
            owners[memory_of(result)] = known
    return copied


def _has_stride(tensor: Tensor, stride: Stride | None) -> bool:
    """Whether elements are spaced like that. Sizes of 1 are of no account, nor are strides that
    repeat elements: nothing can be written there, nor viewed otherwise than here."""
    if stride is None or _repeats(tensor, stride):
        return True
    sizes = zip(tensor.shape, tensor.stride(), stride, strict=True)
    return all(size == 1 or given == expected for size, given, expected in sizes)


def _repeats(tensor: Tensor, stride: Stride) -> bool:
    return any(size > 1 and step == 0 for size, step in zip(tensor.shape, stride, strict=True))


def copy_to(tensor: Tensor, stride: Stride | None) -> Tensor:
    """A copy with the given strides, or with every element of its own where these repeat some."""
    if stride is None or _repeats(tensor, stride):
        return tensor.clone(memory_format=torch.contiguous_format)
    return tensor.new_empty_strided(tensor.shape, stride).copy_(tensor)
