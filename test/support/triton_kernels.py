"""Generated Triton kernels where there is no GPU: interpreted, and compiled for sm_90."""

from __future__ import annotations

import re
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock

import pytest
import torch
from support.ir import parse_module
from xdsl.context import Context

from taso.lowering.pipeline import lower
from taso.lowering.runtime import Program, load_source
from taso.lowering.triton_source.module import triton_source
from taso.passes.form_kernels import FormKernelsPass

triton: Any = pytest.importorskip("triton")

SHARED_BYTES = 232_448
"""What a program on sm_90 can have at most."""


def source_of(text: str, device: str = "h200") -> str:
    """The Triton source of IR text, its kernels formed for a device."""
    module = parse_module(text)
    FormKernelsPass(device).apply(Context(), module)
    return triton_source(lower(module))


@cache
def _interpreter() -> ProcessPoolExecutor:
    """A process in which Triton interprets: it decides for good when it is imported."""
    with mock.patch.dict("os.environ", TRITON_INTERPRET="1"):
        pool = ProcessPoolExecutor(1, get_context("spawn"))
        pool.submit(int).result()  # starts the process
    return pool


def _interpret(source: str, inputs: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    return Program.from_source(source).run(inputs)


def interpreted(source: str, inputs: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The results of a program on a CPU, its kernels run by Triton's interpreter."""
    return _interpreter().submit(_interpret, source, inputs).result()


class Resources(NamedTuple):
    """What a kernel takes on sm_90."""

    registers: int
    spilled: int
    """Bytes of registers that are kept in memory."""
    shared: int
    """Bytes of shared memory."""


_POINTERS = {
    torch.float16: "*fp16",
    torch.bfloat16: "*bf16",
    torch.float32: "*fp32",
    torch.float64: "*fp64",
    torch.bool: "*i1",
    torch.int32: "*i32",
    torch.int64: "*i64",
}


class _Launch(NamedTuple):
    kernel: Any
    arguments: tuple[torch.Tensor, ...]
    warps: int


def launches(source: str) -> list[_Launch]:
    """What a program would launch on a GPU, in order: nothing runs, and results mean nothing."""
    module = load_source(source, "launches")
    found: list[_Launch] = []
    for name, value in vars(module).items():
        if isinstance(value, triton.runtime.jit.JITFunction) and name.endswith("_loops"):
            setattr(module, name, _Recorder(value, found))
    _run(module)
    return found


class _Recorder:
    def __init__(self, kernel: Any, found: list[_Launch]) -> None:
        self._kernel, self._found = kernel, found

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        def launch(*arguments: torch.Tensor, num_warps: int) -> None:
            self._found.append(_Launch(self._kernel, arguments, num_warps))

        return launch


def _run(module: ModuleType) -> None:
    program = Program(module)
    program.run([torch.empty(a.shape, dtype=getattr(torch, a.dtype)) for a in program.arguments])


def resources(launch: _Launch) -> Resources:
    """Compile a kernel for sm_90, as it would be for aligned tensors."""
    names = launch.kernel.arg_names
    signature = {name: _POINTERS[x.dtype] for name, x in zip(names, launch.arguments, strict=True)}
    aligned = {(i,): [["tt.divisibility", 16]] for i in range(len(names))}
    compiled = triton.compile(
        triton.compiler.ASTSource(launch.kernel, signature, {}, aligned),
        target=triton.backends.compiler.GPUTarget("cuda", 90, 32),
        options={"num_warps": launch.warps},
    )
    from triton.backends.nvidia.compiler import get_ptxas  # pyright: ignore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(compiled.asm["ptx"], encoding="utf-8")
        command = [get_ptxas(90).path, "-v", "--gpu-name=sm_90a", str(path), "-o", "/dev/null"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    registers = re.search(r"Used (\d+) registers", said)
    spilled = re.findall(r"(\d+) bytes spill", said)
    assert registers is not None, said
    return Resources(int(registers[1]), sum(map(int, spilled)), compiled.metadata.shared)
