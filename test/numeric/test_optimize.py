"""`taso-optimize`: its options, and what it refuses."""

from pathlib import Path

import pytest
from support.ir import context, parse_module
from xdsl.passes import PassPipeline
from xdsl.utils.exceptions import PassFailedException

from taso.passes.optimize import OptimizePass

PROGRAM = """
func.func @main(%a: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = taso.neg %a : tensor<3x5xf32>
  %n = taso.neg %m : tensor<3x5xf32>
  func.return %n : tensor<3x5xf32>
}"""


def optimise(options: str) -> str:
    """The program after the pass with these options, as text."""
    module = parse_module(PROGRAM)
    passes = {"taso-optimize": lambda: OptimizePass}
    PassPipeline.parse_spec(passes, f"taso-optimize{options}").apply(context(), module)
    module.verify()
    return str(module)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "{device=h200}",
        "{numerics=exact}",
        "{iterations=3 node-limit=100 time-limit=2.5}",
        "{time-limit=5}",
        "{rules=elementwise-neg-neg}",
    ],
)
def test_options_are_taken(options: str) -> None:
    assert "taso.neg" not in optimise(options)


@pytest.mark.parametrize("option", ["iterations", "node-limit", "time-limit"])
def test_a_limit_of_zero_keeps_the_program(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert optimise(f"{{{option}=0}}").count("taso.neg") == 2
    assert capsys.readouterr().err == (
        "warning: taso-optimize leaves @main as it is: a limit of the search is zero\n"
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ("{rules=nonsense}", "unknown rule 'nonsense'"),
        ("{device=abacus}", "unknown device 'abacus', expected one of cpu, h200"),
        ("{numerics=sloppy}", "numerics is 'sloppy', expected reassociating or exact"),
        ('{rule-file="none.rules"}', "none.rules: No such file or directory"),
    ],
)
def test_wrong_options_are_refused(options: str, message: str) -> None:
    with pytest.raises(PassFailedException, match=message):
        optimise(options)


def test_wrong_rule_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.rules"
    path.write_bytes(b"rule \xff")
    with pytest.raises(PassFailedException, match=r"wrong\.rules: byte 5 is not UTF-8"):
        optimise(f'{{rule-file="{path}"}}')
    path.write_text("rule wrong exact:\n  neg(x) =>\n")
    with pytest.raises(PassFailedException, match=r"wrong\.rules:\d+:\d+: rule wrong"):
        optimise(f'{{rule-file="{path}"}}')
