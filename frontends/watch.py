"""Whether the tensors and modules that a compiled program reads are as they were.

Each call asks, and a model of 200 parameters may take it 20 µs. So no loop is in Python: `map`
reads addresses, some 50 ns each, autograd compares versions, 30 ns each, and generated code
compares objects, 15 ns each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from taso.frontends.owners import Place

_watches: WeakSet[Watch] = WeakSet()


class Watch:
    """Notices changes of what a program reads.

    places: where the tensors are looked up; another object there is a change.
    copied: tensors of which the program holds copies, in some form: a new value is a change. It
        is seen by the address of the data, by the version that each operation in place counts
        up, or as a step of an optimiser over their memory: a fused one counts no version. What
        is written through `.data` goes unseen.
    bound: tensors that the program takes as they are: another address of their data is a change.
    modules: a change of their mode or of their submodules is a change.
    """

    def __init__(
        self,
        places: Sequence[Place],
        copied: Sequence[Tensor],
        bound: Sequence[Tensor],
        modules: Sequence[nn.Module],
    ) -> None:
        self._is_as_built = _identity_check(places, modules)
        children: list[dict[str, nn.Module]] = [vars(m)["_modules"] for m in modules]
        self._children = [named for named in children if named]
        self._old_children = [dict(named) for named in self._children]
        self._copied = copied
        self._tensors = [*copied, *bound]
        self.renew()
        _watches.add(self)

    def renew(self) -> None:
        """Take addresses and values as they are now for unchanged."""
        self.is_stepped = False
        # Aliases keep the memory, so that no other data can get the same address.
        self._held = [tensor.detach() for tensor in self._tensors]
        self._addresses = list(map(Tensor.data_ptr, self._tensors))
        self._root = _saved(self._held[: len(self._copied)])
        self._versions: Any = self._root.grad_fn

    def has_same_objects(self) -> bool:
        """Modules, their modes, and the tensors in their places are those at the start."""
        try:
            return self._is_as_built() and self._children == self._old_children
        except KeyError:
            return False

    def is_unchanged(self) -> bool:
        """Nothing has changed since the start, or since `renew`."""
        try:
            return (
                self._is_as_built()
                and not self.is_stepped
                and self._children == self._old_children
                and list(map(Tensor.data_ptr, self._tensors)) == self._addresses
                and self._versions.saved_tensors is not None
            )
        except (KeyError, RuntimeError):  # a name is gone, a value was changed in place
            return False

    def note_step(self, changed: Iterable[int]) -> None:
        """An optimiser has changed the tensors whose storage is at these addresses."""
        held = {t.untyped_storage().data_ptr() for t in self._copied}
        self.is_stepped |= not held.isdisjoint(changed)


class _Save(torch.autograd.Function):
    """Saves tensors as for a backward pass, which refuses those that have changed since."""

    @staticmethod
    def forward(ctx: Any, root: Tensor, *tensors: Tensor) -> Tensor:  # pyright: ignore
        ctx.save_for_backward(*tensors)
        return root.clone()


@torch.inference_mode(False)
@torch.enable_grad()
def _saved(tensors: Sequence[Tensor]) -> Tensor:
    """A tensor: reading its `grad_fn.saved_tensors` raises RuntimeError if one has changed.

    An operation in place has then counted up its version. While the given tensors and the result
    live, this takes half as long as to read the versions.
    """
    root: Any = _Save.apply(torch.zeros((), requires_grad=True), *tensors)
    return root


def _identity_check(places: Sequence[Place], modules: Sequence[nn.Module]) -> Callable[[], bool]:
    """A function that is true while the objects and the modes of modules are the present ones.

    It raises KeyError if a name is gone.
    """
    scope: dict[str, Any] = {}
    tests: list[str] = []
    for i, place in enumerate(places):
        scope |= {f"d{i}": place.scope, f"t{i}": place.scope[place.name]}
        tests.append(f"d{i}[{place.name!r}] is t{i}")
    for i, module in enumerate(m for m in modules if _has_modes(type(m))):
        scope[f"m{i}"] = module.__dict__
        tests.append(f"m{i}['training'] is {module.training}")
    source = "def check():\n    return " + ("\\\n        and ".join(tests) or "True")
    exec(source, scope)
    return scope.pop("check")  # no cycle, which would keep parameters until garbage is collected


@cache
def _has_modes(kind: type[nn.Module]) -> bool:
    """Modules of this class may do something else in training; most of PyTorch's own do not."""
    if not kind.__module__.startswith("torch.nn.modules."):
        return True
    own = kind.__mro__[: kind.__mro__.index(nn.Module)]
    functions = [f for c in own for f in vars(c).values() if inspect.isfunction(f)]
    return any("training" in f.__code__.co_names for f in functions)


def _note_step(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    if not _watches:
        return
    tensors = [t for group in optimizer.param_groups for t in group["params"]]
    changed = {t.untyped_storage().data_ptr() for t in tensors} - {0}
    for watch in list(_watches):
        watch.note_step(changed)


register_optimizer_step_post_hook(_note_step)
