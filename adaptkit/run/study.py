"""A study, as the Python interface shows it: its winner, its trials, its model and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.config import StudyConfig
from adaptkit.errors import StudyError
from adaptkit.study.confirmation import Confirmation
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting, winning_trial

if TYPE_CHECKING:
    import pandas

    from adaptkit.export.predictor import Predictor


@dataclass(frozen=True, repr=False)
class Study:
    """A study on disk: its folder, its summary and its trials.

    A study is as it was when it was read; `adaptkit.open_study` reads it again. In a notebook it is shown as
    its HTML report.
    """

    folder: StudyFolder
    summary: StudySummary
    trials: Sequence[TrialRecord]

    @property
    def name(self) -> str:
        """The study's name, which `adaptkit.open_study` and `adaptkit.load` take."""
        return self.folder.name

    @property
    def config(self) -> StudyConfig:
        """The configuration that the study was started with; raises StudyError if it cannot be read."""
        return self.folder.read_config()

    @property
    def best(self) -> TrialRecord | None:
        """The winning trial; None if no trial is complete."""
        return winning_trial(self.summary, self.trials)

    @property
    def best_params(self) -> Mapping[str, float]:
        """The winner's hyperparameters; raises StudyError if no trial is complete."""
        return dict(self._winner().hyperparameters)

    @property
    def best_value(self) -> float:
        """The winner's score in the search; raises StudyError if no trial is complete.

        It is the score on the dev rows, or over the folds. `confirmation` has its mean over new seeds.
        """
        value = self._winner().score
        assert value is not None  # noqa: S101 (a complete trial has a score)
        return value

    @property
    def confirmation(self) -> Confirmation | None:
        """What was trained again with new seeds, and the result; None if nothing was."""
        return counting(self.summary, self.trials)

    @property
    def model_folder(self) -> Path | None:
        """The winner's model folder; None before the export."""
        return Path(self.summary.model_folder) if self.summary.model_folder else None

    def load(self, *, device: str = "auto") -> Predictor:
        """Load the winner's model.

        Args:
            device: "auto", "cpu", "cuda" or "cuda:N".

        Raises:
            StudyError: the study has no winner yet, or a file of the model is damaged.
            ModelError: the base model of an adapter cannot be loaded.
        """
        from adaptkit.export.predictor import load

        if not self.folder.current_best.exists():
            raise no_model(self.folder)
        return load(self.folder.current_best, device=device)

    def trials_dataframe(self) -> pandas.DataFrame:
        """The trials as a pandas DataFrame, one row per trial, with columns named as Optuna names them.

        Raises:
            ConfigError: pandas is not installed.
        """
        from adaptkit.report.frame import as_frame

        return as_frame(self.trials)

    def __repr__(self) -> str:
        from adaptkit.report.notebook import in_one_line

        return in_one_line(self.summary, self.trials)

    def _repr_html_(self) -> str:
        from adaptkit.report.html import as_html
        from adaptkit.report.notebook import embedded

        return embedded(as_html(self.summary, self.trials), self.name)

    def _winner(self) -> TrialRecord:
        best = self.best
        if best is None:
            raise no_winner(self.name)
        return best


def no_model(folder: StudyFolder) -> StudyError:
    """The error about a study without the folder of its winner's model: it is gone, or was never written."""
    summary = folder.summary_as_it_stands()
    if summary is None or summary.model_folder is None:
        return no_winner(folder.name)
    return StudyError(
        f"the study {folder.name!r} has a winner, but its model folder {folder.best} is missing",
        next_step="Run the same 'adaptkit tune' command again: it exports the winner again.",
        code="no-model-folder",
    )


def no_winner(name: str) -> StudyError:
    """The error about a study without a complete trial, or whose winner is not exported yet."""
    return StudyError(
        f"the study {name!r} has no winner yet",
        next_step="Continue the study: run the same 'adaptkit tune' command again.",
        code="no-winner",
    )
