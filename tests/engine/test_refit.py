"""Training without scores equals training with them, rung for rung."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.refit import trained_for
from adaptkit.engine.types import Trial
from adaptkit.errors import TrialDiverged
from tests.helpers.number_task import number_rows
from tests.helpers.populations import make_training, train

TRIAL = Trial(number=0, learning_rate=2e-3, batch_size=8, epochs=2, seed=4)
LIMITS = BatchLimits(slots=1, examples=8)


def always(examples: int, tokens: int) -> bool:
    return True


@pytest.mark.parametrize("rungs", [1, 3, 4])
def test_it_is_the_trial_after_so_many_rungs(rungs: int, tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    seen: dict[int, torch.Tensor] = {}

    def prune(number: int) -> None:
        found = trained_for(training, TRIAL, rungs=number, limits=LIMITS, on_micro_step=always)
        assert found is not None
        seen[number] = found

    prune(rungs)
    scheduler = train(training, [TRIAL], 1)
    losses = [report.loss for report in scheduler.reports]
    assert len(losses) == 4
    prune(4)
    assert torch.equal(seen[4], seen[rungs]) == (rungs == 4)
    best = scheduler.outcomes[0].kept
    assert best is not None
    if best.rung + 1 == rungs:
        torch.testing.assert_close(seen[rungs], scheduler.outcomes[0].parameters, atol=2e-3, rtol=1e-3)


def test_stopped_it_gives_nothing(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "frozen", "token-classification", number_rows(20))
    stopped = trained_for(training, TRIAL, rungs=2, limits=LIMITS, on_micro_step=lambda *_: False)
    assert stopped is None


def test_a_divergence_is_an_error(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(20))
    wild = Trial(number=0, learning_rate=1e30, batch_size=4, epochs=2)
    with pytest.raises(TrialDiverged):
        trained_for(training, wild, rungs=4, limits=LIMITS, on_micro_step=always)
