"""A study written to an MLflow file store, and read back by MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

import adaptkit
from adaptkit.errors import ConfigError
from tests.helpers.program import called
from tests.tracking.conftest import dev_scores


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (tmp_path / "mlruns").as_uri()


def runs_of(store: str, experiment: str = "moods") -> list[Any]:
    """The runs of the experiment, by the numbers of their trials."""
    client = MlflowClient(tracking_uri=store)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return sorted(found, key=lambda run: int(run.data.tags["adaptkit.trial"]))


def test_each_trial_is_a_run(store: str, track: Callable[..., Any]) -> None:
    study = track(adaptkit.MLflowCallback(store))
    assert not study.summary.warnings or not any("callback" in warning for warning in study.summary.warnings)
    runs, client = runs_of(store), MlflowClient(tracking_uri=store)
    assert len(runs) == len(study.trials) == 3
    for run, trial in zip(runs, study.trials, strict=True):
        assert run.info.run_name == f"trial {trial.number}"
        assert run.info.status == "FINISHED"
        assert {name: float(value) for name, value in run.data.params.items()} == trial.hyperparameters
        history = client.get_metric_history(run.info.run_id, "dev/accuracy")
        assert [(one.step, one.value) for one in history] == list(enumerate(dev_scores(trial)))
        losses = client.get_metric_history(run.info.run_id, "train/loss")
        assert [one.value for one in losses] == [rung.loss for rung in trial.rungs]
        for name, value in trial.values.items():
            assert run.data.metrics[f"final/{name}"] == value
        assert run.data.tags["adaptkit.state"] == trial.state
        assert run.data.tags["adaptkit.task"] == "text-classification"
    (winner,) = [run for run in runs if run.data.tags.get("adaptkit.winner")]
    assert winner.data.tags["adaptkit.trial"] == str(study.best.number)
    assert winner.data.metrics["test/accuracy"] == study.summary.test["accuracy"]
    ends = winner.data.metrics["test/accuracy_low"], winner.data.metrics["test/accuracy_high"]
    assert ends == study.summary.test_intervals["accuracy"]


def test_a_continued_study_adds_what_is_missing(store: str, track: Callable[..., Any]) -> None:
    track(trials=2)
    study = track(adaptkit.MLflowCallback(store), trials=3)
    assert len(study.trials) == len(runs_of(store)) == 3
    for run, trial in zip(runs_of(store), study.trials, strict=True):
        assert run.info.status == "FINISHED"
        assert run.data.metrics["dev/accuracy"] == dev_scores(trial)[-1]
    track(adaptkit.MLflowCallback(store), trials=4)
    assert len(runs_of(store)) == 4


def test_the_command_line_tracks(
    store: str, track: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    study = track(trials=2)
    answer = called(
        "tune", "--config", study.folder.toml, "--study", "moods", "--studies", study.folder.path.parent,
        "--trials", 3, "--track", "mlflow",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert len(runs_of(store)) == 3


def test_a_store_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    with pytest.raises(ConfigError, match=r"cannot be used.*Set MLFLOW_TRACKING_URI") as refused:
        adaptkit.MLflowCallback((tmp_path / "mlruns").as_uri())
    assert refused.value.code == "tracker-not-available"
