"""`taso report`: one page that shows the programs, the steps and the kernels, and its mistakes."""

import itertools
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.prenorm import Shape, prenorm_module
from support.programs import PROGRAMS

from taso.tools import taso
from taso.tools.layered import GAP, LAYER_HEIGHT, lay_out

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VOID = {"meta", "link", "br", "img"}


def write_page(tmp_path: Path, text: str, name: str = "program.mlir") -> Path:
    """The page of a program, by the command."""
    file, page = tmp_path / name, tmp_path / "page.html"
    file.write_text(text, "utf-8")
    taso.main(["report", str(file), "-o", str(page)])
    return page


def check_in_browser(page: Path, folder: Path) -> str:
    """The document once its script has run; nothing may go wrong on the way."""
    assert CHROMIUM is not None
    shot = folder / "shot.png"
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
    ]
    profile = f"--user-data-dir={folder / 'profile'}"
    done = [
        subprocess.run(
            [*command, profile, how, page.as_uri()], capture_output=True, text=True, timeout=120
        )
        for how in ("--dump-dom", f"--screenshot={shot}")
    ]
    assert [run.returncode for run in done] == [0, 0], done[0].stderr
    assert "CONSOLE" not in done[0].stderr, done[0].stderr
    assert shot.stat().st_size > 10_000
    return done[0].stdout


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_renders_the_page(tmp_path: Path) -> None:
    page = write_page(tmp_path, PROGRAMS["attention"])
    document = check_in_browser(page, tmp_path)
    assert 'data-ready="yes"' in document
    assert len(re.findall(r'data-scale="[\d.]+"', document)) == 2
    assert document.count("<svg") == 2
    assert document.count("<details") > 0


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_would_tell_of_an_error(tmp_path: Path) -> None:
    page = write_page(tmp_path, PROGRAMS["softmax"])
    page.write_text(page.read_text("utf-8").replace('"use strict";', "missing();"), "utf-8")
    with pytest.raises(AssertionError, match="missing is not defined"):
        check_in_browser(page, tmp_path)


class Balance(HTMLParser):
    """Asserts that tags are closed in order, and collects what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_page_is_whole_and_fetches_nothing(name: str, tmp_path: Path) -> None:
    text = write_page(tmp_path, PROGRAMS[name]).read_text("utf-8")
    balance = Balance()
    balance.feed(text)
    assert balance.open == []
    assert balance.fetched == ["data:,"]
    assert "@import" not in text
    assert "url(" not in text


def test_colours_say_what_changed(tmp_path: Path) -> None:
    module = prenorm_module(Shape(layers=2))
    text = write_page(tmp_path, str(module)).read_text("utf-8")
    before, after = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert "new" not in classes(before)
    assert "gone" not in classes(after)
    for graph, changed in ((before, "gone"), (after, "new")):
        drawn = re.findall(r'<g class="([\w ]+)".*?<text x.*?>([^<]*)</text>', graph, re.DOTALL)
        assert (f"op {changed}", "matmul") in drawn  # the joined products
        assert ("op", "layer_norm") in drawn
        assert (f"op {changed}", "layer_norm") not in drawn
        assert ("op", "gelu") in drawn or ("op", "relu") in drawn


def classes(graph: str) -> set[str]:
    return {word for words in re.findall(r'<g class="([\w ]+)"', graph) for word in words.split()}


def test_text_of_a_file_is_no_markup(tmp_path: Path) -> None:
    text = write_page(tmp_path, PROGRAMS["softmax"], "a<script>.mlir").read_text("utf-8")
    assert "a&lt;script&gt;.mlir" in text
    assert text.count("<script>") == 1


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, other, blocks = (tmp_path / f"{name}.mlir" for name in ("good", "other", "blocks"))
    good.write_text(PROGRAMS["softmax"])
    other.write_text(PROGRAMS["softmax"].replace("@main", "@other"))
    blocks.write_text(
        "func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
        "  %y = tensor.empty() : tensor<2xf32>\n  func.return %y : tensor<2xf32>\n}"
    )
    out = tmp_path / "out.html"
    for arguments, message in (
        ([str(tmp_path / "none.mlir"), "-o", str(out)], "none.mlir:1:1: error: cannot be read: "),
        (
            [str(good), "-o", str(tmp_path / "no" / "x.html")],
            "x.html:1:1: error: cannot be written: ",
        ),
        ([str(other), "-o", str(out)], "other.mlir:1:1: error: there is no function @main"),
        ([str(blocks), "-o", str(out)], "blocks.mlir:1:1: error: "),
        ([str(good)], "taso report: error: the following arguments are required: -o"),
    ):
        with pytest.raises(SystemExit) as exit_:
            taso.main(["report", *arguments])
        assert exit_.value.code == 1
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
    assert not out.exists()


def test_vertices_of_a_layer_do_not_overlap() -> None:
    operands = [[], [0], [0], [0], [1, 2], [3], [4, 5, 0], []]
    widths = [60.0, 90.0, 50.0, 120.0, 40.0, 70.0, 80.0, 30.0]
    layout = lay_out(operands, widths)
    rows: dict[float, list[int]] = {}
    for vertex, (x, y) in enumerate(layout.centres):
        rows.setdefault(y, []).append(vertex)
        assert widths[vertex] / 2 <= x <= layout.width - widths[vertex] / 2
        assert 0 < y < layout.height
    for row in rows.values():
        row.sort(key=lambda v: layout.centres[v][0])
        for left, right in itertools.pairwise(row):
            apart = layout.centres[right][0] - layout.centres[left][0]
            assert apart >= (widths[left] + widths[right]) / 2 + GAP - 1e-6
    for vertex, above in enumerate(operands):
        for operand in above:
            points = layout.edges[operand, vertex]
            assert points[0] == layout.centres[operand]
            assert points[-1] == layout.centres[vertex]
            steps = [b[1] - a[1] for a, b in itertools.pairwise(points)]
            assert steps == [LAYER_HEIGHT] * len(steps)


def test_a_long_chain_is_drawn_straight() -> None:
    count = 600
    layout = lay_out([[], *([i] for i in range(count - 1))], [50.0] * count)
    assert len({x for x, _ in layout.centres}) == 1
