"""A worker's place, as the driver sees it: its device, its process, its trials, and what it waits for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from adaptkit.distributed.messages import Call, Process

State = Literal["starting", "training", "waiting", "ending", "idle", "given up"]
"""waiting: for trials, of which the scheduler has none now. ending: the process of a lost worker has to end,
before its device is used again. given up: the device is not used any more."""


@dataclass
class WorkerPlace:
    """One device and its worker."""

    number: int
    device: str
    state: State = "idle"
    worker: Any = None
    process: Process | None = None
    """Known as soon as the worker has started."""

    pending: Any = None
    """The future of what the worker does now. A lost worker's is dropped, and with it all that comes late."""

    question: Call | None = None
    """What a waiting worker has asked."""

    trials: set[int] = field(default_factory=set)
    """The trials that it trains."""

    begun: bool = False
    """Whether it has given a sign since it got them. If not, they cannot be why it is lost."""

    ending: Process | None = None
    """The process that has to end before the device is used."""

    since: float = field(default_factory=time.monotonic)
    """The time of its last sign, or of the change of its state."""

    changed: float = field(default_factory=time.monotonic)
    """The time of the change of its state."""

    def become(self, state: State, pending: Any = None) -> None:
        """Change the state, and what is waited for."""
        self.state, self.pending, self.since = state, pending, time.monotonic()
        self.changed = self.since

    def signed(self) -> None:
        """Take note of a sign; nothing is waited for now."""
        self.pending, self.since = None, time.monotonic()

    @property
    def waiting_for(self) -> float:
        """Seconds in its state."""
        return time.monotonic() - self.changed

    @property
    def silent_for(self) -> float:
        """Seconds since its last sign."""
        return time.monotonic() - self.since

    @property
    def name(self) -> str:
        """For people."""
        return f"worker {self.number + 1} ({self.device})"

    def in_words(self) -> str:
        """What it does now."""
        process = f", process {self.process.pid}" if self.process else ""
        trials = f" {', '.join(map(str, sorted(self.trials)))}" if self.trials else ""
        return f"{self.name}{process}: {self.state}{trials}"
