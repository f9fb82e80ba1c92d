"""Trials that ended before the tracker was there: they are written from their records."""

from __future__ import annotations

from collections.abc import Callable

from adaptkit.run.callbacks import Callback, RungScore, StartedTrial
from adaptkit.run.study import Study
from adaptkit.study.record import TrialRecord


class EarlierTrials:
    """Writes the trials of earlier calls that have no run, once."""

    def __init__(self, callback: Callback, has_run: Callable[[Study, int], bool]) -> None:
        """Remember what writes the trials.

        Args:
            callback: the tracker's.
            has_run: whether a trial of this number already has a run.
        """
        self._callback = callback
        self._has_run = has_run
        self._written = False

    def write(self, study: Study, besides: int | None = None) -> None:
        """Write the study's ended trials without a run, but not the one of this number."""
        if self._written:
            return
        self._written = True
        for trial in study.trials:
            if trial.number != besides and not self._has_run(study, trial.number):
                self._write(study, trial)

    def _write(self, study: Study, trial: TrialRecord) -> None:
        started = StartedTrial(
            number=trial.number, hyperparameters=trial.hyperparameters, seed=trial.seed, origin=trial.origin
        )
        self._callback.on_trial_start(study, started)
        for number, rung in enumerate(trial.rungs):
            score = RungScore(
                number=number, epoch=rung.epoch, loss=rung.loss, score=rung.score,
                values={study.summary.metric: rung.score},
            )  # fmt: skip
            self._callback.on_rung_end(study, started, score)
        self._callback.on_trial_end(study, trial)
