"""Results in memory as the traced program would have left them.

A caller may write into an output, and take a `.view` of it. So outputs share memory with an input
or with each other only where the traced graph says so, and have the strides that it says.

A saved program has a copy of this file, which needs torch alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch._C._functorch import get_interpreter_stack

Stride: TypeAlias = tuple[int, ...]


class Expected(NamedTuple):
    """What is expected of a result: see `memory_of`. Any strides will do where there are None.

    is_kept: the caller cannot reach it, and hands it on to another graph, which takes any strides.
    """

    memory: int
    stride: Stride | None
    is_kept: bool


class OutputMemory:
    """Copies results of a generated `main` that are not in memory as they should be.

    arguments: what `main` takes, the number of an input or a tensor that is bound, and its memory
        while tracing, as in `results_to_copy`.
    expected: what is expected of each result where inputs have the strides of the example.
    """

    def __init__(
        self,
        arguments: Sequence[tuple[int | Tensor, int | None]],
        expected: Sequence[Expected],
    ) -> None:
        self.arguments = arguments
        given = {memory for _, memory in arguments}
        # An alias has strides that follow from those of what it is an alias of.
        self._expected = [x._replace(stride=None) if x.memory in given else x for x in expected]
        self._copies: dict[tuple[Stride, ...], list[tuple[int, Stride | None]]] = {}

    def mend(self, inputs: Sequence[Tensor], results: Sequence[Tensor]) -> Sequence[Tensor]:
        """The results, with copies in the place of some."""
        copies = self.copies(inputs, results)
        if not copies:
            return results
        mended = list(results)
        for index, stride in copies:
            mended[index] = copy_to(results[index], stride)
        return mended

    def copies(
        self, inputs: Sequence[Tensor], results: Sequence[Tensor]
    ) -> list[tuple[int, Stride | None]]:
        """What `mend` copies; it takes results of a call where the inputs' strides are new."""
        strides = tuple(map(Tensor.stride, inputs))
        copies = self._copies.get(strides)
        if copies is None:
            if get_interpreter_stack():  # a transform of torch.func, whose tensors have no memory
                return []
            held = [(inputs[x] if isinstance(x, int) else x, m) for x, m in self.arguments]
            copies = results_to_copy(held, list(zip(results, self._expected, strict=True)))
            self._copies[strides] = copies
        return copies


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
