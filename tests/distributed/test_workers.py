"""A study on workers has the scores of one process, loses no trial, and leaves no process behind."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from adaptkit.search.attempts import NOT_ITS_FAULT
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import INTERRUPTED
from tests.end_to_end.test_interrupted import Running, agrees_with_optuna, counting, records, trials
from tests.helpers.program import Answer, called, finished, started

WORKERS = ("--devices", "cpu,cpu")
TRAINING = re.compile(r"worker (\d) \(cpu\), process (\d+): training ([\d, ]+)")


def replaced(command: Sequence[object], **options: object) -> list[object]:
    """The command with other values of these options."""
    changed = list(command)
    for name, value in options.items():
        changed[changed.index(f"--{name.replace('_', '-')}") + 1] = value
    return changed


def scores(study: Path) -> dict[int, tuple[Any, ...]]:
    """The first attempt's number → hyperparameters, seed and the score of each rung."""
    found = {}
    for one in counting(study):
        retry = re.fullmatch(r"retry of trial (\d+)", one["origin"])
        rungs = [rung["score"] for rung in one["rungs"]]
        hyperparameters = one["hyperparameters"]
        found[int(retry[1]) if retry else one["number"]] = (hyperparameters, one["seed"], rungs)
    return found


def nothing_is_left(pids: set[int], seconds: float = 180) -> None:
    """Check that these processes end. After a kill, two agents of Ray itself wait a minute for a new head."""
    until = time.monotonic() + seconds
    while left := [pid for pid in pids if psutil.pid_exists(pid) and not _is_zombie(pid)]:
        assert time.monotonic() < until, f"processes {left} are left"
        time.sleep(0.1)


def _is_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def family_of(running: Running) -> set[int]:
    """The processes that the study has started."""
    return {one.pid for one in psutil.Process(running.process.pid).children(recursive=True)}


def in_training(running: Running) -> dict[int, int]:
    """Worker → its process, of those that have shown trials in training."""
    return {int(place): int(pid) for place, pid, _ in TRAINING.findall(running.output())}


def wait_for_training(running: Running, workers: int = 2) -> dict[int, int]:
    until = time.monotonic() + 300
    while len(in_training(running)) < workers:
        assert running.process.poll() is None, running.output()
        assert time.monotonic() < until, running.output()
        time.sleep(0.05)
    return in_training(running)


def stopped_in_training(running: Running) -> dict[int, int]:
    """Worker → its process, for both; each is stopped when it shows trials, so that none of them ends."""
    stopped = dict[int, int]()
    until = time.monotonic() + 300
    while len(stopped) < 2:
        assert running.process.poll() is None, running.output()
        assert time.monotonic() < until, running.output()
        for worker, pid in in_training(running).items():
            if worker not in stopped:
                os.kill(pid, signal.SIGSTOP)
                stopped[worker] = pid
        time.sleep(0.02)
    return stopped


def in_one_process(command: Sequence[object], folder: Path) -> Path:
    """The same study in one process."""
    folder.mkdir()
    answer = finished(started(*command, "--device", "cpu", cwd=folder), timeout=600)
    assert answer.code == 0, answer.err
    return folder / "studies" / "long"


def end_of(running: Running) -> Answer:
    answer = finished(running.process, timeout=600)
    assert answer.code == 0, running.output()
    return answer


