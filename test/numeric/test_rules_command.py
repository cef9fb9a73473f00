"""`taso rules`."""

import pytest

from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.text import parse_rules
from taso.tools.diagnostics import UserError
from taso.tools.rules import main


def output(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    main(argv)
    return capsys.readouterr().out


def test_list_has_every_rule_once(capsys: pytest.CaptureFixture[str]) -> None:
    listed = [rule.name for rule in parse_rules(output(capsys, "list"))]
    reversals = {f"{rule.name}-reversed" for rule in RULES.values() if rule.bidirectional}
    families = [family.members[min(family.members)].name for family in FAMILIES.values()]
    assert listed == [name for name in RULES if name not in reversals] + families


def test_show_is_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    (rule,) = parse_rules(output(capsys, "show", "transpose-compose"))
    assert rule.name == "transpose-compose"
    assert "is for 2 to 8 siblings" in output(capsys, "show", "matmul-concat-weights")


def test_pdl_names_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "pdl", "transpose-compose").splitlines()
    assert lines[0].startswith('// needs the native constraint "transpose-compose.match"')
    assert lines[1].startswith('// needs the native rewrite "transpose-compose.right"')
    assert lines[2] == "builtin.module {"


@pytest.mark.parametrize(
    "argv, message",
    [
        ([], "expected list, show NAME or pdl NAME"),
        (["show"], "expected list, show NAME or pdl NAME"),
        (["show", "transpose-compos"], "unknown rule 'transpose-compos'; did you mean"),
        (["pdl", "matmul-concat-weights"], "is a family of rules of several roots"),
        (["pdl", "matmul-concat-weights-3"], "PDL can only replace one op"),
    ],
)
def test_mistakes_are_one_line(argv: list[str], message: str) -> None:
    with pytest.raises(UserError) as error:
        main(argv)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
