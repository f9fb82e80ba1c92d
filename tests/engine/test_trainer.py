"""Training here is one population of the engine."""

from __future__ import annotations

from typing import Any

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.trainer import LocalTrainer
from adaptkit.engine.types import Trial
from tests.helpers.models import TinyModels
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, ListScheduler, make_training, train


def test_trials_are_trained_in_this_process() -> None:
    head = "token-classification"
    training = make_training(TinyModels().load("bert", HEADS[head]), "lora", head, number_rows(12, head))
    trials = [Trial(number=number, learning_rate=1e-2, batch_size=4, epochs=1) for number in range(3)]
    scheduler: Any = ListScheduler(trials)
    LocalTrainer().train(training, 2, BatchLimits(slots=2, examples=4), scheduler, display=None)  # type: ignore[arg-type]
    expected = train(training, trials, 2).outcomes
    assert LocalTrainer().workers == 1
    assert {n: one.kept.score for n, one in scheduler.outcomes.items()} == {
        n: one.kept.score for n, one in expected.items() if one.kept
    }
