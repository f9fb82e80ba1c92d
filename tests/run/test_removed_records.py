"""Records, weights or the study removed while it runs: written again, kept, or noticed."""

from __future__ import annotations

import shutil

import pytest

from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from tests.run.test_scheduler import Make, ended, finish, folder, make, report

__all__ = ["folder", "make"]  # fixtures


def test_records_that_are_removed_are_written_again(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    trials = scheduler.suggest(3)
    finish(scheduler, trials[:2], [0.5, 0.4])
    before = {path.name: path.read_bytes() for path in folder.trials.glob("0*.json")}
    shutil.rmtree(folder.trials)
    finish(scheduler, trials[2:], [0.3])
    assert {name: (folder.trials / name).read_bytes() for name in before} == before
    assert [record.number for record in folder.read_trials()] == [0, 1, 2]
    kept = folder.weights(0)
    assert kept is not None, "the best trial's weights are in memory"
    shutil.rmtree(folder.trials)
    scheduler.restore()
    assert [record.number for record in folder.read_trials()] == [0, 1, 2]
    assert folder.weights(0) is not None


def test_weights_of_a_trial_without_a_record_stay(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    finish(scheduler, scheduler.suggest(2), [0.1, 0.2])
    (folder.trials / "0000.json").write_text("{")
    again = make(trials=8)  # knows the readable records only
    again.records = folder.read_trials()
    finish(again, again.suggest(4), [0.5, 0.6, 0.7, 0.8])
    assert folder.numbers_with_weights() == {0, 3, 4, 5}


def test_a_removed_study_is_noticed_before_anything_is_written(make: Make, folder: StudyFolder) -> None:
    def removed() -> None:
        raise StudyError("removed", code="study-removed")

    scheduler = make()
    (trial,) = scheduler.suggest(1)
    scheduler.check_study = removed
    with pytest.raises(StudyError, match="removed"):
        scheduler.on_rung_end([report(trial, 0, 0.5)])
    with pytest.raises(StudyError, match="removed"):
        scheduler.on_trial_end(ended(trial, report(trial, 0, 0.5)))
    assert folder.read_trials() == []
