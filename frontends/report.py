"""What optimising a program gained: counts and predicted time, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from taso.frontends.build import Build
from taso.passes.statistics import Statistics


@dataclass(frozen=True)
class Report:
    """Counts and seconds of a program before and after. A view is no op and no launch."""

    before: Statistics
    after: Statistics
    predicted: tuple[float, float]
    """Seconds before and after, under the cost model of the device."""
    rules: tuple[str, ...]
    """The rules without any one of which the program would cost more."""

    @staticmethod
    def of(build: Build) -> Report:
        return Report(build.before, build.after, build.predicted, build.rules)

    def as_dict(self) -> dict[str, Any]:
        """As plain data. FLOPs count a multiply-add as two; times are in microseconds."""
        counts: dict[str, Any] = {}
        for name in ("ops", "launches", "flops", "intermediate_bytes"):
            counts[f"{name}_before"] = getattr(self.before, name)
            counts[f"{name}_after"] = getattr(self.after, name)
        counts["predicted_us_before"], counts["predicted_us_after"] = (
            seconds * 1e6 for seconds in self.predicted
        )
        return {**counts, "rules": list(self.rules)}

    def __rich__(self) -> Table:
        table = Table("", "before", "after")
        for column in table.columns[1:]:
            column.justify = "right"
        for row in self._rows():
            table.add_row(*row)
        table.add_row("rules", "", "\n".join(self.rules) or "none")
        return table

    def __str__(self) -> str:
        console = Console(width=100)
        with console.capture() as captured:
            console.print(self)
        return captured.get()

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for label, name in (
            ("ops", "ops"),
            ("launches", "launches"),
            ("FLOPs", "flops"),
            ("bytes of intermediates", "intermediate_bytes"),
        ):
            yield label, f"{getattr(self.before, name):,}", f"{getattr(self.after, name):,}"
        before, after = self.predicted
        yield "predicted time", format_time(before), format_time(after)


def format_time(seconds: float) -> str:
    """A time of three digits, in the unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
