"""The command line: what `taso run` prints, and one located line for every mistake."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from taso.tools import taso, taso_opt

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD = """
func.func @main(%a: tensor<4x3xf32>, %b: tensor<3x2xf32>, %c: tensor<3x2xf32>) -> tensor<4x2xf32> {
  %ab = taso.matmul %a, %b : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
  %ac = taso.matmul %a, %c : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
  %sum = taso.add %ab, %ac : tensor<4x2xf32>
  func.return %sum : tensor<4x2xf32>
}
"""
BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", r"1:1: error: the file is empty"),
    "blank": (b" \n\n", r"1:1: error: the file is empty"),
    "binary": (bytes(range(256)), r"1:1: error: byte 128 is not UTF-8"),
    "malformed": (GOOD.replace("func.return", "func.return)").encode(), r"6:\d+: error: "),
    "cut off": (GOOD.encode()[:200], r"\d+:\d+: error: "),
    "ill-typed": (
        GOOD.replace("%b: tensor<3x2", "%b: tensor<9x2")
        .replace("%b : tensor<4x3xf32>, tensor<3x2", "%b : tensor<4x3xf32>, tensor<9x2")
        .encode(),
        r"3:\d+: error: 'taso.matmul' \(C2\) contracted dims differ: 3 and 9",
    ),
    "wrong operand type": (
        GOOD.replace("%b: tensor<3x2", "%b: tensor<9x2").encode(),
        r"3:\d+: error: ",
    ),
    "unknown op": (GOOD.replace("taso.add", "taso.plus").encode(), r"5:\d+: error: .*taso.plus"),
    "unknown dialect": (GOOD.replace("taso.add", "tosa.add").encode(), r"5:\d+: error: .*"),
    "undefined value": (GOOD.replace("%ac :", "%ad :").encode(), r"5:\d+: error: .*"),
    "too many elements": (
        GOOD.replace("4x3xf32", "9999999999x9999999999xf32").encode(),
        r"3:\d+: error: \(T0\) .* has more than 2\^60 elements",
    ),
    "future version": (
        b"builtin.module attributes {taso.version = 99 : i64} {" + GOOD.encode() + b"}",
        r"\d+:\d+: error: .*version is 99",
    ),
}
Command = Callable[[list[str]], None]


def failure(command: Command, args: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command prints as it fails with status 1."""
    with pytest.raises(SystemExit) as e:
        command(args)
    assert e.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err.rstrip("\n")


def written(folder: Path, text: str | bytes, name: str = "in.mlir") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = BAD_FILES[name]
    path = written(tmp_path, content)
    out = tmp_path / "out.mlir"
    out.write_text("as it was")
    pattern = re.escape(path) + ":" + message
    optimize = [path, "-p", "taso-optimize", "-o", str(out)]
    assert re.match(pattern, failure(taso_opt.main, optimize, capsys))
    assert re.match(pattern, failure(taso.main, ["run", path], capsys))
    assert out.read_text() == "as it was"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mlir", "out.mlir"]


@pytest.mark.parametrize("command", [taso_opt.main, lambda args: taso.main(["run", *args])])
def test_missing_file(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "none.mlir")
    line = failure(command, [path], capsys)
    assert line.startswith(f"{path}:1:1: error: ")
    assert "No such file" in line


