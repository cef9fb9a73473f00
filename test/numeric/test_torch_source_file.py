"""The generated file: it runs alone, its names are safe, its text is the golden one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.ir import context, parse_module
from support.torch_source import program_of
from xdsl.dialects.builtin import ModuleOp, StringAttr

from taso.lowering.runtime import draw_inputs, format_output, load_source, lower
from taso.lowering.torch_source import torch_source
from taso.lowering.torch_source.names import Namespace, comment, identifier
from taso.lowering.torch_source.types import TorchSourceError
from taso.tools.diagnostics import parse_text

TEST = Path(__file__).parents[1]
GOLDEN = TEST / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.mlir"))


def source_of(name: str) -> str:
    """The torch source of an input under test/golden."""
    path = GOLDEN / f"{name}.mlir"
    return torch_source(lower(parse_text(context(), path.read_text(), str(path))))


def run_file(path: Path, *options: str) -> str:
    """What the file prints when it runs without this project on the path."""
    command = [sys.executable, "-I", str(path), *options]
    run = subprocess.run(command, capture_output=True, text=True, cwd=path.parent)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    source, path = source_of(name), GOLDEN / f"{name}.expected.py"
    if request.config.getoption("--update-golden"):
        path.write_text(source)
    assert source == path.read_text(), "pytest --update-golden writes the new text"
    assert source == source_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_golden_file_prints_what_a_program_computes(name: str) -> None:
    path = GOLDEN / f"{name}.expected.py"
    program = program_of(parse_module((GOLDEN / f"{name}.mlir").read_text()))
    inputs = draw_inputs(program.arguments, 3, "cpu")
    outputs = program.run(inputs)
    lines = [format_output(i, output) for i, output in enumerate(outputs)]
    assert run_file(path, "--seed", "3") == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_golden_file_needs_torch_alone(name: str) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse((GOLDEN / f"{name}.expected.py").read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert {m.partition(".")[0] for m in imported} - sys.stdlib_module_names == {"torch"}


def test_inputs_depend_on_seed_and_index_alone() -> None:
    program = program_of(parse_module((GOLDEN / "linear.mlir").read_text()))
    first, again = (draw_inputs(program.arguments, 0, "cpu") for _ in range(2))
    other = draw_inputs(program.arguments, 1, "cpu")
    for a, b, c, argument in zip(first, again, other, program.arguments, strict=True):
        assert (tuple(a.shape), a.dtype) == (argument.shape, getattr(torch, argument.dtype))
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    assert not torch.equal(first[0][0, :3], first[1][0, :3])


def test_parameters_are_scaled_by_their_fan_in() -> None:
    program = program_of(
        parse_module("""
        func.func @main(%x: tensor<100x300xf32>, %w: tensor<100x300xf32> {taso.param},
            %b: tensor<10000xf32> {taso.param}, %i: tensor<500xi32>, %p: tensor<500xi1>,
            %s: tensor<f32> {taso.param}) {
          func.return
        }""")
    )
    x, w, b, i, p, s = draw_inputs(program.arguments, 5, "cpu")
    assert x.std().item() == pytest.approx(1, rel=0.03)
    assert w.std().item() == pytest.approx(0.1, rel=0.03)
    assert b.std().item() == pytest.approx(0.01, rel=0.03)
    assert set(i.tolist()) == set(range(-4, 5))
    assert set(p.tolist()) == {True, False}
    assert s.shape == ()


def test_output_line() -> None:
    line = format_output(2, torch.tensor([[3.0, -4.0, 0.0], [0.0, 0.0, 1e-9]]))
    assert line == (
        "output 2: shape [2, 3] dtype float32 mean -0.166667 norm 5 first [3, -4, 0, 0]"
    )
    assert "dtype bool mean 0.5 norm 1 first [1, 0]" in format_output(
        0, torch.tensor([True, False])
    )
    assert "shape [0] dtype float16 mean nan norm 0 first []" in format_output(
        0, torch.zeros(0, dtype=torch.float16)
    )


HOSTILE = [
    'x"; import os',
    "x'''\nimport os\n'''",
    "a\nimport os",
    "a\rimport os",
    "a\u2028import os",
    "a\x0cimport os\\",
    "é\x00{0}",
    "class",
    "torch",
    "main",
    "prepare",
    "print",
    "__name__",
    "__import__('os')",
    "ARGUMENTS",
    "draw_inputs",
    "1",
    "",
    "_",
    "x" * 500,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_becomes_an_identifier_and_one_comment_line(name: str) -> None:
    for made in (identifier(name), Namespace(frozenset({identifier(name)})).fresh(name)):
        assert made.isidentifier()
        assert made.isascii()
        assert not made.startswith("__")
        assert len(made) < 60
        ast.parse(f"{made} = 1")
    assert ast.parse(f"# {comment(name)}\n").body == []
    assert comment(name).isprintable()
    assert not set(comment(name)) & set(" ;\"'\\")


def hostile_module(name: str) -> ModuleOp:
    """A program that has the name wherever the IR has room for one."""
    module = parse_module("""
        func.func private @callee(%x: tensor<3xf32>) -> tensor<3xf32> attributes {note = "n"} {
          %y = taso.kernel(%x1 = %x : tensor<3xf32>) -> tensor<3xf32> {
            %e = taso.exp %x1 : tensor<3xf32>
            taso.yield %e : tensor<3xf32>
          }
          func.return %y : tensor<3xf32>
        }
        func.func @entry(%x: tensor<3xf32> {note = "n"}, %y: tensor<3xf32>) -> tensor<3xf32> {
          %a = func.call @callee(%x) : (tensor<3xf32>) -> tensor<3xf32>
          %b = taso.sub %a, %y : tensor<3xf32>
          %c = taso.mul %b, %x : tensor<3xf32>
          func.return %c : tensor<3xf32>
        }""")
    quoted, entry = str(StringAttr(name)), str(StringAttr(f"{name} entry"))
    text = str(module).replace('"n"', quoted)
    text = text.replace("@callee", f"@{quoted}").replace("@entry", f"@{entry}")
    return parse_text(context(), text, f"dir/{name}.mlir")


@pytest.mark.parametrize("name", [n for n in HOSTILE if n not in ("", "main")])
def test_hostile_symbols_do_not_reach_the_source(name: str) -> None:
    source = torch_source(lower(hostile_module(name)))
    tree = ast.parse(source)
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.Import)]
    assert all(alias.name in ("argparse", "torch") for n in imported for alias in n.names)
    defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    assert len(defined) == len(set(defined))
    x, y = torch.randn(3), torch.randn(3)
    got = load_source(source, name).main(x, y)
    torch.testing.assert_close(got, (x.exp() - y) * x)


@pytest.mark.parametrize("name", ["torch", "main", "ab", "len", "x_1", "lambda"])
def test_names_of_values_do_not_hide_what_the_source_uses(name: str) -> None:
    module = parse_module(
        """
        func.func @main(%x: tensor<3xf32>, %H: tensor<3xf32>) -> tensor<3xf32> {
          %y = taso.exp %x : tensor<3xf32>
          %x_1 = taso.add %y, %y : tensor<3xf32>
          %torch_ = taso.max %H, %x_1 : tensor<3xf32>
          %c = taso.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
          %z = taso.mul %torch_, %c : tensor<3xf32>
          func.return %z : tensor<3xf32>
        }""".replace("%H", f"%{name if name != 'x_1' else 'x_2'}")
    )
    x, y = torch.randn(3), torch.randn(3)
    (got,) = program_of(module)(x, y)
    wanted = torch.maximum(y, 2 * x.exp()) * torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(got, wanted)


def test_tracebacks_show_the_generated_line() -> None:
    module = load_source("def main(x):\n    return x.nothing\n", "shown")
    with pytest.raises(AttributeError) as info:
        module.main(torch.zeros(1))
    assert "return x.nothing" in str(info.traceback[-1].statement)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func.func private @f() -> ()", "expected a function @main"),
        ("func.func @main(%x: tensor<?xf32>) { func.return }", "static shape"),
        ("func.func @main(%x: i32) { func.return }", "ranked tensor"),
        ("func.func @main(%x: tensor<2xi8>) { func.return }", "element type i8"),
        (
            """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
              %y = func.call @main(%x) : (tensor<2xf32>) -> tensor<2xf32>
              func.return %y : tensor<2xf32> }""",
            "calls itself",
        ),
        (
            """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
              %y = math.cbrt %x : tensor<2xf32>
              func.return %y : tensor<2xf32> }""",
            "math.cbrt has no translation",
        ),
    ],
)
def test_what_cannot_be_translated_is_named(text: str, message: str) -> None:
    with pytest.raises(TorchSourceError, match=message):
        torch_source(lower(parse_module(text)))
