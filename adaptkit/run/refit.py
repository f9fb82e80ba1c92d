"""Whether the winner is trained again on the training and dev rows together, and for how long."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.report.confirmation import finished
from adaptkit.run.resolve import strategy_of
from adaptkit.search.space import RANGES_VERSION
from adaptkit.study.confirmation import AVERAGE, ConfirmationFolder, ConfirmationRun, runs_of
from adaptkit.study.provenance import FIRST_WITH_REFIT
from adaptkit.study.record import UNTESTED
from adaptkit.study.refit import Refit, RefitFolder
from adaptkit.study.winner import winning_trial

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.run.repeated import Repeated
    from adaptkit.study.record import TrialRecord


@dataclass(frozen=True)
class Aim:
    """What is to be trained again: a trial's configuration, and the runs that say for how long."""

    trial: TrialRecord
    runs: Sequence[ConfirmationRun]
    """Its complete runs with new seeds; empty if it was not confirmed."""

    exported: ConfirmationRun | None
    """The run that is exported without a refit."""

    ranges: int = RANGES_VERSION
    """Of the study. Before `FIRST_WITH_REFIT` there was one run, for the median epochs."""

    @property
    def seeds(self) -> Sequence[int]:
        """Those of the weights that are exported without a refit: several for an average."""
        if self.exported is None:
            return (self.trial.seed,)
        several = self.exported.run == AVERAGE and self.ranges >= FIRST_WITH_REFIT
        return [run.seed for run in self.runs] if several else (self.exported.seed,)

    @property
    def epochs(self) -> float:
        """Until the rung that is kept: that of the run in the middle, or the later one of two.

        A run that ended at the rung that it keeps counts as trained to its end, as its score was still about
        as good as its best.
        """
        its = self.trial.rungs
        kept = [(run.epoch, run.last_epoch) for run in self.runs if run.epoch is not None]
        kept = kept or [(its[self.trial.best_rung or 0].epoch, its[-1].epoch)]
        if self.ranges < FIRST_WITH_REFIT:
            return statistics.median(epoch for epoch, _ in kept)
        whole = self.trial.hyperparameters.get("epochs", 1.0)
        return statistics.median_high(whole if epoch == last else epoch for epoch, last in kept)


def is_solved_again(config: StudyConfig, method: Method, data: Dataset) -> bool:
    """Whether a winner's solved head is solved again with the dev rows; by default, if they were split off.

    Where folds have scored the trials, every trial's head was solved on all rows.
    """
    if method.solver != "lbfgs" or method.folds:
        return False
    return data.dev_from_train if config.search.refit is None else config.search.refit


def is_wanted(config: StudyConfig, method: Method, data: Dataset) -> bool:
    """Whether a winner that was trained is trained again, once it was confirmed.

    By default it is if the dev rows were split off the training rows and the encoder is trained.
    """
    if method.solver == "lbfgs":
        return False
    if config.search.refit is not None:
        return config.search.refit
    trains_encoder = strategy_of(config).trains_encoder
    return trains_encoder and data.dev_from_train and method.ranges >= FIRST_WITH_REFIT


def trainings_of(
    config: StudyConfig, method: Method, data: Dataset, again: Repeated, *, averages: bool
) -> float:
    """How many trainings on the training rows the refit takes as long as; 0 without one.

    Args:
        config: the study's configuration.
        method: how its models are trained.
        data: its rows.
        again: what the confirmation trains.
        averages: whether the average of the winner's runs is exported.
    """
    if not is_wanted(config, method, data) or not (again.total or config.search.refit):
        return 0.0
    runs = again.runs if averages and again.total else 1
    return runs * (len(data.train) + len(data.dev)) / len(data.train)


def refit_due(context: RunContext, config: StudyConfig, method: Method, data: Dataset) -> Aim | None:
    """What is to be trained again on all rows, of the trials and runs so far; None if nothing is.

    It is the winner of a search and a confirmation that have ended. One that was not confirmed is trained
    again only if the user asks for it.
    """
    if not is_wanted(config, method, data):
        return None
    aim = _aim(context, method)
    done, folder = context.summary.trained_again, RefitFolder(context.folder.refit)
    if aim is None or not (aim.runs or config.search.refit):
        return None
    return None if done is not None and is_of(aim, done) and is_usable(folder, done) else aim


def _aim(context: RunContext, method: Method) -> Aim | None:
    """The winner so far, with its runs; None if no trial is complete."""
    records = context.folder.read_trials()
    winner = winning_trial(context.summary, records)
    if winner is None:
        return None
    its = finished(context.summary, records)
    if its is None:
        return Aim(winner, (), None, method.ranges)
    ended = runs_of(its, ConfirmationFolder(context.folder.confirmation).read(), winner.number)
    return Aim(winner, [run for run in ended if run.score is not None], its.exported, method.ranges)


def is_of(aim: Aim, done: Refit) -> bool:
    """Whether this refit is the one that is to be done."""
    its = (done.trial, done.seed, done.averaged, done.epochs)
    return its == (aim.trial.number, aim.seeds[0], len(aim.seeds), aim.epochs)


def is_usable(folder: RefitFolder, done: Refit) -> bool:
    """Whether its weights are there, or none are expected because it failed."""
    return done.state == "fail" or folder.has_weights(done)


def drop_refit(context: RunContext, config: StudyConfig, method: Method, data: Dataset) -> None:
    """Forget the refit of an earlier run if today's options have none."""
    if is_solved_again(config, method, data):
        return
    if context.summary.refit is not None:
        context.progress.note(
            "an earlier version of adaptkit solved the winner's head on the training and dev rows together "
            "and did not keep the one of the training rows alone, so --no-refit changes nothing"
        )
    if context.summary.trained_again is None:
        return
    aim = _aim(context, method)
    confirmed = aim is not None and bool(aim.runs)
    if not is_wanted(config, method, data) or not (confirmed or config.search.refit):
        context.write(trained_again=None, best=None, model_folder=None, **UNTESTED)
