"""`taso demo`: optimise the eight example programs on this machine, and print what it gained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from taso.passes.statistics import format_time
from taso.tools.command_line import CommandParser
from taso.tools.contest import OURS, Outcome, hold
from taso.tools.subjects import example_names, load_subject

NAME = "taso demo"
PEERS = ("eager", "compile")
SECONDS = 3.0
"""Time for the samples of one program."""
PLAIN_WIDTH = 150
"""Columns where the output is no terminal: the table keeps its lines whole."""


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    parser = CommandParser(
        prog=NAME, description="Optimise the eight example programs; print what it gained."
    )
    parser.parse_args(args)
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    outcomes = [_outcome(name) for name in _progress(example_names(), console)]
    console.print(_table(outcomes))


def _outcome(name: str) -> Outcome:
    return hold(load_subject(name, "cpu", "float32"), PEERS, time_limit=SECONDS)


def _progress(names: Sequence[str], console: Console) -> Iterable[str]:
    """The names, with a bar on a terminal, or a line for each one elsewhere."""
    if console.is_terminal:
        yield from track(names, "optimising, compiling, timing", console=console, transient=True)
        return
    for index, name in enumerate(names, 1):
        console.print(f"{index}/{len(names)} {name}: optimising, compiling, timing")
        yield name


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(
        title="Before → after; bytes of intermediates; medians here; largest relative error",
        show_lines=True,
    )
    table.add_column("program, rules used", overflow="fold")
    headings = ("ops", "launches", "FLOPs", "bytes", "predicted", OURS, *PEERS, "error")
    for heading in headings:
        table.add_column(heading, justify="right")
    for outcome in outcomes:
        table.add_row(*_row(outcome))
    return table


def _row(outcome: Outcome) -> Iterable[str]:
    """The cells; those of a program have what was before in the first line."""
    report = outcome.subject.report
    shared = report.after.ops < report.before.ops
    rules = report.rules or ("none" + (": equal terms are shared" if shared else ""),)
    yield "\n".join([f"[bold]{outcome.subject.name}[/bold]", *(f"  {rule}" for rule in rules)])
    for name in ("ops", "launches", "flops", "intermediate_bytes"):
        yield f"{getattr(report.before, name):,}\n→ {getattr(report.after, name):,}"
    yield "\n→ ".join(format_time(seconds) for seconds in report.predicted)
    ours = outcome.timings[OURS].median
    yield format_time(ours)
    for peer in PEERS:
        timing = outcome.timings.get(peer)
        yield f"{format_time(timing.median)}\n{timing.median / ours:.2f}×" if timing else "–"
    yield f"{outcome.max_rel_error:.0e}"
