"""Records, the lock or the study removed while it runs, by real processes."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.study.folder import StudyFolder
from tests.end_to_end.test_faults_studies import refused
from tests.helpers.program import called, finished, started


@pytest.fixture
def long_command(tiny_folder: Path, data_folder: Path) -> list[object]:
    """A study that trains for some seconds, one trial after another."""
    return [
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", tiny_folder, "--strategy", "full",
        "--trials", 4, "--epochs", 8, "--batch-size", 8, "--parallel-trials", 1, "--device", "cpu",
        "--no-pruning", "--study", "long", "--json",
    ]  # fmt: skip


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_the_folder_of_records_is_removed_while_running(long_command: list[object], tmp_path: Path) -> None:
    process, folder = started(*long_command, cwd=tmp_path), tmp_path / "studies" / "long" / "trials"
    wait_for(lambda: (folder / "0000.json").exists())
    folder.rename(tmp_path / "removed")  # at once, unlike the removal of one file after another
    answer = finished(process)
    assert answer.code == 0, answer
    assert "records were removed; they were written again" in answer.err
    assert [path.name for path in sorted(folder.glob("0*.json"))] == [f"{n:04d}.json" for n in range(4)]
    assert len(json.loads(answer.out)["trials"]) == 4


@pytest.mark.slow
def test_the_lock_is_removed_while_running(long_command: list[object], tmp_path: Path) -> None:
    """A second process is refused, before and after the first one has noticed."""
    process, study = started(*long_command, cwd=tmp_path), tmp_path / "studies" / "long"
    wait_for(lambda: (study / "trials" / "0000.json").exists())
    process.send_signal(signal.SIGSTOP)  # it cannot notice
    (study / "lock").unlink()
    second = called(*long_command, "--studies", study.parent)
    refused(second, "the study 'long' is in use")
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: (study / "lock").exists() and str(process.pid) in (study / "lock").read_text())
    process.send_signal(signal.SIGSTOP)  # it cannot end first
    refused(called(*long_command, "--studies", study.parent), f"in use by process {process.pid}")
    process.send_signal(signal.SIGCONT)
    assert finished(process).code == 0


@pytest.mark.slow
def test_the_study_is_removed_while_running(long_command: list[object], tmp_path: Path) -> None:
    process, study = started(*long_command, cwd=tmp_path), tmp_path / "studies" / "long"
    wait_for(lambda: (study / "trials" / "0000.json").exists())
    study.rename(tmp_path / "moved")
    study.mkdir()
    answer = finished(process)
    refused(answer, "was removed or replaced while this process wrote to it")
    assert list(study.iterdir()) == [], "nothing is written into another folder"
    (study).rmdir()
    (tmp_path / "moved").rename(study)
    answer = called(*long_command, "--studies", study.parent)
    assert answer.code == 0, answer.err
    assert len([one for one in StudyFolder(study).read_trials() if not one.interrupted]) == 4
