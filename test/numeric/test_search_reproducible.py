"""The same input and options give the same output, byte for byte, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.prenorm import Shape, prenorm_module
from support.random_programs import random_program

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINT = """
import sys
from pathlib import Path
from support.ir import context, parse_module
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass
target, *paths = map(Path, sys.argv[1:])
for path in paths:
    for device in ("cpu", "h200"):
        module = parse_module(path.read_text())
        search = OptimizePass(device=device, iterations=4, node_limit=800, time_limit=600)
        for each in (search, HoistParamsPass(), FormKernelsPass(device)):
            each.apply(context(), module)
        (target / f"{path.stem}-{device}").write_text(str(module))
"""
OLD = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
"""What NumPy may not use of a processor."""


def outputs(target: Path, paths: list[Path], **environment: str) -> dict[str, bytes]:
    """The optimised programs by name, from a process of their own."""
    target.mkdir()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRINT, str(target), *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        check=True,
        capture_output=True,
    )
    return {path.name: path.read_bytes() for path in target.iterdir()}


def test_each_process_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the seed of hashes, the order of programs, the threads and the processor."""
    modules = {
        "prenorm": prenorm_module(Shape(layers=2)),
        "written_norm": prenorm_module(Shape(layers=1), written_norm=True),
        **{f"random_{s}": random_program(s, "f32", (5, 25)).module for s in range(6)},
    }
    paths = sorted(EXAMPLES.glob("*.mlir"))
    for name, module in modules.items():
        paths.append(tmp_path / f"{name}.mlir")
        paths[-1].write_text(str(module))
    first = outputs(tmp_path / "a", paths, PYTHONHASHSEED="1", OMP_NUM_THREADS="1")
    second = outputs(
        tmp_path / "b",
        paths[::-1],
        PYTHONHASHSEED="77",
        OMP_NUM_THREADS="4",
        OPENBLAS_NUM_THREADS="4",
        OPENBLAS_CORETYPE="Nehalem",
        NPY_DISABLE_CPU_FEATURES=OLD,
    )
    assert len(first) == 2 * len(paths)
    assert [name for name in first if first[name] != second[name]] == []
