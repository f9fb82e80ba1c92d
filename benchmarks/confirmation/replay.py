"""Confirmation of trained models, replayed on the learning curves of `benchmarks.curves`.

    python -m benchmarks.confirmation.replay

A replayed study has the four configurations of a group of curves as its trials, trained in one run. The
default is the one whose rate adaptkit takes by default. Without confirmation, the best dev score is chosen.
With it, that configuration and the default have two runs more each, as a study of four trials would give
them; the better mean is chosen, and its run with the better dev score is exported. Each model is that of the
rung with the best dev score, as before version 9 of the ranges. All runs of a group take each part in turn.
"""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.curves.collect import table
from benchmarks.curves.table import Configuration, Curve, default_configuration, groups

CONFIRMATION_RUNS = 2
CLEAR = 0.02
"""A choice whose test score is lower by more is counted as worse."""

Key = tuple[str, str, str, str]
"""Data set, rows, strategy, seed of the rows."""

Runs = Sequence[Mapping[Configuration, Curve]]
"""For each run of a group: configuration → curve."""


@dataclass(frozen=True)
class Replayed:
    """The test scores of one replayed study."""

    searched: float
    searched_default: float
    confirmed: float
    confirmed_default: float


def main() -> None:
    """Prints the table."""
    replayed = {
        key: list(replay(runs, default_configuration(key[0], key[2]))) for key, runs in by_group().items()
    }
    print(report(replayed))


def by_group() -> dict[Key, Runs]:
    """The runs of the groups that have enough of them."""
    found: dict[Key, list[Mapping[Configuration, Curve]]] = defaultdict(list)
    for (name, rows, strategy, _, seed, _), curves in groups(table()).items():
        found[name, rows, strategy, seed].append(curves)
    return {key: runs for key, runs in found.items() if len(runs) > CONFIRMATION_RUNS}


def replay(runs: Runs, default: Configuration) -> Iterator[Replayed]:
    """All studies that the runs can replay."""
    for place, search in enumerate(runs):
        others = [run for other, run in enumerate(runs) if other != place]
        best = max(search, key=lambda one: _best(search[one])[0])
        for chosen in itertools.combinations(others, CONFIRMATION_RUNS):
            winner = max(
                (best, default), key=lambda one: statistics.fmean(_best(run[one])[0] for run in chosen)
            )
            yield Replayed(
                searched=_best(search[best])[1],
                searched_default=_best(search[default])[1],
                confirmed=max(_best(run[winner]) for run in chosen)[1],
                confirmed_default=max(_best(run[default]) for run in chosen)[1],
            )


def _best(curve: Curve) -> tuple[float, float]:
    """The dev and the test score of the rung with the best dev score."""
    return max(curve, key=lambda point: point[0])


def report(found: Mapping[Key, Sequence[Replayed]]) -> str:
    """The counts for each strategy and data set, as Markdown; scores in points."""
    lines = [
        "| strategy | data set | rows | draws | studies | worse, without | worse, with | gain, without "
        "| gain, with | with minus without |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for strategy in dict.fromkeys(key[2] for key in found):
        its = {key: studies for key, studies in found.items() if key[2] == strategy}
        for name, rows in dict.fromkeys(key[:2] for key in its):
            draws = [studies for key, studies in its.items() if key[:2] == (name, rows)]
            lines.append(_line(strategy, name, rows, draws))
        lines.append(_line(strategy, "all", "", list(its.values())))
    return "\n".join(lines)


def _line(strategy: str, name: str, rows: str, draws: Sequence[Sequence[Replayed]]) -> str:
    studies = [one for its in draws for one in its]
    before = [one.searched - one.searched_default for one in studies]
    after = [one.confirmed - one.confirmed_default for one in studies]
    shares = [f"{sum(gain < -CLEAR for gain in gains) / len(studies):.0%}" for gains in (before, after)]
    gains = [f"{100 * statistics.fmean(gains):+.2f}" for gains in (before, after)]
    difference = 100 * statistics.fmean(one.confirmed - one.searched for one in studies)
    return (
        f"| {strategy} | {name} | {rows} | {len(draws)} | {len(studies)} | {' | '.join(shares)} "
        f"| {' | '.join(gains)} | {difference:+.2f} |"
    )


if __name__ == "__main__":
    main()
