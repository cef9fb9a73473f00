"""`taso import`: models and .pt2 files in; of a bad or hostile file one line, and nothing run."""

import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export.pt2_archive._package import PT2ArchiveReader, PT2ArchiveWriter, load_pt2

from taso.frontends import models, pt2
from taso.frontends.models import Tokens, model_names
from taso.frontends.pt2 import CONSTANTS, GRAPH, SAMPLES, WEIGHTS
from taso.lowering.runtime import draw_inputs
from taso.tools import taso, taso_opt
from taso.tools.command_line import load_ir
from taso.tools.reference import Reference


class Small(nn.Module):
    """A layer with a parameter that is used twice, a buffer, a captured tensor, a fixed input."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.tied = nn.Linear(3, 4), nn.Linear(3, 4)
        self.tied.weight = self.layer.weight
        self.captured = torch.randn(4)
        self.register_buffer("scale", torch.randn(4), persistent=False)

    def forward(self, x: Tensor, times: int, *, shift: dict[str, Tensor]) -> dict[str, Tensor]:
        total = self.layer(x) * times + self.tied(x) * self.scale
        return {"an output": total + self.captured + shift["of rows"]}


def small_program() -> torch.export.ExportedProgram:
    keywords = {"times": 3, "shift": {"of rows": torch.randn(2, 1)}}
    return torch.export.export(Small(), (torch.randn(2, 3),), keywords)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.pt2"
    torch.export.save(small_program(), path)
    return path


def run_import(program: Path | str, *options: str) -> None:
    out = Path(program).with_suffix(".mlir") if isinstance(program, Path) else Path("out.mlir")
    taso.main(["import", str(program), "-o", str(out), *options])


def failure(args: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as e:
        taso.main(["import", *args])
    assert e.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    return captured.err.rstrip("\n")


def test_a_saved_program_becomes_ir(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_import(saved)
    assert capsys.readouterr() == ("", "")
    text = saved.with_suffix(".mlir").read_text()
    [signature] = [line for line in text.splitlines() if "func.func @main(" in line]
    arguments = re.findall(r"%\w+: (tensor<\w+>)( {taso.param})?", signature)
    assert [a for a in arguments if not a[1]] == [("tensor<2x3xf32>", ""), ("tensor<2x1xf32>", "")]
    parameters = {shape for shape, param in arguments if param}
    assert parameters == {"tensor<4x3xf32>", "tensor<4xf32>"}
    assert "dense" not in text
    taso_opt.main([str(saved.with_suffix(".mlir")), "-p", "taso-optimize"])
    assert "@main" in capsys.readouterr().out


def test_the_ir_means_what_the_program_does(saved: Path) -> None:
    run_import(saved)
    reference = Reference(load_ir(str(saved.with_suffix(".mlir"))), "small")
    program = pt2.load_exported(str(saved))
    x, shift = torch.randn(2, 3), torch.randn(2, 1)
    held = {re.sub(r"\W", "_", k): v for k, v in (program.state_dict | program.constants).items()}
    given = {"x": x, "shift_of_rows": shift, **held}
    arguments = [given[argument.name] for argument in reference.arguments]
    [result] = reference.run(arguments)
    expected = program.module()(x, times=3, shift={"of rows": shift})["an output"]
    assert torch.allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_a_named_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(settings: Any) -> nn.Module:
        return nn.Sequential(nn.Linear(settings["size"], 3), nn.Tanh())

    class Rows(Tokens):
        def draw(self, batch: int, seq: int | None, generator: torch.Generator) -> Tensor:
            return super().draw(batch, seq, generator).float()

    recipe = models._Recipe(
        build, {"full": ({"size": 7}, Rows(9, 7)), "small": ({"size": 2}, Rows(9, 2))}
    )
    monkeypatch.setitem(models._RECIPES, "rows", recipe)
    out = tmp_path / "rows.mlir"
    taso.main(["import", "rows", "-o", str(out), "--batch", "5"])
    assert "%input: tensor<5x7xf32>, " in out.read_text()
    options = ["--size", "small", "--dtype", "bfloat16", "--seq", "2"]
    taso.main(["import", "rows", "-o", str(out), *options])
    assert "%input: tensor<1x2xbf16>, " in out.read_text()
    assert capsys.readouterr() == ("", "")
    [argument, *_] = Reference(load_ir(str(out)), "rows").arguments
    [drawn] = draw_inputs([argument], 0, "cpu")
    assert drawn.shape == (1, 2)


def test_an_unknown_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(["bert-bass", "-o", str(tmp_path / "out.mlir")], capsys)
    assert line.startswith(
        "taso import: error: unknown model 'bert-bass'; did you mean 'bert-base'?"
    )
    assert line.endswith(", ".join(model_names()))


@pytest.mark.parametrize(
    "args, message",
    [
        (["gpt2"], "required: -o"),
        (["gpt2", "-o", "x", "--batch", "0"], "expected 1 or more, got 0"),
        (["gpt2", "-o", "x", "--size", "huge"], "invalid choice: 'huge'"),
        (["resnet50", "-o", "x", "--size", "small", "--seq", "3"], "takes no sequence length"),
        (["some.pt2", "-o", "x", "--batch", "3"], "--batch is for a named model"),
    ],
)
def test_bad_options(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in failure(args, capsys)


def test_an_output_that_cannot_be_written(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = saved.parent / "none" / "out.mlir"
    assert failure([str(saved), "-o", str(out)], capsys).startswith(f"{out}:1:1: error: cannot be")


def refused(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a file is refused with, at the file; nothing is written."""
    out = path.parent / "out.mlir"
    out.write_text("as it was")
    line = failure([str(path), "-o", str(out)], capsys)
    assert line.startswith(f"{path}:1:1: error: ")
    assert out.read_text() == "as it was"
    return line


