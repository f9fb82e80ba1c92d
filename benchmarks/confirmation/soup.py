"""Which weights of the winner to export: of the run with the best dev score, or their average?

    python -m benchmarks.confirmation.soup --data FOLDER --seeds 3
    python -m benchmarks.confirmation.soup --table

A study has 200 training rows, two trials, and three runs with new seeds of each configuration, which start
alike (``soup=True``). Four models of the winner are scored on up to 600 rows that the study has not seen:
the run with the best dev score, the average of the weights of its runs, the ensemble, whose logits are the
mean of the runs' logits, and all runs, of which the mean score counts. A study is a line of ``soup.jsonl``;
those that it holds are skipped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import adaptkit
from adaptkit.data.load import read_labelled
from adaptkit.run.finalize import export_trial
from adaptkit.study.confirmation import ConfirmationFolder, ConfirmationRun
from benchmarks.confirmation.rows import files_of
from benchmarks.records import add, read

RESULTS = Path(__file__).parent / "soup.jsonl"
SETS, STRATEGIES = ("banking77", "snli", "stsb"), ("lora", "full")
ROWS, RUNS, MOST_TEST_ROWS = "200", 3, 600
MEAN = "mean of the runs"
MODELS = ("best run", "average", "ensemble", MEAN)


def main(arguments: Sequence[str]) -> None:
    """Does all studies that are not in the results, or prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confirmation.soup")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args(arguments)
    if options.table:
        print(report(records()))
        return
    done = {(one["set"], one["strategy"], one["seed"]) for one in records()}
    for seed in range(options.seeds):
        for name in SETS:
            for strategy in STRATEGIES:
                if (name, strategy, seed) not in done:
                    add(RESULTS, run(options.data, name, strategy, seed))


def records() -> list[dict[str, Any]]:
    """The results so far."""
    return read(RESULTS)


def run(data: Path, name: str, strategy: str, seed: int) -> dict[str, Any]:
    """One study, and the scores of the models of its winner."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        task, files = files_of(data, name, ROWS, seed, place)
        study = adaptkit.tune(
            task, train=files["train"], strategy=strategy, seed=seed, trials=2, confirm=RUNS, soup=True,
            studies=place / "studies", progress=False,
        )  # fmt: skip
        its = study.summary.confirmation
        assert its is not None
        assert its.average is not None
        assert its.best_run is not None
        kept = ConfirmationFolder(study.folder.confirmation)
        runs = [one for one in kept.read() if one.trial == its.winner and one.score is not None]
        models = {one.run: _exported(study, one, place / f"run-{one.run}") for one in runs}
        average = _exported(study, its.average, place / "average")
        rows = read_labelled(
            average.task, str(files["others"]), labels=average.description.labels, columns={},
            skip_bad_rows=True,
        ).values[:MOST_TEST_ROWS]  # fmt: skip
        metric = study.summary.metric
        test = {number: model.score(rows, metric).values[metric] for number, model in models.items()}
        return {
            "set": name, "strategy": strategy, "seed": seed, "metric": metric, "rows": len(rows),
            "runs": len(runs),
            "dev": {
                "best run": its.best_run.score, "average": its.average.score,
                MEAN: next(one.mean for one in its.candidates if one.trial == its.winner),
            },
            "test": {
                "best run": test[its.best_run.run],
                "average": average.score(rows, metric).values[metric],
                "ensemble": _ensemble(list(models.values())).score(rows, metric).values[metric],
                MEAN: statistics.fmean(test.values()),
            },
            "cpu": round(time.process_time() - started, 1),
        }  # fmt: skip


def _exported(study: adaptkit.Study, run: ConfirmationRun, to: Path) -> Any:
    """The model of one run of the winner, or of their average."""
    from adaptkit.tasks import registry

    its, trial = study.summary.confirmation, study.best
    assert its is not None
    assert trial is not None
    summary = replace(study.summary, confirmation=replace(its, exported=run, exported_run=run.run))
    task = registry.load(study.config.task, study.config.options)
    export_trial(study.folder, study.config, task, study.summary.labels, summary, trial, to)
    return adaptkit.load(to)


def _ensemble(models: Sequence[Any]) -> Any:
    """A model whose outputs are the means of the models' outputs."""

    def outputs(batch: Any) -> Any:
        found = [model.model.outputs(batch) for model in models]
        return {name: sum(one[name] for one in found) / len(found) for name in found[0]}

    return replace(models[0], model=replace(models[0].model, outputs=outputs))


def report(found: Sequence[dict[str, Any]]) -> str:
    """The mean test scores in points, and how often the average would be exported, as Markdown."""
    columns = ("data set", "strategy", "studies", *MODELS, "as `--soup` exports", "average exported")
    lines = [f"| {' | '.join(columns)} |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    groups = sorted({(one["set"], one["strategy"]) for one in found})
    lines += [
        _line(*group, [one for one in found if (one["set"], one["strategy"]) == group]) for group in groups
    ]
    return "\n".join([*lines, _line("all", "", found)])


def _line(name: str, strategy: str, found: Sequence[dict[str, Any]]) -> str:
    means = [100 * statistics.fmean(one["test"][model] for one in found) for model in MODELS]
    points = " | ".join(f"{mean:.2f}" for mean in means)
    return f"| {name} | {strategy} | {len(found)} | {points} | {_as_exported(found)} |"


def _as_exported(found: Sequence[dict[str, Any]]) -> str:
    """The mean test score of what `--soup` exports, and how often that is the average.

    Studies of the first version did not record the mean of the runs' dev scores, which decides.
    """
    known = [one for one in found if MEAN in one["dev"]]
    if not known:
        return "not recorded | "
    taken = [one["dev"]["average"] >= one["dev"][MEAN] for one in known]
    chosen = [one["test"]["average" if yes else "best run"] for one, yes in zip(known, taken, strict=True)]
    return f"{100 * statistics.fmean(chosen):.2f} | {sum(taken)} of {len(known)}"


if __name__ == "__main__":
    main(sys.argv[1:])
