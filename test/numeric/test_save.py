"""A saved program: a folder that runs without this project, and refuses what does not fit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.taso_compile import close, compiled_by_hand
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import taso
from taso.frontends.interface import Result, Write
from taso.frontends.saved_program import load
from taso.lowering.runtime import draw_inputs, format_output

D = 64
BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("taso", "xdsl"):
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
sys.path.insert(0, sys.argv[1])
"""


class Model(nn.Module):
    """Joined weights, a tied and a transposed one, a buffer, a default that JSON does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.head = nn.Linear(D, D)
        self.tail = nn.Linear(D, D, bias=False)
        self.tail.weight = self.head.weight
        self.turned = nn.Parameter(torch.randn(3, D).t())
        self.register_buffer("shift", torch.randn(D))

    def forward(
        self, x: Tensor, scale: float = 2.0, dtype: Any = torch.float32, **more: Tensor
    ) -> dict[str, Any]:
        y = self.tail((self.head(x) * scale).relu()) + self.get_buffer("shift")
        return {
            "qkv": [layer(x).relu() for layer in (self.q, self.k, self.v)],
            "out": (y @ self.turned, None, 3, "text"),
            "x": x,
            "more": more["bias"] + x,
        }


@pytest.fixture(scope="module")
def model() -> Model:
    return Model().eval()


def example() -> dict[str, Tensor]:
    return {"x": torch.randn(4 * D, D), "bias": torch.randn(D)}


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("save") / "new" / "saved"
    taso.compile(model, example()).save(path)
    return path


def run_python(folder: Path, code: str) -> str:
    """What Python code prints beside the folder, without this project."""
    command = [sys.executable, "-I", "-c", BLOCK + code, str(folder.parent)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_a_folder_holds(folder: Path) -> None:
    names = {"main.py", "output_memory.py", "parameters.safetensors", "program.json", "program.py"}
    assert {path.name for path in folder.iterdir()} == names
    assert sorted(path.name for path in folder.parent.iterdir()) == ["saved"]
    facts = json.loads((folder / "program.json").read_text())
    assert (facts["format"], facts["taso"]) == (2, taso.__version__)
    assert "prepared.0" in load_file(folder / "parameters.safetensors")


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Linear(D, D, bias=False) for _ in range(2))
        self.b.weight = nn.Parameter(self.a.weight.detach())
        self.part = self.a.weight.detach()[1:, 2:5]

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x).relu()).relu()[:, 1:] @ self.part


def test_a_tied_parameter_is_stored_once(tmp_path: Path) -> None:
    model, x = Tied(), torch.randn(2, D)
    taso.compile(model, x).save(tmp_path / "saved")
    stored = load_file(tmp_path / "saved" / "parameters.safetensors")
    assert [list(t.shape) for t in stored.values()] == [[D, D], [D - 1, 3]]
    assert close(load(tmp_path / "saved")(x), model(x).detach())


def test_it_computes_the_same_without_this_project(
    folder: Path, model: Model, tmp_path: Path
) -> None:
    inputs = example()
    save_file(inputs, tmp_path / "in.safetensors")
    code = f"""
