"""The loss and the predictions from the logits of the choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import cross_entropy, softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from adaptkit import Example


def choice_loss(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The cross-entropy of ``logits [batch, choices]`` over each example's own choices, and a weight of 1.

    Both are ``[batch]``.
    """
    import torch

    logits = outputs["logits"].float()  # [batch, choices]
    lowest = torch.finfo(logits.dtype).min  # not -inf: infinity times 0 is NaN in a gradient
    own = torch.where(batch["choice_mask"].bool(), logits, lowest)  # [batch, choices]
    return cross_entropy({"logits": own}, batch)


def decode(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The number of each example's most probable choice, from 0, and the probability of each choice.

    Args:
        outputs: ``logits [examples, choices]``; the logits of an example's own choices come first.
        examples: the examples.
        labels: not used.
    """
    predictions = []
    for example, logits in zip(examples, outputs["logits"], strict=True):
        own = logits[: len(example.inputs["input_ids"])]  # [choices]
        predictions.append({"answer": int(own.argmax()), "probabilities": softmax(own).tolist()})
    return predictions
