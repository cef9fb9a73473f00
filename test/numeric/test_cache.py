"""The cache of builds: the same program is searched once, and nothing wrong is taken from it."""

import json
from pathlib import Path

import pytest
from support.ir import parse_module

from taso.frontends import build, cache
from taso.frontends.build import Build

PROGRAM = """
func.func @main(%x: tensor<3x4xf32>, %a: tensor<4x5xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %0 = taso.matmul %x, %a : tensor<3x4xf32>, tensor<4x5xf32> -> tensor<3x5xf32>
  %1 = taso.matmul %x, %b : tensor<3x4xf32>, tensor<4x5xf32> -> tensor<3x5xf32>
  %2 = taso.add %0, %1 : tensor<3x5xf32>
  func.return %2 : tensor<3x5xf32>
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TASO_CACHE_DIR", str(tmp_path))
    return tmp_path


def made(text: str = PROGRAM, **options: str) -> Build:
    return Build(parse_module(text), **options)  # pyright: ignore[reportArgumentType]


def test_second_build_is_not_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made()
    source, optimized = first.source, str(first.optimized)
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(build, "OptimizePass", None)
    assert (made().source, str(made().optimized)) == (source, optimized)


@pytest.mark.parametrize(
    "other",
    [{"numerics": "exact"}, {"device": "cuda"}, {"text": PROGRAM.replace("5x", "6x")}],
    ids=str,
)
def test_other_programs_and_options_are_other_entries(folder: Path, other: dict[str, str]) -> None:
    _ = made().source, made(**other).source
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": 3}', '{"source": "x"}'], ids=str)
def test_damaged_entry_is_made_anew(folder: Path, text: str) -> None:
    source = made().source
    [entry] = folder.iterdir()
    entry.write_text(text)
    assert made().source == source
    assert json.loads(entry.read_text())["source"] == source


def test_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("TASO_CACHE_DIR", str(file))
    assert "def main" in made().source


def test_oldest_entries_are_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    for name in "abc":
        cache.store(name, {"source": name})
        (folder / f"{name}.json").touch()
    assert len(list(folder.iterdir())) == 2
    assert cache.load("c") == {"source": "c"}


def test_parts_of_a_key_do_not_run_together() -> None:
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")
