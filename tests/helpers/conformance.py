"""The failed checks of the conformance kit, and a head for its tests."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from adaptkit import Row, Task
from adaptkit.testing import Finding, check


def failures(task: Task, rows: Sequence[Row] | None) -> dict[str, Finding]:
    """Name → failed check."""
    return {one.check: one for one in check(task, rows) if one.state == "failed"}


def only_failure(task: Task, rows: Sequence[Row]) -> Finding:
    """The only failed check: later checks do not report the same defect again."""
    (finding,) = failures(task, rows).values()
    assert finding.problem
    assert finding.fix.endswith(".")
    return finding


class LearntPooling(torch.nn.Module):
    """A head of a plugin: the mean of the tokens' states, weighted by learnt scores."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.score = torch.nn.Linear(width, 1)
        self.classify = torch.nn.Linear(width, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        scores = self.score(hidden).masked_fill(mask.unsqueeze(-1) == 0, -1e9)  # [batch, tokens, 1]
        logits: torch.Tensor = self.classify((scores.softmax(1) * hidden).sum(1))  # [batch, labels]
        return logits
