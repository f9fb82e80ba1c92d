"""The result of a run: a study on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import winning_trial


@dataclass(frozen=True)
class Study:
    """A study on disk: its folder, its summary and its trials."""

    folder: StudyFolder
    summary: StudySummary
    trials: Sequence[TrialRecord]

    @property
    def best(self) -> TrialRecord | None:
        """The winning trial; None if no trial is complete."""
        return winning_trial(self.summary, self.trials)

    @property
    def model_folder(self) -> Path | None:
        """The winner's model folder; None before the export."""
        return Path(self.summary.model_folder) if self.summary.model_folder else None
