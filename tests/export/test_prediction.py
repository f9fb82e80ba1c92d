from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import adaptkit
from adaptkit.errors import TrialOutOfMemory
from adaptkit.export.prediction import batches_of, encoded, predict_examples, torch_outputs
from tests.helpers.data import SENTENCE


@pytest.mark.parametrize("seed", range(5))
def test_every_example_is_in_one_batch_within_the_limit(seed: int) -> None:
    draw = random.Random(seed)
    tokens = [draw.randrange(1, 200) for _ in range(300)]
    batches = list(batches_of(tokens, 256))
    assert sorted(position for batch in batches for position in batch) == list(range(300))
    assert all(len(batch) == 1 or max(tokens[one] for one in batch) * len(batch) <= 256 for batch in batches)
    longest = [max(tokens[one] for one in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


def test_an_example_beyond_the_limit_is_a_batch_of_its_own() -> None:
    assert list(batches_of([5, 1000, 7], 64)) == [[1], [2, 0]]
    assert list(batches_of([], 64)) == []


def test_the_limit_of_tokens_changes_no_prediction(tuned: Any) -> None:
    predictor = adaptkit.load(tuned("ner", "full").folder.best, device="cpu")
    rows = [predictor.row_of(" ".join([SENTENCE] * count)) for count in (1, 5, 2, 9, 1, 3)]
    expected = predictor.predictions(rows)
    for most in (1, 40, 10**6):
        network = replace(predictor.model, tokens_at_once=most)
        found = predict_examples(network, predictor.task, rows, encoded(network, predictor.task, rows))
        assert [one["tags"] for one in found] == [one["tags"] for one in expected]


def forward_that_fits(most: int, calls: list[int]) -> Any:
    """A forward pass that runs out of memory with more than ``most`` examples."""

    def outputs(parameters: Any, batch: Any) -> Any:
        ids = batch["input_ids"]
        calls.append(len(ids))
        if len(ids) > most:
            raise torch.OutOfMemoryError("out of memory")
        return {"logits": ids.float().unsqueeze(0)}

    return SimpleNamespace(module=torch.nn.Identity(), device=torch.device("cpu"), outputs=outputs)


def test_a_batch_without_memory_is_computed_in_halves() -> None:
    calls: list[int] = []
    ids = torch.arange(14).view(7, 2)
    found = torch_outputs(forward_that_fits(2, calls))({"input_ids": ids})
    assert found["logits"].tolist() == ids.tolist()
    assert calls[0] == 7
    assert max(calls[-1], 1) <= 2


def test_one_example_without_memory_is_an_error() -> None:
    with pytest.raises(TrialOutOfMemory):
        torch_outputs(forward_that_fits(0, []))({"input_ids": torch.ones(3, 2)})
