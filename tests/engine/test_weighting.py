"""Weights of classes and label smoothing give what torch's cross-entropy gives in a plain loop."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from adaptkit.engine.training import Training
from adaptkit.engine.weighting import WeightedCrossEntropy, balanced, weighted
from adaptkit.task import cross_entropy as unweighted
from tests.helpers.number_task import number_rows
from tests.helpers.plain_training import TRIALS, logits, plain_loop, plain_module
from tests.helpers.populations import HEADS, last_slots, make_training

LABELS = ("a", "b", "c")
WEIGHTS = torch.tensor([0.5, 3.0, 1.2])  # [classes]
BY_LABEL = dict(zip(LABELS, WEIGHTS.tolist(), strict=True))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("shape", [(7,), (4, 5)])
def test_the_mean_is_torchs(shape: tuple[int, ...], smoothing: float) -> None:
    draw = torch.Generator().manual_seed(0)
    outputs = {"logits": torch.randn(*shape, 3, generator=draw)}
    labels = torch.randint(0, 3, shape, generator=draw)
    labels[0] = -100
    losses, weights = WeightedCrossEntropy(WEIGHTS, smoothing)(outputs, {"labels": labels})
    assert losses.shape == weights.shape == shape
    expected = cross_entropy(
        outputs["logits"].flatten(0, -2), labels.flatten(), weight=WEIGHTS, label_smoothing=smoothing
    )
    torch.testing.assert_close((losses * weights).sum() / weights.sum(), expected)


def test_equal_weights_are_the_unweighted_loss() -> None:
    outputs, batch = {"logits": torch.randn(6, 3)}, {"labels": torch.tensor([0, 1, 2, -100, 1, 0])}
    equal = WeightedCrossEntropy(torch.ones(3), 0.0)(outputs, batch)
    torch.testing.assert_close(equal, unweighted(outputs, batch))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_together_alone_and_a_plain_loop_agree(strategy: str, head: str, tiny_model: Any) -> None:
    loaded, rows = tiny_model("bert", HEADS[head]), number_rows(21, head)
    before = make_training(copy.deepcopy(loaded), strategy, head, rows)
    training = weighted(before, LABELS, BY_LABEL, smoothing=0.1)
    together, alone = (last_slots(training, TRIALS, together=slots) for slots in (3, 1))
    without = last_slots(before, TRIALS, together=3)
    module = plain_module(loaded, training, strategy)
    for trial in TRIALS:
        plain = plain_loop(loaded, training, trial, rows, strategy, weight=WEIGHTS, label_smoothing=0.1)
        expected, ours, lone, other = (
            logits(module, training, found[trial.number] if isinstance(found, dict) else found)
            for found in (plain, together, alone, without)
        )
        assert (expected - other).abs().max() > 0.01, "the weights have to change something"
        torch.testing.assert_close(ours, lone, atol=2e-4, rtol=1e-4)
        # Frozen features are kept in half precision, whose numbers are exact to about 1 in 2,000.
        torch.testing.assert_close(ours, expected, atol=2e-2 if strategy == "frozen" else 2e-4, rtol=1e-3)


def labels_in(training: Training) -> torch.Tensor:
    """The labels of all training items: ``[items]``."""
    labels = torch.cat([bucket.tensors["labels"].flatten() for bucket in training.buckets])
    return labels[labels != -100]


def test_balanced_weights_are_scikit_learns(tiny_model: Any) -> None:
    from sklearn.utils.class_weight import compute_class_weight

    for head in HEADS:
        training = make_training(tiny_model("bert", HEADS[head]), "full", head, number_rows(21, head))
        expected = compute_class_weight("balanced", classes=np.arange(3), y=labels_in(training).numpy())
        np.testing.assert_allclose(balanced(training.buckets, 3), expected, rtol=1e-6)
        loss = weighted(training, LABELS, None, smoothing=0.0).forward.task.loss
        assert isinstance(loss, WeightedCrossEntropy)
        torch.testing.assert_close(loss.weights, balanced(training.buckets, 3))


def test_a_class_without_items_has_a_finite_weight(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(9))
    weights = balanced(training.buckets, 4)
    assert weights[3] == 1
    assert torch.isfinite(weights).all()
