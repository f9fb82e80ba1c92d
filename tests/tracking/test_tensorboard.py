"""A study written for TensorBoard, and read back by TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

import adaptkit
from tests.tracking.conftest import dev_scores


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def values(events: EventAccumulator, name: str) -> list[float]:
    return [one.value for one in events.Scalars(name)]


def hyperparameters(events: EventAccumulator) -> dict[str, float]:
    """The parameters of the run, as TensorBoard's own plugin has them."""
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: value.number_value for name, value in found.items() if name != "origin"}


def test_each_trial_is_a_run(track: Callable[..., Any]) -> None:
    study = track(adaptkit.TensorBoardCallback())
    assert not any("callback" in warning for warning in study.summary.warnings)
    folders = sorted((study.folder.path / "tensorboard").iterdir())
    assert [folder.name for folder in folders] == ["trial-0000", "trial-0001", "trial-0002"]
    for folder, trial in zip(folders, study.trials, strict=True):
        events = read(folder)
        assert values(events, "dev/accuracy") == pytest.approx(dev_scores(trial))
        assert values(events, "train/loss") == pytest.approx([rung.loss for rung in trial.rungs])
        assert [one.step for one in events.Scalars("dev/accuracy")] == list(range(len(trial.rungs)))
        for name, value in trial.values.items():
            assert values(events, f"final/{name}") == pytest.approx([value])
        assert hyperparameters(events) == pytest.approx(trial.hyperparameters)
    winner = read(folders[study.best.number])
    assert values(winner, "test/accuracy") == pytest.approx([study.summary.test["accuracy"]])


def test_a_continued_study_adds_what_is_missing(track: Callable[..., Any], tmp_path: Path) -> None:
    track(trials=2)
    study = track(adaptkit.TensorBoardCallback(tmp_path / "runs"), trials=3)
    folders = sorted((tmp_path / "runs").iterdir())
    assert len(folders) == 3
    for folder, trial in zip(folders, study.trials, strict=True):
        assert values(read(folder), "dev/accuracy") == pytest.approx(dev_scores(trial))
