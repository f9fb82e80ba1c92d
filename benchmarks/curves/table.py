"""The table of curves in short, and pruning replayed on it.

python -m benchmarks.curves.table
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from adaptkit.search.pruning import trials_to_prune
from benchmarks.curves.collect import table

Line = Mapping[str, str]
Key = tuple[str, str, str, str, str, str]
"""Data set, rows, strategy, start, seed of the rows, run."""

Curve = list[tuple[float, float]]
"""The dev and the test score after each rung."""


def main() -> None:
    """Prints the tables."""
    print(scores(table()))
    print()
    print(replayed(groups(table())))


def groups(lines: Sequence[Line]) -> dict[Key, dict[float, Curve]]:
    """Key → learning rate → curve."""
    found: dict[Key, dict[float, Curve]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line["learning_rate"]:
            point = (float(line["dev"]), float(line["test"]))
            found[_key(line)][float(line["learning_rate"])].append(point)
    return found


def scores(lines: Sequence[Line]) -> str:
    """The test score at the start, and at the end with each rate: means over seeds and runs, in points."""
    cells: dict[tuple[str, str, str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        group = _key(line)[:4]
        if not line["learning_rate"]:
            cells[group][-1].append(float(line["test"]))
    for key, curves in groups(lines).items():
        for place, rate in enumerate(sorted(curves)):
            cells[key[:4]][place].append(curves[rate][-1][1])
    out = ["| data set | rows | strategy | start | runs | start's score | lowest rate | | | highest rate |"]
    out.append("|---|--:|---|---|--:|--:|--:|--:|--:|--:|")
    for (name, rows, strategy, start), found in cells.items():
        shown = [
            f"{100 * statistics.fmean(found[place]):.1f}" if found[place] else "" for place in range(-1, 4)
        ]
        out.append(f"| {name} | {rows} | {strategy} | {start} | {len(found[0])} | {' | '.join(shown)} |")
    return "\n".join(out)


def replayed(found: Mapping[Key, Mapping[float, Curve]]) -> str:
    """What pruning does to the winner, over all groups and each trial as the protected default."""
    outcomes = [
        _replay(list(curves.values()), default) for curves in found.values() for default in range(len(curves))
    ]
    if not outcomes:
        return "no curves yet"
    shares, dev, test = (statistics.fmean(column) for column in zip(*outcomes, strict=True))
    median = statistics.median(loss for _, loss, _ in outcomes)
    worst = max(loss for _, loss, _ in outcomes)
    return (
        f"Pruning replayed on {len(found)} groups of four trials, each trial as the default: "
        f"{100 * shares:.0f}% of the unpruned training; loss of the best dev score: "
        f"median {100 * median:.2f}, mean {100 * dev:.2f}, most {100 * worst:.2f} points; "
        f"of the winner's test score: mean {100 * test:.2f}"
    )


def _replay(curves: Sequence[Curve], default: int) -> tuple[float, float, float]:
    """The share of the training, and the losses of the best dev score and of the winner's test score."""
    rungs = len(curves[0])
    going, trained = set(range(len(curves))), 0
    for rung in range(rungs):
        trained += len(going)
        if rung + 1 == rungs:
            break
        running = {number: [dev for dev, _ in curves[number][: rung + 1]] for number in going}
        pruned = trials_to_prune(
            running, {}, metric="dev", direction="maximize", rungs=rungs, epochs=math.nan,
            protected={default},
        )  # fmt: skip
        going -= set(pruned)
    every, kept = _winner(curves, range(len(curves))), _winner(curves, going)
    return trained / (rungs * len(curves)), every[0] - kept[0], every[1] - kept[1]


def _winner(curves: Sequence[Curve], numbers: Sequence[int] | set[int] | range) -> tuple[float, float]:
    return max((point for number in numbers for point in curves[number]), key=lambda point: point[0])


def _key(line: Line) -> Key:
    return line["set"], line["rows"], line["strategy"], line["start"], line["seed"], line["run"]


if __name__ == "__main__":
    main()
