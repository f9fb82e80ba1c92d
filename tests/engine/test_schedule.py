from __future__ import annotations

import random
from itertools import pairwise

import pytest

from adaptkit.data.plan import make_plan
from adaptkit.engine.running import Running
from adaptkit.engine.schedule import learning_rate, rungs_of, steps_of
from adaptkit.engine.types import Trial


def trial(**changes: float) -> Trial:
    settings = {"number": 0, "learning_rate": 0.01, "batch_size": 8, "epochs": 2, "warmup": 0.1, **changes}
    return Trial(**settings)  # type: ignore[arg-type]


def test_steps_are_those_that_training_takes() -> None:
    """The population's own clock takes exactly as many steps as predicted, in random plans."""
    for case in range(200):
        draw = random.Random(case)
        micro_batch = draw.choice([1, 2, 4, 8])
        lengths = [draw.randint(1, 60) for _ in range(draw.randint(1, 120))]
        plan = make_plan(lengths, micro_batch=micro_batch, rungs_per_epoch=draw.randint(1, 4), seed=0)
        one = trial(
            batch_size=micro_batch * draw.choice([1, 2, 4, 8]),
            epochs=draw.choice([0.1, 0.25, 0.5, 1, 1.5, 3]),
        )
        running = Running(trial=one, rungs=rungs_of(one, plan), steps=steps_of(one, plan))
        for rung in range(running.rungs):
            running.rung = rung
            contents = plan.contents(0, rung // plan.rungs_per_epoch)
            taken = [0] * len(contents)
            sequence = plan.sequence(one.batch_size)
            for position, bucket in enumerate(sequence):
                places = contents[bucket][rung % plan.rungs_per_epoch][taken[bucket]]
                taken[bucket] += 1
                running.in_batch += int((places >= 0).sum())
                if running.batch_is_full(plan, rung_ends=position == len(sequence) - 1):
                    assert running.in_batch <= one.batch_size
                    running.step += 1
                    running.in_batch = 0
        assert max(1, running.step) == running.steps, f"case {case}"


def test_rungs_are_epochs_and_one_at_least() -> None:
    plan = make_plan([5] * 100, micro_batch=4, rungs_per_epoch=4, seed=0)
    assert [rungs_of(trial(epochs=epochs), plan) for epochs in (3, 1.5, 0.25, 0.01)] == [12, 6, 1, 1]


def test_the_rate_rises_to_its_peak_and_falls_and_is_never_zero() -> None:
    one = trial(warmup=0.2)
    rates = [learning_rate(one, step, 50) for step in range(50)]
    peak = rates.index(max(rates))
    assert rates[peak] == 0.01
    assert peak == 10
    assert min(rates) > 0
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    rises = {round(b - a, 9) for a, b in pairwise(rates[: peak + 1])}
    falls = {round(b - a, 9) for a, b in pairwise(rates[peak:])}
    assert len(rises) == len(falls) == 1, "both are straight"


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_no_warm_up_and_nothing_else_are_rates_too(warmup: float, steps: int) -> None:
    rates = [learning_rate(trial(warmup=warmup), step, steps) for step in range(steps)]
    assert all(0 < rate <= 0.01 for rate in rates)
    if warmup == 0.0:
        assert rates[0] == 0.01
