from __future__ import annotations

import numpy as np
import pytest
from adaptkit_token_multi_label.decoding import decode, merge
from adaptkit_token_multi_label.encoding import IGNORED, collator, encode
from adaptkit_token_multi_label.loss import binary_cross_entropy

WORDS = ["Mira", "opened", "the", "unbelievable", "lighthouse", "of", "Saint", "Malo,", "glassmaking"]
LABELS = ("a", "b", "c")


def rows_of(seed, count=12, longest=40):
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        tokens = draw.choice(WORDS, draw.integers(1, longest)).tolist()
        labels = [[name for name in LABELS if draw.random() < 0.3] for _ in tokens]
        rows.append({"tokens": tokens, "labels": labels})
    return rows


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("max_length", [8, 13, 64])
def test_a_perfect_model_gives_every_label_back(tokenizer, max_length, side, monkeypatch):
    monkeypatch.setattr(tokenizer, "padding_side", side)
    rows = rows_of(max_length)
    examples = encode(rows, tokenizer, LABELS, max_length)
    batch = collator(tokenizer, pad_to_multiple_of=8)([dict(one.inputs) for one in examples])
    assert batch["labels"].shape == (*batch["input_ids"].shape, len(LABELS))
    pieces = decode({"logits": 9.0 * (2 * batch["labels"].numpy() - 1)}, examples, LABELS)
    for number, row in enumerate(rows):
        found = merge(row, [piece for piece, one in zip(pieces, examples, strict=True) if one.row == number])
        said = [
            [name for name, one in zip(LABELS, its, strict=True) if one > 0.5]
            for its in found["probabilities"]
        ]
        assert said == row["labels"]


def test_only_first_sub_words_have_labels(tokenizer):
    row = {"tokens": ["unbelievable", "glassmaking"], "labels": [["b"], []]}
    (example,) = encode([row], tokenizer, LABELS, 64)
    labels = example.inputs["labels"]
    assert len(labels) == len(example.inputs["input_ids"]) > 4
    assert [its.tolist() for its in labels if its[0] != IGNORED] == [[0, 1, 0], [0, 0, 0]]


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    examples = encode([{"tokens": ["Mira"]}], tokenizer, LABELS, 64)
    assert "labels" not in collator(tokenizer)([dict(one.inputs) for one in examples])


def test_padding_and_further_sub_words_have_no_weight():
    import torch

    logits = torch.tensor([[[0.5, -2.0], [3.0, 1.0], [40.0, -40.0]]])
    labels = torch.tensor([[[1, 0], [0, 1], [IGNORED, IGNORED]]], dtype=torch.int8)
    losses, weights = binary_cross_entropy({"logits": logits}, {"labels": labels})
    assert weights.tolist() == [[[1, 1], [1, 1], [0, 0]]]
    expected = -torch.log(torch.sigmoid(torch.tensor([[0.5, 2.0], [-3.0, 1.0]])))
    torch.testing.assert_close(losses[0, :2], expected)
    assert torch.isfinite(losses).all()
