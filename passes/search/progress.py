"""A line on the terminal while a search runs: phase, e-nodes, best cost, and the gap to its bound.

Where stderr is no terminal there is none, and `report` does nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_show: Any = None
"""Takes the fields that change, where a line is shown."""


def report(
    phase: str | None = None,
    *,
    nodes: int | None = None,
    cost: float | None = None,
    bound: float | None = None,
) -> None:
    """Say how far the search is; costs in seconds."""
    if _show is not None:
        _show(phase, nodes, cost, bound)


@contextmanager
def shown(name: str, seconds: float) -> Generator[None]:
    """Show a line for a function whose search may take so many seconds."""
    global _show
    if _show is not None or not sys.stderr.isatty():
        yield
        return
    # Not needed by most runs, and slow to import.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("@{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=seconds, text="")
        state: dict[str, Any] = {"phase": "", "nodes": 0, "cost": None, "bound": None}

        def show(*fields: Any) -> None:
            news = dict(zip(state, fields, strict=True))
            state.update({key: value for key, value in news.items() if value is not None})
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(task, completed=elapsed, text=_text(**state))

        _show = show
        try:
            yield
        finally:
            _show = None


def _text(phase: str, nodes: int, cost: float | None, bound: float | None) -> str:
    parts = [phase, f"{nodes:,} e-nodes"]
    if cost is not None and math.isfinite(cost):
        parts.append(f"best {cost * 1e6:,.1f} µs")
        if bound is not None and cost > 0:
            parts.append(f"gap {100 * max(0.0, 1 - bound / cost):.2f} %")
    return " · ".join(parts)
