"""The last layer of a head is solved on what the layers before it give: scikit-learn's solution."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.engine.head_init import solve_head, solve_heads
from adaptkit.engine.last_layer import head_with_last_layer
from adaptkit.engine.prepare import make_solver_training, prepare_model
from adaptkit.models.loading import load_model
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from tests.helpers.data import moods
from tests.helpers.encoders import FAMILIES, model_of
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import HEADS

AIM = {"metric": "accuracy", "direction": "maximize"}
ROWS = [{"text": text, "label": label} for text, label in moods(60, 1)]
LABELS = sorted({row["label"] for row in ROWS})
L2 = 1e-2
NAMES = ("classifier.weight", "classifier.bias")


def loaded_and_frozen(folder: Path) -> tuple[Any, Any, Any]:
    task = registry.load("text-classification")
    loaded = load_model(task, str(folder), LABELS, seed=0, max_length=32)
    copied = load_model(task, str(folder), LABELS, seed=0, max_length=32)
    return task, loaded, prepare_model(task, copied, LABELS, built_in("frozen"), device="cpu", bfloat16=False)


def pooled(loaded: Any, rows: list[dict[str, str]]) -> np.ndarray:
    """What BERT's pooler gives for the rows, by a plain loop: ``[rows, width]``."""
    loaded.module.eval()
    vectors = []
    with torch.no_grad():
        for row in rows:
            batch = loaded.tokenizer(row["text"], return_tensors="pt")
            hidden = loaded.module.bert(**batch).last_hidden_state.half().float()  # as the features are kept
            vectors.append(loaded.module.bert.pooler(hidden)[0])
    return torch.stack(vectors).numpy()


def penalised_loss(weight: Any, bias: Any, features: Any) -> float:
    """The objective of `adaptkit.engine.objective` on all rows: ``[labels, width]``, ``[labels]``."""
    logits = features @ weight.T + bias  # [rows, labels]
    logits -= np.log(np.exp(logits).sum(1, keepdims=True))
    own = logits[np.arange(len(ROWS)), [LABELS.index(row["label"]) for row in ROWS]]  # [rows]
    return float(-own.mean() + L2 / 2 * ((weight * features.std(0)) ** 2).sum())


def test_the_last_layer_is_scikit_learns_solution(tiny_folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    task, loaded, frozen = loaded_and_frozen(tiny_folder)
    solved = solve_head(frozen, task, ROWS, ROWS[:20], l2=L2, seed=0, **AIM)
    assert solved is not None
    assert set(solved.weights) == set(NAMES)
    features = pooled(loaded, ROWS).astype(np.float64)
    mean, scale = features.mean(0), features.std(0)
    expected = LogisticRegression(C=1 / (L2 * len(ROWS)), max_iter=5000, tol=1e-8)
    expected.fit((features - mean) / scale, [row["label"] for row in ROWS])
    best = penalised_loss(
        expected.coef_ / scale, expected.intercept_ - expected.coef_ @ (mean / scale), features
    )
    found = penalised_loss(*(solved.weights[name].double().numpy() for name in NAMES), features)
    assert best - 1e-6 <= found <= 1.01 * best


def test_the_model_scores_with_it_what_the_solver_says(tiny_folder: Path) -> None:
    task, loaded, frozen = loaded_and_frozen(tiny_folder)
    solved = solve_head(frozen, task, ROWS[:40], ROWS[40:], l2=L2, seed=0, **AIM)
    assert solved is not None
    for name, values in solved.weights.items():
        loaded.module.get_parameter(name).data.copy_(values)
    logits = loaded.module.classifier(torch.from_numpy(pooled(loaded, ROWS[40:])))  # [rows, labels]
    right = [LABELS[int(best)] == row["label"] for best, row in zip(logits.argmax(1), ROWS[40:], strict=True)]
    assert solved.scores.values["accuracy"] == pytest.approx(sum(right) / len(right))


def test_each_split_has_a_head_that_has_not_seen_its_rows(tiny_folder: Path) -> None:
    """The labels of the rows that a split holds out do not change its head, and do change the other's."""
    task, _, frozen = loaded_and_frozen(tiny_folder)
    held_out = {0: list(range(20)), 1: list(range(20, 40))}
    others = [{**row, "label": LABELS[0]} if place < 20 else row for place, row in enumerate(ROWS)]
    heads, changed = (
        solve_heads(deepcopy(frozen), task, rows, held_out, l2=L2, seed=0, most_rows=1000, **AIM)
        for rows in (ROWS, others)
    )
    assert set(heads[0].weights) == set(NAMES)
    assert torch.equal(heads[0].weights[NAMES[0]], changed[0].weights[NAMES[0]])
    assert not torch.equal(heads[1].weights[NAMES[0]], changed[1].weights[NAMES[0]])


@pytest.mark.parametrize(
    ("family", "head"),
    [
        *((family, "sequence-classification") for family in FAMILIES),
        ("modernbert", "token-classification"),
    ],
)
def test_heads_of_other_encoders(family: str, head: str, tiny_model: Any) -> None:
    """The layer alone gives the logits of the complete model."""
    loaded, task = model_of(family, HEADS[head], tiny_model), number_task(head)
    frozen = prepare_model(task, loaded, (), built_in("frozen", 4), device="cpu", bfloat16=False)
    training = make_solver_training(frozen, task, number_rows(12, head), seed=0, **AIM)
    its = head_with_last_layer(training)
    assert its is not None
    alone = its.alone(training)
    for before, after in zip(training.buckets, alone.buckets, strict=True):
        expected = training.forward.outputs({}, before.tensors)["logits"]
        found = alone.forward.outputs({}, after.tensors)["logits"]
        torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)
