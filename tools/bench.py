"""`taso bench`: time programs before and after, beside PyTorch, in one run each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table

from taso.frontends.models import model_names
from taso.passes.statistics import format_time
from taso.tools.command_line import CommandParser, add_device_option, check_device, write_output
from taso.tools.contest import OURS, PEERS, Outcome, hold
from taso.tools.diagnostics import UserError
from taso.tools.subjects import add_subject_options, example_names, load_subject

NAME = "taso bench"


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    options = _parser().parse_args(args)
    check_device(NAME, options.device)
    console = Console()
    outcomes: list[Outcome] = []
    for what in options.subjects or example_names():
        subject = load_subject(what, options.device, options.dtype, options.size)
        outcomes.append(hold(subject, options.peers))
        console.print(*_show(outcomes[-1]), sep="\n", highlight=False)
        if what.endswith(".mlir"):
            console.print("The peers run the program as it stands, lowered to torch source.")
    if options.json is not None:
        figures = json.dumps([outcome.as_dict() for outcome in outcomes], indent=2)
        write_output(options.json, f"{figures}\n")


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=NAME,
        description="Time programs, optimised, beside what PyTorch makes of them, interleaved.",
    )
    parser.add_argument(
        "subjects",
        metavar="FILE|MODEL",
        nargs="*",
        help=f"a model ({', '.join(model_names())}), an example's name, a .py file like an "
        "example's, or an IR file (default: all examples)",
    )
    add_device_option(parser)
    add_subject_options(parser)
    parser.add_argument(
        "--peers",
        type=_peers,
        default=("eager", "compile"),
        metavar="P,Q",
        help=f"of {', '.join(PEERS)} (default: eager,compile)",
    )
    parser.add_argument("--json", metavar="OUT", help="write the figures to this file")
    return parser


def _peers(text: str) -> tuple[str, ...]:
    peers = tuple(text.split(",")) if text else ()
    for peer in peers:
        if peer not in PEERS:
            raise UserError(f"{NAME}: error: unknown peer '{peer}', expected {', '.join(PEERS)}")
    return peers


def _show(outcome: Outcome) -> Iterator[RenderableType]:
    subject, report = outcome.subject, outcome.subject.report
    yield f"[bold]{subject.name}[/bold], {subject.device}, {subject.dtype}"
    table = Table("", "time", "spread", "of taso's time")
    for column in table.columns[1:]:
        column.justify = "right"
    ours = outcome.timings[OURS].median
    for name, timing in outcome.timings.items():
        ratio = f"{timing.median / ours:.2f}×"
        table.add_row(name, format_time(timing.median), f"{timing.spread:.0%}", ratio)
    yield table
    yield (
        f"ops {report.before.ops} → {report.after.ops}, "
        f"FLOPs {report.before.flops:,} → {report.after.flops:,}, "
        f"largest relative error {outcome.max_rel_error:.1e}, "
        f"rules: {', '.join(report.rules) or 'none'}\n"
    )
    if (counts := subject.counts) is not None:
        yield (
            f"calls {counts.calls_before} → {counts.calls_after}, launches by the profiler "
            f"{counts.profiled_launches_before} → {counts.profiled_launches_after}, native "
            f"{counts.native_ops} of {counts.imported_ops} ops\n"
        )
