"""What a study costs as it grows, for the terminal and as a table. Knows records, no pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.speed.formats import busy, machines, size, where

AXES = {"trials": "trials", "rows": "training rows", "tokens": "tokens of a row"}
"""What grows → its name in a sentence."""


def in_words(record: Mapping[str, Any]) -> str:
    """A record for the terminal."""
    lines = [f"{record['name']}", f"{'':<10}{'':>9}{'seconds':>10}{'training':>10}{'memory':>12}"]
    lines += [
        f"{one['axis']:<10}{one[one['axis']]:>9,}{one['seconds']:>10.1f}{one['training']:>10.1f}{size(one):>12}"
        for one in record["points"]
    ]
    lines += [f"  {text}" for text in growth(record)]
    if busy(record):
        lines.append("  Others were at work here: do not trust the times.")
    return "\n".join(lines)


def growth(record: Mapping[str, Any]) -> list[str]:
    """For each axis, what its largest value costs against its smallest, in a sentence."""
    said = []
    for axis, name in AXES.items():
        points = points_of(record, axis)
        if len(points) < 2:
            continue
        first, last = points[0], points[-1]
        said.append(
            f"{last[axis] / first[axis]:,.0f} times as many {name} ({first[axis]:,} to {last[axis]:,}):"
            f" {last['training'] / first['training']:,.1f} times the training,"
            f" {last['seconds'] / first['seconds']:,.1f} times all seconds,"
            f" {memory(last) / memory(first):.1f} times the memory."
        )
    return said


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """A row for each point of each record, and a sentence for each axis."""
    rows = [
        "| on | model, strategy | grows | trials | rows | tokens | seconds | start-up | training | memory |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    said = []
    for record in records:
        what = f"{record['model']}, {record['setting']['strategy']}"
        rows += [
            f"| {where(record)} | {what} | {one['axis']} | {one['trials']} | {one['rows']:,}"
            f" | {one['tokens']} | {one['seconds']:.1f} | {one['before_training']:.1f}"
            f" | {one['training']:.1f} | {size(one)} |"
            for one in record["points"]
        ]
        said += [f"- {where(record)}, {what}: {text}" for text in growth(record)]
    return "\n".join([*rows, "", *said, "", *machines(records)])


def points_of(record: Mapping[str, Any], axis: str) -> list[Mapping[str, Any]]:
    """The points at which this axis grew, the smallest first."""
    return sorted((one for one in record["points"] if one["axis"] == axis), key=lambda one: int(one[axis]))


def memory(point: Mapping[str, Any]) -> float:
    """The most memory of a point: the GPU's where there is one."""
    return float(point["peak_device_memory"] or point["peak_memory"])