def test_run_needs_main(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD.replace("@main", "@other"))
    line = failure(taso.main, ["run", path], capsys)
    assert line == f"{path}:1:1: error: there is no function @main to run"


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("taso-optimise", "unknown pass 'taso-optimise'; did you mean 'taso-optimize'?"),
        ("taso-optimize{devise=cpu}", "devise"),
        ("taso-optimize{device=h201}", "unknown device 'h201'"),
        ("taso-optimize{numerics=sloppy}", "numerics is 'sloppy'"),
        ("taso-optimize{rules=no-such-rule}", "unknown rule 'no-such-rule'"),
        ("taso-apply-rules{rules=matmul-facter-left}", "did you mean matmul-factor-left"),
        ("taso-apply-rules", "rules"),
        ("taso-optimize{", "error"),
    ],
)
def test_bad_pipeline(
    pipeline: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, GOOD)
    out = tmp_path / "out.mlir"
    line = failure(taso_opt.main, [path, "-p", pipeline, "-o", str(out)], capsys)
    assert re.match(rf"(taso-opt|{re.escape(path)}:\d+:\d+): error: ", line)
    assert message in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "expected a command"),
        (["fly"], "found 'fly'"),
        (["run"], "required: FILE"),
        (["run", "x.mlir", "--backend", "triton"], "invalid choice: 'triton'"),
        (["run", "x.mlir", "--seed", "one"], "invalid int value: 'one'"),
        (["run", "x.mlir", "--faster"], "unrecognized arguments: --faster"),
        (["bench", "no_such_example"], "one of attention, "),
        (["bench", "bert-bass"], ", bert-base, gpt2"),
        (["bench", "--size", "medium"], "invalid choice: 'medium'"),
        (["bench", "no_such_file.py"], "no such Python file"),
        (["bench", "--peers", "eager,tvm"], "unknown peer 'tvm'"),
        (["bench", "--dtype", "float8"], "invalid choice: 'float8'"),
        (["demo", "now"], "unrecognized arguments: now"),
        (["rules", "show", "no-such-rule"], "unknown rule 'no-such-rule'"),
    ],
)
def test_bad_arguments(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(taso.main, args, capsys)
    assert "error: " in line
    assert message in line


def test_unwritable_output_is_named_as_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error named the temporary file beside it."""
    path = written(tmp_path, GOOD)
    folder, missing = tmp_path / "folder", tmp_path / "none" / "out.mlir"
    folder.mkdir()
    for out in (folder, missing):
        line = failure(taso_opt.main, [path, "-o", str(out)], capsys)
        assert line.startswith(f"{out}:1:1: error: ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "in.mlir"]


BRANCHES = """
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  cf.br ^bb1(%a : tensor<2xf32>)
^bb1(%b : tensor<2xf32>):
  func.return %b : tensor<2xf32>
}"""
FOREIGN = """
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  %b = arith.addf %a, %a : tensor<2xf32>
  func.return %b : tensor<2xf32>
}"""
PREPARE_OF_AN_INPUT = """
func.func @main__prepare(%a: tensor<2xf32>) -> tensor<2xf32> {
  func.return %a : tensor<2xf32>
}
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  func.return %a : tensor<2xf32>
}"""
DECLARED = "func.func private @main(tensor<2xf32>) -> tensor<2xf32>"
HUGE = """
func.func @main(%a: tensor<999999999999999x9xf32>) -> tensor<999999999999999x9xf32> {
  func.return %a : tensor<999999999999999x9xf32>
}"""
NOT_RUN = {
    "branches": (BRANCHES, "expected @main to have a body of one block"),
    "foreign op": (FOREIGN, "arith.addf has no"),
    "prepared input": (PREPARE_OF_AN_INPUT, "argument 0 of @main__prepare is no parameter"),
    "declaration": (DECLARED, "there is no function @main to run"),
    "huge": (HUGE, "out of memory"),
}


@pytest.mark.parametrize("options", [["run"], ["run", "--backend", "reference"], ["bench"]])
@pytest.mark.parametrize("name", NOT_RUN)
def test_valid_ir_that_cannot_run_fails_in_one_line(
    name: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some ended in a traceback, some printed a warning before the error."""
    text, message = NOT_RUN[name]
    path = written(tmp_path, text)
    line = failure(taso.main, [*options, path], capsys)
    assert line.startswith(f"{path}:1:1: error: ")
    assert message in line


@pytest.mark.parametrize("text", [BRANCHES, DECLARED])
def test_hoisting_and_the_torch_target_refuse_what_is_not_one_block(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, text)
    taso_opt.main([path, "-p", "taso-hoist-params"])
    assert "@main" in capsys.readouterr().out
    line = failure(taso_opt.main, [path, "-t", "torch"], capsys)
    assert line == f"{path}:1:1: error: expected @main to have a body of one block"


