"""The measured steps of a study whose trials are trained: some are, for one rung on a part of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.run.confirmation_scheduler import RESAMPLES
from adaptkit.run.context import Clock
from adaptkit.run.ended_trials import WEIGHTS_KEPT
from adaptkit.run.evaluations import evaluation_rule
from adaptkit.run.forecast.costs import Costs
from adaptkit.run.forecast.measured import (
    Counted,
    Listed,
    keeping_weights,
    model_of,
    resampling,
    seconds_of,
    times_kept,
)
from adaptkit.run.forecast.rest import measured_rest
from adaptkit.run.head_init import MOST_ROWS, frozen_model, put_head
from adaptkit.run.initials import initials_of, start_alike
from adaptkit.run.penalty import penalty_space
from adaptkit.run.refit import trainings_of
from adaptkit.run.repeated import Repeated, repeated
from adaptkit.run.soup import averages_runs
from adaptkit.search.expected import expected_rungs, rungs_with_patience
from adaptkit.system.devices import peak_memory_bytes
from adaptkit.tasks.resampled import MOST_DRAWN, RESAMPLES_FOR_ERROR

if TYPE_CHECKING:
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.types import Outcome
    from adaptkit.run.forecast.measured import Measured
    from adaptkit.search.space import SearchSpace

FLOAT = 4
"""Bytes."""

FEW = 2
"""Trials in a pass up to which two batch sizes are measured, else one."""


def measured_trained(of: Measured, space: SearchSpace) -> Costs:
    """What the study takes."""
    from adaptkit.engine.capacity import plan_capacity
    from adaptkit.engine.prepare import make_training, rungs_per_epoch_for
    from adaptkit.engine.rehearsal import rehearse

    config, clock, trials = of.config, Clock(), of.config.search.trials
    per_epoch = config.search.evals_per_epoch or rungs_per_epoch_for(len(of.data.train), len(of.data.dev))
    store, head = Counted(), Counted()
    with clock.phase("head"):
        solved = _start(of, head)
    with clock.phase("encoding"):
        training = make_training(
            model_of(of, store), of.task, of.part.train.values, of.part.dev.values,
            batch_sizes=space.batch_sizes, rungs_per_epoch=per_epoch, seed=config.seed, metric=of.metric,
            direction=of.direction,
        )  # fmt: skip
        training = of.method.weighting.applied(training, of.data.labels)
        rehearse(training)
    with clock.phase("measuring"):
        capacity = plan_capacity(training, wanted=trials, parallel_trials=config.parallel_trials)
    rung = _rung(of, capacity, space)
    rungs = max(1, round(space.epochs * per_epoch))
    patience = evaluation_rule(config, of.method.ranges, rungs).patience
    trained = expected_rungs(
        trials, rungs, together=capacity.slots, pruning=config.search.pruning, patience=patience
    )
    complete = rungs_with_patience(rungs, patience)
    kept = keeping_weights(of, training)
    alike = start_alike(training, solved_start=solved)
    averages = averages_runs(config, of.method.ranges, alike_anyway=alike)
    loading = 0.0  # runs whose weights are averaged start as the trials do
    if not averages:
        loading = seconds_of(
            lambda: initials_of(config, of.task, of.data.labels, training, [config.seed], solved_start=solved)
        )

    def searching(count: float) -> float:
        return count * rung.seconds + trials * rung.error + kept * times_kept(trials)

    def confirming(again: Repeated, each: float) -> float:
        a_run = each * rung.seconds + rung.resampling + kept
        return again.total * a_run + again.runs * loading

    again = repeated(config, int(trained // rungs), averages=averages)
    unpruned = searching(trials * rungs) + confirming(repeated(config, trials, averages=averages), rungs)
    rest = measured_rest(of, training, rung.outcomes)
    search, confirmation = searching(trained), confirming(again, complete)
    refit = trainings_of(config, of.method, of.data, again, averages=averages)
    return Costs(
        seconds={
            "encoding": clock.seconds["encoding"] * of.share + clock.seconds["head"] * _head_share(of),
            "measuring": clock.seconds["measuring"],
            "search": search,
            "confirmation": confirmation,
            "refit": refit * complete * rung.seconds,
            **rest.seconds,
        },
        spared_seconds=unpruned - search - confirmation,
        memory_bytes=_memory(of, capacity, len(rung.outcomes), round(store.nbytes * (of.share - 1))),
        disk_bytes=rest.disk_bytes
        + FLOAT * training.layout.width * (_weights(trials) + again.kept + (refit > 0)),
        trained_parameters=training.layout.width,
        kept_features=round(store.nbytes * of.share + head.nbytes * _head_share(of)),
        together=capacity.slots,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Rung:
    """What one trial takes from one evaluation to the next, in the complete study."""

    seconds: float
    resampling: float
    """Of the dev rows, once for each confirmation run."""

    error: float
    """The standard error of a score, about once for each trial."""

    outcomes: Sequence[Outcome]


def _rung(of: Measured, capacity: Capacity, space: SearchSpace) -> _Rung:
    """Trains trials of several batch sizes together for a rung, and scores them."""
    from adaptkit.engine.train import populate
    from adaptkit.engine.types import Trial

    training = capacity.training
    training.seconds.update(train=0.0, score=0.0)
    sizes = measured_sizes(space.batch_sizes, capacity.slots, capacity.limits.slots)
    count, per_epoch = len(sizes), training.plan.rungs_per_epoch
    listed = Listed([
        Trial(number=number, learning_rate=1e-6, batch_size=size, epochs=1 / per_epoch)
        for number, size in enumerate(sizes)
    ])  # fmt: skip
    populate(training, count, capacity.limits).run(listed)
    examples = training.plan.examples * len(of.data.train) / len(of.part.train) / per_epoch
    training_one = training.seconds["train"] / count / training.plan.rung_sizes()[0] * examples
    dev_share = len(of.data.dev) / len(of.part.dev)
    resampled = resampling(of, listed.outcomes, training.dev)
    drawn = min(1.0, MOST_DRAWN / len(of.data.dev))
    return _Rung(
        seconds=training_one + training.seconds["score"] / count * dev_share,
        resampling=resampled * dev_share,
        error=resampled * dev_share * drawn * RESAMPLES_FOR_ERROR / RESAMPLES,
        outcomes=listed.outcomes,
    )


def measured_sizes(sizes: Sequence[int], slots: int, at_once: int) -> list[int]:
    """The batch size of each trial that is measured: as many trials in a pass as in the search, few in all.

    Trials of one size alone share a pass. The large sizes take the most memory, the small ones most steps.

    Args:
        sizes: those of the search, ascending.
        slots: the trials of the population.
        at_once: the trials in one pass, at most.
    """
    together = min(at_once, max(1, slots // len(sizes)))
    if together > FEW:
        return [sizes[len(sizes) // 2]] * together
    count = min(slots, 2 * together)
    return [sizes[int((place + 0.5) * len(sizes) / count)] for place in range(count)]


def _start(of: Measured, store: Counted) -> bool:
    """Solves the head that trials start with, if the study does; whether there is one."""
    from adaptkit.engine.head_init import solve_head

    if of.method.head_init != "solved" or (of.loaded.head_kept and of.config.head_init == "auto"):
        return False
    model = frozen_model(of.task, of.data, of.loaded, of.machine, store)
    solved = solve_head(
        model, of.task, of.part.train.values, of.part.dev.values,
        l2=penalty_space(of.task, of.method.pooling, of.method.ranges).default_l2, seed=of.config.seed,
        metric=of.metric, direction=of.direction,
        weigh=lambda training: of.method.weighting.applied(training, of.data.labels),
    )  # fmt: skip
    if solved is not None:
        put_head(of.loaded, solved)
    return solved is not None


def _head_share(of: Measured) -> float:
    """How many times as many rows solve the head that trials start with."""
    rows = min(len(of.data.train), MOST_ROWS) + len(of.data.dev)
    return rows / (len(of.part.train) + len(of.part.dev))


def _memory(of: Measured, capacity: Capacity, trained: int, features: int) -> int:
    """The peak so far, and what trials and rows take that were not measured."""
    return (
        peak_memory_bytes(of.machine.device) + (capacity.slots - trained) * capacity.bytes_a_slot + features
    )


def _weights(trials: int) -> int:
    return min(trials, WEIGHTS_KEPT)
