"""A program compiled for the present modes of its modules, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache
from typing import Any

from torch import Tensor
from torch._C._functorch import get_interpreter_stack
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp

from taso.frontends.build import Build, main_of
from taso.frontends.output_memory import OutputMemory
from taso.frontends.owners import Owned, Owners, memory_of
from taso.frontends.torch_export import ImportedProgram
from taso.frontends.watch import Watch
from taso.lowering.runtime import Program, load_source
from taso.passes.hoist_params import PARAM


class Specialized:
    """The generated program, bound to parameters that it keeps in step with their owners.

    freeze: take the parameters as they are at `refresh`, and check nothing.
    is_autocast: the program was traced under autocast, and does what that does.

    Without `freeze`, nothing is prepared from tensors whose changes can't be seen: those made
    under `torch.inference_mode`, which have no version, and those that nothing known owns.
    """

    def __init__(
        self,
        owners: Owners,
        imported: ImportedProgram,
        build: Callable[[ModuleOp], Build],
        freeze: bool,
        is_autocast: bool,
    ) -> None:
        self.imported = imported
        self._held = {**imported.states, **imported.parameters}
        self._owned = owners.find(self._held)
        self._modules = owners.modules()
        self._freeze = freeze
        unseen = () if freeze else [n for n, t in self._held.items() if self._is_unseen(n, t)]
        self._varying = {*imported.states, *unseen}
        self.build = build(_without_param(imported, unseen))
        code = load_source(self.build.source, "program")
        if self.build.device == "cuda":
            vars(code)["main"] = _transformable(code.main, self.build)
        self.program = Program(code, len(imported.inputs), is_autocast=is_autocast)
        prepare_takes = getattr(self.program.module, "PREPARE_TAKES", ())
        names = list(self._held)
        self._prepared = [names[i - len(imported.inputs)] for i in prepare_takes]
        self._copied = self._prepared
        self._watches_addresses = False
        self.is_stale = True
        """Whether `refresh` is to run before the next call, whatever has changed."""
        self.is_due = False
        """Whether `compile` is to run at the next call."""
        self._devices = {name: t.device for name, t in self._held.items()}
        self._watch: Watch | None = None
        self.parameters: Mapping[str, Tensor] = {}
        """The tensors that the program is bound to: states, then parameters, by name."""

    def _is_unseen(self, name: str, tensor: Tensor) -> bool:
        is_owned = self._owned[name] != Owned((), ()) or name in self.imported.constants
        return not is_owned or tensor.is_inference()

    def output_memory(self) -> OutputMemory:
        """For the results of `program`, which is bound to the present parameters."""
        memory = self.imported.memory
        held = zip(self.parameters.values(), memory[len(self.imported.inputs) :], strict=True)
        known = {id(tensor): own for tensor, own in held}
        arguments = [
            (x, memory[x] if isinstance(x, int) else known.get(id(x))) for x in self.program.takes
        ]
        return OutputMemory(arguments, self.imported.results)

    @property
    def is_unchanged(self) -> Callable[[], bool] | None:
        """Asks whether a call can go ahead without `refresh`; None where it always can."""
        return None if self._watch is None else self._watch.is_unchanged

    def is_in_step(self) -> bool:
        """Parameters are as they were at the last `refresh`, as far as can be seen."""
        return not self.is_stale and (self._watch is None or self._watch.is_unchanged())

    def is_current(self) -> bool:
        """Parameters that were one tensor still are one, and none is gone."""
        try:
            return all(len(set(map(memory_of, o.objects()))) <= 1 for o in self._owned.values())
        except (KeyError, AttributeError):  # no name there, no tensor there
            return False

    def refresh(self) -> None:
        """Bind the parameters that are there now, and prepare what depends on them alone.

        Raises TypeError if one has another shape, element type or device than before.
        """
        found = {name: owned.objects() for name, owned in self._owned.items()}
        self.parameters = {
            name: objects[0] if objects else self._held[name] for name, objects in found.items()
        }
        self._check()
        if not self._freeze:  # before their values are read: a change from now on is seen
            self._watch = self._watched(found, self._prepared)
        self.program.prepare(list(self.parameters.values()))
        self.is_stale = False

    def capture(self, inputs: Sequence[Tensor]) -> None:
        """Capture the program as a CUDA graph; see `Program.capture`.

        A graph reads bound tensors where they lie, so that all addresses are watched from now on.
        """
        if not self._freeze:
            found = {name: owned.objects() for name, owned in self._owned.items()}
            self._watches_addresses, self._watch = True, None
            self._watch = self._watched(found, self._prepared)
        self.program.capture(inputs)

    def compile(self, inputs: Sequence[Tensor], *, always: bool) -> None:
        """Have Inductor compile the program for the present parameters; see `Program.compile`."""
        if not self._freeze:
            found = {name: owned.objects() for name, owned in self._owned.items()}
            seen = [name for name in self._held if name not in self._varying]
            self._watch = self._watched(found, seen)
        varying = [i for i, name in enumerate(self._held) if name in self._varying]
        self.program.compile(inputs, varying, always=always)

    def _watched(self, found: Mapping[str, list[Tensor]], copied: Sequence[str]) -> Watch | None:
        """A watch of the tensors found, whose values matter where they are `copied`."""
        is_same = self._copied == copied
        self._copied = copied
        if is_same and self._watch is not None and self._watch.has_same_objects():
            self._watch.renew()
            return self._watch
        places = [place for owned in self._owned.values() for place in owned.places]
        sources = [tensor for name in copied for tensor in found[name]] + self._counters()
        if not (places or sources or self._modules):
            return None
        bound = self._sentinels()
        if self._watches_addresses:
            bound = [t for name, own in found.items() if name not in copied for t in own]
        return Watch(places, _distinct(sources), _distinct(bound), self._modules)

    def _counters(self) -> list[Tensor]:
        """What batch norms count up where they change statistics that are copied.

        These count no version then: PyTorch's schema does not tell that they change.
        """
        scopes = [place.scope for name in self._copied for place in self._owned[name].places]
        counters = [s.get("num_batches_tracked") for s in scopes if "running_mean" in s]
        return [counter for counter in counters if isinstance(counter, Tensor)]

    def _sentinels(self) -> list[Tensor]:
        """Of the parameters that are bound themselves, one for each module that has some.

        Their values need no watching. But a module that is moved to another element type or
        device changes the form of all its tensors.
        """
        chosen: dict[int, Tensor] = {}
        for name, owned in self._owned.items():
            if name not in self._copied:
                for scope, key in owned.places:
                    chosen.setdefault(id(scope), scope[key])
        return list(chosen.values())

    def _check(self) -> None:
        for expected, (name, tensor) in zip(
            self.program.parameters, self.parameters.items(), strict=True
        ):
            old = f"{expected.dtype}{list(expected.shape)} on {self._devices[name]}"
            new = (
                f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)} on {tensor.device}"
            )
            if new != old:
                raise TypeError(
                    f"parameter '{name}' is {new}, and was {old} when the program was compiled: "
                    "compile it again"
                )


def _transformable(main: Callable[..., Any], build: Build) -> Callable[..., Any]:
    """The generated `main`; in the transforms of `torch.func`, which know torch's ops alone, and
    on a CPU that of the torch source."""

    @cache
    def plain() -> Callable[..., Any]:
        return load_source(build.torch_source, "program").main

    def call(*arguments: Tensor) -> Any:
        on_gpu = all(x.is_cuda for x in arguments[:1])
        return (main if on_gpu and not get_interpreter_stack() else plain())(*arguments)

    return call


def _distinct(tensors: list[Tensor]) -> list[Tensor]:
    return list({id(tensor): tensor for tensor in tensors}.values())


def _without_param(imported: ImportedProgram, names: Container[str]) -> ModuleOp:
    """A copy of the module in which nothing is prepared from these parameters."""
    module = imported.module.clone()
    main = main_of(module)
    if main.arg_attrs is not None:
        attrs = [dict(a.data) for a in main.arg_attrs.data]
        first = len(imported.inputs) + len(imported.states)
        for index, name in enumerate(imported.parameters, first):
            if name in names:
                del attrs[index][PARAM]
        main.arg_attrs = ArrayAttr(map(DictionaryAttr, attrs))
    return module