def test_run_prints_nothing_where_the_check_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference has no meaning for a call, which showed after the outputs were printed."""
    path = written(tmp_path, HOSTILE)
    line = failure(taso.main, ["run", path, "--check"], capsys)
    assert line == f"{path}:1:1: error: func.call has no NumPy meaning"


def save(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path, **arrays)
    return str(path)


def good_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng()
    shapes = {"a": (4, 3), "b": (3, 2), "c": (3, 2)}
    return {name: rng.normal(size=s).astype(np.float32) for name, s in shapes.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": np.zeros((2, 3), np.float32)}, "'b' is float32[2, 3], expected float32[3, 2]"),
        ({"b": np.zeros((3, 2))}, "'b' is float64[3, 2], expected float32[3, 2]"),
        ({"b": None}, "there is no array 'b'"),
        ({"b": np.array([[object()]])}, "expected arrays in an .npz file"),
    ],
)
def test_bad_arrays(
    change: dict[str, np.ndarray | None],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arrays = {k: v for k, v in (good_arrays() | change).items() if v is not None}
    inputs = save(tmp_path / "x.npz", **arrays)
    args = ["run", written(tmp_path, GOOD), "--inputs", inputs]
    line = failure(taso.main, args, capsys)
    assert line.startswith(f"{inputs}:1:1: error: ")
    assert message in line


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_broken_archive(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = written(tmp_path, content, "x.npz")
    line = failure(taso.main, ["run", written(tmp_path, GOOD), "--inputs", inputs], capsys)
    assert line.startswith(f"{inputs}:1:1: error: ")


def output(args: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    taso.main(args)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


@pytest.mark.parametrize("named", [True, False])
def test_run_takes_arrays(named: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = good_arrays()
    a, b, c = arrays.values()
    inputs = tmp_path / "x.npz"
    np.savez(inputs, **arrays) if named else np.savez(inputs, a, b, c)
    result = (a.astype(np.float64) @ b + a.astype(np.float64) @ c).flatten()
    [line, error] = output(
        ["run", written(tmp_path, GOOD), "--inputs", str(inputs), "--check"], capsys
    )
    found = re.fullmatch(
        r"output 0: shape \[4, 2\] dtype float32 mean (\S+) norm (\S+) first \[(.*)\]", line
    )
    assert found is not None
    numbers = [float(x) for x in (found[1], found[2], *found[3].split(", "))]
    expected = [result.mean(), np.linalg.norm(result), *result[:4]]
    assert np.allclose(numbers, expected, rtol=1e-4, atol=1e-5)
    assert float(error.removeprefix("largest relative error: ")) < 1e-6


def test_run_takes_bfloat16_arrays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = {k: v.astype(ml_dtypes.bfloat16) for k, v in good_arrays().items()}
    inputs = save(tmp_path / "x.npz", **arrays)
    path = written(tmp_path, GOOD.replace("f32", "bf16"))
    [line, error] = output(["run", path, "--inputs", inputs, "--check"], capsys)
    assert "dtype bfloat16" in line
    assert float(error.removeprefix("largest relative error: ")) < 2e-2


def test_same_seed_same_lines_on_every_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the digits printed: results round differently where sums have another order."""
    path = written(tmp_path, GOOD)

    def numbers(*options: str) -> list[float]:
        [line] = output(["run", path, *options], capsys)
        return [float(x) for x in re.findall(r"-?\d+\.\d+", line)]

    plain = numbers()
    for options in (["--no-optimize"], ["--backend", "reference"], ["--seed", "0"]):
        assert np.allclose(numbers(*options), plain, rtol=1e-4)
    assert not np.allclose(numbers("--seed", "1"), plain, rtol=1e-2)


def test_generated_file_prints_what_run_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = written(tmp_path, GOOD), tmp_path / "out.py"
    passes = "taso-optimize,taso-hoist-params,taso-form-kernels"
    taso_opt.main([path, "-p", passes, "-t", "torch", "-o", str(out)])
    alone = [sys.executable, "-I", str(out), "--seed", "7"]
    printed = subprocess.run(alone, capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == output(["run", path, "--seed", "7"], capsys)


def test_nan_and_inf_go_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = good_arrays()
    arrays["a"][1, 2] = np.nan
    arrays["a"][3, 0] = np.inf
    inputs = save(tmp_path / "x.npz", **arrays)
    path = written(tmp_path, GOOD)
    lines = output(["run", path, "--no-optimize", "--inputs", inputs, "--check"], capsys)
    assert "nan" in lines[0]
    assert float(lines[1].removeprefix("largest relative error: ")) < 1e-6


HOSTILE = """
func.func private @"x\\"; import os"(%a: tensor<2xf32>) -> tensor<2xf32> {
  %b = taso.exp %a : tensor<2xf32>
  func.return %b : tensor<2xf32>
}
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  %b = func.call @"x\\"; import os"(%a) : (tensor<2xf32>) -> tensor<2xf32>
  func.return %b : tensor<2xf32>
}
"""


def test_hostile_names_stay_out_of_generated_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HOSTILE, "in\nimport os #.mlir")
    taso_opt.main([path, "-t", "torch"])
    code = ast.parse(capsys.readouterr().out)
    imported = {a.name for n in ast.walk(code) if isinstance(n, ast.Import) for a in n.names}
    assert "torch" in imported
    assert "os" not in imported


@pytest.mark.parametrize("example", sorted(p.stem for p in EXAMPLES.glob("*.mlir")))
def test_optimizing_an_example_imports_no_torch(example: str) -> None:
    code = (
        "import sys; from taso.tools.taso_opt import main; "
        "main([sys.argv[1], '-p', 'taso-optimize']); assert 'torch' not in sys.modules"
    )
    path = str(EXAMPLES / f"{example}.mlir")
    subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True)
