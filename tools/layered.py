"""Layered drawings of DAGs.

After Sugiyama, Tagawa and Toda (IEEE Trans. SMC 1981): vertices are put into layers, edges that
pass layers get bends there, layers are ordered by the barycentre of what they are joined to,
and vertices pulled above each other where there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SWEEPS = 8
LAYER_HEIGHT = 74.0
GAP = 18.0
BEND_WIDTH = 6.0
PULL = 0.97
"""Of its distance from the middle, what a vertex is to keep: else a long graph leans."""


@dataclass(frozen=True)
class Layout:
    """Centres of the vertices, the points of each edge, and the size of the whole."""

    centres: list[tuple[float, float]]
    edges: dict[tuple[int, int], list[tuple[float, float]]]
    width: float
    height: float


def lay_out(operands: Sequence[Sequence[int]], widths: Sequence[float]) -> Layout:
    """Vertices in topological order, each with those that it is drawn below.

    Units are those of `widths`.
    """
    return _Drawing(operands, widths).layout()


class _Drawing:
    def __init__(self, operands: Sequence[Sequence[int]], widths: Sequence[float]) -> None:
        self._operands = operands
        self._widths = list(widths)
        self._layer = _layers(operands)
        self._up: list[list[int]] = [[] for _ in widths]
        self._down: list[list[int]] = [[] for _ in widths]
        self._bends: dict[tuple[int, int], int] = {}
        """The bend of the edges from a vertex in a layer; edges from one vertex share it."""
        for vertex, above in enumerate(operands):
            for operand in above:
                self._join(operand, vertex)
        self._rows: list[list[int]] = [[] for _ in range(max(self._layer, default=-1) + 1)]
        for vertex, layer in enumerate(self._layer):
            self._rows[layer].append(vertex)

    def _join(self, top: int, bottom: int) -> None:
        for layer in range(self._layer[top] + 1, self._layer[bottom]):
            top = self._bend(top, layer)
        if bottom not in self._down[top]:
            self._down[top].append(bottom)
            self._up[bottom].append(top)

    def _bend(self, above: int, layer: int) -> int:
        source = above
        while source >= len(self._operands):
            source = self._up[source][0]
        if (source, layer) not in self._bends:
            bend = self._bends[source, layer] = len(self._widths)
            self._widths.append(BEND_WIDTH)
            self._layer.append(layer)
            self._up.append([above])
            self._down.append([])
            self._down[above].append(bend)
        return self._bends[source, layer]

    def layout(self) -> Layout:
        for sweep in range(SWEEPS):
            self._order(self._up if sweep % 2 == 0 else self._down, down=sweep % 2 == 0)
        x = self._place()
        left = min((x[v] - w / 2 for v, w in enumerate(self._widths)), default=0.0)
        x = [c - left + GAP for c in x]
        y = [(layer + 0.5) * LAYER_HEIGHT for layer in self._layer]
        edges = {
            (operand, vertex): [(x[v], y[v]) for v in self._route(operand, vertex)]
            for vertex, above in enumerate(self._operands)
            for operand in above
        }
        right = max((x[v] + w / 2 for v, w in enumerate(self._widths)), default=0.0)
        count = len(self._operands)
        centres = list(zip(x[:count], y[:count], strict=True))
        return Layout(centres, edges, right + GAP, len(self._rows) * LAYER_HEIGHT)

    def _route(self, operand: int, vertex: int) -> list[int]:
        between = range(self._layer[operand] + 1, self._layer[vertex])
        return [operand, *(self._bends[operand, layer] for layer in between), vertex]

    def _order(self, joined: Sequence[Sequence[int]], *, down: bool) -> None:
        position = [0.0] * len(self._widths)
        for row in self._rows if down else reversed(self._rows):
            for i, v in enumerate(row):
                position[v] = float(i)
            centre = {
                v: sum(position[w] for w in joined[v]) / len(joined[v])
                if joined[v]
                else position[v]
                for v in row
            }
            row.sort(key=lambda v: centre[v])
            for i, v in enumerate(row):
                position[v] = i - (len(row) - 1) / 2

    def _place(self) -> list[float]:
        """Centres of all vertices: near those that they are joined to, without overlap."""
        x = [0.0] * len(self._widths)
        for row in self._rows:
            self._spread(row, [0.0] * len(row), x)
        for sweep in range(2 * SWEEPS):
            down = sweep % 2 == 0
            joined = self._up if down else self._down
            for row in self._rows if down else reversed(self._rows):
                wanted = [
                    PULL * sum(x[w] for w in joined[v]) / len(joined[v]) if joined[v] else x[v]
                    for v in row
                ]
                self._spread(row, wanted, x)
        return x

    def _spread(self, row: Sequence[int], wanted: Sequence[float], x: list[float]) -> None:
        """Centres in order and apart, as near to the wanted ones as it goes.

        This is isotonic regression by pooling adjacent violators.
        """
        offsets: list[float] = []
        for i, v in enumerate(row):
            before = offsets[-1] + self._apart(row[i - 1], v) if i else 0.0
            offsets.append(before)
        pools: list[tuple[float, int]] = []
        for want, offset in zip(wanted, offsets, strict=True):
            total, count = want - offset, 1
            while pools and pools[-1][0] / pools[-1][1] > total / count:
                total, count = total + pools[-1][0], count + pools[-1][1]
                pools.pop()
            pools.append((total, count))
        starts = [total / count for total, count in pools for _ in range(count)]
        for v, start, offset in zip(row, starts, offsets, strict=True):
            x[v] = start + offset

    def _apart(self, left: int, right: int) -> float:
        return (self._widths[left] + self._widths[right]) / 2 + GAP


def _layers(operands: Sequence[Sequence[int]]) -> list[int]:
    """The longest path from a source. A chain from a source to one user ends right above it."""
    layer = [0] * len(operands)
    users: list[list[int]] = [[] for _ in operands]
    for vertex, above in enumerate(operands):
        layer[vertex] = max((layer[o] + 1 for o in above), default=0)
        for operand in above:
            users[operand].append(vertex)
    floats: list[bool] = []
    for vertex, above in enumerate(operands):
        floats.append(len(users[vertex]) == 1 and all(floats[o] for o in above))
    for vertex in reversed(range(len(operands))):
        if floats[vertex]:
            layer[vertex] = layer[users[vertex][0]] - 1
    return layer
