"""Gives the engine the confirmation runs that have not ended, and records each when it ends."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

from adaptkit.engine.evaluate import ScoringSet, calibrated
from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.run.evaluations import EvaluationRule
from adaptkit.run.scheduler import as_trial
from adaptkit.run.weights import weights_writer
from adaptkit.study.confirmation import Confirmation, ConfirmationFolder, ConfirmationRun
from adaptkit.study.record import TrialRecord
from adaptkit.tasks.resampled import resampled_scores, resamples

if TYPE_CHECKING:
    import torch

    from adaptkit.report.progress import Progress
    from adaptkit.task import Task

RESAMPLES = 50
"""Of the dev rows, for each run: enough for a standard error (Efron and Tibshirani 1993)."""

Waiting = tuple[Trial, ConfirmationRun]
"""A trial for the engine, and the record it will have, so far without a score."""


def seed_of(seed: int, run: int) -> int:
    """The seed of a run, the same for all candidates; no trial of the search has it."""
    digest = hashlib.sha256(f"{seed} confirmation {run}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def trials_of(
    plan: Confirmation, records: Mapping[int, TrialRecord], ended: Sequence[ConfirmationRun], *,
    seed: int, rule: EvaluationRule,
) -> list[Waiting]:  # fmt: skip
    """The planned runs that have not ended: the first run of all candidates, then the second."""
    done = {(run.trial, run.run) for run in ended}
    waiting: list[Waiting] = []
    for run in range(plan.runs):
        for number in plan.trials:
            if (number, run) in done:
                continue
            place, its = len(waiting), seed_of(seed, run)
            trial = as_trial(records[number].hyperparameters, number=place, seed=its, rule=rule)
            waiting.append((trial, ConfirmationRun(trial=number, run=run, seed=its, state="fail")))
    return waiting


class ConfirmationScheduler:
    """An `adaptkit.engine.types.Scheduler` that trains every run to its end."""

    def __init__(
        self,
        folder: ConfirmationFolder,
        waiting: Sequence[Waiting],
        ended: Sequence[ConfirmationRun],
        *,
        task: Task,
        dev: ScoringSet,
        metric: str,
        direction: str,
        seed: int,
        deadline: float,
        check: Callable[[], None],
        progress: Progress,
        announce: Callable[[ConfirmationRun, int], None],
        vocabulary: torch.Tensor | None,
        head_inputs: Mapping[str, torch.Tensor] = {},
        keep_all: bool = False,
    ) -> None:
        """Create the scheduler.

        Args:
            folder: where the runs are recorded.
            waiting: the runs to train.
            ended: those that have ended.
            task: scores the resamples of the dev rows.
            dev: the dev rows.
            metric: the name of the optimised number.
            direction: "maximize" or "minimize".
            seed: of the resamples.
            deadline: the end of the time budget, on the clock of `time.monotonic`.
            check: raises Interrupted if a signal has been received.
            progress: shows how fast it is trained.
            announce: shows that a run has ended, and how many remain.
            vocabulary: the tokens whose embeddings are trained; kept with the weights.
            head_inputs: examples of what the head receives; kept with the weights.
            keep_all: keep the weights of all runs instead of those of the best of each configuration.
        """
        self.folder = folder
        self.waiting = list(waiting)
        self.ended = list(ended)  # shared with the schedulers of `only`
        self.task = task
        self.dev = dev
        self.metric = metric
        self.sign = 1 if direction == "maximize" else -1
        self.places = resamples(len(dev.rows), seed=seed, count=RESAMPLES)  # [resamples, rows]
        self.deadline = deadline
        self.check = check
        self.progress = progress
        self.announce = announce
        self.vocabulary = vocabulary
        self.head_inputs = head_inputs
        self.keep_all = keep_all
        self.total = len(self.waiting) + len(self.ended)
        self.records = {trial.number: run for trial, run in self.waiting}
        self.trials = {trial.number: trial for trial, _ in self.waiting}
        self.epochs: dict[int, float] = {}
        """How long each run has trained."""

    def only(self, run: int) -> ConfirmationScheduler:
        """The same scheduler for the runs of one number alone."""
        other = copy(self)
        other.waiting = [one for one in self.waiting if one[1].run == run]
        return other

    def suggest(self, free: int) -> Sequence[Trial]:
        """The next runs; none after the deadline."""
        self.check()
        if time.monotonic() >= self.deadline:
            return []
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return [trial for trial, _ in taken]

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Nothing is pruned."""
        self.epochs |= {report.trial.number: report.epoch for report in reports}
        return {}

    def on_trial_end(self, outcome: Outcome) -> None:
        """Record the run, unless the deadline stopped it: the same command trains it again."""
        if outcome.state == "stopped":
            return
        planned = self.records[outcome.trial.number]
        run = self._run(planned, outcome)
        wanted = run.score is not None and (self.keep_all or self._is_best(run))
        if wanted and outcome.parameters is not None:
            write = weights_writer(outcome.parameters, self.vocabulary, self.head_inputs)
            self.folder.keep_weights(run.trial, run.run, write)
            self.folder.write(run)
            if not self.keep_all:
                self.folder.drop_other_weights(run.trial, run.run)
        else:
            self.folder.write(run)
        self.ended.append(run)
        self.announce(run, self.total - len(self.ended))

    def on_worker_lost(self, numbers: Collection[int], *, suspect: bool) -> None:
        """Let the runs of a lost worker be trained again."""
        self.waiting = [(self.trials[one], self.records[one]) for one in sorted(numbers)] + self.waiting

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Returns False after the deadline; raises Interrupted after a signal."""
        self.progress.advanced(examples, tokens)
        self.check()
        return time.monotonic() < self.deadline

    def _run(self, planned: ConfirmationRun, outcome: Outcome) -> ConfirmationRun:
        kept = outcome.kept
        scored = kept is not None and math.isfinite(kept.score) and outcome.state == "complete"
        return ConfirmationRun(
            trial=planned.trial, run=planned.run, seed=planned.seed,
            state="complete" if scored else "fail", reason=outcome.reason, seconds=outcome.seconds,
            score=kept.score if kept and scored else None,
            epoch=kept.epoch if kept and scored else None,
            last_epoch=self.epochs.get(outcome.trial.number) if scored else None,
            values=finite(kept.scores.values) if kept and scored else {},
            groups=finite_groups(kept.scores.groups) if kept and scored else {},
            calibration=kept.calibration if kept and scored else {},
            resampled=self._resampled(outcome) if scored else (),
        )  # fmt: skip

    def _resampled(self, outcome: Outcome) -> list[float | None]:
        """The score on each resample of the dev rows."""
        if outcome.predictions is None or outcome.kept is None:
            return []
        predictions = calibrated(self.task, outcome.predictions, outcome.kept.calibration)
        scores = resampled_scores(self.task.metric, self.metric, predictions, self.dev.rows, self.places)
        return [score if math.isfinite(score) else None for score in scores]

    def _is_best(self, run: ConfirmationRun) -> bool:
        """Whether no other run of the same configuration has a better score."""
        others = [one.score for one in self.ended if one.trial == run.trial and one.score is not None]
        return all(self.sign * (run.score or 0.0) > self.sign * other for other in others)


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """The numbers, with None for those that are not finite."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def finite_groups(groups: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """The same for the numbers of each group."""
    return {name: finite(values) for name, values in groups.items()}
