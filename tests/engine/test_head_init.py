"""The head that trials start with is scikit-learn's solution on the frozen encoder."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptkit.engine.head_init import solve_head
from adaptkit.engine.prepare import make_solver_training, prepare_model
from adaptkit.models.custom_head import OWN_HEAD
from adaptkit.strategies.registry import built_in
from tests.engine.test_solver import AIM, EQUAL, L2, assert_same, model_of
from tests.helpers.number_task import number_rows, number_task


def test_the_head_is_solved_on_the_training_rows(tiny_model: Any) -> None:
    task, rows = number_task(), number_rows(40)
    solved = solve_head(model_of(tiny_model), task, rows, number_rows(10), l2=L2, seed=0, **AIM)
    assert solved is not None
    training = make_solver_training(model_of(tiny_model), task, rows, seed=0, **AIM)
    flat = torch.empty(training.layout.width)  # [P]
    for name, weight in solved.weights.items():
        flat[training.layout.columns[name]] = weight.reshape(-1)
    assert_same(training, flat, set(range(40)), L2, EQUAL)
    assert 0 <= solved.scores.values["accuracy"] <= 1


def test_a_head_of_two_layers_has_its_last_one_solved(tiny_model: Any) -> None:
    loaded = tiny_model("roberta", "AutoModelForSequenceClassification")
    assert loaded.head_class != OWN_HEAD
    task, head = number_task("sequence-classification"), "sequence-classification"
    model = prepare_model(task, loaded, (), built_in("frozen", 4), device="cpu", bfloat16=False)
    solved = solve_head(model, task, number_rows(8, head), number_rows(4, head), l2=L2, seed=0, **AIM)
    assert solved is not None
    assert set(solved.weights) == {"classifier.out_proj.weight", "classifier.out_proj.bias"}


@pytest.mark.parametrize("l2", [1e-3, 1.0])
def test_a_stronger_penalty_gives_smaller_weights(l2: float, tiny_model: Any) -> None:
    solved, weaker = (
        solve_head(model, number_task(), number_rows(40), number_rows(10), l2=weight, seed=0, **AIM)
        for model, weight in ((model_of(tiny_model), l2), (model_of(tiny_model), l2 / 10))
    )
    assert solved is not None
    assert weaker is not None
    assert solved.weights["classifier.weight"].norm() < weaker.weights["classifier.weight"].norm()
