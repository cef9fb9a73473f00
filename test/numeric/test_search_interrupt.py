"""Ctrl-C ends a search with the best program found so far, and a second one ends the program."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.ir import find_function, parse_module
from support.random_programs import largest_error, random_graph, random_program

from taso.dialects.interpret import interpret
from taso.passes.apply_rules import find_rule
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.convert import from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU
from taso.passes.search.extract import extract
from taso.passes.search.interrupt import interruptible, is_over
from taso.passes.search.problem import Edge, Problem
from taso.passes.search.saturate import Limits, saturate

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
LONG = "taso-optimize{time-limit=600 node-limit=1000000 iterations=1000}"
"""A search that goes on until it is interrupted."""
START = """
import signal, sys
from taso.passes.search.saturate import _Saturation
run = _Saturation.run
def told(self):
    print("searching", file=sys.stderr, flush=True)
    return run(self)
_Saturation.run = told
"""
OPT = START + "from taso.tools.taso_opt import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.mlir"
    path.write_text(str(random_graph(0, "f64", 600)) + "\n")
    return path


def start(code: str, *args: str) -> subprocess.Popen[str]:
    """A process that has begun its search."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line == "searching\n":
            break
    time.sleep(0.3)
    return process


def test_taso_opt_writes_the_best_program_so_far(large: Path) -> None:
    process = start(OPT, str(large), "-p", LONG)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    note = "the search was interrupted; this is the best program found so far"
    assert err == f"note: taso-optimize, @main: {note}\n"
    assert process.returncode == 0
    parse_module(out)
    assert out.count("taso.") > 100


def test_a_second_interrupt_ends_taso_opt(large: Path, tmp_path: Path) -> None:
    process = start(OPT, str(large), "-p", LONG, "-o", str(tmp_path / "out.mlir"))
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.03)  # to extract and write takes longer
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


COMPILE = (
    START
    + """
import torch
import taso
torch.manual_seed(0)
weights = [torch.randn(16, 16) for _ in range(24)]
def chain(x):
    y = x
    for w in weights:
        y = y @ w + x @ w
    return y
x = torch.randn(4, 16)
for _ in range(2):
    fast = taso.compile(chain, (x,), time_limit=600.0, inductor=False)
    error = (fast(x) - chain(x)).norm() / chain(x).norm()
    print("close" if error < 1e-4 else f"error {error}")
"""
)


def test_compile_goes_on_with_the_best_program_so_far() -> None:
    code = COMPILE.replace("run(self)", "signal.raise_signal(signal.SIGINT) or run(self)")
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert run.stdout == "close\nclose\n"
    # Nothing that an interrupt ended is kept: the second time is a search as well.
    assert run.stderr.count("searching") == 2
    assert run.stderr.count("interrupted") == 2


def cover(roots: int, sets: int) -> Problem:
    """Roots each of which needs one of four states, which roots share: hard for its size."""
    problem = Problem(state_class=list(range(roots + sets)), roots=list(range(roots)))

    def add(c: int, children: tuple[int, ...], seconds: float) -> None:
        node = len(problem.node_class)
        problem.node_class.append(c)
        problem.node_seconds.append(seconds)
        problem.node_children.append(children)
        problem.edges.append(Edge(c, children, node, 0.0, 0))

    for s in range(sets):
        add(roots + s, (), 1 + (s * 37 % sets) / sets)
    for r in range(roots):
        for k in range(4):
            add(r, (roots + (r * (31 + 6 * k) + k * k * 17) % sets,), 0.0)
    return problem


def test_the_solver_ends_at_an_interrupt() -> None:
    code = """
import os, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
from taso.passes.search.ilp import solve
from test_search_interrupt import cover, interruptible
problem = cover(300, 149)
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
started = time.monotonic()
with interruptible() as interrupt:
    solution = solve(problem, time_limit=60.0)
assert interrupt.requested and solution is not None
print(time.monotonic() - started)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 0.9 < float(run.stdout) < 20.0


def test_interruptible_gives_back_the_handler() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as outer, interruptible() as inner:
        assert outer is inner
        assert not is_over(time.monotonic() + 60)
        signal.raise_signal(signal.SIGINT)
        assert outer.requested
        assert is_over(time.monotonic() + 60)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert not is_over(time.monotonic() + 60)


def run_on_terminal(*args: str) -> str:
    """What a command writes to stderr where that is a terminal."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "taso.tools.taso_opt", *args],
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "120"},
        stdout=subprocess.DEVNULL,
        stderr=other,
    )
    os.close(other)
    written = b""
    while True:
        try:
            written += os.read(main, 1 << 16)
        except OSError:  # as Linux says that the other side is closed
            break
    process.wait()
    os.close(main)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())


def test_a_terminal_shows_how_far_the_search_is(large: Path) -> None:
    shown = run_on_terminal(str(large), "-p", "taso-optimize{time-limit=2}")
    assert re.search(r"@main.*saturating · [\d,]+ e-nodes", shown)
    assert re.search(r"extracting · [\d,]+ e-nodes · best [\d.,]+ µs", shown)


def test_no_terminal_shows_nothing(large: Path) -> None:
    options = "taso-optimize{time-limit=2}"
    command = [sys.executable, "-m", "taso.tools.taso_opt", str(large), "-p", options]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert run.stderr == ""


def test_what_an_early_end_gives_means_the_same() -> None:
    """With no time for a solver, extraction is by tree cost, and never worse than the input."""
    cheaper = 0
    for seed in range(12):
        program = random_program(seed, "f64")
        function = find_function(program.module)
        want = interpret(function, program.inputs, wide=True)
        graph, roots = to_egraph(function)
        origin = origin_choice(graph, roots)
        saturate(graph, [find_rule(n) for n in DEFAULT_RULES], Limits(2000, 4, 60.0))
        selection = extract(graph, roots, CostModel(CPU), origin=origin, time_limit=-1.0)
        assert selection.cost <= selection.before
        cheaper += selection.cost < selection.before
        from_selection(function, graph, roots, selection)
        assert largest_error(interpret(function, program.inputs, wide=True), want) < 1e-9
    assert cheaper
