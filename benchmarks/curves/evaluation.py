"""Which of a trial's evaluations gives the better model, measured on the learning curves.

    python -m benchmarks.curves.evaluation

The best on dev is compared with later evaluations whose dev score is almost as good. Few dev rows make noisy
scores. Each trial ends where the patience of a study at default options ends it.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from benchmarks.curves.collect import table
from benchmarks.curves.kept import Choice, Point, best, last_within, standard_error
from benchmarks.curves.studies import patience

CHOICES: Mapping[str, Choice] = {
    "last of the best": last_within(1e-9),
    "last within half a standard error": last_within(0.5),
    "last within one standard error": last_within(1.0),
    "the last": last_within(1e9),
}
"""What is compared with the best, by name."""


def main() -> None:
    """Prints the table."""
    print(compared(table()))


def compared(lines: Sequence[Mapping[str, str]]) -> str:
    """What each choice gains on the test rows, in points, as Markdown: mean and standard error."""
    found = gains(lines)
    out = [f"| data set | rows | strategy | trials | {' | '.join(CHOICES)} |"]
    out.append("|---|--:|---|--:|" + "--:|" * len(CHOICES))
    for key, its in found.items():
        out.append(f"| {' | '.join(key)} | {len(its)} | {_cells(its)} |")
    for strategy in sorted({key[2] for key in found}):
        means = [[statistics.fmean(one) for one in zip(*its, strict=True)]
                 for key, its in found.items() if key[2] == strategy]  # fmt: skip
        out.append(f"| mean of these |  | {strategy} | {len(means)} groups | {_cells(means)} |")
    return "\n".join(out)


def gains(lines: Sequence[Mapping[str, str]]) -> dict[tuple[str, str, str], list[list[float]]]:
    """Data set, rows and strategy → for each trial, what each choice gains."""
    found: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    for key, (points, error) in curves_of(lines).items():
        seen = until_patience(points)
        usual = best(seen, error)[1]
        its = [100 * (choice(seen, error)[1] - usual) for choice in CHOICES.values()]
        found[key[0], key[1], key[2]].append(its)
    return found


def curves_of(
    lines: Sequence[Mapping[str, str]],
) -> dict[tuple[str, ...], tuple[Sequence[Point], float]]:
    """Data set, rows, strategy and more of each trial → its points, and the standard error of a dev score."""
    curves: dict[tuple[str, ...], list[Point]] = defaultdict(list)
    errors: dict[tuple[str, ...], float] = {}
    for line in lines:
        if line["learning_rate"]:
            names = ("set", "rows", "strategy", "seed", "run", "learning_rate", "batch_size")
            key = tuple(line[name] for name in names)
            curves[key].append((float(line["dev"]), float(line["test"])))
            errors[key] = standard_error(
                line["set"], max(dev for dev, _ in curves[key]), int(line["dev_rows"])
            )
    return {key: (points, errors[key]) for key, points in curves.items()}


def until_patience(points: Sequence[Point], its: Callable[[int], int] = patience) -> Sequence[Point]:
    """The points up to the end of the trial's patience, by default that of a study at default options."""
    for count in range(1, len(points) + 1):
        seen = points[:count]
        if count - 1 - seen.index(best(seen, 0.0)) >= its(len(points)):
            return seen
    return points


def _cells(its: Sequence[Sequence[float]]) -> str:
    return " | ".join(cell(one) for one in zip(*its, strict=True))


def cell(values: Sequence[float]) -> str:
    """The mean, and its standard error if there are several values."""
    error = f" ± {statistics.stdev(values) / len(values) ** 0.5:.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):+.2f}{error}"


if __name__ == "__main__":
    main()
