"""The measured steps of a forecast: what trials, confirmation and the rest take on a part of the rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError
from adaptkit.run.confirmation_scheduler import RESAMPLES
from adaptkit.run.costs import Costs
from adaptkit.run.waiting import SCORING
from adaptkit.search.confirmation import FEWEST_TRIALS, MOST_CANDIDATES, MOST_RUNS, runs_for

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.train import Training
    from adaptkit.engine.types import Outcome, RungReport, Trial
    from adaptkit.models.loading import LoadedModel
    from adaptkit.run.method import Method
    from adaptkit.run.resolve import Machine
    from adaptkit.search.space import SearchSpace
    from adaptkit.task import Task

STEP_IN_FORWARDS = 3
"""A step forward and backward costs about three times a step forward."""

SOLVING = 2
"""Solving the head that trials start with, in passes of the frozen encoder over the training rows."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured."""

    config: StudyConfig
    task: Task
    """With the head that the study uses."""

    data: Dataset
    """All rows."""

    part: Dataset
    """The rows that are measured."""

    loaded: LoadedModel
    """Its parts are used and changed."""

    machine: Machine
    method: Method
    metric: str
    direction: str

    @property
    def share(self) -> float:
        """How many times as many rows there are for training and scoring."""
        rows = len(self.data.train) + len(self.data.dev)
        return rows / (len(self.part.train) + len(self.part.dev))


def measured_solved(of: Measured) -> Costs:
    """What a study takes whose heads are solved: two are, and the encoder reads a part of the rows.

    Raises:
        ConfigError: the head is not one linear layer.
    """
    from adaptkit.engine.prepare import make_solver_training

    rows = [*of.part.train.values, *of.part.dev.values]
    model = _model(of)
    started = time.perf_counter()
    training = make_solver_training(
        model, of.task, rows, seed=of.config.seed, metric=of.metric, direction=of.direction
    )
    encoding = time.perf_counter() - started
    training = of.method.weighting.applied(training, of.data.labels)
    solving, metric = _solved(of, training)
    features = sum(bucket.tensors["inputs_embeds"].nbytes for bucket in training.buckets)
    return Costs(
        seconds={
            "encoding": encoding * of.share,
            "search": solving * of.share * of.config.search.trials,
            "confirmation": (solving + RESAMPLES * metric) * of.share * _solved_again(of),
            "test": _reading_test(of, encoding / len(rows)),
        },
        memory_bytes=round(_memory(of) + features * (of.share - 1)),
        trained_parameters=training.layout.width,
        kept_features=round(features * of.share),
    )  # fmt: skip


def _solved(of: Measured, training: Training) -> tuple[float, float]:
    """The seconds of solving and scoring one head, of two that start from each other, and of the metric."""
    from adaptkit.data.folds import folds_of
    from adaptkit.engine.evaluate import score
    from adaptkit.engine.objective import linear_head
    from adaptkit.engine.solver import solve
    from adaptkit.engine.types import Trial
    from adaptkit.run.penalty import penalty_space

    head = linear_head(training)
    if head is None:
        raise ConfigError(
            "the head cannot be solved",
            expected="one linear layer on the outputs of a frozen encoder",
            next_step="Add --head-solver adamw.",
            code="not-linear",
        )
    count = of.method.folds
    joined = of.part.train.joined(of.part.dev)
    folds = folds_of(of.task, joined, count, of.config.seed) if count else None  # [rows]
    default = penalty_space(of.task, of.method.pooling, of.method.ranges).default_l2
    trials = [
        Trial(number=number, learning_rate=0.0, batch_size=1, epochs=1, l2=l2)
        for number, l2 in enumerate((default, 4 * default))
    ]
    listed = _Listed(trials)
    started = time.perf_counter()
    solve(training, head, listed, at_once=len(trials), folds=folds)
    seconds = (time.perf_counter() - started) / len(trials)
    predictions = next((one.predictions for one in listed.outcomes if one.predictions), None)
    if predictions is None:
        return seconds, 0.0
    started = time.perf_counter()
    score(of.task, predictions, training.dev.rows, of.metric)
    return seconds, time.perf_counter() - started


