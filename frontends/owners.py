"""Where a program's tensors live: modules, and what a function captures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn


class Place(NamedTuple):
    """A name in the dictionary of a module or of a function's globals."""

    scope: dict[str, Any]
    name: str


class Owned(NamedTuple):
    """A tensor that a program reads, as the objects that hold it."""

    places: tuple[Place, ...]
    """Where to find it, several for a tied parameter."""
    captured: tuple[Tensor, ...]
    """Objects that a function's closure holds."""

    def objects(self) -> list[Tensor]:
        """The tensors that are there now. Raises KeyError if one is gone."""
        return [*(scope[name] for scope, name in self.places), *self.captured]


class Owners:
    """The modules that a program may call, and the tensors that it may read.

    They are those of the module, or what a function captures: the modules and tensors in its
    closure, among the globals that it names, and what it is bound to: a module, an object with
    modules and tensors as its attributes, or the arguments of a partial function.
    """

    def __init__(self, program: nn.Module | Callable[..., Any]) -> None:
        function, given = _unwrapped(program)
        captured, named = _captured(function)
        scope = getattr(function, "__globals__", {})
        self._globals = [Place(scope, n) for n, v in named.items() if isinstance(v, Tensor)]
        self._captured = [v for v in (*given, *captured) if isinstance(v, Tensor)]
        held = [*given, *captured, *named.values()]
        self._roots = list(dict.fromkeys(v for v in held if isinstance(v, nn.Module)))

    def modules(self) -> list[nn.Module]:
        """The modules, in order, each once."""
        return list(dict.fromkeys(m for root in self._roots for m in root.modules()))

    def find(self, tensors: Mapping[str, Tensor]) -> dict[str, Owned]:
        """What owns each of the tensors, which may be an alias of the owner's own.

        A tensor in memory that none of the owners has is owned by nothing: an empty `Owned`.
        """
        places: dict[tuple[Any, ...], list[Place]] = {}
        for place in self._places():
            try:
                memory = memory_of(place.scope[place.name])
            except RuntimeError:  # a sparse tensor has no address: it is none of them
                continue
            places.setdefault(memory, []).append(place)
        captured: dict[tuple[Any, ...], list[Tensor]] = {}
        for tensor in self._captured:
            captured.setdefault(memory_of(tensor), []).append(tensor)
        keys = {name: memory_of(tensor) for name, tensor in tensors.items()}
        return {
            name: Owned(tuple(places.get(key, ())), tuple(captured.get(key, ())))
            for name, key in keys.items()
        }

    def _places(self) -> Iterator[Place]:
        yield from (p for p in self._globals if isinstance(p.scope.get(p.name), Tensor))
        for module in self.modules():
            own = vars(module)
            for scope in (own["_parameters"], own["_buffers"], own):
                for name, value in scope.items():
                    if isinstance(value, Tensor):
                        yield Place(scope, name)


def memory_of(tensor: Tensor) -> tuple[Any, ...]:
    """Equal for tensors that are views of the same elements with the same meaning."""
    return tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride(), tensor.device


def _unwrapped(program: Any) -> tuple[Any, list[Any]]:
    """The function that a program is, and what is given to it beforehand; a module counts so."""
    if isinstance(program, nn.Module):
        return program.forward, [program]
    if not isinstance(program, partial):
        return program, []
    function, given = _unwrapped(program.func)
    return function, [*given, *program.args, *program.keywords.values()]


def _captured(function: Any) -> tuple[list[Any], dict[str, Any]]:
    """Values in the closure of a function, with what it is bound to; globals that it names."""
    bound = _bound(function)
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # no Python function, or one whose closure is not filled
        return bound, {}
    return [*bound, *found.nonlocals.values()], dict(found.globals)


def _bound(function: Any) -> list[Any]:
    """What a method or a callable object has at hand."""
    if inspect.ismethod(function):
        owner = function.__self__
    else:
        owner = None if inspect.isroutine(function) else function
    return (
        [owner] if isinstance(owner, nn.Module) else list(getattr(owner, "__dict__", {}).values())
    )
