"""Trains a population: many trials in step with one another, rung by rung.

Every slot takes the same number of examples in a micro-step, and steps its optimiser when it has seen its
own effective batch. After a rung all slots are scored, the `Scheduler` decides which of them continue, and
new trials take the slots of those that ended.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, BatchLimits, is_out_of_memory
from adaptkit.engine.batches import micro_steps
from adaptkit.engine.evaluate import calibrate_and_score, given, predict_rows
from adaptkit.engine.kept import about_as_good, is_better
from adaptkit.engine.running import Running
from adaptkit.engine.schedule import learning_rate, rungs_of, steps_of
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import TrialStack
from adaptkit.engine.types import UNSCORED, Outcome, OutcomeState, RungReport, Scheduler, Trial
from adaptkit.errors import TrialDiverged, TrialError
from adaptkit.task import Prediction

T = TypeVar("T")


def populate(training: Training, capacity: int, limits: BatchLimits) -> Population:
    """A population of ``capacity`` slots, or of fewer if memory runs out making them.

    Raises torch.OutOfMemoryError or RuntimeError if one slot does not fit.
    """
    while True:
        try:
            return Population(training, capacity, limits)
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error) or capacity == 1:
                raise
        capacity //= 2


class Population:
    """The trials being trained together now."""

    def __init__(self, training: Training, capacity: int, limits: BatchLimits) -> None:
        """Raises torch.OutOfMemoryError or RuntimeError if ``capacity`` slots do not fit."""
        self.training = training
        self.limits = limits
        self.stack = TrialStack(training.layout, capacity, training.forward.device)
        self.running: list[Running] = []
        """In the order of the slots."""

    def run(self, scheduler: Scheduler) -> None:
        """Trains until the scheduler suggests no more trials, or stops them."""
        while self._fill(scheduler):
            going = self._timed("train", lambda: self.train_rung(scheduler.on_micro_step))
            if not going:
                self._stop(scheduler)
                return
            reports = self._timed("score", lambda: self._score(scheduler))
            self._end(scheduler, reports)

    def start(self, trial: Trial) -> None:
        """Starts a trial in a free slot."""
        plan = self.training.plan
        self.stack.add(self.training.start_of(trial).to(self.training.forward.device), trial)
        self.running.append(Running(trial=trial, rungs=rungs_of(trial, plan), steps=steps_of(trial, plan)))

    def _fill(self, scheduler: Scheduler) -> bool:
        """Starts new trials in free slots; False if no trial is left."""
        free = self.stack.capacity - len(self.running)
        for trial in scheduler.suggest(free) if free else ():
            self.start(trial)
        return bool(self.running)

    def train_rung(self, on_micro_step: Callable[[int, int], bool]) -> bool:
        """One rung of every trial; False if ``on_micro_step`` stopped it midway.

        ``on_micro_step`` is `Scheduler.on_micro_step`. A trial that fails has its failure in ``running``.
        """
        training, plan = self.training, self.training.plan
        training.forward.module.train()
        self._arrange()
        accumulator = Accumulator(training.forward, self.stack, self.limits)
        first, at_once = 0, self.limits.slots
        while first < len(self.running):
            size = self.running[first].trial.batch_size
            group = [one for one in self.running[first : first + at_once] if one.trial.batch_size == size]
            going = self._train_slots(on_micro_step, accumulator, first, group)
            for slot, one in enumerate(group, first):
                one.failure = accumulator.failures[slot]
            if not going:
                return False
            first += len(group)
        finite, losses = self.stack.finite().tolist(), accumulator.mean_losses()
        for slot, one in enumerate(self.running):
            one.loss = losses[slot]
            if one.failure is None and not (finite[slot] and math.isfinite(one.loss)):
                one.failure = TrialDiverged(f"diverged: loss {one.loss:g} after epoch {one.epoch(plan):.2f}")
        return True

    def _arrange(self) -> None:
        """Puts slots with equal batches next to each other, so that a pass of them can take large steps."""
        keys = [(one.trial.batch_size, one.in_batch) for one in self.running]
        order = sorted(range(len(keys)), key=keys.__getitem__)  # stable: no needless moves
        self.stack.arrange(order)
        self.running = [self.running[slot] for slot in order]

    def _train_slots(
        self, on_micro_step: Callable[[int, int], bool], accumulator: Accumulator, first: int,
        group: Sequence[Running],
    ) -> bool:  # fmt: skip
        """One rung of neighbouring slots of one batch size, from slot ``first`` on; False if stopped."""
        plan = self.training.plan
        clocks = [one.clock(plan) for one in group]

        def room() -> int:
            going = zip(group, accumulator.failures[first:], strict=False)
            return min(
                (one.trial.batch_size - one.in_batch for one, failed in going if not failed), default=1
            )

        for step in micro_steps(plan, self.training.buckets, clocks, group[0].trial.batch_size, room):
            accumulator.run(step, first)
            for slot, (one, seen) in enumerate(zip(group, step.seen, strict=True), first):
                one.in_batch += seen
                if accumulator.failures[slot] is None and one.batch_is_full(plan, rung_ends=step.last):
                    self._optimiser_step(slot, one)
            if not on_micro_step(sum(step.seen), step.tokens):
                return False
        return True

    def _optimiser_step(self, slot: int, one: Running) -> None:
        self.stack.step(slot, learning_rate(one.trial, min(one.step, one.steps - 1), one.steps))
        one.step += 1
        one.in_batch = 0

    def _score(self, scheduler: Scheduler) -> list[RungReport]:
        """Scores every trial that has not failed, and keeps the parameters of those whose rung is kept."""
        results = self._predictions(scheduler.check)
        reports = []
        for slot, (one, predictions) in enumerate(zip(self.running, results, strict=True)):
            try:
                if one.failure is None:
                    reports.append(self._report(slot, one, given(predictions)))
            except TrialError as failure:
                one.failure = failure
            one.rung += 1
            scheduler.check()
        return reports

    def _predictions(self, check: Callable[[], None]) -> list[list[Prediction] | TrialError]:
        """Each slot's predictions for the rows that score it. Neighbours with equal rows are one pass."""
        results: list[list[Prediction] | TrialError] = []
        for _, group in groupby(self.running, key=lambda one: one.trial.split):
            trials = [one.trial for one in group]
            start = len(results)
            parameters = self.stack.parameters(start, start + len(trials))  # name → [slots, *shape]
            rows = self.training.scored_by(trials[0])
            results += predict_rows(self.training.forward, parameters, rows, self.limits, check)
        return results

    def _report(self, slot: int, one: Running, predictions: list[Prediction]) -> RungReport:
        training = self.training
        rows = training.scored_by(one.trial)
        calibration, scores = calibrate_and_score(rows, predictions, training.metric)
        report = RungReport(
            trial=one.trial,
            rung=one.rung,
            epoch=one.epoch(training.plan),
            loss=one.loss,
            score=scores.values[training.metric],
            scores=scores,
            last=one.rung + 1 == one.rungs,
            calibration=calibration,
        )
        better = is_better(report, one.best, training.direction)
        if better:
            one.set_best(report, predictions)
        else:
            one.not_better += 1
        if better or about_as_good(report, one, training):
            one.keep(report, predictions, self.stack.theta[slot].to("cpu", copy=True))  # [P]
        return report

    def _end(self, scheduler: Scheduler, reports: Sequence[RungReport]) -> None:
        """Ends the trials that failed, that the scheduler prunes, and that are trained to their end."""
        pruned = scheduler.on_rung_end(reports)
        for slot in reversed(range(len(self.running))):  # closing a slot moves the last one into it
            one = self.running[slot]
            if one.failure is not None:
                self._close(scheduler, slot, "fail", str(one.failure))
            elif one.rung == one.rungs:
                epochs = one.trial.epochs
                reason = f"trained {epochs:g} epoch{'' if epochs == 1 else 's'}"
                self._close(scheduler, slot, "complete", reason)
            elif one.trial.number in pruned:
                self._close(scheduler, slot, "pruned", pruned[one.trial.number])
            elif one.trial.patience and one.not_better >= one.trial.patience:
                epochs = one.rung / self.training.plan.rungs_per_epoch
                reason = f"ended after epoch {epochs:.2f}: no better score in {one.not_better} evaluations"
                self._close(scheduler, slot, "complete", reason)

    def _stop(self, scheduler: Scheduler) -> None:
        """Ends every trial midway: it is stopped, unless it has failed."""
        for number in sorted(one.trial.number for one in self.running):  # the first is tried again first
            slot = next(place for place, one in enumerate(self.running) if one.trial.number == number)
            one = self.running[slot]
            if one.failure is not None:
                self._close(scheduler, slot, "fail", str(one.failure))
            elif one.kept is None:
                self._close(scheduler, slot, "stopped", UNSCORED)
            else:
                scored = one.rung / self.training.plan.rungs_per_epoch
                reason = f"stopped after epoch {scored:.2f}: the timeout was reached"
                self._close(scheduler, slot, "stopped", reason)

    def _close(self, scheduler: Scheduler, slot: int, state: OutcomeState, reason: str) -> None:
        one = self.running[slot]
        self.stack.remove(slot)
        self.running[slot] = self.running[-1]
        self.running.pop()
        seconds = time.monotonic() - one.started
        scheduler.on_trial_end(
            Outcome(
                trial=one.trial,
                state=state,
                reason=reason,
                kept=one.kept,
                parameters=one.kept_parameters,
                predictions=one.kept_predictions,
                seconds=seconds,
            )
        )

    def _timed(self, phase: str, work: Callable[[], T]) -> T:
        started = time.monotonic()
        try:
            return work()
        finally:
            self.training.seconds[phase] += time.monotonic() - started
