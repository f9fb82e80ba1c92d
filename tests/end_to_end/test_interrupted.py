"""Studies that are killed, stopped or started twice lose no acknowledged trial and count none twice."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import optuna
import pytest

from adaptkit.run.training import timeout_warning
from adaptkit.search.attempts import NOT_BEGUN
from tests.helpers.data import sentences, write_conll
from tests.helpers.program import adaptkit, called, finished, started

TRIALS = 6
COUNT_RUNNING = "SELECT count(*) FROM trials WHERE state = 'RUNNING'"


@pytest.fixture
def command(tiny_folder: Path, data_folder: Path) -> list[object]:
    """A study that trains for some seconds, two trials at a time."""
    return [
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", tiny_folder, "--strategy", "full",
        "--trials", TRIALS, "--epochs", 12, "--batch-size", 8, "--parallel-trials", 2, "--device", "cpu",
        "--no-pruning", "--study", "long",
    ]  # fmt: skip


class Running:
    """A study in its own process, whose output can be waited for."""

    def __init__(self, command: Sequence[object], cwd: Path) -> None:
        self.log = cwd / "stderr.txt"
        with self.log.open("w") as log:
            self.process = started(*command, cwd=cwd, stderr=log)

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, words: str, seconds: float = 300) -> bool:
        """Wait for these words; False if the process ended before."""
        until = time.monotonic() + seconds
        while words not in self.output():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < until, f"never printed {words!r}: {self.output()}"
            time.sleep(0.02)
        return True


def wait_for_trials(study: Path, count: int, seconds: float = 300) -> None:
    """Wait until the study's database has this many running trials."""
    until = time.monotonic() + seconds
    running = 0
    while running < count:
        assert time.monotonic() < until, f"{running} trials in training"
        time.sleep(0.02)
        database = f"file:{study / 'study.db'}?mode=ro"
        with (
            suppress(sqlite3.OperationalError),  # it does not exist yet, or is being written to
            closing(sqlite3.connect(database, uri=True)) as connection,
        ):
            (running,) = connection.execute(COUNT_RUNNING).fetchone()


def records(study: Path) -> dict[str, bytes]:
    """Name → contents of the trial records on disk."""
    return {path.name: path.read_bytes() for path in study.glob("trials/[0-9]*.json")}


def trials(study: Path) -> list[Any]:
    return sorted((json.loads(content) for content in records(study).values()), key=lambda one: one["number"])


def counting(study: Path) -> list[Any]:
    """The trials that were not interrupted from outside."""
    return [
        one for one in trials(study) if one["state"] != "fail" or not one["reason"].startswith("interrupted")
    ]


def agrees_with_optuna(study: Path) -> None:
    """Check that study.db has the same ended trials as the records."""
    (name,) = optuna.get_all_study_names(f"sqlite:///{study / 'study.db'}")
    known = optuna.load_study(study_name=name, storage=f"sqlite:///{study / 'study.db'}").get_trials()
    states = {"complete": "COMPLETE", "pruned": "PRUNED", "fail": "FAIL"}
    on_disk = trials(study)
    assert {one["number"]: states[one["state"]] for one in on_disk} == {
        one.number: one.state.name
        for one in known
        if one.state.name != "WAITING" and one.user_attrs.get("reason") != NOT_BEGUN
    }
    for one in on_disk:
        if one["state"] == "complete":
            assert known[one["number"]].value == one["rungs"][one["best_rung"]]["score"]
            assert known[one["number"]].params["learning_rate"] == one["hyperparameters"]["learning_rate"]


