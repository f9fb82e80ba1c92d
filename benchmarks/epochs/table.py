"""The results of `benchmarks.epochs.run` as a Markdown table.

python -m benchmarks.epochs.table
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.baselines.data_sets import READERS
from benchmarks.baselines.table import MAIN
from benchmarks.epochs.run import DEFAULT, RESULTS
from benchmarks.records import read


def main() -> None:
    """Prints the table."""
    print(table(read(RESULTS)))


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The scores on dev and test, in points, and the median CPU seconds, over the seeds."""
    lines = [
        "| data set | rows | strategy | pooling | epochs | rate | seeds | dev | test | CPU seconds |",
        "|---|--:|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    keys = ("set", "rows", "strategy", "pooling", "epochs", "rate")
    for key in sorted({tuple(one[name] for name in keys) for one in runs}, key=_order):
        its = [one for one in runs if tuple(one[name] for name in keys) == key]
        main_score = MAIN[READERS[key[0]][0]]
        dev, test = ([100 * one[which] for one in its] for which in ("dev", main_score))
        seconds = statistics.median(one["cpu"] for one in its)
        lines.append(f"| {' | '.join(key)} | {len(its)} | {_mean(dev)} | {_mean(test)} | {seconds:.0f} |")
    return "\n".join(lines)


def _mean(scores: Sequence[float]) -> str:
    spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
    return f"{statistics.fmean(scores):.1f}{spread}"


def _order(key: tuple[str, ...]) -> tuple[int, int, str, str, float, float]:
    name, rows, strategy, pooling, epochs, rate = key
    as_number = 0.0 if rate == DEFAULT else float(rate)
    return list(READERS).index(name), int(rows), strategy, pooling, float(epochs), as_number


if __name__ == "__main__":
    main()
