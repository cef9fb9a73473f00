"""`torch.compile(model, backend="taso")`: dynamo's graphs as generated code, by AOTAutograd."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, fx
from torch._decomp import core_aten_decompositions
from torch._dynamo.backends.common import aot_autograd
from torch._functorch.partitioners import min_cut_rematerialization_partition
from torch._guards import TracingContext
from torch._ops import OpOverload
from torch.fx.graph import _BoxedCodeGen  # pyright: ignore[reportPrivateUsage]
from torch.utils._python_dispatch import (
    _disable_current_modes,  # pyright: ignore[reportPrivateUsage]
)
from xdsl.utils.exceptions import DiagnosticException

from taso.frontends.any_strides import with_reshapes
from taso.frontends.aot_graph import BoxedCall, Role, compile_graph
from taso.frontends.aten.writer import CONVERTERS, UnsupportedError
from taso.frontends.options import Options, backend_options
from taso.frontends.static_sizes import SpecializedCall, is_symbolic, specialize
from taso.frontends.whole_ops import keep_whole


def backend(
    module: fx.GraphModule,
    example_inputs: Sequence[Any],
    *,
    mode: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """Compile a graph of dynamo's: its forward and, where gradients are needed, its backward.

    See `Options` for the options. Raises ValueError for unknown ones, and for modes. A
    graph that cannot be written in the taso dialect runs as it is, with a warning.
    """
    compiler = _Compiler(backend_options(mode, options), _unseen(example_inputs))
    compile_with_aot = aot_autograd(
        fw_compiler=compiler.forward,
        bw_compiler=compiler.backward,
        inference_compiler=compiler.inference,
        decompositions=_decompositions(),
        partition_fn=min_cut_rematerialization_partition,
    )
    with keep_whole(module, example_inputs):
        return compile_with_aot(module, example_inputs)


def _unseen(inputs: Sequence[Any]) -> frozenset[int]:
    """Inputs whose changes cannot be seen: tensors made in inference mode count no versions."""
    return frozenset(i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.is_inference())


@cache
def _decompositions() -> dict[Any, Callable[..., Any]]:
    """Those to core ATen ops, but of ops that have a converter. Random ops stay as they are: a
    decomposition would draw other numbers."""
    return {
        op: decomposition
        for op, decomposition in core_aten_decompositions().items()
        if str(op) not in CONVERTERS and torch.Tag.nondeterministic_seeded not in _tags(op)
    }


def _tags(op: Any) -> Sequence[torch.Tag]:
    return op.tags if isinstance(op, OpOverload) else ()


class _Compiler:
    """What AOTAutograd calls with the graphs that it makes of one of dynamo's."""

    def __init__(self, options: Options, unseen: frozenset[int]) -> None:
        self._options = options
        self._unseen = frozenset[int]() if options.freeze else unseen

    def inference(self, module: fx.GraphModule, _: Sequence[Any]) -> BoxedCall:
        return self._compile(module, Role(parameters=self._parameters()))

    def forward(self, module: fx.GraphModule, _: Sequence[Any]) -> BoxedCall:
        """Parameters change with each step of training: nothing is prepared from them."""
        metadata = _metadata()
        return self._compile(module, Role(visible=metadata and metadata.num_forward))

    def backward(self, module: fx.GraphModule, _: Sequence[Any]) -> BoxedCall:
        return self._compile(module, Role(keeps_strides=False))

    def _parameters(self) -> frozenset[int]:
        """The placeholders of parameters and buffers that the graph does not change."""
        metadata = _metadata()
        if metadata is None:
            return frozenset()
        changed = {
            i for i, x in enumerate(metadata.input_info) if x.mutates_data or x.mutates_metadata
        }
        return frozenset(metadata.static_input_indices) - changed - self._unseen

    def _compile(self, module: fx.GraphModule, role: Role) -> BoxedCall:
        if not is_symbolic(module.graph):
            return _boxed(self._compile_static(module, role))

        def compile_for(args: Sequence[Any]) -> BoxedCall:
            try:
                static = specialize(module, args)
            except UnsupportedError as e:
                return _unoptimized(module, e)
            return self._compile_static(static, role)

        return _boxed(SpecializedCall(module.graph, compile_for, as_traced(module)))

    def _compile_static(self, module: fx.GraphModule, role: Role) -> BoxedCall:
        if not _computes(module.graph):
            return as_traced(module)
        try:
            with _disable_current_modes(), torch.no_grad():
                return compile_graph(module.graph, role, self._options)
        except (UnsupportedError, DiagnosticException) as e:
            return _unoptimized(module, e)


def _unoptimized(module: fx.GraphModule, reason: Exception) -> BoxedCall:
    warnings.warn(f"a graph runs unoptimised: {reason}", stacklevel=2)
    return as_traced(module)


def _boxed(call: BoxedCall) -> BoxedCall:
    """Mark a call as one that takes a list of arguments, and empties it."""

    def run(args: list[Any]) -> list[Any]:
        return call(args)

    vars(run)["_boxed_call"] = True
    return run


def _metadata() -> Any:
    """What AOTAutograd knows of the graph that is being compiled, if it says."""
    context = TracingContext.try_get()
    return None if context is None else context.fw_metadata


def _computes(graph: fx.Graph) -> bool:
    """Whether a graph computes something from tensors that it is given."""
    placeholders = graph.find_nodes(op="placeholder")
    return any(
        isinstance(node.meta.get("val"), Tensor) and any(u.op != "output" for u in node.users)
        for node in placeholders
    )


def as_traced(module: fx.GraphModule) -> BoxedCall:
    """The graph as it is, for arguments of any strides."""
    copied = with_reshapes(module)
    copied.graph.set_codegen(_BoxedCodeGen())
    copied.recompile()
    return copied.forward
