from __future__ import annotations

import pytest
import torch
from adaptkit_qa.loss import span_loss

torch.manual_seed(0)
OUTPUTS = {"start_logits": torch.randn(3, 4, 6), "end_logits": torch.randn(3, 4, 6)}
BATCH = {"start_positions": torch.tensor([0, 5, -100, 2]), "end_positions": torch.tensor([0, 5, -100, 6])}


def of_row(tensors, row):
    return {name: tensor[row] for name, tensor in tensors.items()}


def test_the_mean_of_both_ends_with_weight_1_and_nothing_for_positions_outside():
    losses, weights = span_loss(of_row(OUTPUTS, 0), BATCH)
    assert weights.tolist() == [1, 1, 0, 0]
    start = OUTPUTS["start_logits"][0].log_softmax(-1)
    end = OUTPUTS["end_logits"][0].log_softmax(-1)
    expected = [-(start[0, 0] + end[0, 0]) / 2, -(start[1, 5] + end[1, 5]) / 2]
    assert losses.tolist() == pytest.approx([*map(float, expected), 0, 0])


def test_the_same_for_all_rows_together_under_vmap():
    together = torch.func.vmap(span_loss, in_dims=(0, None))(OUTPUTS, BATCH)
    for row in range(3):
        for ours, alone in zip(together, span_loss(of_row(OUTPUTS, row), BATCH), strict=True):
            assert torch.allclose(ours[row], alone)
