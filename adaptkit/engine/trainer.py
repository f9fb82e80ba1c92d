"""Where populations are trained: here, in this process, or by workers on several devices."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from adaptkit.engine.types import Scheduler

if TYPE_CHECKING:
    from adaptkit.engine.batch_limits import BatchLimits
    from adaptkit.engine.training import Training


class SharedScheduler(Scheduler, Protocol):
    """A scheduler whose trials may be trained by workers, which can be lost."""

    def on_worker_lost(self, numbers: Collection[int], *, suspect: bool) -> None:
        """Takes the trials that ran in a worker that is lost; `suggest` gives them again.

        Args:
            numbers: the trials.
            suspect: whether one of them may be the cause. A lost machine's trials are not.
        """


class Display(Protocol):
    """Shows what workers do."""

    def worker(self, place: int, text: str) -> None:
        """Shows what the worker at this place does."""

    def note(self, text: str) -> None:
        """Shows a warning."""


class Trainer(Protocol):
    """Trains trials until the scheduler has no more."""

    @property
    def workers(self) -> int:
        """How many populations are trained at the same time."""

    def train(
        self, training: Training, slots: int, limits: BatchLimits, scheduler: SharedScheduler,
        display: Display,
    ) -> None:  # fmt: skip
        """Trains populations of ``slots`` trials; the scheduler gets every score and every end."""


class LocalTrainer:
    """Trains one population in this process."""

    workers = 1

    def train(
        self, training: Training, slots: int, limits: BatchLimits, scheduler: SharedScheduler,
        display: Display,
    ) -> None:  # fmt: skip
        """Trains one population of ``slots`` trials, or of fewer if memory runs out making them."""
        from adaptkit.engine.train import populate

        populate(training, slots, limits).run(scheduler)
