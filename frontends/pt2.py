"""Reads programs that `torch.export.save` wrote, without running what a file may hide in them.

torch's own loader (2.13) unpickles weights, constants and sample inputs that say they are pickled,
loads compiled code, and evaluates symbolic sizes as Python; decomposing a program then runs its
guards, and writes names as they stand into code. So an archive is looked through first, by torch's
own reader, and refused where it holds any of these.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch
from torch._export.verifier import SpecViolationError
from torch.export import ExportedProgram
from torch.export.pt2_archive._package import PT2ArchiveReader, load_pt2

GRAPH = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
PAYLOADS = {WEIGHTS: "weight_", CONSTANTS: "tensor_"}
"""What lists the tensors of an archive, and how the records that hold them are called."""
SAMPLES = "data/sample_inputs/model.pt"

_RECORDS = re.compile(
    r"archive_format|archive_version|byteorder|\.data/\w+|extra/.*"
    r"|data/weights/weight_\d+|data/constants/tensor_\d+"
    rf"|{'|'.join(map(re.escape, (GRAPH, SAMPLES, *PAYLOADS)))}"
)
_TARGET = re.compile(
    r"torch\.ops\.(aten|prims|higher_order)\.(?!from_file\b)(?!__\w+__\b)\w+(\.(?!__)\w+)?"
    r"|_operator\.(?!_)\w+"
)
"""Ops that only compute; `aten.from_file` reads files."""
_PATH = re.compile(r"[^\"'\\\n\r]*")
"""Of a module or a parameter: torch writes it between quotes."""
_TYPES_OF_TRANSFORMERS = "transformers.modeling_outputs."


MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    SpecViolationError,
    TypeError,
    ValueError,
)
"""What comes out where JSON has another structure than its reader takes for granted."""


class ArchiveError(ValueError):
    """A file is no exported program, or one that is not read."""


def load_exported(path: str) -> ExportedProgram:
    """The program of a `.pt2` file, on the devices that it was saved from.

    Raises OSError where the file cannot be read, `ArchiveError` where it is not an archive of
    `torch.export.save` that holds a graph of aten ops on static shapes, and plain tensors.
    """
    with open(path, "rb") as file:
        check_archive(file)
        file.seek(0)
        try:
            program = load_pt2(file).exported_programs["model"]
            _ = program.call_spec  # raises where the graph of calls has none
        except MALFORMED as e:
            raise ArchiveError(f"torch.export cannot load it: {_first_line(e)}") from e
    return program


def check_archive(file: BinaryIO) -> None:
    """Raise `ArchiveError` unless torch's loader will read graph and tensors, and run nothing."""
    try:
        reader = PT2ArchiveReader(file)
        names = reader.get_file_names()
        foreign = [name for name in names if not _RECORDS.fullmatch(name)]
        if not foreign:
            for config, prefix in PAYLOADS.items():
                _check_payload(json.loads(reader.read_bytes(config)), prefix)
            _check_samples(reader.read_bytes(SAMPLES))
            _check_graph(json.loads(reader.read_bytes(GRAPH)))
    except ArchiveError:
        raise
    except (*MALFORMED, OSError) as e:  # an offset may lie outside of the file
        message = f"expected a program of torch.export.save: {_first_line(e)}"
        raise ArchiveError(message) from e
    if foreign:
        raise ArchiveError(f"holds {foreign[0]!r}, expected a graph and its tensors alone")


def _check_payload(config: dict[str, Any], prefix: str) -> None:
    """Tensors have to be kept as plain bytes."""
    for name, entry in config["config"].items():
        record = entry["path_name"]
        if entry["use_pickle"] is not False or not re.fullmatch(rf"{prefix}\d+", record):
            raise ArchiveError(f"{name!r} is a pickled object, expected a plain tensor")


def _check_samples(data: bytes) -> None:
    """torch reads them without running code, if it can; else it runs what they say."""
    if data:
        try:
            torch.load(io.BytesIO(data), weights_only=True)
        except (*MALFORMED, EOFError, UnpicklingError) as e:
            raise ArchiveError("the sample inputs are other objects than tensors") from e


def _check_graph(program: dict[str, Any]) -> None:
    if program["range_constraints"]:
        raise ArchiveError("has symbolic sizes; export it with static shapes")
    for key, value in _entries(program):
        match key, value:
            case ("as_expr" | "expr_str", _):
                raise ArchiveError("has symbolic sizes; export it with static shapes")
            case ("guards_code", [guard, *_]):
                raise ArchiveError(f"has a guard written in Python: {guard!r}")
            case ("target" | "as_operator", str()) if not _TARGET.fullmatch(value):
                raise ArchiveError(f"calls {value!r}, expected an aten op")
            case ("name" | "as_name", str()) if value and not value.isidentifier():
                raise ArchiveError(f"{value!r} is no name")
            case ("forward_arg_names", [*names]) if not all(map(str.isidentifier, names)):
                raise ArchiveError(f"{names} are no names of arguments")
            case ("fqn", str()) if not _PATH.fullmatch(value):
                raise ArchiveError(f"{value!r} is no module's path")
            case (str(), str()) if key.endswith("_name") and not _PATH.fullmatch(value):
                raise ArchiveError(f"{value!r} is no parameter's path")
            case ("in_spec" | "out_spec", str()) if value:
                _check_structure(json.loads(value)[1], is_call=key == "in_spec")
            case _:
                pass


def _entries(tree: Any) -> Iterator[tuple[str, Any]]:
    """Each key with its value, at any depth; not of `metadata`, which is text about the nodes."""
    waiting = [tree]
    while waiting:
        match waiting.pop():
            case dict() as mapping:
                yield from mapping.items()
                waiting += [value for key, value in mapping.items() if key != "metadata"]
            case list() as items:
                waiting += items
            case _:
                pass


def _check_structure(spec: dict[str, Any], *, is_call: bool) -> None:
    """Containers must not name a module to import; keyword arguments need names."""
    waiting = [spec]
    while waiting:
        node = waiting.pop()
        context, type_ = node["context"], node["type"]
        text = context if isinstance(context, str) else json.dumps(context)
        if "default_factory" in text or "__enum__" in text:
            raise ArchiveError(f"its inputs or outputs are of type {type_}, which is not read")
        waiting += node["children_spec"]
        if isinstance(type_, str) and type_.startswith(_TYPES_OF_TRANSFORMERS):
            _register_outputs()
    if is_call and spec["children_spec"]:
        keywords = json.loads(spec["children_spec"][1]["context"] or "[]") or []
        if not all(isinstance(k, str) and k.isidentifier() for k in keywords):
            raise ArchiveError(f"{keywords} are no names of arguments")


def _register_outputs() -> None:
    """torch knows the output types of transformers once they are imported."""
    import transformers.modeling_outputs  # noqa: F401  # pyright: ignore[reportUnusedImport]


def _first_line(error: Exception) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