def zip_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def torch_saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


FOREIGN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"module {}\n",
    "random": lambda: bytes(range(256)) * 64,
    "cut-off zip": lambda: b"PK\x03\x04 cut off",
    "zip of something else": lambda: zip_of("a.txt", b"hello"),
    "torch.save": lambda: torch_saved({"weight": torch.ones(3)}),
    "older format": lambda: zip_of("version", b"8.1"),
    "pickle": lambda: pickle.dumps([1, 2]),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "foreign.pt2"
    path.write_bytes(FOREIGN[name]())
    assert "expected a program of torch.export.save" in refused(path, capsys)


def test_a_missing_file_and_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such file" in refused(tmp_path / "none.pt2", capsys)
    folder = tmp_path / "folder.pt2"
    folder.mkdir()
    assert "Is a directory" in refused(folder, capsys)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(
    share: float, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])
    refused(saved, capsys)


def records_of(path: Path) -> dict[str, bytes]:
    reader = PT2ArchiveReader(str(path))
    names = [
        name for name in reader.get_file_names() if not name.startswith((".data", "byteorder"))
    ]
    return {name: reader.read_bytes(name) for name in names}


def change(path: Path, record: str, edit: Callable[[Any], None]) -> None:
    """Write the archive anew with one record of JSON edited."""
    records = records_of(path)
    tree = json.loads(records[record])
    edit(tree)
    rewrite(path, records | {record: json.dumps(tree).encode()})


def rewrite(path: Path, records: dict[str, bytes]) -> None:
    with PT2ArchiveWriter(str(path)) as writer:
        for name, content in records.items():
            writer.write_bytes(name, content)


