"""Random arguments of an imported program: indices lie in their tables, variances above 0."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor

from taso.frontends.build import main_of
from taso.frontends.torch_export import import_program
from taso.frontends.value_ranges import value_ranges
from taso.lowering.runtime import Argument, draw_inputs
from taso.tools import taso, taso_opt

ids, table = torch.tensor([[0, 2, 1]]), torch.randn(7, 4)
small, x = torch.randn(3, 4), torch.rand(4)
CASES: list[tuple[str, Callable[..., Any], list[Tensor], dict[int, tuple[int, int]]]] = [
    ("embedding", lambda i, t: F.embedding(i, t), [ids, table], {0: (0, 7)}),
    ("smaller_table", lambda i, t, s: (t[i], s[i]), [ids, table, small], {0: (0, 3)}),
    ("moved", lambda i, t: t[i.T.flatten()[1:].int()], [ids, table], {0: (0, 7)}),
    ("concat", lambda i, j, t: t[torch.cat([i, j])], [ids, ids, table], {0: (0, 7), 1: (0, 7)}),
    ("index_of_an_index", lambda i, t, u: u[t[i]], [ids, ids[0], table], {0: (0, 3), 1: (0, 7)}),
    ("variance", lambda v: (v + 1e-5).rsqrt(), [x], {0: (1, 2)}),
    ("root", lambda v: v.float().sqrt(), [x.double()], {0: (1, 2)}),
    ("product", lambda v: (v * v).sqrt(), [x], {}),
    ("none", lambda i, v: (i + 1, v.exp()), [ids, x], {}),
]


@pytest.mark.parametrize(
    ("program", "inputs", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_ranges(
    program: Callable[..., Any], inputs: list[Tensor], expected: dict[int, tuple[int, int]]
) -> None:
    assert value_ranges(main_of(import_program(program, inputs).module)) == expected


@pytest.mark.parametrize(("dtype", "least", "most"), [("int64", 3, 5), ("float16", 3, 6)])
def test_drawn_values_are_uniform_in_the_range(dtype: str, least: int, most: int) -> None:
    [values] = draw_inputs([Argument("x", (5000,), dtype, True, (3, 6))], 1, "cpu")
    wide = values.double()
    assert (least, most) == (int(wide.min()), round(float(wide.max())))
    assert float(wide.mean()) == pytest.approx((least + most) / 2, abs=0.1)


@pytest.mark.parametrize("model", ["bert-base", "gpt2", "resnet50"])
def test_an_imported_model_runs(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ir, out = str(tmp_path / "model.mlir"), str(tmp_path / "out.py")
    taso.main(["import", model, "--size", "small", "-o", ir])
    taso.main(["run", ir, "--seed", "3", "--check"])
    *lines, error = capsys.readouterr().out.splitlines()
    assert "nan" not in "".join(lines)
    assert float(error.split()[-1]) < 1e-5
    taso_opt.main([ir, "-p", "taso-optimize", "-t", "torch", "-o", out])
    ran = subprocess.run([sys.executable, out, "--seed", "3"], capture_output=True, text=True)
    assert ran.stdout.splitlines() == lines, ran.stderr


GATHER = """
func.func @main(%t: tensor<3x2xf32>, %i: tensor<9xi64>ATTRS) -> tensor<9x2xf32> {
  %g = taso.gather %t, %i, axis = 0 : tensor<3x2xf32>, tensor<9xi64> -> tensor<9x2xf32>
  func.return %g : tensor<9x2xf32>
}"""


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ("", "fails on these inputs: index out of range in self; give others by --inputs"),
        (" {taso.range = [3, 3]}", "taso.range of an argument is no two ascending integers"),
        (' {taso.range = "0"}', "taso.range of an argument is no two ascending integers"),
    ],
)
def test_a_run_that_fails_is_one_line(
    attrs: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gather.mlir"
    path.write_text(GATHER.replace("ATTRS", attrs))
    with pytest.raises(SystemExit) as stopped:
        taso.main(["run", str(path)])
    assert stopped.value.code == 1
    assert capsys.readouterr() == ("", f"{path}:1:1: error: {message}\n")


def test_a_range_in_the_file_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gather.mlir"
    path.write_text(GATHER.replace("ATTRS", " {taso.range = [2, 3]}"))
    taso.main(["run", str(path), "--check"])
    assert "largest relative error: 0" in capsys.readouterr().out
