"""Confirmation runs: the best configurations trained again under new seeds, each run a record on disk.

studies/<name>/confirmation/
  0005-2.json          run 2 of trial 5's configuration, ended; never removed
  0005-2.safetensors   the weights of the best run of that configuration
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from adaptkit.documents import read_json
from adaptkit.study.checked import checked
from adaptkit.system.files import atomic_file, explained, write_json
from adaptkit.system.manifest import MANIFEST, entry_of, read_manifest, verify, write_entries


@dataclass(frozen=True, kw_only=True)
class ConfirmationRun:
    """One training of a trial's configuration under a new seed."""

    trial: int
    """The number of the trial whose configuration it has."""

    run: int
    """Counted from 0. Runs of the same number have the same seed."""

    seed: int
    state: Literal["complete", "fail"]
    reason: str = ""
    score: float | None = None
    """The optimised number at its best evaluation."""

    resampled: Sequence[float | None] = ()
    """The score on each resample of the dev rows; all runs of a study have the same resamples."""

    values: Mapping[str, float | None] = field(default_factory=dict)
    calibration: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A configuration in the confirmation, and what its runs scored."""

    trial: int
    scores: Sequence[float]
    """Of its complete runs, in their order."""

    mean: float | None = None
    deviation: float | None = None
    """The standard deviation of the scores."""

    difference: float | None = None
    """Of its mean from the default's mean; None for the default."""

    low: float | None = None
    high: float | None = None
    """The ends of the 95% interval of the difference."""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What was confirmed, and the result."""

    searched_best: int
    """The best trial of the search: if another trial becomes the best, the confirmation is done again."""

    trials: Sequence[int]
    """The candidates: the best trials, and the default."""

    default: int
    runs: int
    """Of each candidate."""

    candidates: Sequence[Candidate] = ()
    winner: int | None = None
    """The candidate with the best mean; None before all runs have ended."""

    exported_run: int | None = None
    """The winner's run that is exported; None where the weights of the trial itself are."""


@dataclass(frozen=True)
class ConfirmationFolder:
    """The folder of the confirmation runs, given by its path."""

    path: Path

    def read(self) -> list[ConfirmationRun]:
        """All runs that have ended. Files that cannot be read are left out: their runs are done again."""
        found = [_run_or_none(path) for path in sorted(self.path.glob("[0-9]*-[0-9]*.json"))]
        return [run for run in found if run is not None]

    def write(self, run: ConfirmationRun) -> None:
        """Acknowledge a run: once this returns, the record is never lost. Raises StudyError."""
        with explained(self.path):
            self.path.mkdir(exist_ok=True)
        write_json(self._file(run.trial, run.run, "json"), asdict(run))

    def keep_weights(self, trial: int, run: int, write: Callable[[Path], None]) -> None:
        """Keep a run's weights, in place of those of the trial's other runs. Raises StudyError."""
        path = self._file(trial, run, "safetensors")
        with explained(self.path):
            self.path.mkdir(exist_ok=True)
        with atomic_file(path) as aside:
            write(aside)
        others = [one for one in self.path.glob(f"{trial:04d}-*.safetensors") if one != path]
        kept = {name: entry for name, entry in self._entries().items() if self.path / name not in others}
        write_entries(self.path, {**kept, path.name: entry_of(path)})
        for other in others:
            with explained(other):
                other.unlink(missing_ok=True)

    def weights(self, trial: int, run: int) -> Path | None:
        """The file with a run's weights; None if not kept. Raises StudyError if the file is damaged."""
        path = self._file(trial, run, "safetensors")
        if path.name not in self._entries():
            return None
        verify(self.path, [path.name])
        return path

    def _file(self, trial: int, run: int, ending: str) -> Path:
        return self.path / f"{trial:04d}-{run}.{ending}"

    def _entries(self) -> dict[str, dict[str, Any]]:
        return read_manifest(self.path) if (self.path / MANIFEST).exists() else {}


def _run_or_none(path: Path) -> ConfirmationRun | None:
    try:
        run = checked(ConfirmationRun, read_json(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return run if path.name == f"{run.trial:04d}-{run.run}.json" else None
