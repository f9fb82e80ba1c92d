"""A scheduler that trains a list of trials to their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adaptkit.engine.types import Outcome, RungReport, Trial


class TrainAll:
    """Suggests the trials in order, stops none, and keeps all reports.

    Attributes:
        reports: of all rungs so far.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.waiting = list(trials)
        self.reports: list[RungReport] = []

    def suggest(self, free: int) -> Sequence[Trial]:
        """The next trials, at most ``free``."""
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Keeps the reports; no trial is stopped."""
        self.reports.extend(reports)
        return {}

    def on_trial_end(self, outcome: Outcome) -> None:
        """Keeps nothing: the reports are enough."""

    def check(self) -> None:
        """Never interrupts."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Never stops."""
        return True
