"""Ray that is missing or cannot be reached, and processes that must be gone."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from adaptkit.distributed.cluster import end_process, refuse_unreachable
from adaptkit.distributed.messages import Process
from adaptkit.errors import ConfigError
from tests.helpers.program import called

WITHOUT_RAY = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ray":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
sys.modules["ray"] = None
from adaptkit.cli import main
main()
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


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "127.0.0.1:99999", "127.0.0.1:x", ":6379"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="--ray") as refused:
        refuse_unreachable(address)
    assert refused.value.code == "no-cluster"


def test_a_cluster_that_does_not_answer_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConfigError, match="ray start --head"):
        refuse_unreachable(f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--devices", "cpu,tpu"], "device 'tpu'"),
        (["--ray", "auto"], "no devices were given"),
        (["--devices", "cpu,cpu", "--device", "cuda"], "--device cuda together with --devices"),
    ],
)
def test_wrong_options_end_before_anything_starts(options: list[str], words: str, tmp_path: Path) -> None:
    answer = called("tune", "--task", "text-classification", "--studies", tmp_path, *options)
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert list(tmp_path.iterdir()) == []


def test_without_ray_the_extra_is_named() -> None:
    command = [sys.executable, "-c", WITHOUT_RAY, "tune", "--task", "ner", "--devices", "cpu,cpu"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 2
    assert "pip install 'adaptkit[ray]'" in answer.stderr
    assert "Traceback" not in answer.stderr
