"""Trains the winning configuration again, on the training and dev rows together, for as long as before."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adaptkit.errors import TrialError
from adaptkit.report.confirmation import finished
from adaptkit.study.confirmation import ConfirmationFolder, ConfirmationRun, runs_of
from adaptkit.study.record import UNTESTED
from adaptkit.study.refit import Refit, RefitFolder
from adaptkit.study.winner import winning_trial

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.prepare import Model
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.study.record import StudySummary, TrialRecord
    from adaptkit.task import Task

PHASES = ("train", "score", "confirm", "refit")
"""What the timeout is about."""


@dataclass(frozen=True)
class Aim:
    """What is to be trained again: a trial's configuration, and the runs that say for how long."""

    trial: TrialRecord
    runs: Sequence[ConfirmationRun]
    """Its complete runs with new seeds; empty if it was not confirmed."""

    exported: ConfirmationRun | None
    """The run that is exported without a refit."""

    @property
    def seed(self) -> int:
        """That of the weights that are exported without a refit."""
        return self.trial.seed if self.exported is None else self.exported.seed

    @property
    def epochs(self) -> float:
        """Until the rungs that are kept: the median of the runs."""
        known = [run.epoch for run in self.runs if run.epoch is not None]
        its = self.trial.rungs[self.trial.best_rung or 0].epoch
        return statistics.median(known) if known else its


def refit_due(context: RunContext, config: StudyConfig, method: Method) -> Aim | None:
    """What is to be trained again on all rows, of the trials and runs so far; None if nothing is.

    It is the winner of a search and a confirmation that have ended, where the user wants it.
    """
    if not config.search.refit or method.solver == "lbfgs":
        return None
    aim = aim_of(
        context.summary, context.folder.read_trials(), ConfirmationFolder(context.folder.confirmation)
    )
    done, folder = context.summary.trained_again, RefitFolder(context.folder.refit)
    if aim is None or (done is not None and _is_of(aim, done) and _is_usable(folder, done)):
        return None
    return aim


def aim_of(summary: StudySummary, records: Sequence[TrialRecord], folder: ConfirmationFolder) -> Aim | None:
    """The winner so far, with its runs; None if no trial is complete."""
    winner = winning_trial(summary, records)
    if winner is None:
        return None
    its = finished(summary, records)
    if its is None:
        return Aim(winner, (), None)
    runs = [run for run in runs_of(its, folder.read(), winner.number) if run.score is not None]
    return Aim(winner, runs, its.exported)


def _is_of(aim: Aim, done: Refit) -> bool:
    return (done.trial, done.seed, done.epochs) == (aim.trial.number, aim.seed, aim.epochs)


def _is_usable(folder: RefitFolder, done: Refit) -> bool:
    return done.state == "fail" or folder.has_weights(done)


def drop_refit(context: RunContext, config: StudyConfig) -> None:
    """Forget the refit of an earlier run if the user does not want one any more."""
    if context.summary.trained_again is not None and not config.search.refit:
        context.write(trained_again=None, best=None, model_folder=None, **UNTESTED)


def train_again(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, model: Model, capacity: Capacity,
    aim: Aim,
) -> None:  # fmt: skip
    """Train the winner again, and record it. After the timeout the study has a warning instead.

    Raises:
        Interrupted: a signal was received. The same command trains it again.
    """
    folder = RefitFolder(context.folder.refit)
    recorded = folder.read(aim.trial.number)
    if recorded is None or not _is_of(aim, recorded) or not _is_usable(folder, recorded):
        context.progress.phase("training the winner again on the training and dev rows together")
        with context.clock.phase("refit"):
            recorded = _trained(context, config, task, data, model, capacity, aim, folder)
    if recorded is None:
        warning = (
            "the timeout was reached; the same command will train the winner again on the training and dev "
            "rows together"
        )
        context.progress.note(warning)
        context.write(warnings=[*context.summary.warnings, warning])
        return
    warnings = list(context.summary.warnings)
    if recorded.state == "fail":
        warnings.append(f"the winner could not be trained again on all rows: {recorded.reason}")
        context.progress.note(warnings[-1])
    context.write(trained_again=recorded, best=None, model_folder=None, warnings=warnings, **UNTESTED)
    folder.drop_other_weights(recorded)


