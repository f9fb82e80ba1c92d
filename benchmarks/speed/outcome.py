"""What a side made of its setting, as it is handed from the side's process to the benchmark's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A trial's score on the dev rows."""

    epoch: float
    """Epochs trained by then."""

    score: float
    at: float
    """Seconds since the side began, its imports left out."""


@dataclass(frozen=True, kw_only=True)
class TrialOutcome:
    """What became of a trial, told by what it was trained with, not by what was asked for."""

    learning_rate: float
    batch_size: int
    state: str
    scored: Sequence[Scored]

    @property
    def epochs(self) -> float:
        """The epochs it was trained."""
        return self.scored[-1].epoch if self.scored else 0.0

    def best(self, direction: str) -> float | None:
        """The best of its scores; None if it was never scored."""
        better = max if direction == "maximize" else min
        return better((one.score for one in self.scored), default=None)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a side's search. Times are in seconds, memory is in bytes."""

    trials: Sequence[TrialOutcome]
    direction: str
    before_training: float
    """From the side's beginning to the first trial's: reading, tokenising, loading, measuring."""

    training: float
    """Of training alone, scoring apart; where a frozen encoder reads the rows once, with that."""

    trained_parameters: int
    """Of one trial."""

    encoder_epochs: float
    """How many epochs' worth of training rows the encoder read forwards."""

    seconds: float = 0.0
    """The whole search, imports left out."""

    imports: float = 0.0
    """From the start of the process to the end of its imports."""

    memory_imported: int = 0
    """The process's resident memory once its imports were done."""

    peak_memory: int = 0
    """The most resident memory of the process."""

    peak_device_memory: int = 0
    """The most memory of tensors on the GPU; 0 without one."""

    about: dict[str, Any] = field(default_factory=dict)
    """What else the side has to say of itself."""

    @property
    def best(self) -> float | None:
        """The best score of all trials."""
        better = max if self.direction == "maximize" else min
        scores = [score for trial in self.trials if (score := trial.best(self.direction)) is not None]
        return better(scores, default=None)

    @property
    def seconds_to_best(self) -> float | None:
        """When the best score of all was first reached."""
        times = [one.at for trial in self.trials for one in trial.scored if one.score == self.best]
        return min(times, default=None)

    def write(self, path: Path) -> None:
        """The outcome as JSON."""
        path.write_text(json.dumps(self.as_values()), encoding="utf-8")

    def as_values(self) -> dict[str, Any]:
        """The outcome as JSON-ready values, its best score with them."""
        return {**asdict(self), "best": self.best, "seconds_to_best": self.seconds_to_best}


def outcome_of(values: dict[str, Any]) -> Outcome:
    """The outcome out of its JSON values."""
    trials = [
        TrialOutcome(**{**trial, "scored": [Scored(**one) for one in trial["scored"]]})
        for trial in values["trials"]
    ]
    known = {name: value for name, value in values.items() if name not in ("best", "seconds_to_best")}
    return Outcome(**{**known, "trials": trials})
