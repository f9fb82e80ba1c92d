"""Defects in a head, found by saving and loading it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.helpers.conformance import LearntPooling, failures
from tests.helpers.mood_tasks import (
    CLASSIFIED,
    classifying,
)


class HeadWithUnsavedTensors(LearntPooling):
    """Keeps tensors in a list, which neither an optimiser nor a checkpoint finds."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__(width, labels)
        self.scales = [torch.randn(width), torch.randn(width)]

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden * self.scales[0] + self.scales[1], mask)


class HeadWithTemporaryBuffer(LearntPooling):
    """The same mistake with a buffer."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__(width, labels)
        self.register_buffer("scales", torch.randn(width), persistent=False)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden * self.scales, mask)


@pytest.mark.parametrize("head", [HeadWithUnsavedTensors, HeadWithTemporaryBuffer])
def test_a_head_whose_parameters_are_not_all_saved(head: Callable[[int, int], torch.nn.Module]) -> None:
    task = classifying(head=lambda config, labels: head(config.hidden_size, len(labels)))
    found = failures(task, CLASSIFIED)
    assert set(found) == {"save and load: full", "save and load: lora", "save and load: frozen"}
    for finding in found.values():
        assert "the exported model's logits differ from the trial's" in finding.problem
        assert "a checkpoint does not save these attributes of the head: scales" in finding.problem
        assert "torch.nn.Parameter" in finding.fix