@pytest.mark.parametrize("entry", [{"fqn": "layer"}, {"signature": None}], ids=str)
def test_a_graph_of_calls_without_its_root(
    entry: dict[str, Any], saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(saved, GRAPH, lambda tree: tree["graph_module"]["module_call_graph"][0].update(entry))
    assert "torch.export cannot load it: " in refused(saved, capsys)


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def pickled_weight(path: Path, crater: Path) -> None:
    records = records_of(path)
    config = json.loads(records[WEIGHTS])
    config["config"]["layer.bias"] |= {"use_pickle": True, "path_name": "weight_9"}
    bomb = torch_saved(Bomb(crater))
    rewrite(path, records | {WEIGHTS: json.dumps(config).encode(), "data/weights/weight_9": bomb})


def pickled_constant(path: Path, crater: Path) -> None:
    records = records_of(path)
    config = json.loads(records[CONSTANTS])
    config["config"]["captured"] |= {"use_pickle": True, "path_name": "opaque_obj_0"}
    bomb = pickle.dumps(Bomb(crater))
    changed = {CONSTANTS: json.dumps(config).encode(), "data/constants/opaque_obj_0": bomb}
    rewrite(path, records | changed)


def pickled_samples(path: Path, crater: Path) -> None:
    rewrite(path, records_of(path) | {SAMPLES: torch_saved((Bomb(crater),))})


def pickled_legacy_weights(path: Path, crater: Path) -> None:
    rewrite(path, records_of(path) | {"data/weights/model.pt": torch_saved({"a": Bomb(crater)})})


def code(crater: Path) -> str:
    return f"__import__('pathlib').Path({str(crater)!r}).touch()"


def symbolic_size(path: Path, crater: Path) -> None:
    def edit(tree: Any) -> None:
        tensors = tree["graph_module"]["graph"]["tensor_values"]
        tensors["x"]["sizes"][0] = {"as_expr": {"expr_str": code(crater), "hint": {"as_int": 2}}}

    change(path, GRAPH, edit)


def renamed(path: Path, name: str) -> None:
    records = records_of(path)
    text = records[GRAPH].decode().replace('"name": "x"', f'"name": {json.dumps(name)}')
    text = text.replace('"x": {', f"{json.dumps(name)}: {{")
    rewrite(path, records | {GRAPH: text.encode()})


def named_by_code(path: Path, crater: Path) -> None:
    renamed(path, f"x={code(crater)}")


def guarded_by_code(path: Path, crater: Path) -> None:
    change(path, GRAPH, lambda tree: tree.update(guards_code=[code(crater)]))


def argument_named_by_code(path: Path, crater: Path) -> None:
    def edit(tree: Any) -> None:
        entry = tree["graph_module"]["module_call_graph"][0]["signature"]
        entry["forward_arg_names"][0] = f"x={code(crater)}"

    change(path, GRAPH, edit)


def parameter_named_by_code(path: Path, crater: Path) -> None:
    records = records_of(path)
    name = f'scale"), {code(crater)}, ("'
    for record in (GRAPH, CONSTANTS):
        text = records[record].decode()
        assert '"scale"' in text
        records[record] = text.replace('"scale"', json.dumps(name)).encode()
    rewrite(path, records)


def container_that_imports(path: Path, crater: Path) -> None:
    def edit(tree: Any) -> None:
        signature = tree["graph_module"]["module_call_graph"][0]["signature"]
        version, spec = json.loads(signature["out_spec"])
        spec["type"] = "collections.defaultdict"
        spec["context"] = {
            "default_factory_module": "this",
            "default_factory_name": "s",
            "dict_context": ["an output"],
        }
        signature["out_spec"] = json.dumps([version, spec])

    change(path, GRAPH, edit)


def called(target: str) -> Callable[[Path, Path], None]:
    def attack(path: Path, crater: Path) -> None:
        change(
            path,
            GRAPH,
            lambda tree: tree["graph_module"]["graph"]["nodes"][0].update(target=target),
        )

    return attack


def compiled_code(path: Path, crater: Path) -> None:
    rewrite(path, records_of(path) | {"data/aotinductor/model/code.so": b"\x7fELF"})


ATTACKS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "weight": (pickled_weight, "'layer.bias' is a pickled object"),
    "constant": (pickled_constant, "holds 'data/constants/opaque_obj_0'"),
    "samples": (pickled_samples, "the sample inputs are other objects than tensors"),
    "legacy weights": (pickled_legacy_weights, "holds 'data/weights/model.pt'"),
    "symbolic size": (symbolic_size, "has symbolic sizes"),
    "node": (named_by_code, "is no name"),
    "guard": (guarded_by_code, "has a guard written in Python"),
    "argument": (argument_named_by_code, "are no names of arguments"),
    "parameter": (parameter_named_by_code, "is no parameter's path"),
    "container": (container_that_imports, "of type collections.defaultdict"),
    "function": (called("torch.os.getcwd"), "calls 'torch.os.getcwd', expected an aten op"),
    "method": (called("torch.ops.load_library.__call__"), "expected an aten op"),
    "file": (called("torch.ops.aten.from_file.default"), "expected an aten op"),
    "compiled": (compiled_code, "holds 'data/aotinductor/model/code.so'"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_in_an_archive_runs(
    name: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack, message = ATTACKS[name]
    crater = saved.parent / "crater"
    attack(saved, crater)
    assert message in refused(saved, capsys)
    assert not crater.exists()


@pytest.mark.parametrize("name", ["weight", "constant", "samples", "symbolic size", "guard"])
def test_torch_alone_would_run_it(name: str, saved: Path) -> None:
    """Else the test above would show nothing."""
    crater = saved.parent / "crater"
    ATTACKS[name][0](saved, crater)
    try:
        load_pt2(str(saved)).exported_programs["model"].run_decompositions()
    except Exception as e:  # it may well fail afterwards
        print(e)
    assert crater.exists()


def test_symbolic_sizes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = torch.export.Dim("rows", min=2, max=64)
    program = torch.export.export(nn.Tanh(), (torch.randn(3, 4),), dynamic_shapes=({0: rows},))
    path = tmp_path / "dynamic.pt2"
    torch.export.save(program, path)
    assert "has symbolic sizes; export it with static shapes" in refused(path, capsys)


def test_the_output_types_of_transformers_are_known(tmp_path: Path) -> None:
    model = models.named_model("vit-base", "small")
    program = torch.export.export(model.module, model.example_inputs(seed=0))
    path = tmp_path / "vit.pt2"
    torch.export.save(program, path)
    assert pt2.load_exported(str(path)).graph_signature.user_outputs
