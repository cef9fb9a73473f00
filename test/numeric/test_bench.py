"""`taso bench` and `taso demo`: what they write; how fast it is, test/timing checks."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from taso.frontends import models
from taso.frontends.models import Images
from taso.tools import bench, contest, demo
from taso.tools.contest import Outcome, Peer, hold
from taso.tools.diagnostics import UserError
from taso.tools.reference import wide_results
from taso.tools.subjects import load_python, load_subject

EXAMPLES = Path(__file__).parents[2] / "examples"
FIELDS = {
    "name",
    "device",
    "dtype",
    "ops_before",
    "ops_after",
    "launches_before",
    "launches_after",
    "flops_before",
    "flops_after",
    "intermediate_bytes_before",
    "intermediate_bytes_after",
    "peak_bytes_before",
    "peak_bytes_after",
    "time_us",
    "spread",
    "max_rel_error",
    "rules",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The distributivity example at a size that takes no time."""
    for suffix, size in ((".py", "(1024, 512, 256)"), (".mlir", "1024x512")):
        text = (EXAMPLES / f"distributivity{suffix}").read_text()
        assert size in text
        for large, little in (("1024", "24"), ("512", "12"), ("256", "6")):
            text = text.replace(large, little)
        (tmp_path / f"distributivity{suffix}").write_text(text)
    return tmp_path


def run_bench(small: Path, suffix: str, *options: str) -> dict[str, object]:
    out = small / "out.json"
    bench.main([str(small / f"distributivity{suffix}"), "--json", str(out), *options])
    [figures] = json.loads(out.read_text())
    return figures


