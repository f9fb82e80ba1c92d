"""Which weights of a configuration's runs to keep: of one evaluation, or an average of several?

    python -m benchmarks.curves.averages --data FOLDER
    python -m benchmarks.curves.averages --data FOLDER --sets snli --rows 1500 --epochs 8
    python -m benchmarks.curves.averages --table

The default trial of a study of 1,500 rows, of which 1,275 train it, is trained twice, with other data
orders and dropout from the same start, without patience. With ``--rows 1500`` it trains on all of them, as
a refit does, and 225 others score it. Kept are the weights of the evaluation with the best dev score, of
the last one, and the mean of those of the last quarter. Each is scored on the dev and on up to 2,000 test
rows, of either run and as the average of both. A line of ``averages.jsonl`` is one data set with one
strategy, one draw of rows and one number of them; those that it holds are skipped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.prepare import scoring_data
from adaptkit.engine.scoring import score_slot
from adaptkit.engine.train import Population, populate
from adaptkit.engine.training import Training
from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.task import Metric, Scores
from benchmarks.curves.prepared import Group, Prepared, Settings, prepared, trial_of
from benchmarks.records import add, read
from benchmarks.train_all import TrainAll

RESULTS = Path(__file__).parent / "averages.jsonl"
SETTINGS = Settings(dev_rows=225, test_rows=2_000, configurations=((1.0, 16),))
ROWS, RUNS = 1_275, 2
KINDS = ("best", "last", "tail")
"""The evaluation with the best dev score, the last one, and the mean of the last quarter."""


class KeepWeights(TrainAll):
    """Trains all trials, and keeps the weights of each kind: the number of a trial → kind → ``[P]``."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        super().__init__(trials)
        self.population: Population | None = None
        self.kept: dict[int, dict[str, torch.Tensor]] = {}
        self.best: dict[int, RungReport] = {}
        self.tails: dict[int, list[torch.Tensor]] = {}

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Keeps the weights of the last quarter of the rungs."""
        assert self.population is not None
        for slot, one in enumerate(self.population.running):
            if one.rung > 0.75 * one.rungs:
                weights = self.population.stack.theta[slot].detach().clone()  # [P]
                self.tails.setdefault(one.trial.number, []).append(weights)
        return super().on_rung_end(reports)

    def on_trial_end(self, outcome: Outcome) -> None:
        """Makes the weights of each kind."""
        assert outcome.parameters is not None
        assert outcome.kept is not None
        number = outcome.trial.number
        tail = self.tails.pop(number)
        self.best[number] = outcome.kept
        self.kept[number] = {
            "best": outcome.parameters, "last": tail[-1], "tail": torch.stack(tail).mean(dim=0),
        }  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Does all that is not in the results, or prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.averages")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default="snli,banking77,wnut17,stsb")
    parser.add_argument("--strategies", default="full,lora")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many train the trial")
    parser.add_argument(
        "--epochs", type=float, default=0.0, help="by default those of a study of so many rows"
    )
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args(arguments)
    if options.table:
        print(report(read(RESULTS)))
        return
    if options.data is None:
        parser.error("--data FOLDER is needed")
    done = {(one["set"], one["strategy"], one["seed"], one["rows"]) for one in read(RESULTS)}
    for seed in map(int, options.seeds.split(",")):
        for name in options.sets.split(","):
            for strategy in options.strategies.split(","):
                if (name, strategy, seed, options.rows) not in done:
                    add(RESULTS, run(options.data, name, strategy, seed, options.rows, options.epochs))


def run(data: Path, name: str, strategy: str, seed: int, rows: int, epochs: float) -> dict[str, Any]:
    """Two runs, and what all their weights score."""
    started = time.process_time()
    its = prepared(data, Group(name, rows, strategy, "solved", seed, 0), SETTINGS)
    epochs = epochs or its.space.epochs
    trials = [replace(trial_of(its.space, number, 1.0, 16), epochs=epochs) for number in range(RUNS)]
    scheduler = KeepWeights(trials)
    torch.manual_seed(seed)
    scheduler.population = populate(_by_dev_alone(its), 1, BatchLimits(slots=1, examples=32))
    scheduler.population.run(scheduler)
    runs = list(scheduler.kept.values())
    found = {
        kind: {
            "runs": [_scores(its, one[kind]) for one in runs],
            "average": _scores(its, torch.stack([one[kind] for one in runs]).mean(dim=0)),
        }
        for kind in KINDS
    }
    best = [round(one.epoch, 2) for one in scheduler.best.values()]
    return {
        "set": name, "strategy": strategy, "seed": seed, "rows": rows, "epochs": epochs, "best_epochs": best,
        "test_rows": len(its.test), "kinds": found, "cpu": round(time.process_time() - started, 1),
    }  # fmt: skip


def _by_dev_alone(its: Prepared) -> Training:
    """The training, scored by the dev rows alone."""

    def compute(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        return Scores(values={"dev": its.metric.compute(predictions, rows).values[its.metric.name]})

    task = replace(its.task, metric=Metric(name="dev", direction=its.metric.direction, compute=compute))
    return replace(its.training, dev=scoring_data(its.model, task, its.dev.values))


def _scores(its: Prepared, weights: torch.Tensor) -> dict[str, float]:
    """The score of the weights ``[P]`` on dev and on test."""
    _, scores = score_slot(its.training, weights)
    return {name: round(value, 5) for name, value in scores.values.items()}


def report(found: Sequence[Mapping[str, Any]]) -> str:
    """Test scores in points as Markdown: of each kind of weights, and of training on more rows."""
    fewer = [one for one in found if one["rows"] == ROWS]
    return "\n\n".join([_kinds(fewer), _rows(fewer, [one for one in found if one["rows"] != ROWS])])


def _kinds(found: Sequence[Mapping[str, Any]]) -> str:
    """The mean of the runs, and their average, for each kind."""
    names = [f"{kind}, {of}" for kind in KINDS for of in ("runs", "average")]
    rows = [[score for kind in KINDS for score in _test_scores(one, kind)] for one in found]
    return _table(found, names, rows)


def _rows(fewer: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> str:
    """The last weights after training on fewer rows and on more, of the groups that have both."""
    known = {_group(one): one for one in fewer}
    both = [one for one in more if _group(one) in known]
    numbers = [ROWS, *sorted({one["rows"] for one in both})]
    names = [f"{number:,} rows, {of}" for number in numbers for of in ("runs", "average")]
    rows = [[*_test_scores(known[_group(one)], "last"), *_test_scores(one, "last")] for one in both]
    return _table(both, names, rows)


def _group(one: Mapping[str, Any]) -> tuple[str, str, int]:
    return one["set"], one["strategy"], one["seed"]


def _table(found: Sequence[Mapping[str, Any]], names: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """A line for each group, and for each strategy the mean gain of each column on the first."""
    lines = [f"| data set | strategy | seed | {' | '.join(names)} |", "|---|---|--:|" + "--:|" * len(names)]
    for one, scores in zip(found, rows, strict=True):
        cells = " | ".join(f"{score:.2f}" for score in scores)
        lines.append(f"| {one['set']} | {one['strategy']} | {one['seed']} | {cells} |")
    for strategy in sorted({one["strategy"] for one in found}):
        its = [row for one, row in zip(found, rows, strict=True) if one["strategy"] == strategy]
        if len(its) > 1:
            lines.append(f"| mean gain on the first | {strategy} |  | {' | '.join(_gains(its))} |")
    return "\n".join(lines)


def _test_scores(one: Mapping[str, Any], kind: str) -> tuple[float, float]:
    """The mean of the runs, and their average."""
    its = one["kinds"][kind]
    return 100 * statistics.fmean(run["test"] for run in its["runs"]), 100 * its["average"]["test"]


def _gains(rows: Sequence[Sequence[float]]) -> list[str]:
    """The mean over the rows of each column minus the first, with its standard error."""
    columns = [[row[place] - row[0] for row in rows] for place in range(len(rows[0]))]
    return [
        f"{statistics.fmean(one):+.2f} ± {statistics.stdev(one) / len(one) ** 0.5:.2f}" for one in columns
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