import inspect, torch
from safetensors.torch import load_file, save_file
from saved.program import load
program = load()
x = load_file({str(tmp_path / "in.safetensors")!r})
out = program(**x)
assert list(inspect.signature(program).parameters) == ["x", "scale", "dtype", "more"]
assert out["x"] is x["x"] and out["out"][1:] == (None, 3, "text")
names = dict(q=out["qkv"][0], k=out["qkv"][1], v=out["qkv"][2], y=out["out"][0], m=out["more"])
save_file({{n: t.contiguous() for n, t in names.items()}}, {str(tmp_path / "out.safetensors")!r})
print("taso" in sys.modules)
"""
    assert run_python(folder, code) == "False\n"
    given = load_file(tmp_path / "out.safetensors")
    with torch.no_grad():
        wanted = model(**inputs)
    for name, expected in zip(
        ("q", "k", "v", "y", "m"),
        (*wanted["qkv"], wanted["out"][0], wanted["more"]),
        strict=True,
    ):
        assert close(given[name], expected)


def test_the_file_prints_what_the_program_computes(folder: Path, model: Model) -> None:
    command = [sys.executable, "-I", str(folder / "program.py"), "--seed", "3"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.stderr == ""
    program = taso.compile(model, example())._current.program
    results = program(*draw_inputs(program.inputs, 3, "cpu"))
    lines = [format_output(i, result) for i, result in enumerate(results)]
    assert run.stdout == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.ones(3)}, r"x: expected float32\[256, 64\] on cpu, got float32\[3\] on cpu"),
        ({"x": 3}, r"x: expected float32\[256, 64\] on cpu, got int"),
        ({"scale": 3.0}, "scale: expected no argument or 2.0, .* got 3.0"),
        ({"dtype": torch.float64}, r"dtype: expected no argument or .*torch.float32.*"),
        ({"other": torch.ones(3)}, "other: expected no argument, .* got a tensor"),
    ],
)
def test_other_arguments_are_refused(folder: Path, change: dict[str, Any], message: str) -> None:
    program = load(folder)
    inputs = example()
    program(**inputs, scale=2.0)
    with pytest.raises(TypeError, match=message):
        program(**(inputs | change))


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "program.json"
        facts = json.loads(path.read_text())
        change(facts)
        path.write_text(json.dumps(facts))

    return edit


def stored(change: Callable[[dict[str, Tensor]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "parameters.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)

    return edit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edited(lambda f: f.update(format=1)), "format version is 1, expected 2"),
        (edited(lambda f: f.pop("format")), "expected the description of a saved program"),
        (lambda f: (f / "program.json").write_text("{"), "expected the description of a saved"),
        (lambda f: (f / "program.json").write_text("[]"), "expected the description of a saved"),
        (stored(lambda t: t.pop("shift")), "tensor 'shift' is missing"),
        (stored(lambda t: t.update(new=torch.ones(1))), "tensor 'new' is not one of the program's"),
        (
            stored(lambda t: t.update(shift=torch.ones(3))),
            r"tensor 'shift' is float32\[3\], expected float32\[64\]",
        ),
        (
            stored(lambda t: t.update(shift=torch.ones(64, dtype=torch.float64))),
            r"tensor 'shift' is float64\[64\], expected float32\[64\]",
        ),
        (
            edited(lambda f: f.update(trees=[t.replace("dict", "d") for t in f["trees"]])),
            "its inputs and outputs have types of .*not registered",
        ),
        (
            lambda f: (f / "parameters.safetensors").write_bytes(b"foreign"),
            "parameters.safetensors: expected a safetensors file",
        ),
    ],
)
def test_what_does_not_fit_is_not_loaded(
    folder: Path, tmp_path: Path, change: Callable[[Path], None], message: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    change(broken)
    with pytest.raises(ValueError, match=message):
        load(broken)


def test_an_existing_path_is_refused(folder: Path, tmp_path: Path) -> None:
    compiled = taso.compile(torch.relu, torch.ones(3))
    (tmp_path / "empty").mkdir()
    compiled.save(tmp_path / "empty")
    load(tmp_path / "empty")
    shutil.rmtree(tmp_path / "empty")
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file", folder):
        with pytest.raises(FileExistsError, match="expected a new path, or an empty folder"):
            compiled.save(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


class Pair(NamedTuple):
    left: Tensor
    right: Tensor


def test_a_structure_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    compiled = taso.compile(lambda x: Pair(x + 1, x * 2), torch.ones(3))
    with pytest.raises(ValueError, match="the structure of the outputs can't be written down"):
        compiled.save(tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


def test_the_program_saved_is_that_of_the_present(tmp_path: Path) -> None:
    model = Model().eval()
    compiled = taso.compile(model, example())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1
    compiled.save(tmp_path / "saved")
    inputs = example()
    with torch.no_grad():
        expected = pytree.tree_leaves(model(**inputs))
        for parameter in model.parameters():
            parameter += 1
    given = pytree.tree_leaves(load(tmp_path / "saved")(**inputs))
    for x, y in zip(given, expected, strict=True):
        assert close(x, y) if isinstance(y, Tensor) else x == y


ALL_TYPES = """
func.func @main(%x: tensor<3xf32>, %a: tensor<3xf16> {taso.param}, %b: tensor<3xbf16> {taso.param},
    %c: tensor<3xf64> {taso.param}, %d: tensor<3xi1> {taso.param}, %e: tensor<3xi32> {taso.param},
    %f: tensor<3xi64> {taso.param}, %g: tensor<0x2xf32> {taso.param}, %h: tensor<f32> {taso.param})
    -> (tensor<3xf16>, tensor<3xbf16>, tensor<3xf64>, tensor<3xi1>, tensor<3xi32>, tensor<3xi64>,
        tensor<0x2xf32>, tensor<f32>) {
  func.return %a, %b, %c, %d, %e, %f, %g, %h : tensor<3xf16>, tensor<3xbf16>, tensor<3xf64>,
    tensor<3xi1>, tensor<3xi32>, tensor<3xi64>, tensor<0x2xf32>, tensor<f32>
}"""


def test_every_element_type_and_views(tmp_path: Path) -> None:
    dtypes = (torch.float16, torch.bfloat16, torch.float64, torch.bool, torch.int32, torch.int64)
    base = torch.randn(3, 2) * 3
    tensors = {f"p{i}": base.to(dtype)[:, 1] for i, dtype in enumerate(dtypes)}
    tensors |= {"empty": torch.empty(0, 2), "scalar": torch.tensor(2.5)}
    outputs = [Result(i) for i in range(8)]
    compiled = compiled_by_hand(ALL_TYPES, (torch.ones(3),), {}, tensors, outputs)
    compiled.save(tmp_path / "saved")
    given = load(tmp_path / "saved")(torch.ones(3))
    for x, y in zip(given, tensors.values(), strict=True):
        assert torch.equal(x, y)
        assert x.dtype == y.dtype


COUNTS = """
func.func @main(%x: tensor<2xi64>, %count: tensor<2xi64>) -> (tensor<2xi64>) {
  %sum = taso.add %count, %x : tensor<2xi64>
  func.return %sum : tensor<2xi64>
}"""


def test_written_buffers_stay_with_the_loaded_program(tmp_path: Path) -> None:
    outputs, count = [Result(0)], torch.tensor([3, 4])
    x = torch.tensor([1, 2])
    compiled = compiled_by_hand(COUNTS, (x,), {"count": count}, {}, outputs, [Write(0, "count")])
    compiled.save(tmp_path / "saved")
    program, other = load(tmp_path / "saved"), load(tmp_path / "saved")
    for n in (1, 2, 3):
        assert torch.equal(program(x)[0], torch.tensor([3, 4]) + n * x)
    assert torch.equal(other(x)[0], torch.tensor([4, 6]))
    assert torch.equal(count, torch.tensor([3, 4]))


def test_outputs_of_a_packages_own_type(tmp_path: Path) -> None:
    outputs = pytest.importorskip("transformers.modeling_outputs")
    compiled = taso.compile(
        lambda x: outputs.BaseModelOutput(last_hidden_state=x * 2), torch.ones(3)
    )
    compiled.save(tmp_path / "saved")
    code = """
import torch
from saved.program import load
out = load()(torch.ones(3))
print(type(out).__name__, out.last_hidden_state.tolist())
"""
    assert run_python(tmp_path / "saved", code) == "BaseModelOutput [2.0, 2.0, 2.0]\n"
