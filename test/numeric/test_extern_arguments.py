"""The text of a call's arguments: round trips, one form for each, and what is refused."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taso.dialects.extern_arguments import (
    MEMORY_FORMATS,
    TORCH_DTYPES,
    Argument,
    Arguments,
    Operand,
    TorchName,
    format_arguments,
    parse_arguments,
)
from taso.dialects.spec import ConstraintError

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text("abcXYZ09_ .,>/+-")
    | st.builds(Operand, st.integers(0, 40))
    | st.builds(TorchName, st.sampled_from([*TORCH_DTYPES, *MEMORY_FORMATS]))
)
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
NAMES = st.from_regex(r"[A-Za-z_][a-z0-9_]{0,5}", fullmatch=True)


def depth(value: Argument) -> int:
    return 1 + max(map(depth, value), default=0) if isinstance(value, tuple) else 0


VALUES = VALUES.filter(lambda value: depth(value) <= 4)


@given(st.lists(VALUES, max_size=4), st.dictionaries(NAMES, VALUES, max_size=3))
def test_arguments_read_back(positional: list[Argument], named: dict[str, Argument]) -> None:
    arguments = Arguments(tuple(positional), named)
    again = parse_arguments(format_arguments(arguments))
    # Compared as text too: 1 == 1.0 == True, and 0.0 == -0.0.
    assert repr((again.positional, dict(again.named))) == repr((tuple(positional), named))


def test_nan_reads_back() -> None:
    (value,) = parse_arguments("nan").positional
    assert isinstance(value, float)
    assert math.isnan(value)


def test_operands_are_counted_in_lists_too() -> None:
    arguments = parse_arguments("[None, $1], 2, weight=$0, rest=[[$1, $3]]")
    assert arguments.operands() == [1, 0, 1, 3]


@pytest.mark.parametrize(
    "text",
    [
        "$0,1",
        "$0,  1",
        " $0",
        "$0, ",
        ", $0",
        "$00",
        "$-1",
        "01",
        "-0",
        "+1",
        "1.",
        "1.50",
        "1e5",
        "1e400",
        "0x10",
        "1_000",
        "9" * 20,
        "inf0",
        "-nan",
        "none",
        "true",
        "x",
        "torch.float32",
        "complex64",
        "[1",
        "1]",
        "[1,2]",
        "[[[[[1]]]]]",
        "(1)",
        "{}",
        "a=1, 2",
        "a=1, a=1",
        "a = 1",
        "1a=1",
        "'a",
        "'a\"b'",
        "'a\\n'",
        "'é'",
        '"a"',
        "f()",
        "__import__('os')",
        "$0\n",
        "\0",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ConstraintError, match=r"^\(C2\) "):
        parse_arguments(text)


def test_mutated_text_is_read_or_refused() -> None:
    rng = random.Random()
    text = "$0, [1, -2], [None, $1], 1e-05, -inf, 'same', dtype=float32, deep=[[True]]"
    for _ in range(2000):
        at = rng.randrange(len(text))
        broken = text[:at] + rng.choice("$[]',=-.e0Nn \"\\(") + text[at + rng.randrange(3) :]
        try:
            again = format_arguments(parse_arguments(broken))
        except ConstraintError:
            continue
        assert again == broken
