"""What was measured of the search, as rows and as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TENSAT = {
    "nasrnn": 68.9,
    "bert": 9.2,
    "resnext-50": 8.8,
    "nasnet-a": 7.3,
    "squeezenet": 24.5,
    "vgg-19": 8.9,
    "inception-v3": 10.0,
}
"""Per cent by which programs got faster, as published (Yang et al., MLSys 2021, on a T4)."""


LOWER = {
    "resnext-50": "Batch norms go into the weights, but a kernel for the rest remains.",
    "squeezenet": "Beside that, only the convolutions of a fire module are to be joined.",
    "vgg-19": "It is a chain of convolutions, each with a bias and a relu: there is nothing else.",
    "inception-v3": "Beside that, convolutions that share an input are to be joined.",
}
"""What to say of a graph where the predicted gain is lower than TENSAT's."""

WHY_LOWER = """\
TENSAT's programs run a call an op, and much of its gain on convolutional networks is cuDNN's
convolution with a relu in it. In our cost model a convolution is a call without an epilogue, and
the bias, batch norm and relu after it are one kernel, in the program as given and as optimised.
"""

ROUNDING = 1e-9
"""A relative gap up to this is rounding."""


@dataclass(frozen=True)
class Row:
    """What was measured of one graph. Costs are seconds under the H200 table."""

    name: str
    ops: int
    seconds: float
    """To optimise, without reading the program."""
    e_nodes: int
    stopped: str
    gap: float
    before: float
    after: float
    calls_before: float
    """As `before`, where each op is a call of its own."""
    calls_after: float
    greedy: float | None = None
    tree_cost: float | None = None
    cpu_before: float | None = None
    """Median seconds on this machine, as torch source."""
    cpu_after: float | None = None
    tensat_percent: float | None = None

    @property
    def gain(self) -> float:
        """Per cent by which the program gets faster, as predicted."""
        return 100 * (self.before / self.after - 1)

    @property
    def calls_gain(self) -> float:
        return 100 * (self.calls_before / self.calls_after - 1)


INTRODUCTION = """# The search on the graphs of the literature and on whole models

Written by `make bench`; [README.md](../README.md) says what the columns are.
"""


def report(rows: Sequence[Row]) -> str:
    """The tables of some rows."""
    compared = [row for row in rows if row.greedy is not None]
    parts = [
        INTRODUCTION,
        "## Time to optimise\n",
        _table(_search_columns(row) for row in rows),
        _growth(rows),
        "## Predicted cost on an H200, microseconds\n",
        _table(_cost_columns(row) for row in compared),
        _lower(rows),
        "## Time on this CPU, milliseconds\n",
        _table(_time_columns(row) for row in compared),
    ]
    return "\n".join(part for part in parts if part)


def _table(rows: Iterator[dict[str, str]]) -> str:
    cells = list(rows)
    if not cells:
        return ""
    heads = list(cells[0])
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *(list(row.values()) for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _search_columns(row: Row) -> dict[str, str]:
    return {
        "graph": row.name,
        "ops": f"{row.ops:,}",
        "seconds": f"{row.seconds:.2f}",
        "e-nodes": f"{row.e_nodes:,}",
        "ended by": row.stopped,
        "gap": f"{row.gap:.2%}" if row.gap > ROUNDING else "0",
    }


def _growth(rows: Sequence[Row]) -> str:
    """How the time grows from the least to the largest depth of a model, beside its ops."""
    lines: list[str] = []
    models: dict[str, list[Row]] = {}
    for row in rows:
        name, _, layers = row.name.rpartition("-")
        if name and layers.isdigit():
            models.setdefault(name, []).append(row)
    for name, of_model in models.items():
        first, last = of_model[0], of_model[-1]
        if first is not last:
            time, ops = last.seconds / first.seconds, last.ops / first.ops
            lines.append(
                f"{name}: {ops:.1f} times the ops take {time:.1f} times as long, "
                f"{time / ops:.2f} times linear.\n"
            )
    return "\n".join(lines)


def _cost_columns(row: Row) -> dict[str, str]:
    return {
        "graph": row.name,
        "before": _micro(row.before),
        "greedy": _micro(row.greedy),
        "tree cost": _micro(row.tree_cost),
        "after": _micro(row.after),
        "after ÷ before": f"{row.after / row.before:.3f}",
        "gain": f"{row.gain:.1f}%",
        "gain, a call an op": f"{row.calls_gain:.1f}%",
        "TENSAT": "" if row.tensat_percent is None else f"{row.tensat_percent:.1f}%",
    }


def _lower(rows: Sequence[Row]) -> str:
    """A word on each row where ours is lower than what was published."""
    lower = [row for row in rows if row.gain < (row.tensat_percent or 0)]
    if not lower:
        return ""
    words = [f"- {r.name}: {r.gain:.1f}%. {LOWER.get(r.name, '')}\n" for r in lower]
    return "\n".join((WHY_LOWER, "".join(words)))


def _time_columns(row: Row) -> dict[str, str]:
    before, after = row.cpu_before or 0.0, row.cpu_after or 0.0
    return {
        "graph": row.name,
        "before": f"{before * 1e3:.3g}",
        "after": f"{after * 1e3:.3g}",
        "before ÷ after": f"{before / after:.2f}",
    }


def _micro(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e6:.1f}"
