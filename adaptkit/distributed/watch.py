"""Watches workers: explains waits, and says which have lasted for too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptkit.distributed.wait_limits import WaitLimits
    from adaptkit.distributed.worker_place import WorkerPlace
    from adaptkit.engine.trainer import Display, SharedScheduler


class Watch:
    """What one round has explained, and how long it waits."""

    def __init__(self, wait_limits: WaitLimits, display: Display, resources: Callable[[], str]) -> None:
        """Give the limits, where notes are shown, and what says which resources are free."""
        self.wait_limits = wait_limits
        self.display = display
        self.resources = resources
        self.explained: set[tuple[int, str]] = set()
        """The places and states whose wait was explained."""

    def explain(self, place: WorkerPlace) -> None:
        """Say once why a worker has not started, and that it gives no sign."""
        if place.state == "starting" and place.silent_for > self.wait_limits.show_wait:
            self._once(
                place,
                lambda: (
                    f"{place.name} waits to start; the cluster has {self.resources()};"
                    f" after {self.wait_limits.start:.0f} seconds it is given up"
                ),
            )
        if place.state == "training" and place.silent_for > self.wait_limits.show_silence:
            self._once(
                place,
                lambda: (
                    f"{place.name} has given no sign for {place.silent_for:.0f} seconds;"
                    f" after {self.wait_limits.silence:.0f} seconds it is taken for lost"
                ),
            )

    def _once(self, place: WorkerPlace, text: Callable[[], str]) -> None:
        if (place.number, place.state) not in self.explained:
            self.explained.add((place.number, place.state))
            self.display.note(text())

    def start_failed(self, place: WorkerPlace) -> bool:
        """Whether a worker has not started in time."""
        return place.state == "starting" and place.silent_for > self.wait_limits.start

    def is_silent(self, place: WorkerPlace) -> bool:
        """Whether a worker has given no sign for so long that it is taken for lost."""
        if place.state == "waiting":
            return place.silent_for > self.wait_limits.silence_at_the_end
        return place.state == "training" and place.silent_for > self.wait_limits.silence

    def is_silent_at_the_end(self, place: WorkerPlace, scheduler: SharedScheduler) -> bool:
        """Whether a worker has given no sign for some time, and the study's time is up."""
        if place.state != "training" or place.silent_for <= self.wait_limits.silence_at_the_end:
            return False
        return not scheduler.on_micro_step(0, 0)
