"""Workers on several devices: started when they are needed, kept for the whole study, and ended after it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from adaptkit.distributed.cluster import Cluster, failed, need_ray
from adaptkit.distributed.messages import packed
from adaptkit.distributed.processes import end_process, this_machine
from adaptkit.distributed.round import Round
from adaptkit.distributed.wait_limits import WaitLimits
from adaptkit.distributed.worker_place import WorkerPlace

if TYPE_CHECKING:
    from adaptkit.engine.batch_limits import BatchLimits
    from adaptkit.engine.trainer import Display, SharedScheduler
    from adaptkit.engine.training import Training


class Workers:
    """An `adaptkit.engine.trainer.Trainer` whose populations are trained by Ray actors, one per device."""

    def __init__(
        self, devices: Sequence[str], address: str | None = None, wait_limits: WaitLimits | None = None
    ) -> None:
        """Ray is started when it is needed.

        Args:
            devices: the device of each worker.
            address: the address of a Ray cluster; None for this machine.
            wait_limits: how long to wait.

        Raises:
            ConfigError: Ray is not installed.
        """
        need_ray()
        self.places = [WorkerPlace(number, device) for number, device in enumerate(devices)]
        self.wait_limits = wait_limits or WaitLimits()
        self._address = address
        self._cluster: Cluster | None = None

    @property
    def workers(self) -> int:
        """How many populations are trained at the same time."""
        return len(self.places)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, and Ray, if it was started here."""
        if self._cluster is None:
            return
        for place in self.places:
            self._cluster.kill(place.worker)
        self._cluster.close()
        self._cluster = None
        for process in [place.process for place in self.places if place.process is not None]:
            if process.machine == this_machine():
                end_process(process, self.wait_limits.end)

    def train(
        self, training: Training, slots: int, limits: BatchLimits, scheduler: SharedScheduler,
        display: Display,
    ) -> None:  # fmt: skip
        """Train populations of ``slots`` trials in all workers, until the scheduler has no more.

        Raises:
            AdaptkitError: no worker could be started, too many were lost, or Ray itself has failed.
        """
        from ray.exceptions import RayError

        work = packed(training, slots, limits)
        started = time.monotonic()
        if self._cluster is None:
            for place in self.places:
                display.worker(place.number, f"{place.name}: starting")
            self._cluster = Cluster(self.workers, self._address, len(work), self.wait_limits.head)
        try:
            work_there = self._cluster.put(work)
            Round(self.places, self.wait_limits, self._cluster, work_there, scheduler, display).run()
        except RayError as error:
            raise failed(error) from error
        finally:
            training.seconds["train"] += time.monotonic() - started
