"""Heads and trials with splits never see the rows that score them; each is as it is alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import predict_rows
from adaptkit.engine.head_init import SolvedHead, solve_heads, with_heads
from adaptkit.engine.objective import linear_head
from adaptkit.engine.other_rows import make_split_solver_training, make_split_training
from adaptkit.engine.prepare import make_solver_training, prepare_model, scoring_data
from adaptkit.engine.scoring import score_slot
from adaptkit.engine.solver import solve, solve_on_all_rows
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.engine.types import Trial
from adaptkit.strategies.registry import built_in
from adaptkit.task import Scores
from tests.engine.test_solver import AIM, L2, assert_same, logits, model_of, probabilities, tokens_of
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import ListScheduler

ROWS = number_rows(40)
HELD_OUT = {0: [0, 4, 8, 12], 1: [1, 2, 3, 30], 2: [5, 11, 17, 39], 3: [0, 1, 20, 21]}


@pytest.fixture
def every(tiny_model: Any) -> Training:
    """All rows for training and for scoring."""
    return make_solver_training(model_of(tiny_model), number_task(), ROWS, seed=0, **AIM)


@pytest.fixture
def split(tiny_model: Any) -> Training:
    return make_split_solver_training(model_of(tiny_model), number_task(), ROWS, HELD_OUT, seed=0, **AIM)


def trial(number: int, split: int, l2: float = L2) -> Trial:
    return Trial(number=number, learning_rate=0.0, batch_size=1, epochs=1, l2=l2, split=split)


def solved(training: Training, *trials: Trial) -> ListScheduler:
    scheduler, head = ListScheduler(trials), linear_head(training)
    assert head is not None
    solve(training, head, scheduler, at_once=len(trials), folds=None)
    return scheduler


def scored_alone(tiny_model: Any, parameters: torch.Tensor, number: int) -> float:
    """The score of the parameters ``[P]`` on the dev rows of a split, where these are all rows there are."""
    rows = [ROWS[place] for place in HELD_OUT[number]]
    training = make_solver_training(model_of(tiny_model), number_task(), rows, seed=0, **AIM)
    return score_slot(training, parameters)[1].values["accuracy"]


def outside(number: int) -> set[int]:
    return set(range(40)) - set(HELD_OUT[number])


def test_a_solved_head_does_not_depend_on_its_dev_rows(split: Training, every: Training) -> None:
    """It is scikit-learn's solution on the other rows."""
    outcomes = solved(split, *(trial(number, number) for number in HELD_OUT)).outcomes
    for number in HELD_OUT:
        parameters = outcomes[number].parameters
        assert parameters is not None
        assert_same(every, parameters, outside(number), L2)
    with pytest.raises(AssertionError):
        assert_same(every, outcomes[1].parameters, set(range(40)), L2)  # type: ignore[arg-type]


def test_a_solved_head_is_scored_on_its_dev_rows(split: Training, tiny_model: Any) -> None:
    scheduler = solved(split, *(trial(number, number) for number in HELD_OUT))
    for report in scheduler.reports:
        parameters = scheduler.outcomes[report.trial.number].parameters
        assert parameters is not None
        assert report.score == pytest.approx(scored_alone(tiny_model, parameters, report.trial.split))
        assert len(scheduler.outcomes[report.trial.number].predictions or ()) == 4


def test_solved_heads_together_are_each_alone(split: Training, every: Training) -> None:
    trials = [trial(number, number, l2) for number, l2 in enumerate((1e-3, 1e-1, 1e-2, 1e-2))]
    together = solved(split, *trials).outcomes
    features, _ = tokens_of(every, set(range(40)))
    for one in trials:
        alone = solved(split, one).outcomes[one.number]
        assert torch.equal(alone.parameters, together[one.number].parameters)  # type: ignore[arg-type]
        assert np.isfinite(probabilities(logits(every, alone.parameters, features))).all()  # type: ignore[arg-type]


def test_a_head_solved_again_is_that_of_all_rows(split: Training, every: Training) -> None:
    assert_same(every, solve_on_all_rows(split, L2), set(range(40)), L2)


