from __future__ import annotations

import numpy as np
import pytest
import torch
from adaptkit_multiple_choice.learning import choice_loss, decode

from adaptkit import Example

LOGITS = torch.tensor([[1.0, 2.0, 0.5], [0.3, -0.2, 9.0]])
BATCH = {"choice_mask": torch.tensor([[1, 1, 1], [1, 1, 0]]), "labels": torch.tensor([1, 0])}


def test_the_loss_is_cross_entropy_over_a_questions_own_choices():
    losses, weights = choice_loss({"logits": LOGITS}, BATCH)
    own = [-LOGITS[0].log_softmax(0)[1], -LOGITS[1, :2].log_softmax(0)[0]]
    assert losses.tolist() == pytest.approx([float(one) for one in own])
    assert weights.tolist() == [1.0, 1.0]


def test_a_padding_choice_has_no_gradient():
    logits = LOGITS.clone().requires_grad_()
    choice_loss({"logits": logits}, BATCH)[0].sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[1, 2] == 0
    assert (logits.grad[BATCH["choice_mask"].bool()] != 0).all()


def test_the_loss_is_the_same_for_many_trials_at_once():
    logits = torch.stack([LOGITS, -LOGITS])
    together, _ = torch.vmap(lambda one: choice_loss({"logits": one}, BATCH))(logits)
    alone = torch.stack([choice_loss({"logits": one}, BATCH)[0] for one in logits])
    assert torch.allclose(together, alone)


def examples_of(*counts):
    return [Example(row=row, inputs={"input_ids": [[1]] * count}) for row, count in enumerate(counts)]


def test_predictions_are_made_of_a_questions_own_choices():
    predictions = decode({"logits": LOGITS.numpy()}, examples_of(3, 2), ())
    assert [one["answer"] for one in predictions] == [1, 0]
    assert predictions[0]["probabilities"] == pytest.approx(LOGITS[0].softmax(0).tolist())
    assert predictions[1]["probabilities"] == pytest.approx(LOGITS[1, :2].softmax(0).tolist())


def test_very_large_logits_give_valid_probabilities():
    (prediction,) = decode({"logits": np.array([[1e30, -1e30, 0]], dtype=np.float32)}, examples_of(3), ())
    assert prediction == {"answer": 0, "probabilities": [1.0, 0.0, 0.0]}
