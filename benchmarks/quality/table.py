"""A record of the comparison as a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any


def in_words(record: dict[str, Any]) -> str:
    """A line for each side, the difference, and what makes the sides hard to compare."""
    ours, theirs = record["sides"].values()
    lines = [
        f"{record['study']}, trial {record['winner']}, dev {record['metric']}",
        f"{'':<22}{'final':>14}{'best':>14}{'trainings':>12}{'seconds':>10}{'examples/s':>12}",
    ]
    for name, side in record["sides"].items():
        final, best = (points(side[which]) for which in ("final", "best"))
        rate = side["examples"] / max(side["seconds"], 1e-9)
        lines.append(
            f"{name:<22}{final:>14}{best:>14}{side['trainings']:>12}{side['seconds']:>10.1f}{rate:>12.1f}"
        )
    final, best = (100 * (mean(ours[which]) - mean(theirs[which])) for which in ("final", "best"))
    lines.append(f"{'difference in points':<22}{final:>+14.2f}{best:>+14.2f}")
    if ours["trained_parameters"] != theirs["trained_parameters"]:
        lines.append(
            f"Not alike: adaptkit trained {ours['trained_parameters']:,} parameters,"
            f" Trainer {theirs['trained_parameters']:,}."
        )
    if record["busy_before"] > record["cores"] / 10:
        lines.append(
            f"Others were at work here ({record['busy_before']:.1f} of {record['cores']} cores):"
            " seconds and examples/s are not to be trusted."
        )
    return "\n".join(lines)


def points(scores: Sequence[float]) -> str:
    """The mean of some runs' scores, and, of several, their sample standard deviation."""
    return f"{100 * mean(scores):.2f}" + (f" ± {100 * stdev(scores):.2f}" if len(scores) > 1 else "")
