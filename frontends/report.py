"""What optimising a program gained: counts and predicted time, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from xdsl.dialects import func
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from taso.frontends.build import Build, main_of
from taso.passes.search.explain import Explanation
from taso.passes.statistics import Statistics, format_time


@dataclass(frozen=True)
class Report:
    """Counts and seconds of a program before and after. A view is no op and no launch."""

    before: Statistics
    after: Statistics
    predicted: tuple[float, float]
    """Seconds before and after, under the cost model of the device."""
    rules: tuple[str, ...]
    """The rules without any one of which the program would cost more."""
    opaque: Mapping[str, int]
    """How often the given program calls each PyTorch op that runs as PyTorch runs it."""
    code: str
    """What runs: "torch", the generated source as it is, "inductor", compiled by it, or "cuda
    graph", which replays it."""
    measured: tuple[int, int]
    """Of how many different calls the cost model has measurements, and how many there are."""
    _build: Build = field(repr=False, compare=False)

    @staticmethod
    def of(build: Build, code: str = "torch") -> Report:
        opaque = opaque_ops(main_of(build.given))
        return Report(
            build.before,
            build.after,
            build.predicted,
            build.rules,
            opaque,
            code,
            build.measured,
            build,
        )

    def explain(self) -> Explanation:
        """The rewrites that lead from the given program to the optimised one, in order.

        As text, they are numbered, and those that repeat (in equal layers) are put together.
        They are found by running the search again.
        """
        return self._build.explanation

    @property
    def native_share(self) -> float:
        """The share of the given program's ops that are not opaque; 1 where there are none."""
        ops = self.before.ops
        return 1 - sum(self.opaque.values()) / ops if ops else 1.0

    def as_dict(self) -> dict[str, Any]:
        """As plain data. FLOPs count a multiply-add as two; times are in microseconds."""
        counts: dict[str, Any] = {}
        for name in ("ops", "launches", "flops", "intermediate_bytes", "peak_bytes"):
            counts[f"{name}_before"] = getattr(self.before, name)
            counts[f"{name}_after"] = getattr(self.after, name)
        counts["predicted_us_before"], counts["predicted_us_after"] = (
            seconds * 1e6 for seconds in self.predicted
        )
        return {
            **counts,
            "rules": list(self.rules),
            "native_share": self.native_share,
            "opaque": dict(self.opaque),
            "code": self.code,
            "measured_calls": self.measured[0],
            "calls": self.measured[1],
        }

    def __rich__(self) -> Table:
        table = Table("", "before", "after")
        for column in table.columns[1:]:
            column.justify = "right"
        for row in self._rows():
            table.add_row(*row)
        table.add_row("rules", "", "\n".join(self.rules) or "none")
        table.add_row("cost model", "", f"measured {self.measured[0]} of {self.measured[1]} calls")
        table.add_row("code", "", self.code)
        if self.opaque:
            table.add_row("native ops", f"{self.native_share:.1%}", "")
        for name, count in self.opaque.items():
            table.add_row("opaque", f"{count} × {name}", "")
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
            ("peak of live bytes", "peak_bytes"),
        ):
            yield label, f"{getattr(self.before, name):,}", f"{getattr(self.after, name):,}"
        before, after = self.predicted
        yield "predicted time", format_time(before), format_time(after)


def opaque_ops(function: func.FuncOp) -> Mapping[str, int]:
    """How often the function calls each op that the dialect does not know, by its name there."""
    names = [_overload(op) for op in function.walk() if op.name == "taso.extern"]
    return dict(sorted(Counter(names).items()))


def _overload(op: Operation) -> str:
    overload = op.properties.get("overload")
    return overload.data if isinstance(overload, StringAttr) else op.name
