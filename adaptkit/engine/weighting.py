"""Cross-entropy with weights of classes and label smoothing, un-reduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import cross_entropy

from adaptkit.data.encode import Bucket
from adaptkit.engine.training import Training

IGNORED = -100
"""The label of an item that does not count, such as padding."""


def weighted(
    training: Training, labels: Sequence[str], weights: Mapping[str, float] | None, *, smoothing: float
) -> Training:
    """The training with these weights of its classes, and label smoothing, in its loss.

    Args:
        training: a training whose task has `adaptkit.cross_entropy` as its loss.
        labels: the labels in the order of the head's outputs.
        weights: the weight of each label. None for balanced ones: each label has the same sum of weights over
            the training items.
        smoothing: the share of the target that all classes get equally, as in `torch.nn.CrossEntropyLoss`.
    """
    if weights is None:
        splits = training.splits  # with them, an example may be in two buckets
        buckets = training.buckets if splits is None else splits.every.buckets
        of_classes = balanced(buckets, len(labels))  # [classes]
    else:
        of_classes = torch.tensor([weights[label] for label in labels], dtype=torch.float32)  # [classes]
    loss = WeightedCrossEntropy(of_classes.to(training.forward.device), smoothing)
    task = replace(training.forward.task, loss=loss)
    return replace(training, forward=replace(training.forward, task=task))


def balanced(buckets: Sequence[Bucket], classes: int) -> torch.Tensor:
    """The weights ``[classes]``: items / (classes * items of the class); 1 for a class without items."""
    counts = torch.zeros(classes)  # [classes]
    for bucket in buckets:
        labels = bucket.tensors["labels"].cpu()  # [examples, ...]
        counts += torch.bincount(labels[labels != IGNORED], minlength=classes)
    weights = counts.sum() / (classes * counts.clamp_min(1))
    return torch.where(counts > 0, weights, 1.0)


@dataclass(frozen=True)
class WeightedCrossEntropy:
    """A task's loss: `adaptkit.cross_entropy` with weights ``[classes]`` and label smoothing."""

    weights: torch.Tensor
    smoothing: float

    def __call__(
        self, outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The losses and the weights of the items, both ``[batch, ...]``.

        torch multiplies an item's loss by the weight of its class. Here the weight is apart, so that the
        engine divides by the sum of the weights over the complete batch, as torch's mean does.
        """
        labels = batch["labels"]  # [batch, ...]
        logits = outputs["logits"].float()  # [batch, ..., classes]
        losses = cross_entropy(
            logits.flatten(0, -2), labels.flatten(), weight=self.weights, ignore_index=IGNORED,
            reduction="none", label_smoothing=self.smoothing,
        ).view(labels.shape)  # [batch, ...]  # fmt: skip
        of_items = self.weights[labels.clamp_min(0)]  # [batch, ...]
        return losses / of_items, of_items * (labels != IGNORED)
