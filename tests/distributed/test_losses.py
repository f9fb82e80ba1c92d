"""Workers that hang, that Ray takes for dead while they live, or that are cut off: injected for real."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from adaptkit.distributed import cluster as cluster_module
from adaptkit.distributed import folders
from adaptkit.distributed import workers as workers_module
from adaptkit.distributed.messages import packed
from adaptkit.distributed.wait_limits import WaitLimits
from adaptkit.distributed.workers import Workers
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.types import RungReport, Trial
from adaptkit.errors import AdaptkitError
from tests.helpers.models import TinyModels
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, ListScheduler, make_training

pytestmark = pytest.mark.slow
HEAD = "token-classification"
TRIALS = [Trial(number=one, learning_rate=1e-2, batch_size=4, epochs=2, seed=one) for one in range(3)]


class Faulty(ListScheduler):
    """Injects a fault when the first scores arrive, and gives the trials of lost workers again."""

    def __init__(self, fault: Callable[[], None]) -> None:
        super().__init__(TRIALS)
        self.fault: Callable[[], None] | None = fault
        self.lost: list[tuple[set[int], bool]] = []

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        fault, self.fault = self.fault, None
        if fault is not None:
            fault()
        return super().on_rung_end(reports)

    def on_worker_lost(self, numbers: Collection[int], *, suspect: bool) -> None:
        self.lost.append((set(numbers), suspect))
        self.waiting += [trial for trial in TRIALS if trial.number in numbers]


class Shown:
    """Keeps what is shown, and whether a lost process still ran when another one trained in its place."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.notes: list[str] = []
        self.lost = 0
        self.overlapped = False

    def worker(self, place: int, text: str) -> None:
        process = self.workers.places[place].process
        if self.lost and ": training" in text and process is not None and process.pid != self.lost:
            self.overlapped |= runs(self.lost)

    def note(self, text: str) -> None:
        self.notes.append(text)


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def stop(workers: Workers, shown: Shown) -> None:
    """Stop the worker's process, so that it neither answers nor ends."""
    process = workers.places[0].process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    shown.lost = process.pid


def trained(workers: Workers, scheduler: ListScheduler, shown: Shown) -> None:
    training = make_training(TinyModels().load("bert", HEADS[HEAD]), "lora", HEAD, number_rows(12, HEAD))
    workers.train(training, 2, BatchLimits(slots=2, examples=4), scheduler, shown)


def test_a_silent_worker_is_lost_and_its_process_ended() -> None:
    limits = WaitLimits(show_silence=20, silence=90, silence_at_the_end=90)
    with Workers(["cpu"], None, limits) as workers:
        shown = Shown(workers)
        scheduler = Faulty(lambda: stop(workers, shown))
        trained(workers, scheduler, shown)
    assert sorted(scheduler.outcomes) == [0, 1, 2]
    assert scheduler.lost == [({0, 1}, True)]
    assert not shown.overlapped
    assert not runs(shown.lost)
    assert any("has given no sign for" in note for note in shown.notes)
    assert any("is lost (no sign of it for" in note for note in shown.notes)


def test_a_silent_worker_is_not_waited_for_when_time_is_up() -> None:
    limits = WaitLimits(silence=3600, silence_at_the_end=5)
    with Workers(["cpu"], None, limits) as workers:
        shown = Shown(workers)

        def fault() -> None:
            stop(workers, shown)
            scheduler.stop_after = 0
            scheduler.waiting.clear()

        scheduler = Faulty(fault)
        scheduler.on_worker_lost = lambda numbers, *, suspect: None  # type: ignore[method-assign]
        trained(workers, scheduler, shown)
    assert scheduler.outcomes == {}
    assert any("time is up, and no sign of it" in note for note in shown.notes)
    assert not runs(shown.lost)


def reported_dead(workers: Workers, shown: Shown) -> None:
    import ray

    stop(workers, shown)
    ray.kill(workers.places[0].worker)


def test_a_device_is_not_used_before_its_process_is_gone() -> None:
    with Workers(["cpu"]) as workers:
        shown = Shown(workers)
        scheduler = Faulty(lambda: reported_dead(workers, shown))
        trained(workers, scheduler, shown)
    assert sorted(scheduler.outcomes) == [0, 1, 2]
    assert scheduler.lost == [({0, 1}, True)]
    assert not shown.overlapped


def test_a_device_whose_process_does_not_end_is_given_up() -> None:
    with Workers(["cpu"], None, WaitLimits(end=0.0)) as workers:
        shown = Shown(workers)
        scheduler = Faulty(lambda: reported_dead(workers, shown))
        with pytest.raises(AdaptkitError, match="its device could not be used again") as error:
            trained(workers, scheduler, shown)
    assert error.value.code == "no-workers"
    assert any(f"the process {shown.lost} of the lost worker does not end" in note for note in shown.notes)


def test_a_process_of_a_node_that_was_cut_off_is_ended() -> None:
    """Its node is lost, and another one joins on the same machine: the process still holds the device."""
    from ray.cluster_utils import Cluster

    ray = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    node = ray.add_node(num_cpus=1)
    try:
        with Workers(["cpu"], ray.address) as workers:
            shown = Shown(workers)

            def cut_off() -> None:
                stop(workers, shown)
                ray.remove_node(node, allow_graceful=False)
                ray.add_node(num_cpus=1)

            scheduler = Faulty(cut_off)
            trained(workers, scheduler, shown)
    finally:
        ray.shutdown()
    assert sorted(scheduler.outcomes) == [0, 1, 2]
    assert scheduler.lost == [({0, 1}, False)]
    assert not shown.overlapped
    assert not runs(shown.lost)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, with a path that is short enough for sockets."""
    disk = Path(tempfile.mkdtemp(dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
    disk.rmdir()


def test_a_full_object_store_is_said(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "SHORT", small_disk)
    monkeypatch.setattr(cluster_module, "SMALLEST_STORE", 80 * 2**20)
    sent: Any = lambda *parts: packed(*parts) + bytes(200 * 2**20)  # noqa: E731
    monkeypatch.setattr(workers_module, "packed", sent)
    with Workers(["cpu"]) as workers:
        shown = Shown(workers)
        monkeypatch.setattr(workers_module, "len", lambda work: 0, raising=False)  # a store too small for it
        with pytest.raises(AdaptkitError, match="has no room") as error:
            trained(workers, ListScheduler(TRIALS), shown)
    assert error.value.code == "store-full"
    assert "--object-store-memory" in error.value.next_step
