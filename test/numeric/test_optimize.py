"""`taso-optimize`: its options, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from support.ir import context, find_function, parse_module
from xdsl.passes import PassPipeline
from xdsl.utils.exceptions import PassFailedException

from taso.dialects.interpret import interpret
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


@pytest.mark.parametrize("limit", [0, -1])
@pytest.mark.parametrize("option", ["iterations", "node-limit", "time-limit"])
def test_a_limit_that_is_not_positive_keeps_the_program(
    option: str, limit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert optimise(f"{{{option}={limit}}}").count("taso.neg") == 2
    assert capsys.readouterr().err == (
        "warning: taso-optimize leaves @main as it is: a limit of the search is not positive\n"
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


@pytest.mark.parametrize("dtype, scale", [("f32", "10.0"), ("f64", "1.0e9")])
def test_scales_of_zero_do_not_multiply_up_to_infinity(dtype: str, scale: str) -> None:
    """0 · c = 0 makes the class of 0 its own child: ((0 · c) · c) · … became 0 · inf, a NaN."""
    type_ = f"tensor<4x2x{dtype}>"
    module = parse_module(f"""
    func.func @main() -> {type_} {{
      %c = taso.constant 1.0 : {type_}
      %s = taso.constant {scale} : {type_}
      %zero = taso.sub %c, %c : {type_}
      %result = taso.mul %zero, %s : {type_}
      func.return %result : {type_}
    }}""")
    rules = ("elementwise-mul-constants", "elementwise-sub-self")
    OptimizePass(rules=rules, iterations=400).apply(context(), module)
    assert "taso.constant 0.0" in str(module)


def test_scales_whose_product_overflows_stay_apart() -> None:
    module = parse_module("""
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %c = taso.constant 1.0e-30 : tensor<2xf32>
      %d = taso.constant 1.0e-10 : tensor<2xf32>
      %p = taso.div %x, %c : tensor<2xf32>
      %q = taso.div %p, %d : tensor<2xf32>
      func.return %q : tensor<2xf32>
    }""")
    OptimizePass().apply(context(), module)
    (result,) = interpret(find_function(module), [np.array([1e-30, 0.0], np.float32)])
    assert np.allclose(result, [1e10, 0.0])