def _solved_again(of: Measured) -> int:
    """How many heads the confirmation solves."""
    asked, trials = of.config.search.confirm, of.config.search.trials
    if asked == 0 or not of.method.folds or (asked is None and trials < FEWEST_TRIALS):
        return 0
    return min(MOST_CANDIDATES, trials) * (MOST_RUNS if asked is None else asked)


def measured_trained(of: Measured, space: SearchSpace) -> Costs:
    """What a study takes whose trials are trained in steps: the speed and the memory of a few steps."""
    from adaptkit.engine.capacity import bytes_of_a_pass, plan_capacity
    from adaptkit.engine.prepare import make_training, rungs_per_epoch_for

    config, rows = of.config, len(of.data.train)
    rungs = config.search.evals_per_epoch or rungs_per_epoch_for(rows, len(of.data.dev))
    started = time.perf_counter()
    training = make_training(
        _model(of), of.task, of.part.train.values, of.part.dev.values, batch_sizes=space.batch_sizes,
        rungs_per_epoch=rungs, seed=config.seed, metric=of.metric, direction=of.direction,
    )  # fmt: skip
    encoding = (time.perf_counter() - started) * of.share
    training = of.method.weighting.applied(training, of.data.labels)
    trials = config.search.trials
    capacity = plan_capacity(training, wanted=trials, parallel_trials=config.parallel_trials)
    speed = capacity.speeds.get(capacity.limits.slots) or _speed(capacity.training)  # examples per second
    a_training = SCORING * training.plan.examples * of.share * space.epochs / speed
    forward = 1 / speed / STEP_IN_FORWARDS
    solving = SOLVING * rows * forward if of.method.head_init == "solved" else 0.0
    one_pass = bytes_of_a_pass(capacity.training, capacity.limits.examples)
    planned = capacity.slots * capacity.bytes_a_slot + capacity.limits.slots * one_pass
    return Costs(
        seconds={
            "encoding": encoding + solving,
            "search": a_training * trials,
            "confirmation": a_training * _trained_again(config),
            "test": _reading_test(of, forward),
        },
        memory_bytes=round(_memory(of) + planned),
        trained_parameters=training.layout.width,
        together=capacity.slots,
    )  # fmt: skip


def _trained_again(config: StudyConfig) -> int:
    """How many trainings the confirmation takes."""
    asked, trials = config.search.confirm, config.search.trials
    if asked == 0 or trials < 2 or (asked is None and trials < FEWEST_TRIALS):
        return 0
    candidates, runs = runs_for(trials)
    return candidates * runs if asked is None else min(3, trials) * asked


def _model(of: Measured) -> Model:
    from adaptkit.engine.patches.fast_paths import FAST_PATHS
    from adaptkit.engine.prepare import prepare_model
    from adaptkit.run.resolve import strategy_of

    return prepare_model(
        of.task, of.loaded, of.data.labels, strategy_of(of.config),
        device=of.machine.device, bfloat16=of.machine.precision == "bf16",
        fast_paths=FAST_PATHS if of.config.fast_paths else (),
    )  # fmt: skip


def _speed(training: Training) -> float:
    """Examples per second of one trial; measured where the number of trials was given."""
    from adaptkit.engine.batch_limits import BatchLimits
    from adaptkit.engine.capacity import speeds_of

    limits = BatchLimits(slots=1, examples=training.plan.run * training.plan.micro_batch)
    return speeds_of(training, 1, limits)[1]


def _reading_test(of: Measured, seconds_a_row: float) -> float:
    """Reading the test rows with the exported model."""
    return seconds_a_row * (len(of.data.test) if of.data.test else 0)


def _memory(of: Measured) -> int:
    """What the process, or a GPU's tensors, have taken at most so far."""
    from adaptkit.system.devices import peak_memory_bytes

    return peak_memory_bytes(of.machine.device)


class _Listed:
    """A scheduler with a list of trials that keeps their outcomes."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.waiting = list(trials)
        self.outcomes: list[Outcome] = []

    def suggest(self, free: int) -> Sequence[Trial]:
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        return {}

    def on_trial_end(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def check(self) -> None:
        pass

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        return True
