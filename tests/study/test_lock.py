"""One process writes to a study: the error names it, and the lock ends with the process."""

import json
import multiprocessing
import os
import shutil
import signal
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.lock import is_held, make_again, study_lock, written_in
from adaptkit.system.files import explained

FORK = multiprocessing.get_context("fork")


def hold(path: Path, answers: Connection) -> None:
    try:
        with study_lock(path):
            answers.send("locked")
            time.sleep(60)
    except StudyError as error:
        answers.send(error.problem)


def test_the_error_names_the_holder_and_a_kill_releases(tmp_path: Path) -> None:
    here, there = FORK.Pipe()
    holder = FORK.Process(target=hold, args=(tmp_path / "lock", there))
    holder.start()
    assert here.recv() == "locked"
    with pytest.raises(StudyError) as error, study_lock(tmp_path / "lock"):
        pass
    assert f"in use by process {holder.pid} on {socket.gethostname()!r} since 20" in error.value.problem
    assert "--study" in error.value.next_step
    assert error.value.code == "study-in-use"
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with study_lock(tmp_path / "lock"):
        pass


def test_a_process_cannot_lock_twice_but_can_lock_again(tmp_path: Path) -> None:
    for _ in range(2):
        with study_lock(tmp_path / "lock"):
            match = f"process {os.getpid()} on"
            with pytest.raises(StudyError, match=match), study_lock(tmp_path / "lock"):
                pass


def create(path: Path, start: float, answers: Connection) -> None:
    time.sleep(max(0.0, start - time.monotonic()))
    try:
        with StudyFolder(path).lock():
            answers.send("locked")
            answers.recv()  # hold the lock until every other process was rejected
    except StudyError as error:
        answers.send(error.problem)


def test_of_several_creators_exactly_one_gets_the_lock(tmp_path: Path) -> None:
    for attempt in range(3):
        start = time.monotonic() + 0.1
        pipes = [FORK.Pipe() for _ in range(6)]
        path = tmp_path / f"study-{attempt}"
        processes = [FORK.Process(target=create, args=(path, start, there)) for _, there in pipes]
        for process in processes:
            process.start()
        answers = [here.recv() for here, _ in pipes]
        holder = processes[answers.index("locked")]
        pipes[answers.index("locked")][0].send("all have answered")
        for process in processes:
            process.join()
        assert answers.count("locked") == 1
        assert all(f"process {holder.pid} on" in answer for answer in answers if answer != "locked")


def test_a_lock_file_that_cannot_be_created(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be written"), study_lock(tmp_path / "gone" / "lock"):
        pass


def test_is_held_takes_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with study_lock(path):
        assert is_held(path)
    assert not is_held(path)
    path.write_text(json.dumps({"pid": 999_999_999, "host": socket.gethostname()}))
    assert not is_held(path)


def test_a_removed_lock_file_lets_nobody_in_and_is_written_again(tmp_path: Path) -> None:
    with study_lock(tmp_path / "lock") as lock:
        for _ in range(2):
            (tmp_path / "lock").unlink()
            with pytest.raises(StudyError, match="in use by another process"), study_lock(tmp_path / "lock"):
                pass
            assert not (tmp_path / "lock").exists()
            lock.check()
            assert is_held(tmp_path / "lock")
            match = f"process {os.getpid()} on"
            with pytest.raises(StudyError, match=match), study_lock(tmp_path / "lock"):
                pass
    assert not is_held(tmp_path / "lock")
    with study_lock(tmp_path / "lock"):
        pass


def test_a_lock_file_that_was_replaced_is_taken_again(tmp_path: Path) -> None:
    with study_lock(tmp_path / "lock") as lock:
        (tmp_path / "lock").rename(tmp_path / "old")
        (tmp_path / "lock").write_text("someone's")
        lock.check()
        assert is_held(tmp_path / "lock")


def test_a_folder_that_was_removed_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    with study_lock(folder / "lock") as lock:
        lock.check()
        folder.rename(tmp_path / "moved")
        for again in (False, True):
            if again:
                folder.mkdir()
            with pytest.raises(StudyError, match="was removed or replaced") as error:
                lock.check()
            assert error.value.code == "study-removed"
    assert os.listdir(folder) == []


def test_what_is_removed_while_it_is_written_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    folder, calls = tmp_path / "trials", []

    def write(removed: int) -> None:
        calls.append(removed)
        with explained(folder):
            if len(calls) <= removed:
                folder.rmdir()
            (folder / "0000.json").write_text("{}")

    written_in(folder, lambda: write(2))
    assert (calls, (folder / "0000.json").read_text()) == ([2, 2, 2], "{}")
    shutil.rmtree(folder)
    calls.clear()
    with pytest.raises(StudyError, match="cannot be written: No such file"):
        written_in(folder, lambda: write(3))
    assert len(calls) == 3


def test_another_error_is_raised_at_once(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    calls = []

    def write() -> None:
        calls.append(1)
        with explained(tmp_path):
            raise PermissionError(13, "Permission denied")

    with pytest.raises(StudyError, match="Permission denied"):
        written_in(tmp_path / "trials", write)
    assert len(calls) == 1


def test_a_removed_folder_is_made_again_in_the_study_alone(tmp_path: Path) -> None:
    (study := tmp_path / "one").mkdir()
    with pytest.raises(StudyError) as error:
        make_again(study / "trials")
    assert error.value.code == "study-removed"
    assert list(study.iterdir()) == []
    for name in ("lock", "study.toml"):
        (study / name).touch()
        make_again(study / "trials")
        (study / "trials").rmdir()
        (study / name).unlink()


@pytest.mark.parametrize("note", ["[" * 100_000, "[1]", "\xff", '{"pid": "x"}'])
def test_a_damaged_note_names_nobody(note: str, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(note)
    assert not is_held(tmp_path / "lock")
    with study_lock(tmp_path / "lock"):
        assert is_held(tmp_path / "lock")
