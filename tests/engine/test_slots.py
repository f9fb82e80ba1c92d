"""Slots with heads, data orders and rows of their own: together equals alone equals plain torch."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import predict_rows, score
from adaptkit.engine.other_rows import make_split_training
from adaptkit.engine.patches.fast_paths import FAST_PATHS
from adaptkit.engine.prepare import Model, prepare_model
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.engine.types import Trial
from adaptkit.engine.vmap_check import vmap_check
from adaptkit.strategies.registry import built_in
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.plain_training import logits, plain_loop, plain_module
from tests.helpers.populations import last_slots, train

FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet")
STRATEGIES = ("frozen", "lora", "full")
HEAD = "token-classification"
ROWS = number_rows(30, HEAD)
FOLD = np.arange(30) % 5
HELD_OUT = {fold: np.flatnonzero(fold == FOLD).tolist() for fold in range(5)}
CONFIGURATIONS = ((2e-3, 4), (5e-3, 8), (1e-3, 4), (3e-3, 16))
"""Learning rate and batch size."""

BATCH_SIZES = sorted({size for _, size in CONFIGURATIONS})


def training_with_folds(loaded: Any, strategy: str, **changes: Any) -> Training:
    """A training of all rows, whose splits are the folds, and whose seeds have heads of their own."""
    task = number_task(HEAD)
    model: Model = prepare_model(
        task,
        loaded,
        ("a", "b", "c"),
        built_in(strategy, 4),
        device="cpu",
        bfloat16=False,
        fast_paths=FAST_PATHS,
    )
    training = make_split_training(
        model, task, ROWS, HELD_OUT, batch_sizes=BATCH_SIZES, rungs_per_epoch=2, seed=3, metric="accuracy",
        direction="maximize",
    )  # fmt: skip
    found = vmap_check(replace(training, initials=heads(training)))
    assert found.training is not None, found.reason
    return found.training


def heads(training: Training) -> dict[int, dict[str, torch.Tensor]]:
    """Seed → the parameters of a classifier that is drawn anew."""
    names = [name for name in training.layout.columns if "classifier" in name]
    found = {}
    for seed in range(20):
        draw = torch.Generator().manual_seed(seed)
        parts = {name: training.initial[training.layout.columns[name]] for name in names}
        found[seed] = {
            name: part + 0.1 * torch.randn(len(part), generator=draw) for name, part in parts.items()
        }
    return found


def trials(*places: tuple[int, int]) -> list[Trial]:
    """A trial for each fold and configuration, with an order and a head of its own."""
    return [
        Trial(
            number=number, learning_rate=CONFIGURATIONS[which][0], batch_size=CONFIGURATIONS[which][1],
            epochs=2, seed=number, split=fold,
        )
        for number, (fold, which) in enumerate(places)
    ]  # fmt: skip


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_together_alone_and_plain_torch_agree(family: str, strategy: str, tiny_model: Any) -> None:
    loaded = tiny_model(family)
    training = training_with_folds(copy.deepcopy(loaded), strategy)
    four = trials((0, 0), (1, 1), (1, 0), (4, 2))
    together, alone = (last_slots(training, four, together=slots) for slots in (4, 1))
    module = plain_module(loaded, training, strategy)
    tolerance = 2e-2 if strategy == "frozen" else 5e-4  # frozen features are in half precision
    seen = []
    for trial in four:
        plain = plain_loop(loaded, training, trial, ROWS, strategy)
        slots = (plain, together[trial.number], alone[trial.number])
        expected, ours, lone = (logits(module, training, slot) for slot in slots)
        torch.testing.assert_close(ours, lone, atol=5e-4, rtol=1e-4)
        torch.testing.assert_close(ours, expected, atol=tolerance, rtol=1e-3)
        seen.append(ours)
    assert all((one - other).abs().max() > 1e-3 for one, other in pairwise(seen))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_five_folds_of_four_configurations(strategy: str, tiny_model: Any) -> None:
    """Twenty slots of one population: each has the logits and the score that it has alone."""
    training = training_with_folds(tiny_model("bert"), strategy)
    twenty = trials(*((fold, which) for fold in range(5) for which in range(4)))
    together, alone = (last_slots(training, twenty, together=slots) for slots in (20, 1))
    module = plain_module(tiny_model("bert"), training, strategy)
    for trial in twenty:
        ours, lone = (logits(module, training, its[trial.number]) for its in (together, alone))
        torch.testing.assert_close(ours, lone, atol=5e-4, rtol=1e-4)
    scored = train(training, twenty, 20).reports
    assert {len(report.scores.values) for report in scored} == {len(scored[0].scores.values)}
    assert len(scored) == 20 * 4


def test_a_trial_is_scored_on_the_rows_outside_its_split(tiny_model: Any) -> None:
    training = training_with_folds(tiny_model("bert"), "full")
    four = trials((0, 0), (3, 1), (3, 0), (2, 2))
    outcomes = train(training, four, 4).outcomes
    for trial in four:
        outcome, rows = outcomes[trial.number], [ROWS[place] for place in HELD_OUT[trial.split]]
        assert outcome.parameters is not None
        assert outcome.kept is not None
        parameters = views(training.layout, outcome.parameters.unsqueeze(0))
        own = training.scored_by(trial)
        assert list(own.rows) == rows
        (predictions,) = predict_rows(training.forward, parameters, own, BatchLimits(slots=1, examples=4))
        assert isinstance(predictions, list)
        again = score(own.task, predictions, rows, "accuracy")
        assert again.values["accuracy"] == pytest.approx(outcome.kept.score)


def test_slots_draw_their_own_dropout(tiny_model: Any) -> None:
    training = training_with_folds(tiny_model("bert", dropout=0.5), "full")
    same = [replace(one, learning_rate=1e-9, seed=1, split=2) for one in trials((1, 0), (1, 0), (1, 0))]
    losses = {report.trial.number: report.loss for report in train(training, same, 3).reports[:3]}
    assert len(set(losses.values())) == 3
