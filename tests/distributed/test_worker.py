"""The worker trains as the engine does here, and hands every question and every error to the driver."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest
import torch

from adaptkit.distributed.messages import Call, Ended, packed
from adaptkit.distributed.worker import Worker, portable
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.types import Trial
from adaptkit.errors import ConfigError, TrialError
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, ListScheduler, make_training, train

TRIALS = [Trial(number=number, learning_rate=1e-2, batch_size=4, epochs=2, seed=number) for number in (0, 1)]
HEAD = "token-classification"


@pytest.fixture(scope="module")
def training() -> Any:
    from tests.helpers.models import TinyModels

    loaded = TinyModels().load("bert", HEADS[HEAD])
    return make_training(loaded, "lora", HEAD, number_rows(12, HEAD, seed=1))


def driven(worker: Worker, work: bytes, scheduler: ListScheduler) -> tuple[Ended, list[str]]:
    """Answer the worker's questions from the scheduler until it ends."""
    message, asked = worker.begin(work), []
    while isinstance(message, Call):
        asked.append(message.method)
        message = worker.answer(getattr(scheduler, message.method)(*message.arguments))
    return message, asked


def test_a_worker_trains_as_this_process_does(training: Any) -> None:
    here = train(training, TRIALS, 2)
    scheduler = ListScheduler(TRIALS)
    work = packed(training, 2, BatchLimits(slots=2, examples=4))
    end, asked = driven(Worker("cpu", 0, 0), work, scheduler)
    assert end.error is None
    assert asked[0] == "suggest"
    assert set(asked) >= {"suggest", "on_rung_end", "on_trial_end"}
    assert len(scheduler.outcomes) == 2
    for number, outcome in scheduler.outcomes.items():
        same = here.outcomes[number]
        assert replace(outcome, parameters=None, seconds=0.0) == replace(same, parameters=None, seconds=0.0)
        torch.testing.assert_close(outcome.parameters, same.parameters, rtol=0, atol=0)


def test_every_example_is_counted_or_signs_are_rarer(training: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("adaptkit.distributed.worker.SECONDS_BETWEEN_SIGNS", 0.0)
    here, scheduler = train(training, TRIALS, 2), ListScheduler(TRIALS)
    driven(Worker("cpu", 1, 0), packed(training, 2, BatchLimits(slots=2, examples=4)), scheduler)
    assert scheduler.examples == here.examples > 0


def test_the_drivers_stop_reaches_the_engine(training: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("adaptkit.distributed.worker.SECONDS_BETWEEN_SIGNS", 0.0)
    scheduler = ListScheduler(TRIALS)
    scheduler.stop_after = 1
    end, _ = driven(Worker("cpu", 1, 0), packed(training, 2, BatchLimits(slots=2, examples=4)), scheduler)
    assert end.error is None
    assert {one.state for one in scheduler.outcomes.values()} == {"stopped"}
    assert all("the timeout was reached" in one.reason for one in scheduler.outcomes.values())


def test_an_error_of_the_work_is_returned(training: Any) -> None:
    work = packed(training, 2, BatchLimits(slots=2, examples=4))
    end, asked = driven(Worker("cuda:7", 0, 0), b"no work", ListScheduler([]))
    assert (asked, isinstance(end.error, Exception)) == ([], True)
    assert len(work) > 1000


PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
print(child.pid, child.stdout.readline().decode().strip(), flush=True)
os.kill(os.getpid(), 9)
"""
CHILD = """
import time
from adaptkit.distributed.worker import Worker
Worker("cpu", 0, 0).end_with_parent()
print("watching", flush=True)
time.sleep(600)
"""


def test_a_worker_ends_after_the_process_that_started_it() -> None:
    command = [sys.executable, "-c", PARENT, CHILD]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    pid, word = answer.stdout.split()
    assert (answer.returncode, word) == (-9, "watching")
    until = time.monotonic() + 60
    while psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.1)


class _Unpicklable(Exception):
    def __init__(self, one: int, two: Callable[[], int]) -> None:
        super().__init__(f"{one}")
        self.two = two


def test_errors_travel_as_they_are_or_in_words() -> None:
    error = ConfigError("no device", expected="cpu", next_step="Change it.", code="c")
    assert portable(error) is error
    assert isinstance(portable(TrialError("x")), TrialError)
    other = portable(_Unpicklable(3, lambda: 3))
    assert (type(other), str(other)) == (RuntimeError, "_Unpicklable: 3")
