"""The cost of a study against its size, drawn as SVG: six small charts, all axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from benchmarks.speed.cost_table import AXES, memory, points_of

WIDTH, HEIGHT = 300.0, 220.0
"""Of one chart."""

LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 30.0, 40.0
LEGEND = 24.0
COLOURS = ("#1b6ca8", "#c2571a", "#3d8b40", "#7a4fa3", "#8a6d1f", "#555555")


def _seconds(point: Mapping[str, Any]) -> float:
    return float(point["seconds"])


def _mebibytes(point: Mapping[str, Any]) -> float:
    return memory(point) / 2**20


MEASURES: Mapping[str, Callable[[Mapping[str, Any]], float]] = {"seconds": _seconds, "MiB": _mebibytes}


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from its lowest to its highest value, drawn from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is drawn."""
        spread = math.log(self.high / self.low)
        return self.start + math.log(value / self.low) / spread * (self.end - self.start)

    def ticks(self) -> list[float]:
        """1, 2 and 5 times each power of ten; over more than two of them the powers alone."""
        factors = (1, 2, 5) if self.high / self.low <= 100 else (1,)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        marks = [factor * 10.0**power for power in powers for factor in factors]
        return [mark for mark in marks if self.low <= mark <= self.high]


def axis_of(values: Sequence[float], room: float, start: float, end: float) -> Axis:
    """An axis that goes below and above the values by the factor ``room``."""
    return Axis(min(values) / room, max(values) * room, start, end)


def svg(records: Sequence[Mapping[str, Any]]) -> str:
    """The drawing: a column for each thing that grows, a row for seconds and one for memory."""
    drawn = [axis for axis in AXES if any(points_of(record, axis) for record in records)]
    charts = [
        chart(records, axis, measure, column * WIDTH, LEGEND + row * HEIGHT)
        for column, axis in enumerate(drawn)
        for row, measure in enumerate(MEASURES)
    ]
    width, height = max(1, len(drawn)) * WIDTH, LEGEND + len(MEASURES) * HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        ' font-family="sans-serif" font-size="11">',
        "<title>Seconds and memory of a study against its trials, rows and tokens</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        *legend(records),
        *charts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def legend(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The colour of each record."""
    return [
        f'<circle cx="{LEFT + 240 * place:.0f}" cy="14" r="4" fill="{_colour(place)}"/>'
        f'<text x="{LEFT + 240 * place + 9:.0f}" y="18">{escape(record["name"])}</text>'
        for place, record in enumerate(records)
    ]


def chart(records: Sequence[Mapping[str, Any]], axis: str, measure: str, left: float, top: float) -> str:
    """One chart: a line for each record."""
    lines = [
        [(float(one[axis]), MEASURES[measure](one)) for one in points_of(record, axis)] for record in records
    ]
    across = axis_of([x for line in lines for x, _ in line], 1.25, LEFT, WIDTH - RIGHT)
    up = axis_of([y for line in lines for _, y in line], 2.0, HEIGHT - BOTTOM, TOP)
    parts = [f'<g transform="translate({left:.0f} {top:.0f})">', *_grid(across, up)]
    parts.append(f'<text x="{LEFT:.0f}" y="{TOP - 8:.0f}">{measure}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8:.0f}" text-anchor="middle">{AXES[axis]}</text>')
    for place, line in enumerate(lines):
        places = [(across.at(x), up.at(y)) for x, y in line]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{_colour(place)}" stroke-width="1.5"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_colour(place)}"/>' for x, y in places]
    return "\n".join([*parts, "</g>"])


def _grid(across: Axis, up: Axis) -> list[str]:
    lines = []
    for mark in across.ticks():
        x = across.at(mark)
        lines.append(_line(x, up.start, x, up.end))
        lines.append(f'<text x="{x:.1f}" y="{up.start + 14:.1f}" text-anchor="middle">{mark:,.0f}</text>')
    for mark in up.ticks():
        y = up.at(mark)
        lines.append(_line(across.start, y, across.end, y))
        lines.append(f'<text x="{across.start - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{mark:,g}</text>')
    return lines


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]
