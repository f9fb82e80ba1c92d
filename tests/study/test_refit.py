"""The record and the weights of the winner that was trained again on all rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adaptkit.study.refit import Refit, RefitFolder

DONE = Refit(
    trial=5, seed=77, epochs=2.5, of_epochs=4.0, rows=100, state="complete", score=0.8, runs=2,
    values={"f1": 0.8, "recall": None}, calibration={"threshold": 0.4},
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> RefitFolder:
    (tmp_path / "lock").touch()
    return RefitFolder(tmp_path / "refit")


def kept(folder: RefitFolder, record: Refit, text: str) -> None:
    def write(path: Path) -> None:
        path.write_text(text)

    folder.write(record, write)


def test_a_refit_is_read_as_it_was_written(folder: RefitFolder) -> None:
    assert folder.read(5) is None
    kept(folder, DONE, "weights")
    assert folder.read(5) == DONE
    path = folder.weights(DONE)
    assert path is not None
    assert path.read_text() == "weights"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"trial": 5}'])
def test_an_unreadable_record_is_none(text: str, folder: RefitFolder) -> None:
    kept(folder, DONE, "weights")
    (folder.path / "0005.json").write_text(text)
    assert folder.read(5) is None


def test_damaged_weights_are_not_usable(folder: RefitFolder) -> None:
    kept(folder, DONE, "weights")
    assert folder.has_weights(DONE)
    next(folder.path.glob("*.safetensors")).write_text("weight!")
    assert not folder.has_weights(DONE)


def test_weights_of_other_refits_are_dropped(folder: RefitFolder) -> None:
    """Each refit has a file of its own, so a kill in between leaves the weights of the recorded one."""
    other = replace(DONE, seed=78)
    kept(folder, DONE, "one")
    kept(folder, other, "other")
    assert folder.has_weights(DONE)
    folder.drop_other_weights(other)
    assert folder.has_weights(other)
    assert not folder.has_weights(DONE)
