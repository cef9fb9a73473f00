"""PyTorch's own samples of its ops (OpInfo), as calls of tensors that one program makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from random import Random
from typing import Any

from support.linalg import main_of
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from taso.frontends.aten.writer import DTYPE_NAMES
from taso.frontends.interface import Fixed, Given, Result
from taso.frontends.torch_export import ImportedProgram
from taso.lowering.runtime import Program, lower
from taso.lowering.torch_source import torch_source
from taso.passes.statistics import opaque_ops

INFOS: dict[str, OpInfo] = {op.formatted_name: op for op in op_db}
"""By `OpInfo.formatted_name`."""

MOST_SAMPLES = 40
"""Of how many it chooses: a few ops have thousands."""


class Call:
    """A function of tensors and other data, beside arguments for it."""

    def __init__(self, function: Callable[..., Any], sample: SampleInput) -> None:
        self._function = function
        self.sample = sample
        given = (sample.input, *sample.args), sample.kwargs
        self._leaves, self._tree = pytree.tree_flatten(given)
        self._places = [i for i, x in enumerate(self._leaves) if isinstance(x, Tensor)]

    @property
    def tensors(self) -> list[Tensor]:
        return [self._leaves[i] for i in self._places]

    def __call__(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The results, of these tensors in place of its own."""
        leaves = list(self._leaves)
        for i, tensor in zip(self._places, tensors, strict=True):
            leaves[i] = tensor
        args, kwargs = pytree.tree_unflatten(leaves, self._tree)
        results = pytree.tree_leaves(self._function(*args, **kwargs))
        return [x for x in results if isinstance(x, Tensor)]

    def expected(self) -> list[Tensor] | None:
        """What torch computes; None where it does not take the arguments."""
        try:
            return self([x.clone() for x in self.tensors])
        except (IndexError, NotImplementedError, RuntimeError, TypeError):
            return None


def calls_of(
    info: OpInfo,
    function: Callable[..., Any],
    adapt: Callable[[SampleInput], SampleInput | None],
    count: int,
) -> Iterator[tuple[Call, list[Tensor]]]:
    """Calls of `count` samples in every element type of the dialect, with what torch computes.

    Each type takes other samples than the one before, by a choice that is the same in each run,
    every second with tensors that are not contiguous. `adapt` gives a sample the form that
    `function` takes, or leaves it out.
    """
    dtypes = [dtype for dtype in DTYPE_NAMES if dtype in info.dtypes]
    for place, dtype in enumerate(dtypes):
        given = islice(info.sample_inputs("cpu", dtype, set_seed=False), MOST_SAMPLES)
        adapted = [adapt(sample) for sample in given]
        samples = [sample for sample in adapted if sample is not None]
        Random(0).shuffle(samples)  # neighbours are alike
        for i in range(min(count, len(samples))):
            sample = samples[(place * count + i) % len(samples)]
            call = Call(function, sample)
            if (place + i) % 2:
                strided = Call(function, sample.noncontiguous())
                call = call if strided.expected() is None else strided
            expected = call.expected()
            if expected is not None and all(x.dtype in DTYPE_NAMES for x in call.tensors):
                yield call, expected


def joined(calls: Sequence[Call]) -> tuple[Callable[..., list[Tensor]], list[Tensor]]:
    """A program that makes all calls, and its inputs: none shares memory with others."""

    def program(*tensors: Tensor) -> list[Tensor]:
        rest = iter(tensors)
        return [x for call in calls for x in call(list(islice(rest, len(call.tensors))))]

    return program, [deepcopy(x) for call in calls for x in call.tensors]


def run_as_torch(imported: ImportedProgram, inputs: Sequence[Tensor]) -> list[Any]:
    """The outputs of a program's generated torch source."""
    trusted = frozenset(opaque_ops(main_of(imported.module)))
    program = Program.from_source(torch_source(lower(imported.module), trusted=trusted))
    held = [x.detach() for x in imported.parameters.values()]
    results = program.run([*inputs, *held])
    outputs: list[Any] = []
    for output in imported.outputs:
        match output:
            case Result(index):
                outputs.append(results[index])
            case Given(leaf):
                outputs.append(inputs[leaf])
            case Fixed(value):
                outputs.append(value)
    return outputs