@pytest.mark.parametrize("number", HELD_OUT)
def test_the_rows_of_a_split_are_as_encoded_alone(number: int, tiny_model: Any) -> None:
    model = prepare_model(
        number_task(), tiny_model("bert"), ("a", "b", "c"), built_in("full", 4), device="cpu", bfloat16=False
    )
    training = make_split_training(
        model, number_task(), ROWS, HELD_OUT, batch_sizes=(4, 8), rungs_per_epoch=2, seed=0, **AIM
    )
    own = training.scored_by(trial(0, number))
    alone = scoring_data(model, number_task(), [ROWS[place] for place in HELD_OUT[number]])
    assert list(own.rows) == list(alone.rows)
    assert [one.row for one in own.examples] == [one.row for one in alone.examples]
    parameters = views(training.layout, training.initial.unsqueeze(0))
    both = [
        predict_rows(training.forward, parameters, one, BatchLimits(slots=1, examples=4))
        for one in (own, alone)
    ]
    assert both[0] == both[1]


def test_no_trial_is_trained_on_its_dev_rows(tiny_model: Any) -> None:
    model = prepare_model(
        number_task(), tiny_model("bert"), ("a", "b", "c"), built_in("full", 4), device="cpu", bfloat16=False
    )
    training = make_split_training(
        model, number_task(), ROWS, HELD_OUT, batch_sizes=(4, 8), rungs_per_epoch=2, seed=0, **AIM
    )
    examples = scoring_data(model, number_task(), ROWS).examples
    for number, held in HELD_OUT.items():
        seen: set[int] = set()
        for epoch in range(3):
            for bucket, places in zip(
                training.buckets, training.plan.contents(7, epoch, number), strict=True
            ):
                seen |= {examples[bucket.positions[place]].row for place in places[places >= 0].tolist()}
        assert seen.isdisjoint(held)
        assert len(seen) >= 40 - len(held) - 4


def test_the_head_to_start_with_has_not_seen_the_dev_rows(tiny_model: Any, every: Training) -> None:
    heads = solve_heads(
        model_of(tiny_model), number_task(), ROWS, HELD_OUT, l2=L2, seed=0, most_rows=99, **AIM
    )
    for number, head in heads.items():
        flat = torch.empty(every.layout.width)  # [P]
        for name, weight in head.weights.items():
            flat[every.layout.columns[name]] = weight.reshape(-1)
        assert_same(every, flat, outside(number), L2)
        assert head.scores.values["accuracy"] == pytest.approx(scored_alone(tiny_model, flat, number))


def test_of_many_rows_some_solve_the_head(tiny_model: Any) -> None:
    few, all_rows = (
        solve_heads(model_of(tiny_model), number_task(), ROWS, HELD_OUT, l2=L2, seed=0, most_rows=most, **AIM)
        for most in (20, 40)
    )
    assert few.keys() == all_rows.keys() == HELD_OUT.keys()
    assert not torch.equal(few[0].weights["classifier.weight"], all_rows[0].weights["classifier.weight"])


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_a_trial_starts_with_the_head_of_its_split(strategy: str, tiny_model: Any) -> None:
    loaded, draw = tiny_model("bert"), torch.Generator().manual_seed(3)
    shapes = {
        name: loaded.module.get_parameter(name).shape for name in ("classifier.weight", "classifier.bias")
    }
    heads = {
        number: SolvedHead(
            weights={name: torch.randn(shape, generator=draw) for name, shape in shapes.items()},
            scores=Scores(values={}),
        )
        for number in HELD_OUT
    }
    for name, values in heads[0].weights.items():
        loaded.module.get_parameter(name).data.copy_(values)
    model = prepare_model(
        number_task(), loaded, ("a", "b", "c"), built_in(strategy, 4), device="cpu", bfloat16=False
    )
    training = with_heads(
        make_split_training(
            model, number_task(), ROWS, HELD_OUT, batch_sizes=(4, 8), rungs_per_epoch=2, seed=0, **AIM
        ),
        heads,
    )
    head = [name for name in training.layout.columns if "classifier" in name]
    assert len(head) == 2
    for number in HELD_OUT:
        start = training.start_of(trial(0, number))
        for name, columns in training.layout.columns.items():
            if name in head:
                its = next(
                    values
                    for own, values in heads[number].weights.items()
                    if name.endswith(own.split(".")[1])
                )
                assert torch.equal(start[columns], its.reshape(-1))
            else:
                assert torch.equal(start[columns], training.initial[columns])
