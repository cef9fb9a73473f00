"""`taso tune` and its cache: several processes at once, damaged and foreign files, and its use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from support.ir import parse_module

from taso.frontends import compile as compile_module
from taso.frontends import cost_cache, fastest
from taso.frontends.build import Build
from taso.frontends.compile import compile
from taso.lowering import tuning
from taso.tools import taso


def product(n: int) -> str:
    square = f"tensor<{n}x{n}xf32>"
    return f"""
    func.func @main(%x: {square}, %y: {square}) -> {square} {{
      %m = taso.matmul %x, %y : {square}, {square} -> {square}
      %e = taso.exp %m : {square}
      func.return %e : {square}
    }}
    """


KEY = '["exp",{},[["f32",[4],[1],null,""]]]'
OTHER = '["exp",{},[["f32",[8],[1],null,""]]]'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TASO_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "product.mlir"
    path.write_text(product(24))
    return str(path)


def test_costs_are_kept_and_added_to(folder: Path) -> None:
    assert cost_cache.load("cpu") == {}
    cost_cache.store("cpu", {KEY: 1e-6})
    cost_cache.store("cpu", {OTHER: 2e-6})
    cost_cache.store("cpu", {KEY: 3e-6})
    assert cost_cache.load("cpu") == {KEY: 3e-6, OTHER: 2e-6}
    assert cost_cache.path_of("cpu").parent == folder


def damaged(content: dict[str, Any], what: str) -> str:
    match what:
        case "cut off":
            return json.dumps(content)[:-9]
        case "a list":
            return "[]"
        case "another device":
            content["environment"]["device"] = "abacus"
        case "another format":
            content["format"] = 0
        case "no time":
            content["seconds"][KEY] = "fast"
        case "a negative time":
            content["seconds"][KEY] = -1.0
        case "no such op":
            content["seconds"]['["conjure",{},[]]'] = 1.0
        case "wrong operands":
            content["seconds"]['["exp",{},[]]'] = 1.0
        case _:
            content["seconds"]["exp"] = 1.0
    return json.dumps(content)


@pytest.mark.parametrize(
    "what",
    [
        "cut off",
        "a list",
        "another device",
        "another format",
        "no time",
        "a negative time",
        "no such op",
        "wrong operands",
        "no key",
    ],
)
def test_a_damaged_or_foreign_file_is_set_aside(
    what: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cost_cache.store("cpu", {KEY: 1e-6})
    path = cost_cache.path_of("cpu")
    text = damaged(json.loads(path.read_text()), what)
    path.write_text(text)
    assert cost_cache.load("cpu") == {}
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith(f"warning: {path}: not a cache of costs for here (")
    kept = path.with_suffix(".costs.bad")
    assert (kept.read_text(), path.exists()) == (text, False)
    taso.main(["tune", file])
    assert len(cost_cache.load("cpu")) == 2
    assert capsys.readouterr().err == ""


STORE = """
import sys
from taso.frontends import cost_cache
for i in range(5):
    key = '["exp",{},[["f32",[%d],[1],null,""]]]' % (int(sys.argv[1]) * 100 + i + 2)
    cost_cache.store("cpu", {key: 1e-6})
