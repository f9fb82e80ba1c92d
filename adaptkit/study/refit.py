"""The winning configuration trained again on the training and dev rows together: a record and its weights.

studies/<name>/refit/
  0005.json                trial 5's configuration, trained again
  0005-77-2.5.safetensors  its weights, with the seed 77 after 2.5 epochs; 0005-77x3-2.5 of three runs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from adaptkit.documents import read_json
from adaptkit.errors import StudyError
from adaptkit.study.checked import checked
from adaptkit.study.lock import written_in
from adaptkit.study.weights import KeptWeights
from adaptkit.system.files import write_json


@dataclass(frozen=True, kw_only=True)
class Refit:
    """The training of the winning configuration on the training and dev rows together. It has no score."""

    trial: int
    """The number of the trial whose configuration it has."""

    seed: int
    """Of its first run."""

    epochs: float
    """How long it trained; `adaptkit.run.refit.Aim.epochs` says why. 0 if its head was solved."""

    of_epochs: float
    """The epochs of the schedule, which ends there or later."""

    rows: int
    """The training and dev rows together."""

    state: Literal["complete", "fail"]
    reason: str = ""
    score: float | None = None
    """What the configuration scores without the dev rows: the mean of its runs, or the trial's own score."""

    runs: int = 0
    """The runs with new seeds of which ``score`` and ``values`` are the means; 0 for the trial's own ones."""

    values: Mapping[str, float | None] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    calibration: Mapping[str, float] = field(default_factory=dict)
    """Chosen on the dev rows for a model that was not trained on them."""

    seconds: float = 0.0
    averaged: int = 1
    """The runs on all rows, with seeds of their own, of whose weights these are the mean."""


@dataclass(frozen=True)
class RefitFolder:
    """The folder of the refit, given by its path."""

    path: Path

    def read(self, trial: int) -> Refit | None:
        """The record; None if there is none that can be read."""
        try:
            record = checked(Refit, read_json(self._record(trial)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return record if record.trial == trial else None

    def write(self, record: Refit, write: Callable[[Path], None] | None) -> None:
        """Keep the weights, if there are any, then acknowledge the refit. Raises StudyError."""
        if write is not None:
            self._kept.keep(_weights(record), write)
        written_in(self.path, lambda: write_json(self._record(record.trial), asdict(record)))

    def drop_other_weights(self, record: Refit) -> None:
        """Delete the weights of all other refits. Raises StudyError."""
        self._kept.drop(self._kept.on_disk() - {_weights(record)})

    def weights(self, record: Refit) -> Path | None:
        """The file with the weights; None if not kept. Raises StudyError if the file is damaged."""
        return self._kept.find(_weights(record))

    def has_weights(self, record: Refit) -> bool:
        """Whether the weights are kept and undamaged."""
        with suppress(StudyError):
            return self.weights(record) is not None
        return False

    @property
    def _kept(self) -> KeptWeights:
        return KeptWeights(self.path)

    def _record(self, trial: int) -> Path:
        return self.path / f"{trial:04d}.json"


def _weights(record: Refit) -> str:
    times = "" if record.averaged == 1 else f"x{record.averaged}"
    return f"{record.trial:04d}-{record.seed}{times}-{record.epochs:g}.safetensors"
