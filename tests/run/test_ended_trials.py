from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from adaptkit.run.ended_trials import WEIGHTS_KEPT, EndedTrials
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import RungRecord, TrialRecord


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StudyFolder]:
    study = StudyFolder(tmp_path / "study")
    with study.lock():
        yield study


def record(number: int, score: float, state: str = "complete") -> TrialRecord:
    return TrialRecord(
        number=number, state=state, reason="done", origin="search", hyperparameters={"learning_rate": 1e-3},  # type: ignore[arg-type]
        seed=number, rungs=(RungRecord(epoch=1.0, score=score, loss=0.1),), best_rung=0,
    )  # fmt: skip


def add(ended: EndedTrials, number: int, score: float, state: str = "complete") -> None:
    one, parameters = record(number, score, state), torch.full((2,), score)
    ended.keep_weights(one, parameters)
    ended.add(one)
    assert ended.drop_weights(one, parameters) == ""


@pytest.mark.parametrize(("direction", "kept"), [("maximize", {1, 3, 4}), ("minimize", {0, 2, 4})])
def test_the_weights_of_the_best_are_kept(direction: str, kept: set[int], folder: StudyFolder) -> None:
    ended = EndedTrials(folder, direction)
    for number, score in enumerate([0.2, 0.9, 0.1, 0.8, 0.5]):
        add(ended, number, score)
    assert folder.numbers_with_weights() == kept
    assert len(kept) == WEIGHTS_KEPT
    assert [one.number for one in folder.read_trials()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("default", [0.1, 0.85])
def test_the_defaults_weights_are_kept_if_asked(default: float, folder: StudyFolder) -> None:
    """With those of the best three others, also where it is one of the best itself."""
    ended = EndedTrials(folder, "maximize", keep_default=True)
    for number, score in enumerate([default, 0.9, 0.2, 0.8, 0.5]):
        one = replace(record(number, score), origin="search" if number else "default")
        ended.keep_weights(one, torch.full((2,), score))
        ended.add(one)
        ended.drop_weights(one, None)
    assert folder.numbers_with_weights() == {0, 1, 3, 4}


def test_a_pruned_trial_keeps_no_weights(folder: StudyFolder) -> None:
    add(EndedTrials(folder, "maximize"), 0, 0.9, "pruned")
    assert folder.numbers_with_weights() == set()


def test_trials_of_earlier_runs_count(folder: StudyFolder) -> None:
    for number in range(WEIGHTS_KEPT):
        add(EndedTrials(folder, "maximize"), number, 0.9)
    later = EndedTrials(folder, "maximize")
    add(later, WEIGHTS_KEPT, 0.1)
    assert folder.numbers_with_weights() == {0, 1, 2}
    assert len(later.records) == WEIGHTS_KEPT + 1
    assert later.best_parameters is None  # the best one ended in an earlier run


def test_what_someone_has_removed_is_written_again(folder: StudyFolder) -> None:
    ended = EndedTrials(folder, "maximize")
    add(ended, 0, 0.5)
    weights = folder.weights(0)
    assert weights is not None
    folder.drop_weights_except(())
    for file in folder.trials.iterdir():
        file.unlink()
    assert ended.restore() == f"{folder.trials}: 1 records were removed; they were written again"
    assert [one.number for one in folder.read_trials()] == [0]
    assert load_file(weights)["row"].tolist() == [0.5, 0.5]
    assert ended.restore() == ""