@pytest.mark.parametrize("suffix", [".py", ".mlir"])
def test_json(suffix: str, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = run_bench(small, suffix, "--peers", "eager")
    assert figures.keys() >= FIELDS
    assert (figures["name"], figures["device"]) == ("distributivity", "cpu")
    assert figures["dtype"] == "float32"
    assert (figures["ops_before"], figures["ops_after"]) == (3, 2)
    assert figures["flops_after"] == 2 * 24 * 12 * 6 + 12 * 6
    assert figures["rules"] == ["matmul-factor-left"]
    times, spread = figures["time_us"], figures["spread"]
    assert isinstance(times, dict)
    assert isinstance(spread, dict)
    assert list(times) == list(spread) == ["taso", "eager"]
    assert all(time > 0 for time in times.values())
    error = figures["max_rel_error"]
    assert isinstance(error, float)
    assert 0 < error < 1e-6
    lowered = "lowered to torch source" in capsys.readouterr().out
    assert lowered == (suffix == ".mlir")


def test_dtype(small: Path) -> None:
    figures = run_bench(small, ".py", "--peers", "eager", "--dtype", "bfloat16")
    assert figures["dtype"] == "bfloat16"
    error = figures["max_rel_error"]
    assert isinstance(error, float)
    assert 1e-4 < error < 2e-2


def test_torch_compile_runs_both_kinds(small: Path) -> None:
    for suffix in (".py", ".mlir"):
        subject = load_subject(str(small / f"distributivity{suffix}"), "cpu", "float32")
        assert list(hold(subject, ("compile",), time_limit=0.1).timings) == ["taso", "compile"]


def test_a_peer_that_fails_is_left_out(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_compiler(*_: object) -> None:
        raise RuntimeError("no C++ compiler")

    def compile_in_vain(f: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(f, backend=no_compiler)

    monkeypatch.setitem(contest.PEERS, "compile", Peer(compile_in_vain))
    subject = load_subject(str(small / "distributivity.py"), "cpu", "float32")
    assert list(hold(subject, ("compile", "eager"), time_limit=0.1).timings) == ["taso", "eager"]
    assert "warning: compile cannot run distributivity: " in capsys.readouterr().err


def test_json_that_cannot_be_written(small: Path) -> None:
    path = str(small / "distributivity.py")
    with pytest.raises(UserError, match=r"none/out.json:1:1: error: cannot be written"):
        bench.main([path, "--peers", "eager", "--json", str(small / "none" / "out.json")])


def test_python_file_without_its_names(tmp_path: Path) -> None:
    path = tmp_path / "half.py"
    path.write_text("SIZES = {'cpu': (1,)}\n")
    with pytest.raises(UserError, match=r"half.py:1:1: error: expected .* of example_model"):
        load_python(path)


def test_program_with_an_op_that_no_program_holds(small: Path) -> None:
    path = small / "distributivity.py"
    path.write_text(path.read_text().replace("a @ b + a @ c", "torch.fft.fft(a @ b).real"))
    with pytest.raises(UserError, match=r"distributivity.py:1:1: error: aten.\w+.\w+ is not"):
        load_subject(str(path), "cpu", "float32")


def test_demo_prints_a_row_and_a_line_for_each_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def quick(name: str) -> Outcome:
        return hold(load_subject(name, "cpu", "float32"), ("eager",), time_limit=0.1)

    monkeypatch.setattr(demo, "example_names", lambda: ["matrix_chain"])
    monkeypatch.setattr(demo, "_outcome", quick)
    demo.main([])
    printed = capsys.readouterr().out
    assert printed.startswith("1/1 matrix_chain: ")
    for cell in ("40,020,000", "→ 60,000", "4,040,000", "→ 4,040 ", "matmul-associate", " – "):
        assert cell in printed


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a model of two layers, the second one in float32 whatever the type."""

    class Tiny(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.first = nn.Linear(6, 8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            hidden = torch.tanh(self.first(self.embedding(x)))
            return {"hidden": (hidden.to(torch.float32) * 1.1).to(hidden.dtype)}

    class Rows(Images):
        def draw(self, batch: int, seq: int | None, generator: torch.Generator) -> Tensor:
            return torch.randn(batch, self.size, generator=generator)

    recipe = models._Recipe(lambda _: Tiny(), {"full": ({}, Rows(6)), "small": ({}, Rows(6))})
    monkeypatch.setitem(models._RECIPES, "tiny", recipe)
    return "tiny"


def test_a_model_is_benched_by_its_name(
    tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    bench.main([tiny, "--size", "small", "--peers", "eager", "--json", str(out)])
    [figures] = json.loads(out.read_text())
    assert figures.keys() >= FIELDS
    assert figures["name"] == "tiny"
    # Two products, tanh, the scale.
    assert (figures["calls_before"], figures["profiled_launches_before"]) == (4, 4)
    assert figures["calls_after"] > 0
    assert 0 < figures["native_ops"] == figures["imported_ops"]
    assert 0 < figures["max_rel_error"] < 1e-6
    assert "calls 4 → " in capsys.readouterr().out


def test_the_reference_of_a_model_is_float64_throughout(tiny: str) -> None:
    model = models.named_model(tiny, dtype=torch.float64)
    x = model.example_inputs(2, seed=1)
    module = model.module
    expected = torch.tanh(module.first(module.embedding(*x))) * 1.1
    [result] = wide_results(model.module, x)
    assert result.dtype == torch.float64
    assert torch.allclose(result, expected, rtol=1e-15)
    assert not torch.allclose(module(*x)["hidden"], expected, rtol=1e-9)


def test_each_peer_is_compiled_on_its_own(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that was compiled for one peer also fits the next one, which then was no other."""
    from torch._inductor import freezing

    frozen: list[object] = []
    freeze = freezing.freeze

    def spy(*args: Any, **kwargs: Any) -> object:
        frozen.append(args)
        return freeze(*args, **kwargs)

    monkeypatch.setattr(freezing, "freeze", spy)
    monkeypatch.setattr("torch._inductor.compile_fx.freeze", spy, raising=False)
    subject = load_subject(tiny, "cpu", "float32")
    torch._dynamo.utils.counters.clear()
    outcome = hold(subject, ("compile", "compile-freezing"), time_limit=0.1)
    assert list(outcome.timings) == ["taso", "compile", "compile-freezing"]
    assert len(frozen) == 1
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2


def test_a_model_that_needs_a_missing_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"gpt2:1:1: error: .*pip install 'taso\[models\]'"):
        load_subject("gpt2", "cpu", "float32", "small")
