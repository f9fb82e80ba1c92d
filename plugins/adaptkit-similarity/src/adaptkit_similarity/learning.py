"""The loss, and the scores from the model's output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from adaptkit import Example
    from adaptkit_similarity.scale import Scale


def squared_error(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The squared error of ``logits [batch, 1]``, and a weight of 1: both ``[batch]``."""
    predicted = outputs["logits"].float().squeeze(-1)  # [batch]
    losses = (predicted - batch["labels"].float()) ** 2  # [batch]
    return losses, losses.new_ones(losses.shape)


def decode(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str], *, scale: Scale
) -> list[float]:
    """The score of each example on its scale, from ``logits [examples, 1]``."""
    return [float(score) for score in scale.scores(outputs["logits"][:, 0])]
