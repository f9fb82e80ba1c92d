"""A new study whose run is refused before the first trial leaves nothing; any other stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adaptkit.errors import AdaptkitError, Interrupted, StudyError, TaskError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.removal import removed_if_refused
from tests.study.test_folder import CONFIG, PROVENANCE, TRIAL


def refuse(study: StudyFolder, error: AdaptkitError, *, trial: bool = False) -> None:
    with pytest.raises(type(error)):
        run(study, error, trial=trial)


def run(study: StudyFolder, error: AdaptkitError, *, trial: bool) -> None:
    undone = removed_if_refused(study)
    with study.lock(), undone:
        study.create_or_open(CONFIG, PROVENANCE)
        study.database.write_bytes(b"")
        if trial:
            study.write_trial(TRIAL)
        raise error


def test_nothing_is_left_of_a_refused_study(tmp_path: Path) -> None:
    refuse(StudyFolder(tmp_path / "studies" / "mine"), TaskError("the plugin failed"))
    assert os.listdir(tmp_path) == []


def test_the_folder_of_the_studies_and_the_users_files_stay(tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    (studies / "mine").mkdir(parents=True)
    (studies / "mine" / "notes.txt").write_text("mine")
    refuse(StudyFolder(studies / "mine"), TaskError("the plugin failed"))
    assert os.listdir(studies / "mine") == ["notes.txt"]
    (studies / "other").mkdir()
    refuse(StudyFolder(studies / "third"), TaskError("the plugin failed"))
    assert sorted(os.listdir(studies)) == ["mine", "other"]


@pytest.mark.parametrize("error", [StudyError("the disk is full"), Interrupted(2), AdaptkitError("x")])
def test_a_study_that_can_be_continued_stays(error: AdaptkitError, tmp_path: Path) -> None:
    refuse(StudyFolder(tmp_path / "mine"), error)
    assert (tmp_path / "mine" / "study.toml").exists()


def test_a_study_with_a_trial_or_from_before_stays(tmp_path: Path) -> None:
    study = StudyFolder(tmp_path / "mine")
    refuse(study, TaskError("the plugin failed"), trial=True)
    assert [trial.number for trial in study.read_trials()] == [3]
    (study.trials / "0003.json").unlink()
    refuse(study, TaskError("the plugin failed"))
    assert study.toml.exists()
