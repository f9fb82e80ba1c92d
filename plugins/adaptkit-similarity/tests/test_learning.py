from __future__ import annotations

import numpy as np
import pytest
import torch
from adaptkit_similarity.learning import decode, squared_error
from adaptkit_similarity.scale import Scale


def test_the_loss_is_each_pairs_own_squared_error():
    logits, labels = torch.tensor([[0.5], [-1.0], [2.0]]), torch.tensor([0.0, -1.0, 1.0])
    losses, weights = squared_error({"logits": logits}, {"labels": labels})
    assert losses.tolist() == [0.25, 0.0, 1.0]
    assert weights.tolist() == [1.0, 1.0, 1.0]
    assert losses.mean() == torch.nn.functional.mse_loss(logits.squeeze(-1), labels)


def test_the_loss_of_half_precision_is_computed_in_float32():
    losses, weights = squared_error(
        {"logits": torch.tensor([[0.1]], dtype=torch.bfloat16)}, {"labels": torch.tensor([0.0])}
    )
    assert losses.dtype == weights.dtype == torch.float32


def test_a_loss_has_the_shape_of_the_batch_even_for_one_pair():
    losses, weights = squared_error({"logits": torch.zeros(1, 1)}, {"labels": torch.ones(1)})
    assert losses.shape == weights.shape == (1,)


def test_numbers_are_read_as_scores_on_the_scale():
    logits = np.array([[-1.0], [0.0], [0.5], [7.0]], dtype=np.float32)
    scores = decode({"logits": logits}, [], (), scale=Scale(lowest=0, highest=4))
    assert scores == pytest.approx([0, 2, 3, 4])
    assert {type(score) for score in scores} == {float}
