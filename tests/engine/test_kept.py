"""Which rung of a trial is kept, on the engine's own training and on given scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.kept import about_as_good, is_better
from adaptkit.engine.running import Running
from adaptkit.engine.train import Population
from adaptkit.engine.training import Training
from adaptkit.engine.types import RungReport, Trial
from adaptkit.task import Metric, Scores
from tests.helpers.number_task import number_rows, right_share
from tests.helpers.plain_training import TRIALS
from tests.helpers.populations import ListScheduler, last_slots, make_training, train

ROWS = 100
"""Of which each accuracy in hundredths has a standard error of about 5 points, or of 4 at 80."""

HIGH = 1e9
"""A tolerance that keeps the last rung."""


def scored_by_hundred(training: Training) -> Training:
    rows = [{"answer": [1]}] * ROWS
    return replace(training, dev=replace(training.dev, rows=rows))


def kept_of(training: Training, tolerance: float, scores: list[int]) -> int:
    """The place of the kept rung of a trial with these scores, in hundredths."""
    trial = Trial(number=0, learning_rate=1e-3, batch_size=4, epochs=1, tolerance=tolerance)
    one, kept = Running(trial=trial, rungs=len(scores), steps=10), -1
    for rung, score in enumerate(scores):
        predictions = [[1]] * score + [[0]] * (ROWS - score)
        report = RungReport(
            trial=trial, rung=rung, epoch=1.0, loss=1.0, score=score / ROWS, scores=Scores(values={}),
            last=False,
        )  # fmt: skip
        if is_better(report, one.best, training.direction):
            one.set_best(report, predictions)
            kept = rung
        elif about_as_good(report, one, training):
            kept = rung
    best = max if training.direction == "maximize" else min
    assert one.best is not None
    assert one.best.rung == scores.index(best(scores))
    return kept


@pytest.mark.parametrize(
    ("tolerance", "scores", "kept"),
    [
        (0.0, [60, 80, 79, 80], 1),
        (1.0, [60, 80, 79, 78], 3),
        (1.0, [60, 80, 79, 70], 2),
        (1.0, [60, 80, 70, 79], 3),
        (1.0, [80, 79, 90, 80], 2),
        (1.0, [80, 80, 80, 80], 3),
        (1.0, [50, 49, 98, 94], 2),
        (0.1, [60, 80, 79, 80], 3),
        (HIGH, [60, 80, 79, 1], 3),
    ],
)
def test_the_last_rung_about_as_good_as_the_best_is_kept(
    tolerance: float, scores: list[int], kept: int, tiny_model: Any
) -> None:
    training = make_training(tiny_model("bert"), "frozen", "token-classification", number_rows(9))
    higher = scored_by_hundred(training)
    assert kept_of(higher, tolerance, scores) == kept
    lower = replace(higher, direction="minimize", dev=replace(higher.dev, task=wrong_task(higher)))
    assert kept_of(lower, tolerance, [ROWS - score for score in scores]) == kept


def wrong_task(training: Training) -> Any:
    """The task with the share of wrong answers, of which fewer are better, under the same name."""

    def compute(predictions: Any, rows: Any) -> Scores:
        return Scores(values={"accuracy": 1 - right_share(predictions, rows).values["accuracy"]})

    metric = Metric(name="accuracy", direction="minimize", compute=compute)
    return replace(training.dev.task, metric=metric)


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_the_weights_are_those_of_the_kept_rung(strategy: str, tiny_model: Any) -> None:
    trials = [replace(trial, learning_rate=1e-2, epochs=3, tolerance=HIGH) for trial in TRIALS]
    training = make_training(tiny_model("bert"), strategy, "token-classification", number_rows(37))
    outcomes = train(training, trials, 3).outcomes
    ends = last_slots(training, trials, 3)
    for trial in trials:
        outcome = outcomes[trial.number]
        assert outcome.kept is not None
        assert outcome.kept.last
        assert outcome.parameters is not None
        torch.testing.assert_close(outcome.parameters, ends[trial.number], atol=1e-5, rtol=1e-4)
        assert outcome.predictions is not None
        scored = right_share(outcome.predictions, training.dev.rows).values["accuracy"]
        assert scored == pytest.approx(outcome.kept.score)
    best = train(training, [replace(trial, tolerance=0.0) for trial in trials], 3).outcomes
    assert any(one.kept and not one.kept.last for one in best.values())


def test_a_trial_that_ends_early_has_the_rung_that_it_keeps(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    trial = replace(TRIALS[0], learning_rate=1e-12, epochs=3, tolerance=HIGH)
    for wanted, state in ((dict.fromkeys([0], 3), "pruned"), ({}, "stopped")):
        scheduler = ListScheduler([trial], prune=wanted)
        scheduler.stop_after = 37 * 2 + 1  # in the fifth rung of six
        Population(training, 1, BatchLimits(slots=1, examples=4)).run(scheduler)
        outcome = scheduler.outcomes[0]
        assert outcome.state == state
        assert outcome.kept is not None
        assert outcome.kept.rung == 3  # all rungs have the same score
        assert outcome.kept == scheduler.reports[-1]
