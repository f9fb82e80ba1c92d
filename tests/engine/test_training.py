"""Where a trial starts, and the rows that score it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.engine.training import Training
from adaptkit.engine.types import Trial
from tests.helpers.number_task import number_rows
from tests.helpers.populations import make_training


@pytest.fixture
def training(tiny_model: Any) -> Training:
    return make_training(tiny_model("bert"), "full", "sequence-classification", number_rows(8))


def trial(*, seed: int = 0, split: int = 0) -> Trial:
    return Trial(number=0, learning_rate=1e-3, batch_size=4, epochs=1, seed=seed, split=split)


def test_a_trial_starts_at_the_initial_parameters(training: Training) -> None:
    assert torch.equal(training.start_of(trial(seed=5, split=1)), training.initial)


def test_the_start_of_a_trial_is_its_own(training: Training) -> None:
    before = training.initial.clone()
    training.start_of(trial()).zero_()
    assert torch.equal(training.initial, before)


def test_the_parameters_of_a_split_replace_others(training: Training) -> None:
    name = next(iter(training.layout.columns))
    ones = torch.ones_like(training.initial[training.layout.columns[name]])
    with_starts = replace(training, starts={1: {name: ones}})
    start = with_starts.start_of(trial(split=1))
    assert torch.equal(start[training.layout.columns[name]], ones)
    others = torch.ones_like(start, dtype=torch.bool)
    others[training.layout.columns[name]] = False
    assert torch.equal(start[others], training.initial[others])
    assert torch.equal(with_starts.start_of(trial(split=2)), training.initial)


def test_the_parameters_of_a_seed_are_before_those_of_a_split(training: Training) -> None:
    name = next(iter(training.layout.columns))
    columns = training.layout.columns[name]
    ones = torch.ones_like(training.initial[columns])
    both = replace(training, starts={1: {name: ones}}, initials={7: {name: 2 * ones}})
    start = both.start_of(trial(seed=7, split=1))
    assert torch.equal(start[columns], 2 * ones)
    start[columns] = training.initial[columns]
    assert torch.equal(start, training.initial)
    assert torch.equal(both.start_of(trial(seed=7))[columns], 2 * ones), "a start is the trial's own"


def test_without_splits_all_trials_are_scored_by_the_dev_rows(training: Training) -> None:
    assert training.scored_by(trial(split=3)) is training.dev
