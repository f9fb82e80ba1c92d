"""Confirmation runs: the best configurations trained again under new seeds, each run a record on disk.

studies/<name>/confirmation/
  0005-2.json          run 2 of trial 5's configuration, ended; never removed
  0005-2.safetensors   the weights of the best run of that configuration; of all runs if they are averaged
  0005-average.*       the average of the weights of its runs, if there is one, and what it scores on dev
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from adaptkit.documents import read_json
from adaptkit.errors import StudyError
from adaptkit.study.checked import checked
from adaptkit.study.lock import written_in
from adaptkit.study.weights import KeptWeights
from adaptkit.system.files import write_json

AVERAGE = -1
"""Stands for the number of a run: the average of the weights of all runs of a configuration."""

FEWEST_TRIALS = 4
"""Studies with fewer scored trials are not confirmed unless the user asks for it: the choice is among few."""

CLEAR = 1.5
"""By so many standard errors of the difference a mean has to be better than the default's to win against it.
`benchmarks/confirmation` compares such numbers."""

NORMAL = 1.96
"""The ends of a 95% interval, in standard errors: a few resamples give these better than percentiles."""


@dataclass(frozen=True, kw_only=True)
class ConfirmationRun:
    """One training of a trial's configuration under a new seed."""

    trial: int
    """The number of the trial whose configuration it has."""

    run: int
    """Counted from 0, or `AVERAGE`. Runs of the same number have the same seed."""

    seed: int
    state: Literal["complete", "fail"]
    reason: str = ""
    score: float | None = None
    """The optimised number at the rung that is kept."""

    epoch: float | None = None
    """The epochs it had trained at the rung that is kept; None in records of earlier versions."""

    last_epoch: float | None = None
    """The epochs it had trained when it ended; None in records of earlier versions."""

    resampled: Sequence[float | None] = ()
    """The score on each resample of the dev rows; all runs of a study have the same resamples."""

    values: Mapping[str, float | None] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    calibration: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A configuration in the confirmation, and what its runs scored."""

    trial: int
    scores: Sequence[float]
    """Of its runs with a score, in their order."""

    failed: int = 0
    """Its runs that ended without a score."""

    mean: float | None = None
    deviation: float | None = None
    """The standard deviation of the scores."""

    difference: float | None = None
    """Of its mean from the default's mean; None for the default."""

    low: float | None = None
    high: float | None = None
    """The ends of the 95% interval of the difference."""

    @property
    def ties(self) -> bool:
        """Whether the interval of the difference contains 0, or is not known."""
        return self.low is None or self.high is None or self.low <= 0 <= self.high

    @property
    def standard_error(self) -> float | None:
        """Of the difference from the default's mean; None if it is not known."""
        return None if self.low is None or self.high is None else (self.high - self.low) / (2 * NORMAL)


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

    over: Literal["seeds", "rows"] = "seeds"
    """What the interval is over, besides the dev rows: "rows" for nothing else. That is so for a head that is
    solved and scored on dev rows, because no seed changes it: each candidate is solved once."""

    candidates: Sequence[Candidate] = ()
    winner: int | None = None
    """The candidate with the best mean, or the default where that is not clearly better; None before all runs
    have ended."""

    exported_run: int | None = None
    """The winner's run that is exported, or `AVERAGE`; None where the weights of the trial itself are."""

    exported: ConfirmationRun | None = None
    """The record of that run, without its resamples."""

    best_run: ConfirmationRun | None = None
    """With an average: the winner's run with the best dev score, without its resamples."""

    average: ConfirmationRun | None = None
    """The average of the weights of the winner's runs, exported or not; None if there is none."""

    @property
    def ended(self) -> int:
        """How many runs have ended."""
        return sum(len(one.scores) + one.failed for one in self.candidates)

    @property
    def total(self) -> int:
        """How many runs there are when all have ended."""
        return len(self.trials) * self.runs


@dataclass(frozen=True)
class ConfirmationFolder:
    """The folder of the confirmation runs, given by its path."""

    path: Path

    def read(self) -> list[ConfirmationRun]:
        """All runs that have ended. Files that cannot be read are left out: their runs are done again."""
        found = [_run_or_none(path) for path in sorted(self.path.glob("[0-9]*-[0-9]*.json"))]
        return [run for run in found if run is not None]

    def read_average(self, trial: int) -> ConfirmationRun | None:
        """The record of the average of a trial's runs; None if there is none that can be read."""
        return _run_or_none(self._file(trial, AVERAGE, "json"))

    def write(self, run: ConfirmationRun) -> None:
        """Acknowledge a run: once this returns, the record is never lost. Raises StudyError."""
        path = self._file(run.trial, run.run, "json")
        written_in(self.path, lambda: write_json(path, asdict(run)))

    def keep_weights(self, trial: int, run: int, write: Callable[[Path], None]) -> None:
        """Keep a run's weights. Raises StudyError.

        Call it before the run's record is written, and `drop_other_weights` after: if the process is killed
        in between, the weights of the best run that has a record are still there.
        """
        self._kept.keep(self._file(trial, run, "safetensors").name, write)

    def drop_other_weights(self, trial: int, run: int) -> None:
        """Delete the weights of all other runs of the trial. Raises StudyError."""
        its = {name for name in self._kept.on_disk() if name.startswith(f"{trial:04d}-")}
        self._kept.drop(its - {self._file(trial, run, "safetensors").name})

    def weights(self, trial: int, run: int) -> Path | None:
        """The file with a run's weights; None if not kept. Raises StudyError if the file is damaged."""
        return self._kept.find(self._file(trial, run, "safetensors").name)

    def has_weights(self, trial: int, run: int) -> bool:
        """Whether a run's weights are kept and undamaged."""
        with suppress(StudyError):
            return self.weights(trial, run) is not None
        return False

    @property
    def _kept(self) -> KeptWeights:
        return KeptWeights(self.path)

    def _file(self, trial: int, run: int, ending: str) -> Path:
        return self.path / f"{_stem(trial, run)}.{ending}"


def so_far(plan: Confirmation, runs: Sequence[ConfirmationRun]) -> Confirmation:
    """The plan with the scores of the runs that have ended, without a result."""
    return replace(plan, candidates=[_scored(trial, runs_of(plan, runs, trial)) for trial in plan.trials])


def runs_of(plan: Confirmation, runs: Sequence[ConfirmationRun], trial: int) -> list[ConfirmationRun]:
    """The planned runs of a candidate that have ended."""
    return [run for run in runs if run.trial == trial and run.run < plan.runs]


def _scored(trial: int, runs: Sequence[ConfirmationRun]) -> Candidate:
    scores = tuple(run.score for run in runs if run.score is not None and math.isfinite(run.score))
    return Candidate(trial=trial, scores=scores, failed=len(runs) - len(scores))


def _run_or_none(path: Path) -> ConfirmationRun | None:
    try:
        run = checked(ConfirmationRun, read_json(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return run if path.stem == _stem(run.trial, run.run) else None


def _stem(trial: int, run: int) -> str:
    return f"{trial:04d}-{'average' if run == AVERAGE else run}"
