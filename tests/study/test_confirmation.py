"""The records and the weights of confirmation runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adaptkit.errors import StudyError
from adaptkit.study.confirmation import Confirmation, ConfirmationFolder, ConfirmationRun, so_far


@pytest.fixture
def folder(tmp_path: Path) -> ConfirmationFolder:
    (tmp_path / "lock").touch()
    return ConfirmationFolder(tmp_path / "confirmation")


def run(trial: int, number: int) -> ConfirmationRun:
    return ConfirmationRun(
        trial=trial, run=number, seed=7, state="complete", score=0.5, resampled=(0.4, None),
        values={"f1": None},
    )  # fmt: skip


def test_runs_are_read_as_they_were_written(folder: ConfirmationFolder) -> None:
    assert folder.read() == []
    for one in (run(3, 1), run(0, 0), run(3, 0)):
        folder.write(one)
    found = folder.read()
    assert [(one.trial, one.run) for one in found] == [(0, 0), (3, 0), (3, 1)]
    assert list(found[0].resampled) == [0.4, None]
    assert found[0].values == {"f1": None}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"trial": 3}', '{"trial": "x", "run": 0, "seed": 1, "state": "fail"}']
)
def test_unreadable_runs_are_left_out(text: str, folder: ConfirmationFolder) -> None:
    folder.write(run(3, 0))
    (folder.path / "0003-1.json").write_text(text)
    assert [(one.trial, one.run) for one in folder.read()] == [(3, 0)]


def test_a_record_under_another_name_is_left_out(folder: ConfirmationFolder) -> None:
    folder.write(run(3, 0))
    (folder.path / "0003-0.json").rename(folder.path / "0003-1.json")
    assert folder.read() == []


def test_one_file_of_weights_for_each_trial(folder: ConfirmationFolder) -> None:
    for trial, number in ((3, 0), (0, 0), (3, 1)):
        folder.keep_weights(
            trial, number, lambda path, text=f"{trial}-{number}": path.write_text(text) and None
        )
        folder.drop_other_weights(trial, number)
    assert folder.weights(3, 0) is None
    kept = folder.weights(3, 1)
    assert kept is not None
    assert kept.read_text() == "3-1"
    assert sorted(path.name for path in folder.path.glob("*.safetensors")) == [
        "0000-0.safetensors", "0003-1.safetensors",
    ]  # fmt: skip


def test_damaged_weights_are_refused(folder: ConfirmationFolder) -> None:
    folder.keep_weights(3, 0, lambda path: path.write_text("good") and None)
    (folder.path / "0003-0.safetensors").write_text("evil")
    with pytest.raises(StudyError):
        folder.weights(3, 0)


def test_older_weights_stay_until_they_are_dropped(folder: ConfirmationFolder) -> None:
    """Between the two a process may be killed: the run with a record still has its weights."""
    folder.keep_weights(3, 0, lambda path: path.write_text("old") and None)
    folder.keep_weights(3, 1, lambda path: path.write_text("new") and None)
    assert folder.has_weights(3, 0)
    assert folder.has_weights(3, 1)
    (folder.path / "0003-1.safetensors").write_text("cut")
    assert not folder.has_weights(3, 1)


def test_what_has_ended_so_far() -> None:
    plan = Confirmation(searched_best=3, trials=(3, 0), default=0, runs=2)
    failed = replace(run(0, 0), state="fail", score=None)
    ended = so_far(plan, [run(3, 0), failed, run(3, 2), run(9, 0)])
    assert [(one.trial, tuple(one.scores), one.failed) for one in ended.candidates] == [
        (3, (0.5,), 0), (0, (), 1),
    ]  # fmt: skip
    assert (ended.ended, ended.total, ended.winner) == (2, 4, None)
