"""The kits for metrics and readers of plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from adaptkit.metric import Metric
from adaptkit.reader import FileReader
from adaptkit.task import Row, Task
from adaptkit.tasks.metrics import beside
from adaptkit.testing.findings import Finding, Nonconformity, failed
from adaptkit.testing.kit import check

OF_THE_METRIC = ("parts", "rows", "metric")
"""The checks of a task that a metric may fail."""

MOST_ROWS = 1_000


def check_metric(metric: Metric, task: Task, rows: Sequence[Row] | None = None) -> list[Finding]:
    """Check a metric with a task: every number that it names is finite, and better for a better model.

    Args:
        metric: what the plugin's factory returns.
        task: a task whose predictions and rows the metric can score.
        rows: labelled rows as a reader returns them; by default those of the task's sample.
    """
    found = check(replace(task, metric=beside(metric, task.metric)), rows)
    return [one for one in found if one.check in OF_THE_METRIC or one.state == "failed"]


def check_reader(reader: FileReader, path: Path) -> list[Finding]:
    """Check a reader with a file: it gives rows with the numbers of their lines, the same ones each time."""
    checks: Mapping[str, Callable[[], None]] = {
        "suffixes": lambda: _suffixes(reader, path),
        "rows": lambda: _rows(reader, path),
    }
    found = []
    for name, run in checks.items():
        try:
            run()
        except Exception as error:  # any error of the plugin is a finding
            found.append(failed(name, error))
        else:
            found.append(Finding(check=name, state="passed"))
    return found


def _suffixes(reader: FileReader, path: Path) -> None:
    if path.suffix.lower() not in reader.suffixes:
        raise Nonconformity(
            f"the file's suffix is {path.suffix!r}, and the reader has {list(reader.suffixes)}",
            expected="a file with one of the reader's suffixes",
            next_step="Add the suffix to FileReader.suffixes, or check another file.",
        )


def _rows(reader: FileReader, path: Path) -> None:
    rows = list(islice(reader.read(path), MOST_ROWS))
    if not rows:
        raise Nonconformity("no rows", expected="a row or more", next_step="Check a file that has rows.")
    for line, row in rows:
        if not isinstance(line, int) or not isinstance(row, Mapping) or not all(map(_is_text, row)):
            raise Nonconformity(
                f"the reader gave {(line, row)!r:.120}",
                expected="(line number, {column: value})",
                next_step="Yield the number of each row's line, from 1, and its columns by name.",
            )
    lines = [line for line, _ in rows]
    if lines != sorted(lines) or lines[0] < 1:
        raise Nonconformity(
            f"the numbers of the lines are {lines[:8]}",
            expected="ascending numbers from 1",
            next_step="Yield the number of the line where each row begins.",
        )
    if list(islice(reader.read(path), MOST_ROWS)) != rows:
        raise Nonconformity(
            "a second call gave other rows",
            expected="the same rows for the same file",
            next_step="Keep no state between calls of read.",
        )


def _is_text(name: object) -> bool:
    return isinstance(name, str)
