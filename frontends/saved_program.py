"""How a compiled program is called, and how a saved one is loaded.

A saved program is a folder with a copy of this file, which needs torch and safetensors alone:

    program.py              this file: `load` gives the callable
    output_memory.py        what this file needs
    main.py                 the generated source
    main_cpu.py             the same for a CPU, where main.py has kernels for a GPU
    program.json            how it is called, and what it holds
    parameters.safetensors  parameters, those that `main` takes as they are and prepared ones

`python program.py` runs it on random inputs, and prints its outputs.
"""

import contextlib
import importlib
import inspect
import itertools
import json
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.utils import _pytree as pytree

FORMAT = 2
"""The version of the folder's format."""

Signature = inspect.Signature
Parameter = inspect.Parameter


class Unsaved(NamedTuple):
    """Stands for a default value that JSON does not hold."""

    text: str


class Interface(NamedTuple):
    """How a program is called: from a call to its tensor inputs, from results to outputs.

    signature: what a call is bound to.
    input_tree: the structure of `(args, kwargs)` in the example inputs.
    fixed_inputs: by leaf number, the Python value that the program was specialised on.
    output_tree: the structure of what a call returns.
    outputs: for each leaf of it ("result", number of a result), ("input", number of a leaf of
        the inputs, which is returned) or ("fixed", a Python value).
    """

    signature: Signature
    input_tree: pytree.TreeSpec
    fixed_inputs: Mapping[int, Any]
    output_tree: pytree.TreeSpec
    outputs: Sequence[tuple[str, Any]]

    def leaves(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """The leaves of a call's arguments, in the order of the example inputs.

        Raises TypeError if they do not fit the signature, have another structure than the
        example inputs, or have other Python values.
        """
        given = self._arrange(args, kwargs)
        try:
            leaves = self.input_tree.flatten_up_to(given)
        except ValueError:
            found = pytree.tree_structure(given)
            raise TypeError(
                f"expected inputs {_line(self.input_tree)}, got {_line(found)}"
            ) from None
        for index, value in self.fixed_inputs.items():
            if not is_same(leaves[index], value):
                raise TypeError(
                    f"{self.name_of(index)}: expected {value!r}, as when the program was "
                    f"compiled, got {_shown(leaves[index])}"
                )
        return leaves

    def tensors(self, leaves: Sequence[Any]) -> list[Any]:
        """The leaves that are tensor inputs."""
        return [leaf for i, leaf in enumerate(leaves) if i not in self.fixed_inputs]

    def output(self, leaves: Sequence[Any], results: Sequence[Any]) -> Any:
        """What the call returns, of the leaves of its inputs and the results of `main`."""
        sources = {"result": results, "input": leaves}
        values = [v if kind == "fixed" else sources[kind][v] for kind, v in self.outputs]
        return pytree.tree_unflatten(values, self.output_tree)

    def name_of(self, leaf: int) -> str:
        """A leaf of the inputs as the signature names it: `x`, `batch['ids']`."""
        numbers = pytree.tree_unflatten(range(self.input_tree.num_leaves), self.input_tree)
        path: Any = pytree.tree_flatten_with_path(numbers)[0][leaf][0]
        kind, place, *path = path
        if kind.idx == 1:
            return f"{place.key}{pytree.keystr(tuple(path))}"
        names = _positional_names(self.signature, place.idx + 1)
        return f"{names[place.idx]}{pytree.keystr(tuple(path))}"

    def _arrange(
        self, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments by position and by keyword as the example inputs have them.

        One that these leave out has to be its default, which the program was compiled with.
        """
        given = dict(self.signature.bind(*args, **kwargs).arguments)
        rest: tuple[Any, ...] = ()
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is Parameter.VAR_POSITIONAL:
                rest = given.pop(name, ())
            elif parameter.kind is Parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        by_position, by_keyword = self.input_tree.children()
        named = [
            name
            for name in _positional_names(self.signature, by_position.num_children)
            if not name.startswith("*")
        ]
        positional = (*(self._take(given, name) for name in named), *rest)
        keywords = {name: self._take(given, name) for name in by_keyword.context}
        for name, value in given.items():
            self._check_default(name, value)
        return positional, keywords

    def _take(self, given: dict[str, Any], name: str) -> Any:
        if name in given:
            return given.pop(name)
        parameter = self.signature.parameters.get(name)
        if parameter is None or parameter.default is Parameter.empty:
            raise TypeError(f"missing argument {name!r}, which the example inputs have")
        return parameter.default

    def _check_default(self, name: str, value: Any) -> None:
        parameter = self.signature.parameters.get(name)
        if parameter is None or not is_same(value, parameter.default):
            default = "" if parameter is None else f" or {_shown(parameter.default)}"
            raise TypeError(
                f"{name}: expected no argument{default}, as when the program was compiled, "
                f"got {_shown(value)}"
            )


def _positional_names(signature: Signature, count: int) -> list[str]:
    """Names of the first `count` arguments by position; those of `*rest` are `*rest[0]`, …"""
    names: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            names.append(name)
        elif parameter.kind is Parameter.VAR_POSITIONAL:
            names += [f"*{name}[{i}]" for i in range(count - len(names))]
    return names[:count]


def is_same(value: Any, expected: Any) -> bool:
    """The same object, or an equal value of the same plain type."""
    if value is expected:
        return True
    plain = isinstance(expected, bool | int | float | str)
    return plain and type(value) is type(expected) and value == expected


def _shown(value: Any) -> str:
    """A value in a message; a tensor's elements are too many."""
    return "a tensor" if isinstance(value, torch.Tensor) else repr(value)


def _line(tree: pytree.TreeSpec) -> str:
    return " ".join(str(tree).split())


def copy_writes(
    results: Sequence[torch.Tensor],
    writes: Sequence[tuple[int, torch.Tensor]],
    given: Sequence[Any],
) -> Sequence[torch.Tensor]:
    """Copy results into what the program changes in place: (number of the result, target).

    Returns the results as they were before: one that shares memory with a target is a copy.
    Raises TypeError, before anything is changed, where a target overlaps with another of the
    targets and inputs `given`: the program was made for tensors that do not.
    """
    _refuse_overlaps([target for _, target in writes], given)
    changed = {target.untyped_storage().data_ptr() for _, target in writes}
    kept = [r.clone() if r.untyped_storage().data_ptr() in changed else r for r in results]
    with torch.no_grad():
        for number, target in writes:
            target.copy_(kept[number])
    return kept


def _refuse_overlaps(targets: Sequence[torch.Tensor], given: Sequence[Any]) -> None:
    inputs = [x for x in given if isinstance(x, torch.Tensor)]
    of_inputs, changed = {id(x) for x in inputs}, {id(x) for x in targets}
    tensors = [*inputs, *(x for x in targets if id(x) not in of_inputs)]
    for a, b in itertools.combinations(tensors, 2):
        if not changed.isdisjoint((id(a), id(b))) and _overlap(a, b):
            raise TypeError(
                "the program changes a tensor that shares memory with another one that it is "
                "given: pass a copy of one (.clone())"
            )


def _overlap(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether the stretches of memory from the first to the last element overlap."""
    (first_a, end_a), (first_b, end_b) = map(_stretch, (a, b))
    return first_a < end_b and first_b < end_a


def _stretch(x: torch.Tensor) -> tuple[int, int]:
    steps = zip(x.shape, x.stride(), strict=True)
    size = sum((n - 1) * step for n, step in steps) + 1 if x.numel() else 0
    return x.data_ptr(), x.data_ptr() + size * x.element_size()


class SavedProgram:
    """A loaded program: takes and gives what the program did that it was made from."""

    def __init__(self, folder: Path, device: str | None = None) -> None:
        facts = _read_facts(folder)
        self.device = torch.device(facts["device"] if device is None else device)
        self.inputs = [(name, tuple(shape), dtype) for name, shape, dtype in facts["inputs"]]
        self._interface = _read_interface(facts)
        self.__signature__ = self._interface.signature
        tensors = _read_tensors(folder, facts["tensors"], self.device)
        self._takes = [x if isinstance(x, int) else tensors[x] for x in facts["takes"]]
        self._writes = [(n, x if isinstance(x, int) else tensors[x]) for n, x in facts["writes"]]
        of_cpu = folder / "main_cpu.py"
        is_of_cpu = self.device.type == "cpu" and of_cpu.exists()
        self._code = runpy.run_path(str(of_cpu if is_of_cpu else folder / "main.py"))
        memory = runpy.run_path(str(folder / "output_memory.py"))
        expected = [memory["Expected"](m, s and tuple(s), k) for m, s, k in facts["results"]]
        arguments = list(zip(self._takes, facts["memory"], strict=True))
        self._memory = memory["OutputMemory"](arguments, expected)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The program's outputs. Raises TypeError for inputs that do not fit, naming both."""
        leaves = self._interface.leaves(args, kwargs)
        inputs = self._interface.tensors(leaves)
        results = self.run(inputs)
        if self._writes:
            writes = [(n, leaves[x] if isinstance(x, int) else x) for n, x in self._writes]
            results = copy_writes(results, writes, leaves)
        return self._interface.output(leaves, results)

    def run(self, inputs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results of the generated `main` for the tensor inputs."""
        for expected, given in zip(self.inputs, inputs, strict=True):
            self._check(*expected, given)
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
            results = self._code["main"](
                *(inputs[x] if isinstance(x, int) else x for x in self._takes)
            )
            results = results if isinstance(results, tuple) else (results,)
            return self._memory.mend(inputs, results)

    def _check(self, name: str, shape: tuple[int, ...], dtype: str, given: Any) -> None:
        expected = f"{dtype}{list(shape)} on {self.device.type}"
        if not isinstance(given, torch.Tensor):
            raise TypeError(f"{name}: expected {expected}, got {type(given).__name__}")
        found = f"{str(given.dtype)[6:]}{list(given.shape)} on {given.device.type}"
        if found != expected:
            raise TypeError(f"{name}: expected {expected}, got {found}")

    def print_outputs(self, seed: int) -> None:
        """Run on random inputs; a line for each result, as generated files print it."""
        code = self._code
        arguments = [code["Argument"](*expected, False) for expected in self.inputs]
        results = self.run(code["draw_inputs"](arguments, seed, str(self.device)))
        for index, result in enumerate(results):
            print(code["format_output"](index, result))


def load(folder: str | Path | None = None, device: str | None = None) -> SavedProgram:
    """The program saved in a folder, by default in that of this file.

    device: where its parameters are put, by default on the kind of device they were on. Raises
    ValueError if the folder is of another format version, or holds tensors that do not fit,
    OSError if a file can't be read. Nothing is unpickled.
    """
    return SavedProgram(Path(__file__).parent if folder is None else Path(folder), device)


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / "program.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version = facts["format"]
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{path}: expected the description of a saved program") from None
    if version != FORMAT:
        raise ValueError(f"{path}: the format version is {version!r}, expected {FORMAT}")
    return facts


def _read_interface(facts: Mapping[str, Any]) -> Interface:
    modules = facts["modules"]
    for name in modules:  # they register the types of inputs and outputs
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    try:
        input_tree, output_tree = map(pytree.treespec_loads, facts["trees"])
    except NotImplementedError as e:
        raise ValueError(f"its inputs and outputs have types of {', '.join(modules)}: {e}") from e
    return Interface(
        _read_signature(facts["signature"]),
        input_tree,
        dict(facts["fixed_inputs"]),
        output_tree,
        [(kind, value) for kind, value in facts["outputs"]],
    )


def _read_signature(facts: Sequence[Mapping[str, Any]]) -> Signature:
    parameters: list[Parameter] = []
    for fact in facts:
        default = fact.get("default", Parameter.empty)
        if "unsaved_default" in fact:
            default = Unsaved(fact["unsaved_default"])
        kind = getattr(Parameter, fact["kind"])
        parameters.append(Parameter(fact["name"], kind, default=default))
    return Signature(parameters)


def signature_facts(signature: Signature) -> list[dict[str, Any]]:
    """A signature as JSON; annotations are left out."""
    facts: list[dict[str, Any]] = []
    for parameter in signature.parameters.values():
        fact: dict[str, Any] = {"name": parameter.name, "kind": parameter.kind.name}
        if isinstance(parameter.default, bool | int | float | str | None):
            fact["default"] = parameter.default
        elif parameter.default is not Parameter.empty:
            fact["unsaved_default"] = repr(parameter.default)
        facts.append(fact)
    return facts


def _read_tensors(
    folder: Path, expected: Mapping[str, Any], device: torch.device
) -> dict[str, torch.Tensor]:
    path = folder / "parameters.safetensors"
    try:
        tensors = load_file(path, str(device))
    except SafetensorError as e:
        raise ValueError(f"{path}: expected a safetensors file: {e}") from None
    if tensors.keys() != expected.keys():
        differing = min(tensors.keys() ^ expected.keys())
        where = "missing" if differing in expected else "not one of the program's"
        raise ValueError(f"{path}: tensor {differing!r} is {where}")
    for name, (dtype, shape) in expected.items():
        found = f"{str(tensors[name].dtype)[6:]}{list(tensors[name].shape)}"
        if found != f"{dtype}{shape}":
            raise ValueError(f"{path}: tensor {name!r} is {found}, expected {dtype}{shape}")
    return tensors


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Run the program on random inputs.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default=None)
    options = parser.parse_args()
    load(device=options.device).print_outputs(options.seed)
