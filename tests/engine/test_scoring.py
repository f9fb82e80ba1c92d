from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptkit.engine.scoring import score_slot
from adaptkit.engine.training import Training
from adaptkit.engine.types import Trial
from adaptkit.errors import TrialError
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, make_training, train


@pytest.fixture
def training(tiny_model: Any) -> Training:
    head = "token-classification"
    return make_training(tiny_model("bert", HEADS[head]), "lora", head, number_rows(12, head))


def test_a_slot_has_the_score_of_its_trial(training: Training) -> None:
    trial = Trial(number=0, learning_rate=1e-2, batch_size=4, epochs=1)
    outcome = train(training, [trial], 1).outcomes[0]
    assert outcome.kept is not None
    assert outcome.parameters is not None
    checks: list[None] = []
    calibration, scores = score_slot(training, outcome.parameters, lambda: checks.append(None))
    assert scores.values == outcome.kept.scores.values
    assert calibration == outcome.kept.calibration
    assert checks


def test_outputs_that_are_not_finite_have_no_score(training: Training) -> None:
    with pytest.raises(TrialError, match="not finite"):
        score_slot(training, torch.full_like(training.initial, float("nan")))
