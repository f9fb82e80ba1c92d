"""What the parts of a task do by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def cross_entropy(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of ``logits [batch, ..., classes]`` and ``labels [batch, ...]``; -100 is ignored."""
    from torch.nn.functional import cross_entropy as torch_cross_entropy

    labels = batch["labels"]  # [batch, ...]
    logits = outputs["logits"].float()  # [batch, ..., classes]
    losses = torch_cross_entropy(
        logits.flatten(0, -2), labels.flatten(), ignore_index=-100, reduction="none"
    ).view(labels.shape)  # [batch, ...]
    return losses, (labels != -100).to(losses.dtype)


def label_column(row: Mapping[str, Any]) -> Iterable[str]:
    """The single label of a row, from its ``label`` column."""
    return (row["label"],)


def same_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row unchanged and unchecked."""
    return row


def only_piece(row: Mapping[str, Any], pieces: Sequence[Any]) -> Any:
    """The prediction for a row that gave exactly one example."""
    (piece,) = pieces
    return piece


def uncalibrated(prediction: Any, calibration: Mapping[str, float]) -> Any:
    """The prediction unchanged, for tasks without calibration."""
    return prediction


def text_column(text: str) -> Mapping[str, Any]:
    """A row with the text in its ``text`` column."""
    return {"text": text}


def as_prediction(row: Mapping[str, Any], prediction: Any) -> Mapping[str, Any]:
    """The prediction itself, under the name ``prediction``."""
    return {"prediction": prediction}
