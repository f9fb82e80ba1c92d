"""The results of `benchmarks.forecast.run` as a Markdown table.

python -m benchmarks.forecast.table
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.forecast.run import RESULTS
from benchmarks.records import read

MIB = 1 << 20
HEADS = ("study", "", "forecast", "measured", "ratio")


def main() -> None:
    """Prints the table."""
    print(table(read(RESULTS)))


def table(records: Sequence[dict[str, Any]]) -> str:
    """Four lines for each study: seconds by both clocks, memory and disk."""
    lines = [f"| {' | '.join(HEADS)} |", "|---|---|--:|--:|--:|"]
    for record in records:
        for name, forecast, measured in compared(record):
            shown = record["name"] if name == "processor seconds" else ""
            ratio = f"{forecast / measured:.2f}"
            lines.append(f"| {shown} | {name} | {_shown(forecast)} | {_shown(measured)} | {ratio} |")
    return "\n".join(lines)


def compared(record: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Each quantity, as forecast and as measured."""
    forecast, study = record["forecast by processor seconds"], record["study"]
    return [
        ("processor seconds", forecast["total_seconds"], study["processor"]),
        ("wall seconds", record["forecast"]["total_seconds"], study["wall"]),
        ("memory, MiB", forecast["memory_bytes"] / MIB, study["peak MiB"]),
        ("disk, MiB", forecast["disk_bytes"] / MIB, study["disk MiB"]),
    ]


def _shown(number: float) -> str:
    return f"{number:,.1f}" if number < 100 else f"{number:,.0f}"


if __name__ == "__main__":
    main()
