"""How long the driver waits for workers and for Ray."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WaitLimits:
    """Times in seconds, and how many losses the driver accepts."""

    show_wait: float = 10.0
    """Before it says why a worker has not started."""

    start: float = 300.0
    """For resources for a worker, and for its start."""

    together: float = 10.0
    """For the other workers, before the first one gets trials: each gets its share."""

    show_silence: float = 60.0
    """Before it says that a worker gives no sign."""

    silence: float = 900.0
    """For a sign of a worker that trains; then it is taken for lost, and its process is ended."""

    silence_at_the_end: float = 60.0
    """The same if the study's time is up, or if the worker has no trials."""

    end: float = 30.0
    """For the process of a lost worker to end."""

    head: float = 20.0
    """For the head of the cluster to come back."""

    losses: int = 5
    """Workers that are lost without the end of a trial in between."""
