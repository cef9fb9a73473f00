"""Writes a compiled program into a folder that runs without this package."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.utils import _pytree as pytree

import taso
from taso.frontends.build import Build
from taso.frontends.owners import memory_of
from taso.frontends.saved_program import FORMAT, Interface, signature_facts
from taso.frontends.specialize import Specialized


def save_program(
    program: Specialized, interface: Interface, device: str, path: str | os.PathLike[str]
) -> None:
    """Write the folder; `saved_program` says what is in it.

    It is written beside the path and moved there once it is whole. Raises FileExistsError unless
    there is nothing, or an empty folder, ValueError for a structure that can't be written down.
    """
    target = Path(path)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise FileExistsError(f"{target}: expected a new path, or an empty folder")
    tensors = _Tensors()
    facts = {**_facts(program, interface, device, tensors), "tensors": tensors.facts()}
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write(folder, program.build, facts, tensors.by_name)
        folder.chmod(0o755)
        folder.replace(target)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _write(
    folder: Path, build: Build, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    own = files("taso.frontends")
    for name, copied in (("program.py", "saved_program.py"), ("output_memory.py",) * 2):
        (folder / name).write_text(own.joinpath(copied).read_text("utf-8"), encoding="utf-8")
    (folder / "main.py").write_text(build.source, encoding="utf-8")
    if build.device == "cuda":
        (folder / "main_cpu.py").write_text(build.torch_source, encoding="utf-8")
    (folder / "program.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    # A copy of each: safetensors takes no views and no shared memory.
    copies = {n: torch.empty(t.shape, dtype=t.dtype).copy_(t.detach()) for n, t in tensors.items()}
    save_file(copies, folder / "parameters.safetensors")


class _Tensors:
    """The tensors to save, each once: tied parameters have one name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Tensor] = {}
        self._names: dict[tuple[Any, ...], str] = {}

    def add(self, name: str, tensor: Tensor) -> str:
        """The name that the tensor has in the file."""
        kept = self._names.setdefault(memory_of(tensor) if tensor.numel() else (name,), name)
        self.by_name.setdefault(kept, tensor)
        return kept

    def facts(self) -> dict[str, Any]:
        return {n: [str(t.dtype)[6:], list(t.shape)] for n, t in self.by_name.items()}


def _facts(
    program: Specialized, interface: Interface, device: str, tensors: _Tensors
) -> dict[str, Any]:
    """What `saved_program` reads; the tensors that it needs are added to `tensors`."""
    imported, loaded = program.imported, program.program
    names = list(program.parameters)
    takes: list[int | str] = []
    for (kind, index), taken in zip(loaded.module.MAIN_TAKES, loaded.takes, strict=True):
        if isinstance(taken, int):
            takes.append(taken)
        else:
            is_prepared = kind == "prepared"
            name = f"prepared.{index}" if is_prepared else names[index - len(imported.inputs)]
            takes.append(tensors.add(name, taken))
    return {
        "format": FORMAT,
        "taso": taso.__version__,
        "torch": torch.__version__,
        "device": device,
        "signature": signature_facts(interface.signature),
        "inputs": [[a.name, list(a.shape), a.dtype] for a in loaded.inputs],
        "trees": [_tree("inputs", interface.input_tree), _tree("outputs", interface.output_tree)],
        "fixed_inputs": list(interface.fixed_inputs.items()),
        "outputs": list(interface.outputs),
        "modules": sorted(_modules(interface.input_tree) | _modules(interface.output_tree)),
        "takes": takes,
        "memory": [m for _, m in program.output_memory().arguments],
        "results": imported.results,
        "writes": [
            [w.result, _target(w.target, program.parameters, tensors)] for w in imported.writes
        ],
    }


def _target(target: str | int, held: Mapping[str, Tensor], tensors: _Tensors) -> str | int:
    return target if isinstance(target, int) else tensors.add(target, held[target])


def _tree(what: str, tree: pytree.TreeSpec) -> str:
    try:
        return pytree.treespec_dumps(tree)
    except (NotImplementedError, TypeError) as e:
        raise ValueError(f"the structure of the {what} can't be written down: {e}") from e


def _modules(tree: pytree.TreeSpec) -> set[str]:
    """The modules that define the types of a structure, but Python's own."""
    own = set() if tree.is_leaf() else {tree.type.__module__}
    found = own.union(*map(_modules, tree.children()))
    return found - {"builtins", "collections"}
