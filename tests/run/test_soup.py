"""The average of the winner's confirmation runs: which weights it has, and when it is exported."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import adaptkit
from adaptkit.analysis.confirmation import error_of_mean
from adaptkit.config import SearchConfig, StudyConfig, problems_of
from adaptkit.errors import ConfigError
from adaptkit.report.confirmation import as_exported, notes
from adaptkit.run.confirmed import with_average
from adaptkit.run.soup import averages_runs
from adaptkit.search.space import RANGES_VERSION
from adaptkit.study.confirmation import AVERAGE, Candidate, Confirmation, ConfirmationFolder, ConfirmationRun
from adaptkit.study.provenance import FIRST_WITH_AVERAGE, FIRST_WITH_REFIT

SETTINGS: dict[str, Any] = {
    "trials": 2, "device": "cpu", "epochs": 1, "learning_rate": (1e-3, 1e-2), "pruning": False, "confirm": 2,
    "soup": True, "batch_sizes": 8, "precision": "fp32",
}  # fmt: skip


def tuned(data: Path, model: Path, studies: Path, **options: Any) -> Any:
    return adaptkit.tune(
        "text-classification", data=str(data / "text-classification"), model=str(model), studies=studies,
        **{**SETTINGS, **options},
    )  # fmt: skip


def run(number: int, score: float) -> ConfirmationRun:
    return ConfirmationRun(trial=3, run=number, seed=1, state="complete", score=score)


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_the_average_has_the_mean_of_the_weights(
    strategy: str, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path, strategy=strategy)
    its = study.summary.confirmation
    folder = ConfirmationFolder(study.folder.confirmation)
    paths = [folder.weights(its.winner, number) for number in range(2)]
    one, other = (load_file(path)["row"] for path in paths if path)
    assert not torch.equal(one, other)
    average = folder.weights(its.winner, AVERAGE)
    assert average is not None
    torch.testing.assert_close(load_file(average)["row"], (one + other) / 2)
    scores = {of.run: of.score for of in folder.read() if of.trial == its.winner}
    assert its.best_run.score == max(scores.values())
    mean = next(one.mean for one in its.candidates if one.trial == its.winner)
    error = error_of_mean([of for of in folder.read() if of.trial == its.winner])
    assert error is not None
    exported = its.average if its.average.score >= mean - error else its.best_run
    assert (its.exported_run, its.exported.score) == (exported.run, exported.score)
    said = " ".join(notes(study.summary, study.trials))
    assert "the average of the weights of its 2 runs" in said
    assert f"{its.average.score:.4f}" in said
    assert as_exported(study.summary, study.best).score == exported.score

    before = {path: path.stat().st_mtime_ns for path in study.folder.confirmation.iterdir()}
    values = json.loads(study.folder.summary.read_text())  # killed after the average, before the result
    values["confirmation"] |= {"winner": None, "exported": None, "exported_run": None, "average": None}
    study.folder.summary.write_text(json.dumps(values))
    again = tuned(data_folder, tiny_folder, tmp_path, strategy=strategy)
    one, other = (json.dumps(asdict(found), sort_keys=True) for found in (its, again.summary.confirmation))
    assert one == other
    assert before == {path: path.stat().st_mtime_ns for path in study.folder.confirmation.iterdir()}


@pytest.mark.parametrize(
    ("options", "averaged"),
    [
        ({"strategy": "full"}, True),
        ({"strategy": "full", "soup": False}, False),
        ({"strategy": "full", "head_init": "random"}, False),
        ({"strategy": "lora"}, False),
    ],
)
def test_runs_that_start_alike_anyway_are_averaged_by_default(
    options: dict[str, Any], averaged: bool, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path, **{"soup": None, **options})
    assert study.summary.confirmation.winner is not None
    assert (study.summary.confirmation.average is not None) == averaged


def test_an_earlier_study_continues_without_an_average(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"strategy": "full", "soup": None, "study": "earlier"}
    study = tuned(data_folder, tiny_folder, tmp_path, confirm=0, **options)
    settings = study.folder.toml.read_text()
    assert f"ranges = {RANGES_VERSION}" in settings
    older = settings.replace(f"ranges = {RANGES_VERSION}", "ranges = 7")
    study.folder.toml.write_text("soup = false\n" + older)
    again = tuned(data_folder, tiny_folder, tmp_path, confirm=2, **options)
    assert again.summary.confirmation.winner is not None
    assert again.summary.confirmation.average is None


def test_started_studies_keep_the_best_run() -> None:
    config = StudyConfig(task="ner", strategy="full")
    assert averages_runs(config, FIRST_WITH_AVERAGE, alike_anyway=True)
    assert not averages_runs(config, FIRST_WITH_AVERAGE - 1, alike_anyway=True)
    assert not averages_runs(config, FIRST_WITH_AVERAGE, alike_anyway=False)
    refit = replace(config, search=SearchConfig(refit=True))
    assert not averages_runs(refit, FIRST_WITH_REFIT - 1, alike_anyway=True)
    assert averages_runs(refit, FIRST_WITH_REFIT, alike_anyway=True)
    assert averages_runs(replace(config, soup=True), 1, alike_anyway=False)


@pytest.mark.parametrize(
    ("direction", "score", "exported"),
    [
        ("maximize", 0.75, AVERAGE), ("maximize", 0.74, AVERAGE), ("maximize", 0.72, 1),
        ("minimize", 0.75, AVERAGE), ("minimize", 0.76, AVERAGE), ("minimize", 0.78, 1),
    ],
)  # fmt: skip
def test_a_clearly_worse_average_is_not_exported(direction: str, score: float, exported: int) -> None:
    best = run(1, 0.8 if direction == "maximize" else 0.7)
    means = (Candidate(trial=3, scores=(0.7, 0.8), mean=0.75), Candidate(trial=0, scores=(0.1,), mean=0.1))
    plan = Confirmation(
        searched_best=3, trials=(3, 0), default=0, runs=2, winner=3, exported_run=1, exported=best,
        candidates=means,
    )  # fmt: skip
    done = with_average(plan, run(AVERAGE, score), direction, best, 0.02)
    assert (done.exported_run, done.exported and done.exported.run) == (exported, exported)
    assert (done.average, done.best_run) == (run(AVERAGE, score), best)
    assert with_average(plan, None, direction, best, 0.02) == plan


def test_solved_heads_are_not_averaged(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    options = {"strategy": "frozen", "pooling": "mean", "epochs": None, "learning_rate": None}
    with pytest.raises(adaptkit.AdaptkitError, match="soup"):
        tuned(data_folder, tiny_folder, tmp_path, **options, batch_sizes=None)
    assert not list(tmp_path.iterdir())


def test_too_few_trials_to_confirm_are_refused(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="soup= with 3 trials") as refused:
        tuned(data_folder, tiny_folder, tmp_path, strategy="full", trials=3, confirm=None)
    assert "Add confirm=2" in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (SearchConfig(confirm=0), "soup = True with confirm = 0"),
        (SearchConfig(confirm=1), "soup = True with confirm = 1"),
    ],
)
def test_contradictions_are_refused(search: SearchConfig, words: str) -> None:
    config = StudyConfig(task="ner", soup=True)
    assert problems_of(config) == []
    (problem,) = problems_of(replace(config, search=search))
    assert words in problem
