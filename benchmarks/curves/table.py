"""The table of curves in short: test scores by learning rate, and dev scores by epoch.

python -m benchmarks.curves.table --model all-mpnet-base-v2
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from adaptkit.config import SearchConfig
from adaptkit.models.depth import TOKEN_HEADS
from adaptkit.search.space import space_for
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from benchmarks.baselines.data_sets import READERS
from benchmarks.curves.collect import table

LONG, EPOCHS = 10, (1.0, 2.0, 3.0, 5.0, 7.0, 10.0)
"""The epochs of a trial on few rows, and those that are shown."""

MANY, SHARES = 500, (0.0, 0.25, 0.5, 0.75, 1.0)
"""With so many rows, scores are shown after these shares of the epochs."""

WIDTH, USUAL_BATCH_SIZE = 384, 16
"""Of all-MiniLM-L6-v2, and of the default."""

Line = Mapping[str, str]
Key = tuple[str, str, str, str, str, str]
"""Data set, rows, strategy, start, seed of the rows, run."""

Configuration = tuple[float, int]
"""Learning rate and batch size."""

Curve = list[tuple[float, float]]
"""The dev and the test score after each rung."""


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.table")
    parser.add_argument("--model", default="", help="the name of another encoder")
    lines = table(parser.parse_args().model)
    print(scores(lines))
    print()
    print(by_epoch(lines))
    print()
    print(by_share(lines))


def groups(lines: Sequence[Line]) -> dict[Key, dict[Configuration, Curve]]:
    """Key → configuration → curve."""
    found: dict[Key, dict[Configuration, Curve]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line["learning_rate"]:
            configuration = float(line["learning_rate"]), int(line["batch_size"])
            found[_key(line)][configuration].append((float(line["dev"]), float(line["test"])))
    return found


def default_configuration(name: str, strategy: str) -> Configuration:
    """The default for all-MiniLM-L6-v2 and a data set."""
    task = registry.load(READERS[name][0])
    space = space_for(
        built_in(strategy),
        SearchConfig(),
        task.hints,
        rows=1,
        width=WIDTH,
        on_tokens=task.head in TOKEN_HEADS,
    )
    return space.default_learning_rate, space.default_batch_size


def scores(lines: Sequence[Line]) -> str:
    """The test score at the start, and at the end with each rate: means over seeds and runs, in points."""
    starts: dict[tuple[str, ...], list[float]] = defaultdict(list)
    ends: dict[tuple[str, ...], dict[Configuration, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if not line["learning_rate"]:
            starts[_key(line)[:4]].append(float(line["test"]))
    for key, curves in groups(lines).items():
        for configuration, curve in curves.items():
            ends[key[:4]][configuration].append(curve[-1][1])
    out = [
        "| data set | rows | strategy | start | runs | start's score "
        "| lowest rate | | | highest rate | second highest, batch size 64 |"
    ]
    out.append("|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for about, found in ends.items():
        small = [found[one] for one in sorted(found) if one[1] == USUAL_BATCH_SIZE]
        large = [found[one] for one in sorted(found) if one[1] != USUAL_BATCH_SIZE] or [[]]
        shown = " | ".join(map(_mean, [starts[about], *small, *large]))
        out.append(f"| {' | '.join(about)} | {len(small[0])} | {shown} |")
    return "\n".join(out)


def by_epoch(lines: Sequence[Line]) -> str:
    """The dev score at the start and after some epochs, of groups with ten: means over trials, in points."""
    found: dict[tuple[str, ...], dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if float(line["epochs"]) == LONG and int(line["rows"]) < MANY:
            found[line["set"], line["rows"], line["strategy"]][float(line["epoch"])].append(
                float(line["dev"])
            )
    out = [f"| data set | rows | strategy | start | {' | '.join(f'{epoch:g}' for epoch in EPOCHS)} |"]
    out.append("|---|--:|---|--:|" + "--:|" * len(EPOCHS))
    for about, its in found.items():
        shown = " | ".join(_mean(its[epoch]) for epoch in (0.0, *EPOCHS))
        out.append(f"| {' | '.join(about)} | {shown} |")
    return "\n".join(out)


def by_share(lines: Sequence[Line]) -> str:
    """The dev and the test score at shares of the training, of groups of `MANY` rows; as `by_epoch`."""
    found: dict[tuple[str, ...], dict[tuple[str, float], list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for line in lines:
        share = float(line["epoch"]) / float(line["epochs"])
        if int(line["rows"]) >= MANY and share in SHARES:
            its = found[line["set"], line["rows"], line["strategy"], f"{float(line['epochs']):g}"]
            for rows in ("dev", "test"):
                its[rows, share].append(float(line[rows]))
    heads = [
        f"{rows}, {share:.0%}" if share else f"{rows}, start" for rows in ("dev", "test") for share in SHARES
    ]
    out = [f"| data set | rows | strategy | epochs | {' | '.join(heads)} |"]
    out.append("|---|--:|---|--:|" + "--:|" * len(heads))
    for about, its in found.items():
        shown = " | ".join(_mean(its[rows, share]) for rows in ("dev", "test") for share in SHARES)
        out.append(f"| {' | '.join(about)} | {shown} |")
    return "\n".join(out)


def _mean(values: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(values):.1f}" if values else ""


def _key(line: Line) -> Key:
    return line["set"], line["rows"], line["strategy"], line["start"], line["seed"], line["run"]


if __name__ == "__main__":
    main()
