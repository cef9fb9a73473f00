"""Generated code compiled by Inductor, PyTorch's compiler of fused loops.

Inductor fuses the element-wise work between the calls of libraries, and lays constant weights out
as the libraries of a CPU like them best.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch._C._functorch import get_interpreter_stack
from torch.nn import Parameter

OPTIONS = {
    "freezing": True,
    "fallback_random": True,  # draws the numbers that the code itself would draw
}


def compile_main(
    main: Callable[..., Any], arguments: Sequence[Tensor], constant: Collection[int]
) -> Callable[..., Any] | None:
    """What computes as `main` does, and takes its arguments but for those at `constant`.

    Constant arguments have the values that they have now. The others have the forms that
    `arguments` have; for those of other strides, for subclasses of tensors and in the transforms of
    `torch.func`, `main` itself runs. None if a result is an alias of an argument, or nothing is
    left to take. To be called where no gradients are recorded, and without autocast. A CPU needs a
    C++ compiler; PyTorch raises where there is none.
    """
    given = [i for i in range(len(arguments)) if i not in constant]
    plain = [x.detach() for x in arguments]
    if not given:
        return None
    with torch.no_grad():
        module = _trace(main, plain)
        if module is None:
            return None
        _hold(module, {i: plain[i] for i in sorted(constant)})
        inputs = [plain[i] for i in given]
        compiled = _compile(module, inputs)
    strides = [x.stride() for x in inputs]
    constants = [None if i in given else x for i, x in enumerate(plain)]
    del plain, inputs

    def call(*inputs: Tensor) -> Any:
        as_traced = list(map(Tensor.stride, inputs)) == strides
        if as_traced and is_plain(inputs):
            results = compiled(*inputs)
            return results[0] if len(results) == 1 else tuple(results)
        rest = iter(inputs)
        return main(*(next(rest) if x is None else x for x in constants))

    return call


def is_plain(inputs: Sequence[Tensor]) -> bool:
    """Whether the tensors hold data, and operations on them just run."""
    return all(type(x) in (Tensor, Parameter) for x in inputs) and not get_interpreter_stack()


def _compile(module: fx.GraphModule, inputs: Sequence[Tensor]) -> Callable[..., list[Tensor]]:
    import torch._inductor  # it takes most of a second

    inductor: Any = torch._inductor
    return inductor.compile(module, inputs, options=OPTIONS)


def _trace(main: Callable[..., Any], arguments: Sequence[Tensor]) -> fx.GraphModule | None:
    """The ATen calls of `main`, which returns a list; None if a result is an alias."""
    from torch.fx.experimental.proxy_tensor import make_fx  # it takes half a second

    aliases: list[Tensor] = []

    def run(*arguments: Tensor) -> list[Tensor]:
        results = main(*arguments)
        results = list(results) if isinstance(results, tuple) else [results]
        taken = {_storage(x) for x in arguments}
        aliases.extend(x for x in results if _storage(x) in taken)
        return results

    module = make_fx(run, tracing_mode="fake")(*arguments)
    return None if aliases else module


def _storage(tensor: Tensor) -> int:
    storage: Any = tensor.untyped_storage()
    return storage._cdata  # a fake tensor has no address


def _hold(module: fx.GraphModule, tensors: Mapping[int, Tensor]) -> None:
    """Make the module hold tensors itself, which it took at these places."""
    placeholders = module.graph.find_nodes(op="placeholder")
    for place, tensor in tensors.items():
        node, name = placeholders[place], f"constant_{place}"
        module.register_buffer(name, tensor)
        with module.graph.inserting_before(node):
            held = module.graph.get_attr(name)
        held.meta.update(node.meta)
        node.replace_all_uses_with(held)
        module.graph.erase_node(node)
    module.recompile()
