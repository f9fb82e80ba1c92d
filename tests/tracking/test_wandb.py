"""A study written to Weights & Biases offline, and read back by its own records and command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.wandb_files import offline_runs
from tests.tracking.conftest import dev_scores


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)


def test_each_trial_is_a_run(track: Callable[..., Any], tmp_path: Path) -> None:
    study = track(adaptkit.WandbCallback(project="moods"))
    assert not any("callback" in warning for warning in study.summary.warnings)
    *runs, winner = offline_runs(tmp_path)
    assert len(runs) == len(study.trials) == 3
    assert {run.job_type for run in runs} == {"trial"}
    for run, trial in zip(runs, study.trials, strict=True):
        assert (run.name, run.group) == (f"moods trial {trial.number}", "moods")
        for name, value in trial.hyperparameters.items():
            assert run.config[name] == pytest.approx(value)
        assert [row["dev/accuracy"] for row in run.history] == pytest.approx(dev_scores(trial))
        assert [row["_step"] for row in run.history] == list(range(len(trial.rungs)))
        for name, value in trial.values.items():
            assert run.summary[f"final/{name}"] == pytest.approx(value)
        assert run.summary["state"] == trial.state
        losses = [rung.loss for rung in trial.rungs]
        assert [row["train/loss"] for row in run.history] == pytest.approx(losses)
        assert run.exit_code == 0
    best = study.best
    assert (winner.name, winner.group, winner.job_type) == ("moods winner", "moods", "study")
    assert (winner.summary["winner"], winner.summary["winner_run"]) == (best.number, runs[best.number].id)
    for name, value in best.values.items():
        assert winner.summary[f"final/{name}"] == pytest.approx(value)
    for name, value in study.summary.test.items():
        assert winner.summary[f"test/{name}"] == pytest.approx(value)
    low, high = study.summary.test_intervals["accuracy"]
    assert (winner.summary["test/accuracy_low"], winner.summary["test/accuracy_high"]) == (low, high)
    for name, value in best.hyperparameters.items():
        assert winner.config[name] == pytest.approx(value)
    assert winner.exit_code == 0
    command = [
        sys.executable,
        "-m",
        "wandb",
        "sync",
        "--dry-run",
        *map(str, (tmp_path / "wandb").glob("offline-*")),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Would sync 4 run(s)" in shown.stdout + shown.stderr


def test_a_continued_study_adds_what_is_missing(track: Callable[..., Any], tmp_path: Path) -> None:
    track(trials=1)
    study = track(adaptkit.WandbCallback(), trials=2)
    *runs, winner = offline_runs(tmp_path)
    assert [run.summary["state"] for run in runs] == [one.state for one in study.trials]
    assert winner.summary["winner"] == study.best.number
    track(adaptkit.WandbCallback(), trials=2)
    assert len(offline_runs(tmp_path)) == 3
    study = track(adaptkit.WandbCallback(), trials=3)
    *runs, earlier, winner = offline_runs(tmp_path)
    assert [run.summary["state"] for run in runs] == [one.state for one in study.trials]
    assert earlier.id == winner.id
    assert winner.summary["test/accuracy"] == pytest.approx(study.summary.test["accuracy"])


def test_confirmed_scores_are_those_of_the_winner(track: Callable[..., Any], tmp_path: Path) -> None:
    study = track(adaptkit.WandbCallback(), trials=2, confirm=2)
    *_, winner = offline_runs(tmp_path)
    found = next(one for one in study.confirmation.candidates if one.trial == study.best.number)
    assert winner.summary["confirmed/mean"] == pytest.approx(found.mean)
    assert winner.summary["confirmed/deviation"] == pytest.approx(found.deviation)
    assert ("confirmed/difference" in winner.summary) == (found.difference is not None)


def test_without_a_key_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a process of its own: wandb reads its settings once."""
    code = "import adaptkit; adaptkit.WandbCallback()"
    settings = {"PATH": "", "HOME": str(tmp_path), "WANDB_MODE": "online", "WANDB_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=settings, check=False,
        stdin=subprocess.DEVNULL, cwd=Path(adaptkit.__file__).parent.parent,
    )  # fmt: skip
    assert "no API key" in answer.stderr
    assert "set WANDB_MODE=offline" in answer.stderr