def test_workers_have_no_part_in_solving_heads(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> None:
    answer = called(
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "frozen", "--pooling", "mean", "--trials", 1, "--studies", tmp_path,
        *WORKERS,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "heads are solved on the first device" in answer.err
    assert "worker 1" not in answer.err  # none was started


@pytest.mark.slow
def test_workers_have_the_scores_of_one_process(command: list[object], tmp_path: Path) -> None:
    alone = in_one_process([*command, "--confirm", 2], tmp_path / "alone")
    running = Running([*command, "--confirm", 2, *WORKERS], tmp_path)
    wait_for_training(running)
    family = family_of(running)
    end_of(running)
    shared = tmp_path / "studies" / "long"
    assert len(scores(alone)) == 4
    assert scores(shared) == scores(alone)
    assert [StudyFolder(one).read_summary().workers for one in (alone, shared)] == [1, 2]  # type: ignore[union-attr]
    runs = [sorted(study.glob("confirmation/[0-9]*.json")) for study in (alone, shared)]
    assert [path.name for path in runs[0]] == [path.name for path in runs[1]] != []
    agrees_with_optuna(shared)
    nothing_is_left(family)


@pytest.mark.slow
def test_a_killed_workers_trials_are_trained_again(command: list[object], tmp_path: Path) -> None:
    longer = replaced(command, epochs=30)
    running = Running([*longer, "--confirm", 0, *WORKERS], tmp_path)
    stopped = stopped_in_training(running)
    family = family_of(running)
    os.kill(stopped[1], signal.SIGKILL)
    os.kill(stopped[2], signal.SIGCONT)
    end_of(running)
    study = tmp_path / "studies" / "long"
    assert "worker 1 (cpu) is lost" in running.output()
    lost = [one for one in trials(study) if one["reason"].startswith(INTERRUPTED)]
    assert lost
    assert all("its process was killed" in one["reason"] or one["reason"] == NOT_ITS_FAULT for one in lost)
    assert len(counting(study)) == 4
    assert scores(study) == scores(in_one_process([*longer, "--confirm", 0], tmp_path / "alone"))
    agrees_with_optuna(study)
    nothing_is_left(family)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_driver_continues_in_one_process(number: int, command: list[object], tmp_path: Path) -> None:
    longer = [*replaced(command, epochs=60), "--confirm", 0]  # a lost head is noticed after 20 s
    running = Running([*longer, *WORKERS], tmp_path)
    wait_for_training(running)
    family = family_of(running)
    running.process.send_signal(number)
    running.process.communicate(timeout=120)
    assert running.process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in running.output()
    nothing_is_left(set(in_training(running).values()), seconds=30)
    nothing_is_left(family)
    study = tmp_path / "studies" / "long"
    before = records(study)
    answer = finished(started(*longer, "--device", "cpu", cwd=tmp_path), timeout=600)
    assert answer.code == 0, answer.err
    assert {name: content for name, content in records(study).items() if name in before} == before
    assert scores(study) == scores(in_one_process(longer, tmp_path / "alone"))
    agrees_with_optuna(study)


@pytest.mark.slow
def test_random_kills_of_workers_lose_no_trial(command: list[object], tmp_path: Path) -> None:
    longer = [*replaced(command, epochs=60, trials=6), "--confirm", 0]
    running, draw, killed = Running([*longer, *WORKERS], tmp_path), random.Random(0), set[int]()
    while running.process.poll() is None and len(killed) < 4:
        alive = {pid for pid in in_training(running).values() if pid not in killed}
        if alive and draw.random() < 0.3:
            pid = draw.choice(sorted(alive))
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        time.sleep(draw.uniform(0, 1))
    end_of(running)
    study = tmp_path / "studies" / "long"
    assert len(killed) == 4
    assert len(counting(study)) == len(scores(study)) == 6
    agrees_with_optuna(study)


@pytest.mark.slow
def test_a_stopped_worker_is_waited_for(command: list[object], tmp_path: Path) -> None:
    longer = [*replaced(command, epochs=30), "--confirm", 0]
    running = Running([*longer, *WORKERS], tmp_path)
    stopped = stopped_in_training(running)
    os.kill(stopped[2], signal.SIGCONT)
    time.sleep(5)
    assert running.process.poll() is None
    os.kill(stopped[1], signal.SIGCONT)
    end_of(running)
    study = tmp_path / "studies" / "long"
    assert len(trials(study)) == len(scores(study)) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("name", "words"), [("gcs_server", "the head of"), ("raylet", "Ray's process on")])
def test_a_lost_ray_ends_the_study_in_plain_words(
    name: str, words: str, command: list[object], tmp_path: Path
) -> None:
    longer = [*replaced(command, epochs=30), "--confirm", 0]
    running = Running([*longer, *WORKERS], tmp_path)
    stopped = stopped_in_training(running)
    family = psutil.Process(running.process.pid).children(recursive=True)
    (lost,) = [one for one in family if one.name() == name]
    lost.kill()
    os.kill(stopped[2], signal.SIGCONT)  # worker 1 stays stopped: the study cannot end before
    running.process.communicate(timeout=300)
    output = running.output()
    assert running.process.returncode == 1
    assert f"adaptkit: {words}" in output
    assert "The same command" in output or "the same command" in output
    assert "Traceback" not in output
    assert "state-dump" not in output
    nothing_is_left({one.pid for one in family}, seconds=30)
    study = tmp_path / "studies" / "long"
    assert json.loads((study / "summary.json").read_text())["state"] == "interrupted"
    before = records(study)
    answer = finished(started(*longer, "--device", "cpu", cwd=tmp_path), timeout=600)
    assert answer.code == 0, answer.err
    assert {number: content for number, content in records(study).items() if number in before} == before
    assert len(counting(study)) == len(scores(study)) == 4
    agrees_with_optuna(study)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_sixteen_trials_are_those_of_one_process(workers: int, command: list[object], tmp_path: Path) -> None:
    """All are suggested before one is scored, so the search does not depend on which one ends first."""
    sixteen = [*replaced(command, trials=16), "--confirm", 0]
    alone = in_one_process(replaced(sixteen, parallel_trials=16), tmp_path / "alone")
    devices = ",".join(["cpu"] * workers)
    each = replaced(sixteen, parallel_trials=16 // workers)
    end_of(Running([*each, "--devices", devices], tmp_path))
    shared = tmp_path / "studies" / "long"
    assert len(scores(alone)) == 16
    assert scores(shared) == scores(alone)  # and so the winner is the same
    agrees_with_optuna(shared)
