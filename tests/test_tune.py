"""What stands in `adaptkit.tune` itself; tests/end_to_end has whole studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.errors import DataError


def test_a_python_call_gives_the_study(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "frozen")
    assert study.folder.name == "ner-frozen"
    assert study.best in study.trials
    assert study.best.score == max(trial.score for trial in study.trials)
    assert study.model_folder == study.folder.best
    assert study.summary.encoder_passes == 1
    assert set(study.summary.seconds) >= {"data", "model", "features", "train", "score", "export"}


def test_nothing_is_written_for_bad_data(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.conll"):
        adaptkit.tune(
            "ner", data=str(tmp_path / "nowhere.conll"), model=str(tiny_folder), studies=tmp_path / "studies"
        )
    assert not (tmp_path / "studies").exists()


def test_the_same_study_twice_gives_the_same_numbers(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    first = tuned("text-classification", "frozen")
    config = first.folder.read_config()
    second = adaptkit.tune(
        config.task, data=config.data.data, model=config.model, strategy="frozen", trials=2, epochs=3,
        learning_rate=config.search.learning_rate, batch_sizes=config.search.batch_sizes,
        studies=tmp_path, device="cpu",
    )  # fmt: skip
    for one, other in zip(first.trials, second.trials, strict=True):
        assert one.hyperparameters == other.hyperparameters
        assert [rung.score for rung in one.rungs] == [rung.score for rung in other.rungs]
        assert [rung.loss for rung in one.rungs] == pytest.approx(
            [rung.loss for rung in other.rungs], rel=1e-4
        )
