"""One writer a study: by name while it lives, free as soon as it is dead."""

import json
import multiprocessing
import os
import signal
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.lock import is_held, study_lock

FORK = multiprocessing.get_context("fork")


def hold(path: Path, said: Connection) -> None:
    try:
        with study_lock(path):
            said.send("has it")
            time.sleep(60)
    except StudyError as error:
        said.send(error.problem)


def test_a_second_writer_is_refused_by_pid_and_host_and_death_releases(tmp_path: Path) -> None:
    here, there = FORK.Pipe()
    holder = FORK.Process(target=hold, args=(tmp_path / "lock", there))
    holder.start()
    assert here.recv() == "has it"
    with pytest.raises(StudyError) as error, study_lock(tmp_path / "lock"):
        pass
    assert f"in use by process {holder.pid} on {socket.gethostname()!r} since 20" in error.value.problem
    assert "--study" in error.value.next_step
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with study_lock(tmp_path / "lock"):
        pass


def test_one_process_cannot_take_it_twice_but_again(tmp_path: Path) -> None:
    for _ in range(2):
        with study_lock(tmp_path / "lock"):
            match = f"process {os.getpid()} on"
            with pytest.raises(StudyError, match=match), study_lock(tmp_path / "lock"):
                pass


def create(path: Path, start: float, said: Connection) -> None:
    time.sleep(max(0.0, start - time.monotonic()))
    try:
        with StudyFolder(path).lock():
            said.send("won")
            said.recv()  # held until every other one was refused, however late it came
    except StudyError as error:
        said.send(error.problem)


def test_of_several_creators_at_once_exactly_one_wins(tmp_path: Path) -> None:
    for attempt in range(3):
        start = time.monotonic() + 0.1
        pipes = [FORK.Pipe() for _ in range(6)]
        path = tmp_path / f"study-{attempt}"
        processes = [FORK.Process(target=create, args=(path, start, there)) for _, there in pipes]
        for process in processes:
            process.start()
        said = [here.recv() for here, _ in pipes]
        winner = processes[said.index("won")]
        pipes[said.index("won")][0].send("all have answered")
        for process in processes:
            process.join()
        assert said.count("won") == 1
        assert all(f"process {winner.pid} on" in word for word in said if word != "won")


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be written"), study_lock(tmp_path / "gone" / "lock"):
        pass


def test_whether_it_is_held_is_told_without_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with study_lock(path):
        assert is_held(path)
    assert not is_held(path)
    path.write_text(json.dumps({"pid": 999_999_999, "host": socket.gethostname()}))
    assert not is_held(path)
