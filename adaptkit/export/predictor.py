"""Predicts with an exported model, and scores it on labelled rows; knows no study and no training."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import shortened
from adaptkit.errors import DataError, TaskError
from adaptkit.export.loading import Description, load_exported, read_description
from adaptkit.tasks import registry

if TYPE_CHECKING:
    from adaptkit.engine.prepare import Model
    from adaptkit.task import Prediction, Row, Scores, Task


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """An exported model with its task."""

    task: Task
    model: Model
    description: Description

    def predictions(self, rows: Sequence[Row]) -> list[Prediction]:
        """One prediction a row, in the task's own terms; rows as the task's `prepare` gives them.

        Raises:
            TrialError: the model's outputs are not finite, or the task's decode failed.
        """
        from adaptkit.engine.batch_limits import BatchLimits
        from adaptkit.engine.evaluate import calibrated, predict_rows
        from adaptkit.engine.prepare import scoring_data

        data = scoring_data(self.model, self.task, rows)
        (result,) = predict_rows(self.model.forward, {}, data, BatchLimits(slots=1, examples=1))
        if isinstance(result, Exception):
            raise result
        return calibrated(self.task, result, self.description.calibration)

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """For each text, what the task says of it, as JSON-ready values.

        Raises:
            DataError: one of them is no text that the task can read, or a single text was given.
            TrialError: as `predictions` does.
        """
        if isinstance(texts, str):
            raise DataError(
                f"texts = {shortened(texts)}", expected="a list of texts", next_step="Write [text]."
            )
        return self.present([self._row(text) for text in texts])

    def _row(self, text: str) -> Row:
        try:
            return self.task.prepare(self.task.parse(text))
        except ValueError as error:
            raise DataError(
                f"{shortened(text)}: {error}", next_step="Leave this text out, or mend it."
            ) from error

    def present(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """For each prepared row, what the task says of it, as JSON-ready values."""
        predictions = self.predictions(rows)
        return [dict(self.task.present(row, said)) for row, said in zip(rows, predictions, strict=True)]

    def score(self, rows: Sequence[Row], metric: str | None = None) -> Scores:
        """The task's scores on labelled rows."""
        from adaptkit.engine.evaluate import score

        return score(self.task, self.predictions(rows), rows, metric or self.task.metric.name)


def load(path: str | Path, *, device: str = "auto") -> Predictor:
    """The model in a folder that adaptkit exported, ready to predict.

    Raises:
        ModelError: the folder is none of adaptkit's, or its base model cannot be loaded.
        StudyError: one of its files is damaged.
        TaskError: the task's plugin is not installed, or broken.
    """
    from adaptkit.system.devices import resolve_device

    folder = Path(path)
    description = read_description(folder)
    task = registry.load(_installed(description), description.options)
    model = load_exported(folder, task, description, resolve_device(device))
    return Predictor(task=task, model=model, description=description)


def _installed(description: Description) -> str:
    """The name of the model's task: its own plugin's, or that of another plugin which has the task.

    Raises:
        TaskError: no plugin that is installed has it.
    """
    task, plugin = description.task, description.plugin
    names = [listing.full_name for listing in registry.available() if listing.name == task]
    if not names and plugin:
        raise TaskError(
            f"the model is for the task {task!r}, which is not installed",
            expected=f"its plugin, {plugin} {description.versions.get(plugin, '')}".rstrip(),
            next_step=f"Install it: pip install {shlex.quote(plugin)}",
        )
    own = f"{plugin}:{task}"
    return own if own in names else task
