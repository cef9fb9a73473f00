"""What generated code computes from parameters alone, kept while the parameters stay the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from taso.frontends.watch import Watch
from taso.lowering.standalone import as_tuple


class _Entry(NamedTuple):
    addresses: list[int]
    watch: Watch
    values: tuple[Tensor, ...]


class PreparedValues:
    """The results of a generated `prepare`, by the parameters that it was called with.

    Modules of one kind share their code, so that there may be several sets of parameters. A set
    goes when its first parameter does.
    """

    def __init__(self, prepare: Callable[..., Any]) -> None:
        self._prepare = prepare
        self._entries: Any = WeakTensorKeyDictionary()

    def of(self, sources: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The prepared values of these parameters, computed anew if one has changed."""
        entry: _Entry | None = self._entries.get(sources[0])
        addresses = list(map(Tensor.data_ptr, sources))
        if entry is None or entry.addresses != addresses or not entry.watch.is_unchanged():
            entry = self._entries[sources[0]] = self._entry(addresses, sources)
        return entry.values

    def _entry(self, addresses: list[int], sources: Sequence[Tensor]) -> _Entry:
        """The aliases share versions and keep the memory, but let the parameters go."""
        with torch.no_grad():
            aliases = [source.detach() for source in sources]
            versioned = [alias for alias in aliases if not alias.is_inference()]
            watch = Watch((), (), versioned, ())
            return _Entry(addresses, watch, as_tuple(self._prepare(*aliases)))
