"""Predicts with an exported model, and scores it on labelled rows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import shortened
from adaptkit.errors import DataError, TaskError
from adaptkit.export.loading import Description, load_exported, read_description
from adaptkit.models.pooling import with_pooling
from adaptkit.tasks import registry
from adaptkit.tasks.calls import calling

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
        """One prediction per row, in the task's own form.

        Args:
            rows: rows as the task's `prepare` returns them.

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
        """One prediction per text, as JSON-ready values.

        Raises:
            DataError: the task rejects one of the texts, or ``texts`` is a single text.
            TrialError: the model's outputs are not finite, or the task's decode failed.
        """
        if isinstance(texts, str):
            raise DataError(
                f"texts = {shortened(texts)}",
                expected="a list of texts",
                next_step="Put the text into a list: [text].",
                code="not-a-list-of-texts",
            )
        return self.present([self._row(text) for text in texts])

    def row_of(self, text: str) -> Row:
        """The prepared row of a text; raises ValueError if the task rejects it."""
        with calling(self.task, "prepare", passing=lambda error: isinstance(error, ValueError)):
            return self.task.prepare(self.task.parse_text(text))

    def _row(self, text: str) -> Row:
        try:
            return self.row_of(text)
        except ValueError as error:
            raise DataError(
                f"{shortened(text)}: {error}",
                next_step="Correct this text, or leave it out.",
                code="bad-text",
            ) from error

    def present(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One prediction per prepared row, as JSON-ready values.

        Raises:
            TaskError: the task's to_json failed, or returned something that is not JSON.
        """
        predictions = self.predictions(rows)
        with calling(self.task, "to_json"):
            found = [dict(self.task.to_json(row, one)) for row, one in zip(rows, predictions, strict=True)]
            json.dumps(found)
        return found

    def score(self, rows: Sequence[Row], metric: str | None = None) -> Scores:
        """The task's scores on labelled rows."""
        from adaptkit.engine.evaluate import score

        return score(self.task, self.predictions(rows), rows, metric or self.task.metric.name)


def load(path: str | Path, *, device: str = "auto") -> Predictor:
    """Load a model from a folder that adaptkit exported.

    Args:
        path: the folder.
        device: "auto", "cpu", "cuda" or "cuda:N".

    Raises:
        ModelError: the folder was not exported by adaptkit, or its base model cannot be loaded.
        StudyError: one of its files is damaged.
        TaskError: the task's plugin is not installed, or is broken.
    """
    from adaptkit.system.devices import resolve_device

    folder = Path(path)
    description = read_description(folder)
    task = with_pooling(registry.load(_installed(description), description.options), description.pooling)
    model = load_exported(folder, task, description, resolve_device(device))
    return Predictor(task=task, model=model, description=description)


def _installed(description: Description) -> str:
    """The name of the model's task: from the plugin it was trained with, or else from another plugin.

    Raises:
        TaskError: no installed plugin has the task.
    """
    task, plugin = description.task, description.plugin
    names = [listing.full_name for listing in registry.available() if listing.name == task]
    if not names and plugin:
        raise TaskError(
            f"the model is for the task {task!r}, which is not installed",
            expected=f"its plugin, {plugin} {description.versions.get(plugin, '')}".rstrip(),
            next_step=f"Install it: pip install {shlex.quote(plugin)}",
            code="task-not-installed",
        )
    own = f"{plugin}:{task}"
    return own if own in names else task
