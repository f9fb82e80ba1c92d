"""Heads that are solved equal scikit-learn's, with folds and without, together and alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from adaptkit.engine.objective import FEATURES, MASK, Objective, linear_head
from adaptkit.engine.prepare import make_solver_training, make_training, prepare_model
from adaptkit.engine.solver import SOLVED_BEFORE, solve, solve_on_all_rows
from adaptkit.engine.solver import _left_out as left_out
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.engine.types import Trial
from adaptkit.engine.weighting import weighted
from adaptkit.models.loading import load_model
from adaptkit.models.pooling import with_pooling
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from tests.helpers.data import OTHERS
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import ListScheduler

HEADS = {
    "token-classification": "AutoModelForTokenClassification",
    "sequence-classification": "AutoModelForSequenceClassification",
}
L2 = 1e-2
WORDS = ("the", "a", "of")
EQUAL = (1.0, 1.0, 1.0)
AIM = {"metric": "accuracy", "direction": "maximize"}


def trial(number: int, l2: float = L2) -> Trial:
    return Trial(number=number, learning_rate=0.0, batch_size=1, epochs=1, l2=l2)


def model_of(tiny_model: Any, family: str = "bert") -> Any:
    loaded = tiny_model(family, HEADS["token-classification"])
    return prepare_model(number_task(), loaded, (), built_in("frozen", 4), device="cpu", bfloat16=False)


@pytest.fixture
def folded(tiny_model: Any) -> Training:
    """All rows for training and for scoring."""
    return make_solver_training(model_of(tiny_model), number_task(), number_rows(40), seed=0, **AIM)


@pytest.fixture
def pairs(tiny_folder: Path) -> Training:
    """Pairs of texts that the encoder reads apart; the label is the first word of the second."""
    task = with_pooling(registry.load("nli"), "pair")
    rows = [
        {"premise": f"the {one} runs", "hypothesis": f"{word} {one}", "label": word}
        for one in OTHERS[:10]
        for word in WORDS
    ]
    loaded = load_model(task, str(tiny_folder), WORDS, seed=0, max_length=32)
    strategy = built_in("frozen", 4)
    model = prepare_model(task, loaded, WORDS, strategy, device="cpu", bfloat16=False)
    return make_solver_training(model, task, rows, seed=0, **AIM)


def solved(training: Training, trials: Sequence[Trial], folds: Any = None) -> ListScheduler:
    scheduler = ListScheduler(trials)
    head = linear_head(training)
    assert head is not None
    solve(training, head, scheduler, at_once=len(trials), folds=folds)
    return scheduler


def tokens_of(training: Training, rows: set[int]) -> tuple[np.ndarray, np.ndarray]:
    """The features ``[tokens, width]`` and the labels ``[tokens]`` of these rows, without padding."""
    features, labels = [], []
    for bucket in training.buckets:
        for place, position in enumerate(bucket.positions):
            if training.dev.examples[position].row in rows:
                kept = bucket.tensors[MASK][place].bool()
                features.append(bucket.tensors[FEATURES][place][kept].double().numpy())
                labels.append(bucket.tensors["labels"][place][kept].numpy())
    return np.concatenate(features), np.concatenate(labels)


def reference(training: Training, rows: set[int], l2: float, weights: Any = EQUAL) -> LogisticRegression:
    """scikit-learn's solution of the same objective, on standardised features."""
    head = linear_head(training)
    assert head is not None
    features, labels = tokens_of(training, rows)
    standard = (features - head.mean.numpy()) / head.scale.numpy()
    of_items = np.asarray(weights)[labels]  # [tokens]
    solver = LogisticRegression(C=1 / (l2 * of_items.sum()), tol=1e-8, max_iter=10_000)
    return solver.fit(standard, labels, sample_weight=of_items)


def logits(training: Training, parameters: torch.Tensor, features: np.ndarray) -> np.ndarray:
    parts = views(training.layout, parameters.unsqueeze(0))
    weight, bias = parts["classifier.weight"][0].numpy(), parts["classifier.bias"][0].numpy()
    return features @ weight.T + bias


