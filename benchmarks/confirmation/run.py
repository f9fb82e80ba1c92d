"""Runs studies with confirmation and without, and scores three models of each on the same rows.

    python -m benchmarks.confirmation.run --data FOLDER --seeds 5

A study is `adaptkit.tune` at default options, under ``frozen`` if not told otherwise, with 200 or 1,000
training rows of a data set or with a task's own sample. Up to 300 rows are its test set. Up to 1,500 others
score three models: the exported one, the best of the search, and the default. The search's best model is that
of the same study with ``confirm=0``, the default that of a study with one trial; where one is the exported
model, it is not trained again. All score the same 200 resamples of the rows, for the standard error of
differences. A study is a line of ``studies.jsonl``. Studies that the file holds are skipped, so that the
script can be stopped and continued.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import adaptkit
from adaptkit.analysis.resampling import RESAMPLES, score_intervals
from adaptkit.data.load import read_labelled
from adaptkit.tasks.resampled import resampled_scores, resamples
from benchmarks.confirmation.rows import RESULTS, SAMPLE, SAMPLES, SETS, files_of, records

SIZES = ("200", "1000")


def main(arguments: Sequence[str]) -> None:
    """Does all studies that are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confirmation.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--samples", default=",".join(SAMPLES))
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strategy", default="frozen")
    options = parser.parse_args(arguments)
    done = {_key(record) for record in records()}
    for key in _keys(options):
        if key not in done:
            record = run(options.data, *key)
            with RESULTS.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record) + "\n")
            print({name: record[name] for name in ("set", "size", "seed", "scores")}, flush=True)


def _keys(options: argparse.Namespace) -> Iterator[tuple[str, str, int, str]]:
    for seed in range(options.seeds):
        for size in filter(None, options.sizes.split(",")):
            for name in filter(None, options.sets.split(",")):
                yield name, size, seed, options.strategy
        for name in filter(None, options.samples.split(",")):
            yield name, SAMPLE, seed, options.strategy


def _key(record: dict[str, Any]) -> tuple[str, str, int, str]:
    return record["set"], record["size"], record["seed"], record["strategy"]


def run(data: Path, name: str, size: str, seed: int, strategy: str) -> dict[str, Any]:
    """One study, and its three models on the other rows."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        task, files = files_of(data, name, size, seed, place)
        options: dict[str, Any] = {
            "strategy": strategy,
            "seed": seed,
            "studies": place / "studies",
            "train": files["train"],
        }
        started = time.process_time()
        study = adaptkit.tune(task, test=files["test"], **options)
        seconds = time.process_time() - started
        scores = {"exported": on_others(study, files["others"])}
        confirmation = study.summary.confirmation
        winner = study.best.number if study.best else None
        default = next(trial.number for trial in study.trials if trial.is_default)
        if confirmation and confirmation.searched_best != winner:
            scores["searched"] = on_others(adaptkit.tune(task, confirm=0, **options), files["others"])
        if winner != default:
            scores["default"] = on_others(
                adaptkit.tune(task, confirm=0, trials=1, **options), files["others"]
            )
        return {
            "set": name, "size": size, "seed": seed, "strategy": strategy, "task": task,
            "metric": study.summary.metric, "cpu": round(seconds, 1), "seconds": dict(study.summary.seconds),
            "winner": winner, "default": default,
            "searched": confirmation.searched_best if confirmation else winner,
            "ties": ties(study), "confirmed_difference": difference(study),
            "runs": confirmation.runs if confirmation else 0,
            "test": study.summary.test, "intervals": study.summary.test_intervals,
            "others": scores["exported"]["values"], "other_intervals": scores["exported"]["intervals"],
            "scores": {which: _score(one, study.summary.metric) for which, one in scores.items()},
            "standard_errors": {
                which: _error_of_difference(one, scores["default"])
                for which, one in scores.items() if "default" in scores and which != "default"
            },
        }  # fmt: skip


def on_others(study: adaptkit.Study, file: Path) -> dict[str, Any]:
    """The numbers of a study's exported model on these rows, and the optimised one on resamples of them."""
    assert study.model_folder is not None
    predictor = adaptkit.load(study.model_folder)
    task, name = predictor.task, study.summary.metric
    rows = read_labelled(
        task, str(file), labels=predictor.description.labels, columns={}, skip_bad_rows=True
    ).values
    predictions = predictor.predictions(rows)
    values = dict(task.metric.compute(predictions, rows).values)
    places = resamples(len(rows), seed=0, count=RESAMPLES)
    return {
        "values": values,
        "intervals": score_intervals(task.metric, predictions, rows, values).ends,
        "resampled": resampled_scores(task.metric, name, predictions, rows, places),
    }


def ties(study: adaptkit.Study) -> bool | None:
    """Whether the report says that the winner ties the default; None if it does not say."""
    confirmation = study.summary.confirmation
    if confirmation is None or confirmation.winner is None:
        return None
    candidate = next(one for one in confirmation.candidates if one.trial == confirmation.winner)
    if candidate.trial == confirmation.default or candidate.low is None or candidate.high is None:
        return True
    return candidate.low <= 0 <= candidate.high


def difference(study: adaptkit.Study) -> list[float] | None:
    """The winner's difference from the default in the confirmation, and the ends of its interval."""
    confirmation = study.summary.confirmation
    for one in confirmation.candidates if confirmation else ():
        if confirmation and one.trial == confirmation.winner and one.low is not None:
            return [float(one.difference or 0.0), one.low, float(one.high or 0.0)]
    return None


def _score(one: dict[str, Any], metric: str) -> float:
    return round(float(one["values"][metric]), 5)


def _error_of_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The standard deviation, over the same resamples, of the difference of two models' scores."""
    import numpy as np

    difference = np.array(one["resampled"], float) - np.array(other["resampled"], float)  # [resamples]
    return round(float(np.nanstd(difference)), 5)


if __name__ == "__main__":
    main(sys.argv[1:])