def _trained(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, model: Model, capacity: Capacity,
    aim: Aim, folder: RefitFolder,
) -> Refit | None:  # fmt: skip
    """The record of the refit, written with its weights; None if the timeout was reached."""
    import torch

    from adaptkit.engine.other_rows import with_rows
    from adaptkit.engine.refit import trained_for
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.run.evaluations import BEST_RUNG
    from adaptkit.run.head_init import START
    from adaptkit.run.initials import initials_of
    from adaptkit.run.scheduler import as_trial
    from adaptkit.run.weights import weights_writer

    rows = data.train.joined(data.dev)
    with context.interruption.exposed():
        training = with_rows(capacity.training, model, task, rows.values, seed=config.seed)
        if aim.exported is not None:
            solved_start = START in context.summary.baselines
            its = initials_of(config, task, data.labels, training, [aim.seed], solved_start=solved_start)
            training = replace(training, initials=its)
    started, deadline = time.monotonic(), _deadline(context, config)

    def on_micro_step(examples: int, tokens: int) -> bool:
        context.progress.advanced(examples, tokens)
        context.check()
        return time.monotonic() < deadline

    torch.manual_seed(aim.seed)  # of dropout
    rungs = max(1, round(aim.epochs * training.plan.rungs_per_epoch))
    trial = as_trial(aim.trial.hyperparameters, number=0, seed=aim.seed, rule=BEST_RUNG)
    reason, parameters = "", None
    try:
        parameters = trained_for(
            training, trial, rungs=rungs, limits=replace(capacity.limits, slots=1),
            on_micro_step=on_micro_step,
        )  # fmt: skip
    except TrialError as error:
        reason = str(error)
    if parameters is None and not reason:
        return None
    record = _record(aim, trial.epochs, len(rows), reason, time.monotonic() - started)
    if parameters is None:
        folder.write(record, None)
        return record
    folder.write(record, weights_writer(parameters, training.vocabulary, some_head_inputs(training)))
    return record


def _deadline(context: RunContext, config: StudyConfig) -> float:
    """The end of the time budget, on the clock of `time.monotonic`."""
    spent = sum(context.clock.seconds.get(name, 0.0) for name in PHASES)
    return time.monotonic() + (config.search.timeout or math.inf) - spent


def _record(aim: Aim, of_epochs: float, rows: int, reason: str, seconds: float) -> Refit:
    calibration = aim.trial.calibration if aim.exported is None else aim.exported.calibration
    own = ConfirmationRun(
        trial=aim.trial.number, run=0, seed=aim.trial.seed, state="complete", score=aim.trial.score,
        values=aim.trial.values, groups=aim.trial.groups,
    )  # fmt: skip
    runs = aim.runs or (own,)
    return Refit(
        trial=aim.trial.number, seed=aim.seed, epochs=aim.epochs, of_epochs=of_epochs, rows=rows,
        state="fail" if reason else "complete", reason=reason, seconds=seconds,
        runs=len(aim.runs), calibration=calibration,
        score=statistics.fmean(run.score for run in runs if run.score is not None),
        values=means([run.values for run in runs]),
        groups={
            name: means([run.groups[name] for run in runs if name in run.groups])
            for name in dict.fromkeys(name for run in runs for name in run.groups)
        },
    )  # fmt: skip


def means(numbers: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The mean of each number over the mappings that have it; None if none of them does."""
    found: dict[str, float | None] = {}
    for name in dict.fromkeys(name for one in numbers for name in one):
        known = [one for its in numbers if (one := its.get(name)) is not None and math.isfinite(one)]
        found[name] = statistics.fmean(known) if known else None
    return found
