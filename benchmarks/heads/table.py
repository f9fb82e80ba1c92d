"""The results of `benchmarks.heads.run` as a Markdown table.

python -m benchmarks.heads.table
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.baselines.data_sets import READERS
from benchmarks.baselines.table import MAIN
from benchmarks.heads.run import RESULTS
from benchmarks.records import read

KEYS = ("set", "rows", "strategy", "pooling", "head_init", "rate", "epochs", "refit")


def main() -> None:
    """Prints the table."""
    print(table(read(RESULTS)))


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The scores on dev and test of each seed, in points, and the CPU seconds of the first."""
    lines = [
        "| data set | rows | strategy | pooling | start | rate | epochs | refit | dev | test | CPU seconds |",
        "|---|--:|---|---|---|--:|--:|---|--:|--:|--:|",
    ]
    for key in sorted({tuple(one[name] for name in KEYS) for one in runs}, key=_order):
        its = sorted((one for one in runs if tuple(one[name] for name in KEYS) == key), key=_seed)
        score = MAIN[READERS[key[0]][0]]
        dev, test = (", ".join(f"{100 * one[which]:.1f}" for one in its) for which in ("dev", score))
        lines.append(f"| {' | '.join(key)} | {dev} | {test} | {its[0]['cpu']:.0f} |")
    return "\n".join(lines)


def _seed(run: dict[str, Any]) -> str:
    return str(run["seed"])


def _order(key: tuple[str, ...]) -> tuple[Any, ...]:
    name, rows, *others = key
    return list(READERS).index(name), int(rows), *others


if __name__ == "__main__":
    main()
