"""What generated code computes from parameters alone, kept while the parameters stay the same."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from taso.frontends.watch import Watch
from taso.lowering.standalone import as_tuple

_version = attrgetter("_version")


class _Entry(NamedTuple):
    addresses: list[int]
    versions: list[int]
    watch: Watch | None
    values: tuple[Tensor, ...]


class PreparedValues:
    """The results of a generated `prepare`, by the parameters that it was called with.

    Modules of one kind share their code, so that there may be several sets of parameters. A set
    goes when its first parameter does. With `freeze`, parameters keep their values, as far as
    they stay where they are; else each call looks for changes, as `taso.frontends.watch` says.
    """

    def __init__(self, prepare: Callable[..., Any], *, freeze: bool) -> None:
        self._prepare = prepare
        self._freeze = freeze
        self._entries: Any = WeakTensorKeyDictionary()

    def of(self, sources: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The prepared values of these parameters, computed anew if one has changed."""
        entry: _Entry | None = self._entries.get(sources[0])
        if entry is None or not self._is_current(entry, sources):
            entry = self._entries[sources[0]] = self._entry(sources)
        return entry.values

    def _is_current(self, entry: _Entry, sources: Sequence[Tensor]) -> bool:
        if list(map(Tensor.data_ptr, sources)) != entry.addresses:
            return False
        if entry.watch is None:
            return True
        return entry.watch.is_unchanged() and list(map(_version, sources)) == entry.versions

    def _entry(self, sources: Sequence[Tensor]) -> _Entry:
        """Aliases keep the memory, so that its address stays theirs, but let parameters go."""
        with torch.no_grad():
            aliases = [source.detach() for source in sources]
            values = as_tuple(self._prepare(*aliases))
        watch = None if self._freeze else Watch((), [*aliases, *_counters(sources)], (), ())
        versions = [] if self._freeze else list(map(_version, sources))
        return _Entry(list(map(Tensor.data_ptr, sources)), versions, watch, values)


def _counters(sources: Sequence[Tensor]) -> list[Tensor]:
    """What batch norms count up where they change statistics that are among the sources.

    PyTorch's schema does not tell that those change, so that their versions stay. AOTAutograd
    gives tensors alone; the batch norm is what holds them.
    """
    held = {id(source) for source in sources}
    owners = [x for x in gc.get_referrers(*sources) if isinstance(x, dict)]
    return [
        x["num_batches_tracked"]
        for x in owners
        if id(x.get("running_mean")) in held and isinstance(x.get("num_batches_tracked"), Tensor)
    ]
