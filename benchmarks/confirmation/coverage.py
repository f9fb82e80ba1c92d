"""How often the 95% interval of a test score covers the exported model's score on many other rows.

    python -m benchmarks.confirmation.coverage

Reads ``studies.jsonl``, which `benchmarks.confirmation.run` writes: each study has a test score with its
interval on up to 300 rows, and the exported model's score on other rows.

The score on the other rows has a standard error of its own: it is not the true score. The interval counts as
covering it if both intervals together explain the difference: if the distance of the two scores is at most
the root of the sum of the squares of two half-widths, each on the side of the other score (Zou and Donner
2008, https://doi.org/10.1002/sim.3095). If the intervals hold what they say, that is so in 95% of the runs.
The table also has the plain share, in which the interval of the test score itself contains the other score.
With 300 rows against 1,500 it is then about 93%, and less with fewer other rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.confirmation.rows import records


def main() -> None:
    """Prints the table."""
    print(table(records()))


def covers(score: float, ends: Sequence[float], other: float, other_ends: Sequence[float]) -> bool:
    """Whether the difference of two scores is within what both intervals explain together."""
    if other < score:
        return score - other <= math.hypot(score - ends[0], other_ends[1] - other)
    return other - score <= math.hypot(ends[1] - score, other - other_ends[0])


def outcome(record: dict[str, Any], measure: str) -> tuple[bool, bool] | None:
    """Whether a number's interval covers the other score, with its standard error and without.

    None if the number has no interval.
    """
    ends, other_ends = record["intervals"].get(measure), record["other_intervals"].get(measure)
    if ends is None or other_ends is None:
        return None
    other = record["others"][measure]
    return covers(record["test"][measure], ends, other, other_ends), ends[0] <= other <= ends[1]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The share of runs in which the interval covers the other score, as Markdown."""
    lines = [
        "| set | number | studies | covered | contained | without interval |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name in dict.fromkeys(one["set"] for one in runs):
        its = [one for one in runs if one["set"] == name]
        lines += [_line(name, measure, [outcome(one, measure) for one in its]) for measure in its[0]["test"]]
    if runs:
        lines.append(_line("all", "optimised", [outcome(one, one["metric"]) for one in runs]))
    return "\n".join(lines)


def _line(name: str, measure: str, outcomes: Sequence[tuple[bool, bool] | None]) -> str:
    known = [one for one in outcomes if one is not None]
    shares = [f"{sum(one[kind] for one in known) / len(known):.0%}" if known else "-" for kind in (0, 1)]
    return f"| {name} | {measure} | {len(outcomes)} | {' | '.join(shares)} | {len(outcomes) - len(known)} |"


if __name__ == "__main__":
    main()
