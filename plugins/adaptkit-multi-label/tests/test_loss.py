from __future__ import annotations

import math

import torch
from adaptkit_multi_label.loss import binary_cross_entropy
from torch.nn import BCEWithLogitsLoss


def test_every_label_of_every_text_has_its_own_loss():
    logits = torch.tensor([[0.0, 2.0, -3.0], [5.0, -1.0, 0.5]])
    labels = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    losses, weights = binary_cross_entropy({"logits": logits}, {"labels": labels})
    by_hand = [
        [-math.log(p if there else 1 - p) for p, there in zip(probabilities, row, strict=True)]
        for probabilities, row in zip(torch.sigmoid(logits).tolist(), labels.tolist(), strict=True)
    ]
    torch.testing.assert_close(losses, torch.tensor(by_hand))
    assert torch.equal(weights, torch.ones(2, 3))


def test_the_reduced_loss_equals_torchs():
    logits, labels = torch.randn(4, 5), torch.randint(0, 2, (4, 5)).float()
    losses, weights = binary_cross_entropy({"logits": logits}, {"labels": labels})
    torch.testing.assert_close((losses * weights).sum() / weights.sum(), BCEWithLogitsLoss()(logits, labels))
