"""A task that fails on the first rows is refused; one that works, or diverges, is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.engine.rehearsal import rehearse
from adaptkit.errors import TaskError
from tests.helpers.number_task import number_rows
from tests.helpers.populations import make_training


@pytest.fixture
def training(tiny_model: Any) -> Any:
    return make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))


def with_part(training: Any, **parts: Any) -> Any:
    task = replace(training.forward.task, distribution="shop 1.0", **parts)
    return replace(
        training, forward=replace(training.forward, task=task), dev=replace(training.dev, task=task)
    )


def broken(*given: Any) -> Any:
    raise KeyError("x")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"loss": broken}, "loss failed: KeyError: 'x'"),
        ({"loss": lambda outputs, batch: None}, "loss failed: TypeError"),
        ({"decode": broken}, "decode failed: KeyError: 'x'"),
        ({"decode": lambda outputs, examples, labels: None}, "decode failed: TypeError"),
        ({"decode": lambda outputs, examples, labels: [1]}, "decode failed: ValueError"),
        ({"outputs": ("logits", "scores")}, "head failed: it returned"),
    ],
)
def test_a_part_that_fails_is_named(parts: dict[str, Any], message: str, training: Any) -> None:
    with pytest.raises(TaskError, match=f"task 'numbers' of shop 1.0: {message}"):
        rehearse(with_part(training, **parts))


def test_nothing_is_changed(training: Any) -> None:
    before, state = training.initial.clone(), torch.get_rng_state()
    training.forward.module.train()
    rehearse(training)
    assert torch.equal(training.initial, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert training.forward.module.training


def test_divergence_and_a_lack_of_memory_are_left_to_training(training: Any) -> None:
    rehearse(replace(training, initial=torch.full_like(training.initial, float("nan"))))

    def greedy(*given: Any) -> Any:
        raise torch.OutOfMemoryError

    rehearse(with_part(training, loss=greedy))
