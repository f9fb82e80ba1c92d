"""The results of `benchmarks.layers.run` as a Markdown table.

python -m benchmarks.layers.table
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.layers.run import RESULTS
from benchmarks.records import read


def main() -> None:
    """Prints the table."""
    print(scores(read(RESULTS)))


def scores(runs: Sequence[dict[str, Any]]) -> str:
    """Mean and standard deviation over the seeds of each head, in points, by data set."""
    sets = list(dict.fromkeys(one["set"] for one in runs))
    lines = [f"| reads | {' | '.join(sets)} |", f"|---{'|--:' * len(sets)}|"]
    for head in runs[0]["scores"]:
        cells = []
        for name in sets:
            found = [100 * one["scores"][head] for one in runs if one["set"] == name]
            deviation = statistics.stdev(found) if len(found) > 1 else 0.0
            cells.append(f"{statistics.fmean(found):.1f} ± {deviation:.1f} ({len(found)})")
        lines.append(f"| {head} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