"""


def test_several_processes_add_to_one_file() -> None:
    command = [sys.executable, "-c", STORE]
    running = [subprocess.Popen([*command, str(i)]) for i in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert len(cost_cache.load("cpu")) == 20


def test_a_program_is_measured_once(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    taso.main(["tune", file])
    first = capsys.readouterr()
    assert first.out.splitlines()[0] == f"{file}: 2 calls, 2 measured now"
    assert first.err == ""  # no progress bar where it is no terminal
    costs = cost_cache.load("cpu")
    taso.main(["tune", file])
    assert capsys.readouterr().out.splitlines()[0] == f"{file}: 2 calls, 0 measured now"
    assert cost_cache.load("cpu") == costs


def test_what_takes_too_long_is_left_out(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    taso.main(["tune", file, "--time-limit", "1e-6"])
    line = capsys.readouterr().out.splitlines()[0]
    assert line == f"{file}: 2 calls, 0 measured now, 2 not measured"


def test_what_torch_cannot_run_is_left_out(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> float:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(tuning, "measure_call", fail)
    taso.main(["tune", file])
    assert "2 calls, 0 measured now, 2 not measured" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args, message",
    [
        (["tune", "--time-limit", "0"], "--time-limit is 0.0, expected above 0"),
        (["tune", "--device", "cuda"], "torch finds no CUDA device"),
        (["tune", "nothing"], "expected a .py or .mlir file, or one of"),
        (["tune", "nothing.mlir"], "nothing.mlir:1:1: error: cannot be read"),
    ],
)
def test_bad_arguments(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    if "cuda" in args and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(SystemExit):
        taso.main(args)
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_folder_that_cannot_be_written_is_named(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASO_CACHE_DIR", file)
    with pytest.raises(SystemExit):
        taso.main(["tune", file])
    assert "cannot be written" in capsys.readouterr().err


def square(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.exp(x @ y)


def test_compile_decides_by_what_was_measured(file: str) -> None:
    inputs = torch.randn(24, 24), torch.randn(24, 24)
    before = compile(square, inputs).report()
    assert (before.measured, before.as_dict()["measured_calls"]) == ((0, 2), 0)
    taso.main(["tune", file])
    costs = cost_cache.load("cpu")
    after = compile(square, inputs).report()
    assert (after.measured, after.as_dict()["calls"]) == ((2, 2), 2)
    assert after.predicted[1] == pytest.approx(sum(costs.values()), rel=1e-6)
    assert "measured 2 of 2 calls" in str(after)


JOINED = """
func.func @main(%x: tensor<64x48xf32>, %a: tensor<48x32xf32>, %b: tensor<48x32xf32>)
    -> tensor<64x32xf32> {
  %0 = taso.matmul %x, %a : tensor<64x48xf32>, tensor<48x32xf32> -> tensor<64x32xf32>
  %1 = taso.matmul %x, %b : tensor<64x48xf32>, tensor<48x32xf32> -> tensor<64x32xf32>
  %2 = taso.add %0, %1 : tensor<64x32xf32>
  func.return %2 : tensor<64x32xf32>
}
"""


def test_another_table_is_another_build() -> None:
    """Where a sum of weights was measured to be slow, the products stay two."""
    slow = '["add",{},[["f32",[48,32],[32,1],null,""],["f32",[48,32],[32,1],null,""]]]'
    assert Build(parse_module(JOINED)).after.flops < Build(parse_module(JOINED)).before.flops
    fast = slow.replace("48,32", "64,32")
    build = Build(parse_module(JOINED), costs={slow: 1.0, fast: 1e-6})
    assert build.after.flops == build.before.flops


def test_among_candidates_the_fastest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two programs, here the second best by cost; and it is right."""
    seen: list[int] = []

    def last(modules: list[Any], **_: object) -> int:
        seen.append(len(modules))
        return len(modules) - 1

    monkeypatch.setattr("taso.frontends.build.fastest", last)
    build = Build(parse_module(JOINED), candidates=2)
    assert build.after.flops == build.before.flops
    assert seen == [2]


def test_the_fastest_is_found_by_running(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = parse_module(product(400))
    lines = product(400).replace("taso.exp %m", "taso.exp %x").splitlines()
    fast = parse_module("\n".join(line for line in lines if "matmul" not in line))
    assert fastest.fastest([slow, fast, slow], device="cpu", trusted=frozenset()) == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fastest.fastest([slow, fast], device="cuda", trusted=frozenset()) == 0


def test_compile_runs_candidates_where_costs_were_measured(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    original = compile_module.Build

    def recorded(*args: Any) -> Build:
        asked.append(args[-1])
        return original(*args)

    monkeypatch.setattr(compile_module, "Build", recorded)
    inputs = torch.randn(24, 24), torch.randn(24, 24)
    compile(square, inputs)
    taso.main(["tune", file])
    compile(square, inputs)
    assert asked == [1, compile_module.CANDIDATES]
