"""Files that cannot be read are put aside once, and foreign files are left alone."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.recovery import missing_records, put_unreadable_aside
from tests.study.test_folder import CONFIG, PROVENANCE, TRIAL, summary_of


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    folder = StudyFolder(tmp_path / "mine")
    with folder.lock():
        folder.create_or_open(CONFIG, PROVENANCE)
        folder.write_summary(summary_of())
        for number in (3, 4):
            folder.write_trial(dataclasses.replace(TRIAL, number=number))
    return folder


def test_good_files_stay(study: StudyFolder) -> None:
    before = sorted(os.listdir(study.path) + os.listdir(study.trials))
    assert put_unreadable_aside(study) == []
    assert sorted(os.listdir(study.path) + os.listdir(study.trials)) == before


def test_damaged_files_are_put_aside_under_new_names(study: StudyFolder) -> None:
    for attempt in (1, 2):
        (study.trials / "0003.json").write_text(f"damaged {attempt}")
        study.summary.write_text("{")
        (study.trials / "notes.json").write_text("not a record, and not ours")
        notes = put_unreadable_aside(study)
        assert len(notes) == 2
        assert f"it is kept as {study.summary}.broken-{attempt}" in notes[0]
        assert f"it is kept as {study.trials}/0003.json.broken-{attempt}" in notes[1]
    assert [trial.number for trial in study.read_trials()] == [4]
    assert (study.trials / "0003.json.broken-2").read_text() == "damaged 2"
    assert (study.trials / "notes.json").exists()
    assert put_unreadable_aside(study) == []


def test_files_of_a_newer_version_stay(study: StudyFolder) -> None:
    values = json.loads(study.summary.read_text())
    study.summary.write_text(json.dumps({**values, "versions": {"adaptkit": "99.0"}}))
    (notes,) = [put_unreadable_aside(study)]
    assert notes[0].startswith("this study was written by adaptkit 99.0, and this is adaptkit ")
    (study.trials / "0003.json").write_text(json.dumps({"number": 3, "surprise": 1}))
    with pytest.raises(StudyError, match=r"adaptkit 99\.0") as error:
        put_unreadable_aside(study)
    assert error.value.code == "newer-study"
    assert (study.trials / "0003.json").exists()


def test_missing_records(study: StudyFolder) -> None:
    assert missing_records(study, [3, 4]) == set()
    (study.trials / "0004.json").unlink()
    assert missing_records(study, [3, 4]) == {4}
    for path in [*study.trials.iterdir()]:
        path.unlink()
    study.trials.rmdir()
    assert missing_records(study, [3, 4]) == {3, 4}
    study.write_trial(TRIAL)
    assert missing_records(study, [3, 4]) == {4}
