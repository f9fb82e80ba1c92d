"""Processes that must be gone: they are killed for real."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from adaptkit.distributed.messages import Process
from adaptkit.distributed.processes import end_family, end_process, family_in, this_machine

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def process_of(started: subprocess.Popen[bytes], later: float = 0.0) -> Process:
    created = psutil.Process(started.pid).create_time() + later
    return Process(pid=started.pid, created=created, node="here")


@pytest.mark.parametrize("stopped", [False, True])
def test_a_lost_workers_process_is_ended(stopped: bool) -> None:
    started = sleeper()
    if stopped:
        started.send_signal(signal.SIGSTOP)
    assert end_process(process_of(started), 30)
    assert started.wait(timeout=30) == -signal.SIGKILL
    assert end_process(Process(pid=started.pid, created=0.0, node="here"), 30)


def test_another_process_with_its_number_is_left_alone() -> None:
    started = sleeper()
    try:
        assert end_process(process_of(started, later=-100.0), 30)
        assert started.poll() is None
    finally:
        started.kill()
        started.wait()


def test_a_process_that_stays_is_reported() -> None:
    started = sleeper()
    try:
        assert not end_process(process_of(started), 0.0)
    finally:
        started.kill()
        started.wait()


def test_a_folders_processes_are_ended_with_their_children(tmp_path: Path) -> None:
    other = sleeper()
    started = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path / "session"], stdout=subprocess.PIPE)
    assert started.stdout is not None
    child = int(started.stdout.readline())
    family = family_in(str(tmp_path))
    assert {one.pid for one in family} == {started.pid, child}
    end_family(family)
    assert started.poll() is not None
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert other.poll() is None
    other.kill()
    other.wait()
    started.stdout.close()
    end_family(family)  # it is gone already


def test_a_machine_has_the_same_name_in_every_process() -> None:
    code = "from adaptkit.distributed.processes import this_machine; print(this_machine())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == this_machine() != ""