def kill_and_continue(command: Sequence[object], folder: Path, *, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    study = folder / "studies" / "long"
    kept: dict[str, bytes] = {}
    killed = 0
    for _ in range(kills):
        running = Running(command, folder)
        if draw.random() < 0.7:
            running.wait_for("trials in step")
            time.sleep(draw.uniform(0, 1.5))
        else:
            time.sleep(draw.uniform(0, 5))
        killed += running.process.poll() is None
        running.process.kill()
        running.process.communicate()
        now = records(study)
        assert {name: now.get(name) for name in kept} == kept
        kept = now
    assert killed >= kills // 2

    answer = adaptkit(*command, cwd=folder)
    assert answer.code == 0, answer.err
    now = records(study)
    assert {name: now.get(name) for name in kept} == kept
    assert len(counting(study)) == TRIALS
    firsts = [
        int(one["origin"].rpartition(" ")[2]) if one["origin"].startswith("retry") else one["number"]
        for one in counting(study)
    ]
    assert len(set(firsts)) == TRIALS, "a configuration counts twice"
    assert 0 in firsts
    agrees_with_optuna(study)
    assert json.loads((study / "summary.json").read_text())["state"] == "finished"


def test_a_study_killed_twice_is_complete(command: list[object], tmp_path: Path) -> None:
    kill_and_continue(command, tmp_path, kills=2, seed=5)


@pytest.mark.slow
def test_a_study_killed_ten_times_is_complete(command: list[object], tmp_path: Path) -> None:
    kill_and_continue(command, tmp_path, kills=10, seed=11)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_study_stopped_by_a_signal_can_be_continued(
    number: signal.Signals, code: int, command: list[object], tmp_path: Path
) -> None:
    running = Running([*command, "--epochs", "200"], tmp_path)
    wait_for_trials(tmp_path / "studies" / "long", 2)
    running.process.send_signal(number)
    answer = finished(running.process)
    assert answer.code == code
    output = running.output()
    assert "Traceback" not in output
    assert f"stopped by {number.name}" in output
    assert "same command" in output
    study = tmp_path / "studies" / "long"
    assert json.loads((study / "summary.json").read_text())["state"] == "interrupted"
    cut = [one for one in trials(study) if one["state"] == "fail"]
    assert len(cut) == 2
    assert all(one["reason"].startswith("interrupted") for one in cut)
    assert "nterrupted" in answer.out
    agrees_with_optuna(study)


def test_a_second_process_is_rejected(command: list[object], tmp_path: Path) -> None:
    running = Running([*command, "--epochs", "500"], tmp_path)
    assert running.wait_for("trials in step")
    before = (tmp_path / "studies" / "long" / "study.toml").read_bytes()
    answer = called(*command, "--epochs", "500", "--studies", tmp_path / "studies")
    assert running.process.poll() is None
    running.process.kill()
    running.process.communicate()
    assert answer.code == 2
    assert f"process {running.process.pid} on '{socket.gethostname()}'" in answer.err
    assert "--study" in answer.err
    assert (tmp_path / "studies" / "long" / "study.toml").read_bytes() == before
    assert os.listdir(tmp_path / "studies") == ["long"]


@pytest.mark.parametrize(("words", "delay"), [("reading the data", 0.4), ("loading the model", 0.05)])
def test_a_signal_while_loading(
    words: str, delay: float, tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    train = data_folder / "ner" / "train.conll"
    if words == "reading the data":  # large enough to be interrupted while reading
        train = write_conll(tmp_path / "large.conll", sentences(1000, 7) * 100)
    running = Running(
        ["tune", "--task", "ner", "--train", train, "--model", tiny_folder, "--device", "cpu"], tmp_path
    )
    assert running.wait_for(words)
    time.sleep(delay)
    running.process.send_signal(signal.SIGINT)
    answer = finished(running.process)
    assert answer.code == 130, running.output()
    assert "Traceback" not in running.output()
    assert "stopped" in running.output()


TWO_SIGNALS = """
import os, signal, time
from adaptkit.system.signals import Interruption

with Interruption() as interruption, interruption.guarded():
    os.kill(os.getpid(), signal.SIGINT)
    print("noted", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
    print("too late", flush=True)
"""


def test_a_second_signal_ends_immediately() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", TWO_SIGNALS], capture_output=True, text=True, check=False, timeout=300
    )
    assert (answer.returncode, answer.stdout) == (130, "noted\n")


def test_the_timeout(command: list[object], tmp_path: Path) -> None:
    """The study ends without an error and says what remains; the same command continues it."""
    studies = ["--studies", tmp_path / "studies"]
    answer = called(*command, *studies, "--timeout", "1s")
    assert answer.code == 0, answer.err
    study = tmp_path / "studies" / "long"
    before, had = records(study), len(counting(study))
    assert had < TRIALS
    assert f"trials that remain, and that the same command will train: {TRIALS - had}" in answer.err
    answer = called(*command, *studies, "--trials", had + 1)
    assert answer.code == 0, answer.err
    assert len(counting(study)) == had + 1
    assert {name: records(study)[name] for name in before} == before


def test_a_timeout_before_the_first_score(command: list[object], tmp_path: Path) -> None:
    """No trial is scored and none is lost: the trials have not failed, they can run later."""
    studies = ["--studies", tmp_path / "studies"]
    answer = called(*command, *studies, "--timeout", "0.001s")
    assert answer.code == 0, answer.err
    study = tmp_path / "studies" / "long"
    assert counting(study) == []
    assert json.loads((study / "summary.json").read_text())["state"] == "interrupted"
    assert timeout_warning(cut_short=0, remaining=TRIALS) in answer.err


def test_trials_that_the_timeout_stops_are_counted(command: list[object], tmp_path: Path) -> None:
    """All trials are in training at the timeout: none remains, and each counts with its best score."""
    command = [*command, "--studies", tmp_path / "studies", "--epochs", 1000, "--trials", 2]
    answer = called(*command, "--timeout", "3s")
    assert answer.code == 0, answer.err
    study = tmp_path / "studies" / "long"
    assert [one["state"] for one in trials(study)] == ["complete"] * 2
    assert all("the timeout was reached" in one["reason"] for one in trials(study))
    warning = timeout_warning(cut_short=2, remaining=0)
    assert warning in answer.err
    assert warning in json.loads((study / "summary.json").read_text())["warnings"]
