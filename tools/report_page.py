"""The page that `taso report` writes: HTML, style and script, with nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from taso.frontends.build import Build
from taso.passes.search.explain import NO_SAVING, Explanation, Step, Trace, grouped
from taso.passes.search.explain_graph import Vertex, graphs
from taso.passes.statistics import format_time
from taso.tools.layered import lay_out

MAX_OPEN_STEPS = 6
"""Where there are no more, all steps are shown open."""
MAX_LABEL = 30
"""Characters of a vertex's lines; a tooltip has the whole."""
BOX_HEIGHT = 42.0


@dataclass(frozen=True)
class Kernel:
    """Equal kernels or calls: what runs in them, a result's type, how many, seconds in all."""

    ops: str
    type: str
    count: int
    seconds: float


def page(
    path: str,
    build: Build,
    explanation: Explanation,
    trace: Trace,
    kernels: tuple[Sequence[Kernel], Sequence[Kernel]],
) -> str:
    """The whole page."""
    name = escape(Path(path).name)
    before, after = graphs(trace)
    parts = [
        f"<h1>{name}</h1>",
        f'<div class="soft">@{escape(explanation.function)}, costs by the model of '
        f"{escape(build.device)}</div>",
        *_summary(build, explanation),
        "<h2>The program before and after</h2>",
        _LEGEND,
        '<div class="pair">',
        *_panel("before", "Before", before, "gone"),
        *_panel("after", "After", after, "new"),
        "</div>",
        f"<h2>Steps ({len(explanation.steps)})</h2>",
        *_steps(explanation),
        "<h2>Cost by kernel</h2>",
        '<div class="pair">',
        *_table("Before", kernels[0]),
        *_table("After", kernels[1]),
        "</div>",
    ]
    body = "\n".join(parts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{name}: taso report</title>
<style>
{_resource("report.css")}</style>
</head>
<body>
{body}
<script>
{_resource("report.js")}</script>
</body>
</html>
"""


def _resource(name: str) -> str:
    return (files("taso.tools") / name).read_text("utf-8")


def _summary(build: Build, explanation: Explanation) -> Iterator[str]:
    before, after = explanation.seconds
    times = f"{before / after:.2f}×" if after else "–"
    pairs = [
        ("predicted time", format_time(before), format_time(after)),
        ("ops", f"{build.before.ops:,}", f"{build.after.ops:,}"),
        ("launches", f"{build.before.launches:,}", f"{build.after.launches:,}"),
        ("FLOPs", _short(build.before.flops), _short(build.after.flops)),
        (
            "bytes of intermediates",
            _short(build.before.intermediate_bytes),
            _short(build.after.intermediate_bytes),
        ),
    ]
    yield '<div class="cards">'
    yield f'<div class="card"><b>{times}</b><span>as fast, predicted</span></div>'
    for label, old, new in pairs:
        yield f'<div class="card"><b>{old} → {new}</b><span>{label}</span></div>'
    yield "</div>"


def _short(number: int) -> str:
    """Three digits and a unit: 12.3 M."""
    for unit, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return str(number)


_LEGEND = """<div class="legend">
<span><i class="gone"></i>op that goes</span>
<span><i class="new"></i>op that comes</span>
<span><i></i>op that stays</span>
<span><i class="viewed"></i>view, which is free</span>
<span><i class="prepared"></i>computed once, from parameters</span>
<span><i class="input"></i>input</span>
<span>Parameters, their views and constants are left out. Ctrl and the wheel zoom; an open step
shows its ops.</span>
</div>"""


def _panel(key: str, title: str, vertices: Sequence[Vertex], changed: str) -> Iterator[str]:
    buttons = (
        ("out", "−", "smaller"),
        ("in", "+", "larger"),
        ("width", "↔", "fit the width"),
        ("fit", "⤢", "fit the whole"),
    )
    yield f'<div class="panel" data-graph="{key}">'
    yield f'<div class="bar"><h3>{title}</h3>'
    for action, sign, said in buttons:
        yield (
            f'<button type="button" data-do="{action}" title="{said}" aria-label="{said}">'
            f"{sign}</button>"
        )
    yield '</div><div class="view" tabindex="0">'
    yield from _drawing(vertices, changed)
    yield "</div></div>"


def _drawing(vertices: Sequence[Vertex], changed: str) -> Iterator[str]:
    labels = [_labels(v) for v in vertices]
    widths = [18 + max(8.2 * len(top), 6.9 * len(bottom)) for top, bottom in labels]
    layout = lay_out([v.operands for v in vertices], widths)
    width, height = max(layout.width, 60.0), max(layout.height, 60.0)
    yield (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        'role="img">'
    )
    for points in layout.edges.values():
        yield f'<path d="{_curve(points)}"/>'
    for vertex, (x, y), wide, (top, bottom) in zip(
        vertices, layout.centres, widths, labels, strict=True
    ):
        kind = f"{vertex.role} {changed}" if vertex.changed else vertex.role
        names = vertex.name.replace(",", "")
        radius = 14 if vertex.role == "view" else 5
        yield f'<g class="{kind}" data-name="{escape(names)}"><title>{escape(vertex.line)}</title>'
        yield (
            f'<rect x="{x - wide / 2:.1f}" y="{y - BOX_HEIGHT / 2:.1f}" width="{wide:.1f}" '
            f'height="{BOX_HEIGHT}" rx="{radius}"/>'
        )
        yield f'<text x="{x:.1f}" y="{y - 3:.1f}">{escape(top)}</text>'
        yield f'<text class="type" x="{x:.1f}" y="{y + 13:.1f}">{escape(bottom)}</text></g>'
    yield "</svg>"


def _labels(vertex: Vertex) -> tuple[str, str]:
    top = vertex.name if vertex.role == "input" else vertex.op
    return _cut(top), _cut(vertex.type)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A smooth path, vertical at each point."""
    (x, y), *rest = points
    y += BOX_HEIGHT / 2
    path = [f"M{x:.1f} {y:.1f}"]
    for i, (to_x, to_y) in enumerate(rest):
        end = to_y - BOX_HEIGHT / 2 if i == len(rest) - 1 else to_y
        middle = (y + end) / 2
        path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {end:.1f}")
        x, y = to_x, end
    return "".join(path)


def _steps(explanation: Explanation) -> Iterator[str]:
    groups = grouped(explanation.steps)
    if not groups:
        yield '<p class="soft">None: the program stays as it is.</p>'
    left = explanation.seconds[0]
    yield '<ol class="steps">'
    for number, group in enumerate(groups, 1):
        saving = sum(step.saving for step in group)
        left -= saving
        yield "<li>"
        yield from _step(number, group, saving, left, is_open=len(groups) <= MAX_OPEN_STEPS)
        yield "</li>"
    yield "</ol>"


def _step(
    number: int, group: Sequence[Step], saving: float, left: float, *, is_open: bool
) -> Iterator[str]:
    first = group[0]
    before, after = (
        " ".join(_results(line for step in group for line in lines(step)))
        for lines in (lambda step: step.before, lambda step: step.after)
    )
    names = [f"%{name}" for step in group for name in step.at]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    backward = ", right to left" if first.backward else ""
    yield (
        f'<details data-before="{escape(before)}" data-after="{escape(after)}"'
        f"{' open' if is_open else ''}><summary>"
        f'<span class="number">{number}</span>'
        f'<span class="rule">{escape(first.rule)}{backward}</span>'
    )
    if len(group) > 1:
        yield f'<span class="times">×{len(group)}</span>'
    yield f'<span class="at mono">{escape(shown)}</span>'
    if abs(saving) < NO_SAVING:
        yield '<span class="saves soft">makes way</span>'
    else:
        sign, kind = ("−", "good") if saving > 0 else ("+", "bad")
        yield f'<span class="saves {kind}">{sign}{format_time(abs(saving))}</span>'
    yield f'<span class="left">{format_time(left)} left</span></summary><div class="diff">'
    yield "".join(
        f'<div class="{kind}">{escape(line)}</div>'
        for kind, lines in (("gone", first.before), ("new", first.after))
        for line in lines
    )
    yield "</div></details>"


def _results(lines: Iterable[str]) -> list[str]:
    """The names that the lines define, without the %."""
    names: dict[str, None] = {}
    for line in lines:
        defined = line.partition(" = ")[0].partition(" is ")[0]
        names.update(dict.fromkeys(re.findall(r"%([\w.$-]+)", defined)))
    return list(names)


def _table(title: str, kernels: Sequence[Kernel]) -> Iterator[str]:
    total = sum(kernel.seconds for kernel in kernels)
    count = sum(kernel.count for kernel in kernels)
    yield f'<div class="panel"><div class="bar"><h3>{title}</h3>'
    yield f'<span class="soft">{count:,} in {format_time(total)}</span></div>'
    yield '<div style="overflow-x:auto"><table><tr><th>kernel</th><th>result</th><th>times</th>'
    yield "<th>time</th><th>share</th></tr>"
    for kernel in kernels:
        share = kernel.seconds / total if total else 0.0
        yield (
            f'<tr><td>{escape(kernel.ops)}</td><td class="mono">{escape(kernel.type)}</td>'
            f"<td>{kernel.count}</td><td>{format_time(kernel.seconds)}</td>"
            f'<td><span class="share"><i style="width:{share:.1%}"></i></span> '
            f"{share:.1%}</td></tr>"
        )
    yield "</table></div></div>"
