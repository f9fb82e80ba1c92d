"""What patience costs one trial, such as a run of the confirmation, on all learning curves.

    python -m benchmarks.curves.alone

A trial keeps the last rung that is about as good as its best. Test scores are compared with those of the same
trial that is trained to its end.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.curves.collect import table
from benchmarks.curves.evaluation import cell, curves_of, until_patience
from benchmarks.curves.kept import kept
from benchmarks.curves.patience import at_least_three

SHARES = {"two thirds": 2 / 3, "half": 1 / 2, "a third": 1 / 3}
"""Of the rungs; three rungs at least."""

MANY = 500


def main() -> None:
    """Prints the table."""
    print(compared(table()))


def compared(lines: Sequence[Mapping[str, str]]) -> str:
    """The difference on test in points, its standard error over groups, and the time, as Markdown."""
    out = ["| rows | strategy | groups | patience in rungs | time | on test |", "|---|---|--:|---|--:|--:|"]
    for words, fewest in (("all", 0), (f"{MANY} and more", MANY)):
        for strategy in ("full", "lora"):
            chosen = [one for one in lines if int(one["rows"]) >= fewest and one["strategy"] == strategy]
            for name, share in SHARES.items():
                gains, times = changes(chosen, share)
                cells = f"{statistics.fmean(times):.0%} | {cell(gains)}" if gains else " | "
                out.append(f"| {words} | {strategy} | {len(gains)} | {name} | {cells} |")
    return "\n".join(out)


def changes(lines: Sequence[Mapping[str, str]], share: float) -> tuple[list[float], list[float]]:
    """The mean gain on test of each group by a patience of this share, and its share of the rungs."""
    gains: dict[tuple[str, ...], list[float]] = defaultdict(list)
    times: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for key, (points, error) in curves_of(lines).items():
        seen = until_patience(points, at_least_three(share))
        gains[key[:3]].append(100 * (kept(seen, error)[1] - kept(points, error)[1]))
        times[key[:3]].append(len(seen) / len(points))
    return [statistics.fmean(one) for one in gains.values()], [
        statistics.fmean(one) for one in times.values()
    ]


if __name__ == "__main__":
    main()
