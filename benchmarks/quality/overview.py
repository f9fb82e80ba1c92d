"""Writes the table of all records into README.md beside this file.

python -m benchmarks.quality.overview
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.speed.table import with_section

HERE = Path(__file__).parent
PAGE, RESULTS = HERE / "README.md", HERE / "results"


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """A row for each record: what was trained, and each side's scores after the last step, in points."""
    rows = [
        "| record | strategy | rate, batch, epochs | metric | dev rows | adaptkit | Trainer | difference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in records:
        told = record["configuration"]
        ours, theirs = (record["sides"][side]["final"] for side in ("adaptkit", "Trainer"))
        rows.append(
            f"| {record['study']} | {told['strategy']}, {told['precision']}"
            f" | {told['learning_rate']:.2e}, {told['batch_size']:g}, {told['epochs']:g}"
            f" | {record['metric']} | {record['rows']['dev']:,} | {_points(ours)} | {_points(theirs)}"
            f" | {100 * (mean(ours) - mean(theirs)):+.2f} |"
        )
    return "\n".join(rows)


def page() -> str:
    """The page as the records have it."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    return with_section(PAGE.read_text(encoding="utf-8"), "records", table(records))


def _points(scores: Sequence[float]) -> str:
    """The mean, and with several runs their sample standard deviation and number."""
    points = [100 * score for score in scores]
    spread = f" ± {stdev(points):.2f} ({len(points)} runs)" if len(points) > 1 else ""
    return f"{mean(points):.2f}{spread}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
