"""Studies replayed on the learning curves: trials drawn from the table, trained in slots as the engine does.

A replayed study has the default as its first trial, which is never pruned. The others are configurations and
runs of the same training rows, drawn at random, each at most once while there are enough. A trial that is
pruned, or that ends because of its patience, makes room for the next one.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.curves.kept import Point, best, kept, standard_error
from benchmarks.curves.table import Configuration

FEWEST_CURVES = 10
"""Fewer curves give too few different studies of eight trials."""

SEARCHES = Path(__file__).parents[1] / "speed" / "results" / "pruning"
"""Studies that were trained without pruning, of 32 trials each. Their heads start at random."""

SEARCHED_DEV_ROWS = {"frozen": 500, "full": 105}
"""Strategy → the rows that score the trials of these studies."""

Scores = Mapping[int, Sequence[float]]
"""Trial → its dev scores so far, one per rung; more is better."""

Rule = Callable[[Scores, Scores, int], Collection[int]]
"""Scores of the running trials, scores of the others, rungs of a complete trial → who is pruned."""

Key = tuple[str, str, str, str]
"""Data set, rows, strategy, seed of the rows."""


@dataclass(frozen=True)
class Curve:
    """A trial that was trained to its end."""

    configuration: Configuration
    points: Sequence[tuple[float, float]]
    """The dev and the test score after each rung."""

    error: float = 0.0
    """The standard error of its best dev score."""


@dataclass(frozen=True)
class Replayed:
    """What a replayed study took, and the scores of its winner."""

    rungs: int
    dev: float
    test: float


@dataclass
class Study:
    """A study while it is replayed."""

    trials: Sequence[Curve]
    running: dict[int, int] = field(default_factory=dict)
    """Trial → the rungs that it has been trained for."""

    ended: dict[int, list[float]] = field(default_factory=dict)
    """Trial → its scores; of one that ended because of its patience, the last one to the last rung."""

    complete: dict[int, int] = field(default_factory=dict)
    """The trials that may win → their rungs."""

    def scores(self, number: int, rungs: int) -> list[float]:
        """A trial's scores after each of its first rungs."""
        return [dev for dev, _ in self.trials[number].points[:rungs]]

    def end(self, number: int, *, complete: bool) -> None:
        """End a running trial."""
        rungs = self.running.pop(number)
        scores = self.scores(number, rungs)
        if complete:
            self.complete[number] = rungs
            scores += scores[-1:] * (len(self.trials[number].points) - rungs)
        self.ended[number] = scores

    def winner(self) -> tuple[float, float]:
        """The dev and the test score of the trial whose kept rung has the best dev score."""
        points = (kept(self.trials[number].points[:rungs], self.trials[number].error)
                  for number, rungs in sorted(self.complete.items()))  # fmt: skip
        return max(points, key=lambda point: point[0])


def patience(rungs: int) -> int:
    """The patience of a study at default options."""
    return max(3, -(-rungs // 2))


def replay(
    trials: Sequence[Curve], prunes: Rule, *, slots: int, patience: Callable[[int], int] = patience
) -> Replayed:
    """A study of these trials, the first of which is the default; ``patience`` is of so many rungs."""
    study, waiting, trained = Study(trials), list(range(len(trials))), 0
    rungs = len(trials[0].points)
    while waiting or study.running:
        while waiting and len(study.running) < slots:
            study.running[waiting.pop(0)] = 0
        study.running = {number: seen + 1 for number, seen in study.running.items()}
        trained += len(study.running)
        _end_of_rung(study, prunes, rungs, patience(rungs))
    return Replayed(trained, *study.winner())


def _end_of_rung(study: Study, prunes: Rule, rungs: int, patience: int) -> None:
    """End the trials that are trained to their end, pruned, or out of patience."""
    scores = {number: study.scores(number, seen) for number, seen in study.running.items()}
    going = {number: its for number, its in scores.items() if len(its) < rungs}
    others = {number: its for number, its in scores.items() if number not in going}
    pruned = prunes(going, {**study.ended, **others}, rungs) if going else ()
    for number, its in scores.items():
        if number in pruned and number:
            study.end(number, complete=False)
        elif len(its) == rungs or len(its) - 1 - its.index(max(its)) >= patience:
            study.end(number, complete=True)


def pools(lines: Sequence[Mapping[str, str]]) -> dict[Key, list[Curve]]:
    """The curves of each group of rows that has enough of them."""
    found: dict[Key, dict[tuple[str, ...], list[tuple[float, float]]]]
    found = defaultdict(lambda: defaultdict(list))
    dev_rows = {}
    for line in lines:
        if line["learning_rate"]:
            key = line["set"], line["rows"], line["strategy"], line["seed"]
            trial = line["run"], line["learning_rate"], line["batch_size"]
            found[key][trial].append((float(line["dev"]), float(line["test"])))
            dev_rows[key] = int(line["dev_rows"])
    return {
        key: [
            Curve((float(rate), int(size)), points, _error(key[0], points, dev_rows[key]))
            for (_, rate, size), points in trials.items()
        ]
        for key, trials in found.items()
        if len(trials) >= FEWEST_CURVES
    }


def _error(name: str, points: Sequence[Point], dev_rows: int) -> float:
    return standard_error(name, best(points, 0.0)[0], dev_rows)


def searches() -> dict[Key, list[Curve]]:
    """The curves of the studies of `benchmarks/speed`, the default first. They have no test score."""
    found: dict[Key, list[Curve]] = {}
    for path in sorted(SEARCHES.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        strategy = record["setting"]["strategy"]
        for pair in record["pairs"]:
            key = f"{record['data']} (random head)", "", strategy, str(pair["seed"])
            found[key] = [_searched(trial, strategy) for trial in pair["sides"]["without"]["trials"]]
    return found


def _searched(trial: Mapping[str, Any], strategy: str) -> Curve:
    points = [(scored["score"], math.nan) for scored in trial["scored"]]
    return Curve(
        (trial["learning_rate"], trial["batch_size"]),
        points,
        _error("banking77", points, SEARCHED_DEV_ROWS[strategy]),
    )


def drawn(curves: Sequence[Curve], default: Configuration, trials: int, seed: int) -> list[Curve]:
    """The trials of a study: the default first."""
    random_numbers = random.Random(seed)
    first = random_numbers.choice([one for one in curves if one.configuration == default])
    others = [curve for curve in curves if curve is not first]
    if len(others) < trials - 1:
        return [first, *random_numbers.choices(others, k=trials - 1)]
    return [first, *random_numbers.sample(others, trials - 1)]
