"""The peak of live bytes against a count at every moment, and against what torch allocates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.ir import find_function, parse_module
from support.random_programs import random_program
from xdsl.ir import SSAValue

from taso.dialects.base import spec_of
from taso.frontends.build import Build, main_of
from taso.lowering.runtime import Program, draw_inputs
from taso.passes.kernel_groups import is_free
from taso.passes.peak_memory import peak_bytes
from taso.passes.search.devices import CPU
from taso.passes.statistics import statistics

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.mlir"))


def readers(value: SSAValue) -> list[Any]:
    """The ops that read a value, or a view of it."""
    found: list[Any] = []
    for use in value.uses:
        op = use.operation
        found += [o for r in op.results for o in readers(r)] if is_free(op) else [op]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_equals_a_count_at_every_moment(seed: int) -> None:
    main = find_function(random_program(seed, "f32").module)
    ops = list(main.body.block.ops)
    number = {op: i for i, op in enumerate(ops)}
    made = [(i, r) for i, op in enumerate(ops) for r in op.results if not is_free(op)]
    # The writer of programs leaves users behind that it has dropped from the block.
    ends = [max(number[o] for o in [ops[i], *readers(r)] if o in number) for i, r in made]
    lives = [(i, end, spec_of(r).bytes) for (i, r), end in zip(made, ends, strict=True)]
    at = [sum(size for a, b, size in lives if a <= i <= b) for i in range(len(ops))]
    assert peak_bytes(main, fuses=True) == max(at)


def allocated_at_most(program: Program, inputs: list[torch.Tensor]) -> int:
    """The most bytes above those at the start that torch's allocator has given out in a call."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    program(*inputs)
    with torch.profiler.profile(activities=activities, profile_memory=True) as profiler:
        kept = program(*inputs)
    assert kept
    events: Any = profiler.profiler
    live = peak = 0
    for event in events.kineto_results.events():
        if event.name() == "[memory]":
            live += event.nbytes()
            peak = max(peak, live)
    return peak


IN_PLACE = """
func.func @main(%x: tensor<300x200xf32>, %w: tensor<200x200xf32>, %b: tensor<200xf32>)
    -> tensor<300x200xf32> {
  %e = taso.exp %x : tensor<300x200xf32>
  %m = taso.matmul %e, %w : tensor<300x200xf32>, tensor<200x200xf32> -> tensor<300x200xf32>
  %r = taso.broadcast %b, dims = [1] : tensor<200xf32> -> tensor<300x200xf32>
  %s = taso.add %m, %r : tensor<300x200xf32>
  %t = taso.relu %s : tensor<300x200xf32>
  %u = taso.mul %t, %x : tensor<300x200xf32>
  %q = taso.softmax %u, axis = 1 : tensor<300x200xf32> -> tensor<300x200xf32>
  RETURN
}
"""
PROGRAMS = {
    "in place": IN_PLACE.replace("RETURN", "func.return %q : tensor<300x200xf32>"),
    "an argument of a kernel is kept": IN_PLACE.replace(
        "RETURN", "%v = taso.sub %q, %e : tensor<300x200xf32> func.return %v : tensor<300x200xf32>"
    ),
    "a view keeps its source": """
        func.func @main(%x: tensor<64x96xf32>) -> (tensor<96x64xf32>, tensor<64x96xf32>) {
          %e = taso.exp %x : tensor<64x96xf32>
          %t = taso.transpose %e, perm = [1, 0] : tensor<64x96xf32> -> tensor<96x64xf32>
          %s = taso.softmax %e, axis = 1 : tensor<64x96xf32> -> tensor<64x96xf32>
          %n = taso.exp %s : tensor<64x96xf32>
          func.return %t, %n : tensor<96x64xf32>, tensor<64x96xf32>
        }
        """,
}
TEXTS = PROGRAMS | {path.stem: path.read_text() for path in EXAMPLES}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_equals_what_torch_allocates(text: str) -> None:
    build = Build(parse_module(text))
    program = Program.from_source(build.source)
    arguments = draw_inputs(program.arguments, 0, "cpu")
    paired = list(zip(program.arguments, arguments, strict=True))
    program.prepare([x for a, x in paired if a.is_parameter])
    inputs = [x for a, x in paired if not a.is_parameter]
    peak = statistics(main_of(build.optimized), CPU).peak_bytes
    assert allocated_at_most(program, inputs) == pytest.approx(peak, rel=0.02, abs=256)
