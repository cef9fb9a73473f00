"""Generated code captured as a CUDA graph: one launch a call, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from taso.lowering.inductor import is_plain
from taso.lowering.standalone import as_tuple

_copy_all: Any = torch._foreach_copy_  # pyright: ignore

WARM_UP = 2
"""Calls before the capture: kernels are compiled there, and libraries allocate."""


def capture(
    main: Callable[..., Any], takes: Sequence[int | Tensor], inputs: Sequence[Tensor]
) -> Callable[..., Any] | None:
    """A function of the inputs that replays what `main` does with them.

    takes: what `main` takes, the number of an input or a tensor that is bound, which the graph
        reads where it lies.
    inputs: of the shapes, types and device that calls will have, on a CUDA device.

    The graph has buffers for inputs, into which a call copies, and for results, of which it gives
    copies. Calls on several streams wait for each other. In the transforms of `torch.func` and
    for subclasses of tensors `main` itself runs. None if a result is an alias of an argument, or
    there is nothing to take. Raises RuntimeError where `main` does what cannot be captured. `main`
    runs several times: it must draw no random numbers. No gradients are recorded.
    """
    if not inputs:
        return None
    device = inputs[0].device
    with torch.no_grad(), torch.cuda.device(device):
        buffers = [torch.empty_like(x, requires_grad=False).copy_(x) for x in inputs]
        arguments = [buffers[x] if isinstance(x, int) else x for x in takes]
        _warm_up(main, arguments)
        graph = torch.cuda.CUDAGraph()
        with _own_workspaces(), torch.cuda.graph(graph):
            results = as_tuple(main(*arguments))
    owners = {x.untyped_storage().data_ptr() for x in arguments if x.numel()}
    if any(r.untyped_storage().data_ptr() in owners for r in results):
        return None
    return _Replay(main, takes, buffers, graph, results)


@contextmanager
def _own_workspaces() -> Generator[None]:
    """cuBLAS keeps a workspace for each stream, and captures share one stream: let a graph have
    one in its own memory, which neither another graph takes along nor this one from another."""
    clear: Any = torch._C._cuda_clearCublasWorkspaces  # pyright: ignore
    clear()
    try:
        yield
    finally:
        clear()


def _warm_up(main: Callable[..., Any], arguments: Sequence[Tensor]) -> None:
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            main(*arguments)
    torch.cuda.current_stream().wait_stream(stream)


class _Replay:
    def __init__(
        self,
        main: Callable[..., Any],
        takes: Sequence[int | Tensor],
        buffers: list[Tensor],
        graph: torch.cuda.CUDAGraph,
        results: tuple[Tensor, ...],
    ) -> None:
        self._main = main
        self._takes = takes
        self._buffers = buffers
        self._graph = graph
        self._results = results
        self._device = buffers[0].device
        self._done = torch.cuda.Event()
        self._stream = torch.cuda.current_stream(self._device)
        self._done.record(self._stream)

    def __call__(self, *inputs: Tensor) -> Any:
        if not is_plain(inputs) or torch.cuda.is_current_stream_capturing():
            return self._main(*(inputs[x] if isinstance(x, int) else x for x in self._takes))
        with torch.cuda.device(self._device):
            stream = torch.cuda.current_stream()
            if stream != self._stream:
                stream.wait_event(self._done)
                self._stream = stream
            _copy_all(self._buffers, inputs)
            self._graph.replay()
            results = [r.clone() for r in self._results]
            self._done.record(stream)
        return tuple(results) if len(results) > 1 else results[0]
