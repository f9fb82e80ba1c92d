"""Studies whose trials have splits of their own: what is refused, recorded, compared and exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.analysis.baselines import baseline_scores
from adaptkit.analysis.confirmation import winner_of
from adaptkit.config import DataConfig, StudyConfig
from adaptkit.data.load import load
from adaptkit.errors import ConfigError, StudyError
from adaptkit.report.document import as_document
from adaptkit.report.setting import setting
from adaptkit.run.head_init import START
from adaptkit.run.reshuffling import data_of_split, held_out_of
from adaptkit.run.resolve import default_name
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.winner import split_of
from adaptkit.tasks import registry
from tests.helpers.data import moods, write_csv

TASK = registry.load("text-classification")
STEPS: dict[str, Any] = {
    "epochs": 1, "learning_rate": (1e-3, 1e-2), "batch_sizes": 8, "pruning": False, "pooling": "mean",
    "evals_per_epoch": 1,
}  # fmt: skip


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "rows.csv", moods(80, seed=4))


def tuned(rows: Path, model: Path, **options: Any) -> Any:
    usual: dict[str, Any] = {
        "trials": 4, "device": "cpu", "precision": "fp32", "studies": rows.parent / "studies",
        "reshuffle": True,
    }  # fmt: skip
    if options.get("strategy", "full") != "frozen":
        usual |= STEPS
    return adaptkit.tune("text-classification", train=rows, model=str(model), **{**usual, **options})


def scores(study: Any) -> dict[int, float]:
    return {trial.split: trial.score for trial in study.trials}


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_each_trial_is_scored_on_rows_of_its_own(strategy: str, rows: Path, tiny_folder: Path) -> None:
    """Together, alone, and again under another name, it has the same score; confirmation runs share rows."""
    study = tuned(rows, tiny_folder, strategy=strategy, confirm=2, refit=False)
    assert [trial.split for trial in study.trials] == [0, 1, 2, 3]
    assert study.summary.reshuffle
    assert study.summary.folds == 0
    alone = tuned(rows, tiny_folder, strategy=strategy, confirm=0, study="alone", parallel_trials=1)
    assert scores(alone) == pytest.approx(scores(study))
    its = study.summary.confirmation
    runs = ConfirmationFolder(study.folder.confirmation).read()
    assert len(runs) == its.total
    assert study.summary.baselines_split == 0
    winner = next(one for one in its.candidates if one.trial == its.winner)
    assert its.winner == winner_of(its.candidates, "maximize", its.default)
    assert study.best.number == its.winner
    assert its.exported.score == max(winner.scores)
    assert tuple(name for name, _ in setting(study.summary) if name == "dev rows") == ("dev rows",)
    document = as_document(study.summary, study.trials)
    json.dumps(document, allow_nan=False)
    assert document["study"]["reshuffle"]
    assert [trial["split"] for trial in document["trials"]] == [0, 1, 2, 3]
    assert document["best"]["score"] == its.exported.score


def test_without_confirmation_baselines_have_the_winners_rows(rows: Path, tiny_folder: Path) -> None:
    study = tuned(rows, tiny_folder, strategy="frozen", confirm=0, trials=6, refit=False)
    split = study.best.split
    assert split_of(study.summary, study.best) == study.summary.baselines_split == split
    data = load(TASK, DataConfig(train=str(rows)), 0)
    its = data_of_split(study.config, TASK, data, split)
    expected = baseline_scores(TASK, its.train.values, its.dev.values, data.labels)
    for name, values in expected.items():
        assert study.summary.baselines[name] == pytest.approx(values)
    exported = study.load().score(its.dev.values, "accuracy").values["accuracy"]
    assert exported == pytest.approx(study.best.score)


def test_the_solved_start_is_that_of_the_winners_split(rows: Path, tiny_folder: Path) -> None:
    study = tuned(rows, tiny_folder, confirm=0, learning_rate=(1e-9, 1e-9))
    start = study.summary.start_scores
    assert set(start) == {"0", "1", "2", "3"}
    assert {str(trial.split): trial.score for trial in study.trials} == pytest.approx(
        {split: values["accuracy"] for split, values in start.items()}
    )
    assert study.summary.baselines[START] == start[str(study.best.split)]


def test_confirmed_weights_score_as_recorded_on_split_0(rows: Path, tiny_folder: Path) -> None:
    study = tuned(rows, tiny_folder, strategy="frozen", confirm=2, refit=False)
    data = load(TASK, DataConfig(train=str(rows)), 0)
    exported = study.load().score(data.dev.values, "accuracy").values["accuracy"]
    assert exported == pytest.approx(study.summary.confirmation.exported.score)


@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_the_winner_is_trained_again_on_all_rows(strategy: str, rows: Path, tiny_folder: Path) -> None:
    study = tuned(rows, tiny_folder, strategy=strategy, confirm=2, refit=True)
    if strategy == "frozen":
        assert study.summary.trained_again.trial == study.summary.confirmation.winner == study.best.number
    else:
        assert study.summary.trained_again.rows == 80
    assert study.load().predict(["the river"])


def test_more_trials_keep_the_earlier_ones(rows: Path, tiny_folder: Path) -> None:
    first = tuned(rows, tiny_folder, strategy="frozen", study="one", trials=3, confirm=0)
    more = tuned(rows, tiny_folder, strategy="frozen", study="one", trials=6, confirm=0)
    assert [trial.split for trial in more.trials] == list(range(6))
    assert more.trials[:3] == first.trials
    assert more.summary.baselines_split == more.best.split
    with pytest.raises(StudyError, match="reshuffle"):
        tuned(rows, tiny_folder, strategy="frozen", study="one", trials=6, reshuffle=False, folds=0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trials": 1}, "reshuffle-trials"),
        ({"folds": 3, "strategy": "frozen"}, "reshuffle-folds"),
        ({"dev": True}, "reshuffle-dev"),
    ],
)  # fmt: skip
def test_where_it_makes_no_sense_it_is_refused(
    changes: dict[str, Any], code: str, rows: Path, tiny_folder: Path
) -> None:
    if "dev" in changes:
        changes = {"dev": write_csv(rows.parent / "dev.csv", moods(9, seed=5))}
    with pytest.raises(ConfigError, match=r"^reshuffle=.*Leave reshuffle=") as refused:
        tuned(rows, tiny_folder, **changes)
    assert refused.value.code == code
    assert not list((rows.parent / "studies").glob("*"))


def test_without_it_nothing_changes(rows: Path) -> None:
    config = StudyConfig(task="text-classification", data=DataConfig(train=str(rows)))
    data = load(TASK, config.data, 0)
    assert held_out_of(config, TASK, data, 1) == {}
    assert data_of_split(config, TASK, data, 0) is data
    assert default_name(config) != default_name(replace(config, reshuffle=True))
