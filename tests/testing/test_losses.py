"""Defects in the loss, and in the padding of labels."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DataCollatorForTokenClassification

from adaptkit import cross_entropy
from tests.helpers.conformance import failures, only_failure
from tests.helpers.mood_tasks import (
    CLASSIFIED,
    TAGGED,
    classifying,
    tagging,
)


def test_a_reduced_loss() -> None:
    def mean(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return (losses * weights).sum() / weights.sum(), torch.ones(())

    finding = only_failure(classifying(loss=mean), CLASSIFIED)
    assert finding.check == "loss: un-reduced"
    assert "losses have the shape [] and weights the shape []" in finding.problem
    assert "expected both [12, ...]" in finding.problem
    assert "reduction='none'" in finding.fix


def test_weights_that_count_padding() -> None:
    def every_token(outputs: Any, batch: Any) -> Any:
        losses, _ = cross_entropy(outputs, batch)
        return losses, torch.ones_like(losses)

    finding = only_failure(tagging(loss=every_token), TAGGED)
    assert finding.check == "loss: padding"
    assert "the sum of weights is" in finding.problem
    assert "with 16 more tokens of padding" in finding.problem
    assert "(labels != -100)" in finding.fix


def test_a_collator_that_pads_labels_with_0() -> None:
    def collator(tokenizer: Any, pad_to_multiple_of: int | None = None) -> Any:
        return DataCollatorForTokenClassification(
            tokenizer, pad_to_multiple_of=pad_to_multiple_of, label_pad_token_id=0
        )

    finding = only_failure(tagging(collator=collator), TAGGED)
    assert finding.check == "collator: padded labels"
    assert "pads labels with 0" in finding.problem
    assert "expected a value that the loss ignores, such as -100" in finding.problem
    assert "Pad answers with -100" in finding.fix


def test_a_loss_that_branches_on_a_value() -> None:
    def focal(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return (losses * 2 if losses.max().item() > 1 else losses), weights

    finding = failures(classifying(loss=focal), CLASSIFIED)["loss: many trials at once"]
    assert "does not run under torch.func.vmap" in finding.problem
    assert ".item()" in finding.fix


def test_a_loss_divided_by_a_count_over_the_batch() -> None:
    def divided(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return losses / weights.sum(), weights

    finding = only_failure(tagging(loss=divided), TAGGED)
    assert finding.check == "loss: batch in parts"
    assert "over the same examples in batches of 3" in finding.problem
