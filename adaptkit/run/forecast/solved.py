"""The measured steps of a study whose heads are solved: a few are, on a part of the rows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from adaptkit.run.ended_trials import WEIGHTS_KEPT
from adaptkit.run.forecast.costs import Costs
from adaptkit.run.forecast.measured import Counted, Listed, keeping_weights, model_of, resampling, times_kept
from adaptkit.run.forecast.rest import measured_rest
from adaptkit.run.heads import head_to_solve
from adaptkit.run.penalty import penalty_space
from adaptkit.run.refit import is_solved_again
from adaptkit.search.confirmation import MOST_CANDIDATES, MOST_RUNS
from adaptkit.study.confirmation import FEWEST_TRIALS
from adaptkit.system.devices import peak_memory_bytes

if TYPE_CHECKING:
    from adaptkit.engine.training import Training
    from adaptkit.run.forecast.measured import Measured

FLOAT = 4
"""Bytes."""

HEADS = 3
"""So many are solved, with weights of the penalty that are spread over their range."""


def measured_solved(of: Measured) -> Costs:
    """What the study takes.

    Raises:
        ConfigError: the head is not one linear layer.
    """
    from adaptkit.engine.prepare import make_solver_training
    from adaptkit.engine.rehearsal import rehearse

    store = Counted()
    config, rows = of.config, [*of.part.train.values, *of.part.dev.values]
    started = time.perf_counter()
    training = make_solver_training(
        model_of(of, store), of.task, rows, seed=config.seed, metric=of.metric, direction=of.direction
    )
    training = of.method.weighting.applied(training, of.data.labels)
    rehearse(training)
    encoding = (time.perf_counter() - started) * of.share
    listed = Listed([])
    solving = _solved(of, training, listed) * of.share
    confirming = _confirmed_solving(of, solving) + resampling(of, listed.outcomes, training.dev) * of.share
    kept, again = keeping_weights(of, training), _solved_again(of)
    rest = measured_rest(of, training, listed.outcomes)
    search = solving * config.search.trials + kept * times_kept(config.search.trials)
    return Costs(
        seconds={
            "encoding": encoding,
            "search": search,
            "confirmation": (confirming + kept) * again,
            "refit": solving if is_solved_again(config, of.method, of.data) else 0.0,
            **rest.seconds,
        },
        memory_bytes=round(peak_memory_bytes(of.machine.device) + store.nbytes * (of.share - 1)),
        disk_bytes=rest.disk_bytes
        + FLOAT * training.layout.width * (WEIGHTS_KEPT + 1 + min(again, MOST_CANDIDATES)),
        trained_parameters=training.layout.width,
        kept_features=round(store.nbytes * of.share),
    )  # fmt: skip


def _solved(of: Measured, training: Training, listed: Listed) -> float:
    """The seconds of solving and scoring one head on the part of the rows."""
    from adaptkit.data.folds import folds_of
    from adaptkit.engine.solver import solve
    from adaptkit.engine.types import Trial

    head = head_to_solve(training)
    joined, count = of.part.train.joined(of.part.dev), of.method.folds
    folds = folds_of(of.task, joined, count, of.config.seed) if count else None  # [rows]
    low, high = map(math.log, penalty_space(of.task, of.method.pooling, of.method.ranges).l2)
    listed.waiting = [
        Trial(
            number=number, learning_rate=0.0, batch_size=1, epochs=1,
            l2=math.exp(low + (high - low) * (number + 0.5) / HEADS),
        )
        for number in range(HEADS)
    ]  # fmt: skip
    started = time.perf_counter()
    solve(training, head, listed, at_once=HEADS, folds=folds)
    return (time.perf_counter() - started) / HEADS


def _confirmed_solving(of: Measured, solving: float) -> float:
    """A run with other folds starts from the known solution on all rows, and solves the folds alone.

    On the dev rows of the search the trials' own heads are scored, except where each trial had other ones.
    """
    if of.method.folds:
        return solving * of.method.folds / (of.method.folds + 1)
    return solving if of.config.reshuffle else 0.0


def _solved_again(of: Measured) -> int:
    """How many heads the confirmation scores. Without folds no seed changes them: each has one run."""
    asked, trials = of.config.search.confirm, of.config.search.trials
    if asked == 0 or trials < 2 or (asked is None and trials < FEWEST_TRIALS):
        return 0
    runs = 1 if not of.method.folds else MOST_RUNS if asked is None else asked
    return min(MOST_CANDIDATES, trials) * runs