def probabilities(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def assert_same(
    training: Training, parameters: torch.Tensor, rows: set[int], l2: float, weights: Any = EQUAL
) -> None:
    head = linear_head(training)
    assert head is not None
    features, _ = tokens_of(training, set(range(40)))
    expected = reference(training, rows, l2, weights).predict_proba(
        (features - head.mean.numpy()) / head.scale.numpy()
    )
    np.testing.assert_allclose(probabilities(logits(training, parameters, features)), expected, atol=5e-3)


@pytest.mark.parametrize("l2", [1e-3, 1e-1])
def test_the_solution_is_scikit_learns(l2: float, folded: Training) -> None:
    outcome = solved(folded, [trial(0, l2)]).outcomes[0]
    assert outcome.parameters is not None
    assert_same(folded, outcome.parameters, set(range(40)), l2)


def test_features_of_pairs_have_one_scale(pairs: Training) -> None:
    head = linear_head(pairs)
    assert head is not None
    features = torch.cat([bucket.tensors[FEATURES][:, 0] for bucket in pairs.buckets])  # [examples, width]
    torch.testing.assert_close(head.scale[0] ** 2, features.double().var(0, correction=0).mean().float())
    assert len(set(head.scale.tolist())) == 1


def test_a_head_on_pairs_is_scikit_learns(pairs: Training) -> None:
    head = linear_head(pairs)
    outcome = solved(pairs, [trial(0)]).outcomes[0]
    assert head is not None
    assert outcome.parameters is not None
    features = torch.cat([bucket.tensors[FEATURES][:, 0] for bucket in pairs.buckets]).double().numpy()
    labels = torch.cat([bucket.tensors["labels"] for bucket in pairs.buckets]).numpy()
    standard = (features - head.mean.numpy()) / head.scale.numpy()
    expected = LogisticRegression(C=1 / (L2 * len(labels)), tol=1e-8, max_iter=10_000).fit(standard, labels)
    parts = views(pairs.layout, outcome.parameters.unsqueeze(0))
    found = features @ parts[head.weight][0].numpy().T + parts[head.bias][0].numpy()
    np.testing.assert_allclose(probabilities(found), expected.predict_proba(standard), atol=5e-3)


def test_classes_have_their_weights(folded: Training) -> None:
    weights = (0.2, 5.0, 1.0)
    training = weighted(folded, "abc", dict(zip("abc", weights, strict=True)), smoothing=0.0)
    outcome = solved(training, [trial(0)]).outcomes[0]
    assert outcome.parameters is not None
    assert_same(training, outcome.parameters, set(range(40)), L2, weights)
    with pytest.raises(AssertionError):
        assert_same(training, outcome.parameters, set(range(40)), L2)


def test_without_a_fold_its_rows_have_no_part(folded: Training) -> None:
    folds = np.arange(40) % 4
    head = linear_head(folded)
    assert head is not None
    objective = Objective(folded, head, left_out(folded, folds))
    point, _, _ = objective.minimum(L2, np.zeros(objective.width), without=2)
    assert_same(folded, objective.parameters(point), set(np.flatnonzero(folds != 2)), L2)


def test_known_solutions_save_the_search_and_are_the_same(folded: Training) -> None:
    head = linear_head(folded)
    assert head is not None
    known: dict[float, Any] = {}
    found = [ListScheduler([trial(0)]) for _ in range(2)]
    for one in found:
        solve(folded, head, one, at_once=1, folds=None, known=known)
    first, second = (one.outcomes[0] for one in found)
    steps = [int(one.reason.split()[2]) for one in (first, second)]  # "solved in 12 iterations"
    assert steps[1] < steps[0] / 2
    features, _ = tokens_of(folded, set(range(40)))
    both = [probabilities(logits(folded, one.parameters, features)) for one in (first, second)]  # type: ignore[arg-type]
    np.testing.assert_allclose(*both, atol=5e-3)


def test_a_solved_trial_is_only_scored(folded: Training) -> None:
    head = linear_head(folded)
    assert head is not None
    before, again = ListScheduler([trial(0)]), ListScheduler([trial(0), trial(1, l2=1.0)])
    solve(folded, head, before, at_once=1, folds=None)
    parameters = before.outcomes[0].parameters
    assert parameters is not None
    solve(folded, head, again, at_once=2, folds=None, solved={0: parameters})
    first, second = again.outcomes[0], again.outcomes[1]
    assert (first.parameters, first.reason) == (None, SOLVED_BEFORE)  # its weights are kept already
    assert first.predictions == before.outcomes[0].predictions
    assert second.parameters is not None
    assert not torch.equal(second.parameters, parameters)


def test_rows_are_scored_by_solutions_without_them(folded: Training) -> None:
    folds = np.arange(40) % 4
    report = solved(folded, [trial(0)], folds).reports[0]
    right = []
    for fold in range(4):
        held_out = {row for row in range(40) if folds[row] == fold}
        features, labels = tokens_of(folded, held_out)
        head = linear_head(folded)
        assert head is not None
        standard = (features - head.mean.numpy()) / head.scale.numpy()
        predicted = reference(folded, set(range(40)) - held_out, L2).predict(standard)
        right.extend(predicted == labels)
    assert report.scores.values["accuracy"] == pytest.approx(np.mean(right), abs=0.03)


def test_trials_together_are_each_alone(folded: Training) -> None:
    trials = [trial(number, l2) for number, l2 in enumerate((1e-3, 1e-1, 1e-2))]
    together = solved(folded, trials).outcomes
    for one in trials:
        alone = solved(folded, [one]).outcomes[one.number]
        features, _ = tokens_of(folded, set(range(40)))
        both = [
            probabilities(logits(folded, found.parameters, features))  # type: ignore[arg-type]
            for found in (together[one.number], alone)
        ]
        np.testing.assert_allclose(*both, atol=5e-3)


def test_the_gradient_is_that_of_the_objective(folded: Training) -> None:
    head = linear_head(folded)
    assert head is not None
    objective = Objective(folded, head, left_out(folded, np.arange(40) % 4))
    buckets = objective._without(1)
    assert 0 < sum(len(bucket.positions) for bucket in buckets) < 40
    point = np.random.default_rng(0).normal(0, 0.1, objective.width)
    direction = np.random.default_rng(1).normal(0, 1, objective.width)
    _, gradient = objective._value_and_gradient(point, 0.1, buckets)
    above, below = (
        objective._value_and_gradient(point + s * 1e-2 * direction, 0.1, buckets)[0] for s in (1, -1)
    )
    assert gradient @ direction == pytest.approx((above - below) / 2e-2, rel=1e-2)


def test_refit_uses_the_dev_rows_too(tiny_model: Any) -> None:
    rows = number_rows(40)
    model = model_of(tiny_model)
    split = make_training(
        model, number_task(), rows[:30], rows[30:], batch_sizes=[4], rungs_per_epoch=1, seed=0, **AIM
    )
    folded = make_solver_training(model, number_task(), rows, seed=0, **AIM)
    assert_same(folded, solve_on_all_rows(split, L2), set(range(40)), L2)


def test_a_head_of_several_layers_is_not_solved(tiny_model: Any) -> None:
    loaded = tiny_model("roberta", HEADS["sequence-classification"])
    task = number_task("sequence-classification")
    model = prepare_model(task, loaded, (), built_in("frozen", 4), device="cpu", bfloat16=False)
    rows = number_rows(12, "sequence-classification")
    assert linear_head(make_solver_training(model, task, rows, seed=0, **AIM)) is None


def test_a_trial_that_time_stops_is_scored(folded: Training) -> None:
    scheduler = ListScheduler([trial(0), trial(1)])
    scheduler.stop_after = 1  # examples
    head = linear_head(folded)
    assert head is not None
    solve(folded, head, scheduler, at_once=2, folds=None)
    assert {outcome.state for outcome in scheduler.outcomes.values()} == {"complete", "stopped"}
    assert sum("timeout" in outcome.reason for outcome in scheduler.outcomes.values()) == 1


def test_fold_numbers_need_no_order(folded: Training) -> None:
    folds = np.arange(40) % 4
    plain, renamed = (solved(folded, [trial(0)], numbers).reports[0] for numbers in (folds, folds * 3 + 2))
    assert renamed.scores == plain.scores
