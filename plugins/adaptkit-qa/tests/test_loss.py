from __future__ import annotations

import pytest
import torch
from adaptkit_qa.loss import span_loss

torch.manual_seed(0)
OUTPUTS = {"start_logits": torch.randn(3, 4, 6), "end_logits": torch.randn(3, 4, 6)}
BATCH = {
    "attention_mask": torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6, [1] * 6, [1] * 6]),
    "start_positions": torch.tensor([0, 5, -100, 2]),
    "end_positions": torch.tensor([0, 5, -100, 6]),
}


def of_row(tensors, row):
    return {name: tensor[row] for name, tensor in tensors.items()}


def test_the_loss_is_the_mean_of_both_ends():
    losses, weights = span_loss(of_row(OUTPUTS, 0), BATCH)
    assert weights.tolist() == [1, 1, 0, 0]
    start, end = OUTPUTS["start_logits"][0], OUTPUTS["end_logits"][0]
    expected = [
        -(start[0, :4].log_softmax(-1)[0] + end[0, :4].log_softmax(-1)[0]) / 2,
        -(start[1].log_softmax(-1)[5] + end[1].log_softmax(-1)[5]) / 2,
    ]
    assert losses.tolist() == pytest.approx([*map(float, expected), 0, 0])


def test_the_loss_is_the_same_under_vmap():
    together = torch.func.vmap(span_loss, in_dims=(0, None))(OUTPUTS, BATCH)
    for row in range(3):
        for ours, alone in zip(together, span_loss(of_row(OUTPUTS, row), BATCH), strict=True):
            assert torch.allclose(ours[row], alone)


def test_padding_has_no_share_in_it():
    """The first example has two tokens of padding, whose logits do not change the loss."""
    other = {name: tensor.clone() for name, tensor in of_row(OUTPUTS, 0).items()}
    for logits in other.values():
        logits[0, 4:] = 30.0
    for ours, theirs in zip(span_loss(other, BATCH), span_loss(of_row(OUTPUTS, 0), BATCH), strict=True):
        assert torch.equal(ours, theirs)
