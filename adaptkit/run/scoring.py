"""Scores a model on labelled rows, with an interval for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adaptkit.analysis.resampling import score_intervals

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Row, Scores


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The scores of a model on labelled rows, and how much they depend on which rows there are."""

    scores: Scores

    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Name of a number → its 95% interval over the rows; without those that have none."""

    no_interval: Mapping[str, str] = field(default_factory=dict)
    """Name of a number that has none → why."""


def row_warnings(predictor: Predictor, rows: Rows) -> list[str]:
    """What is probably not meant in labelled rows: what the task found, and texts that are truncated."""
    from adaptkit.data.lengths import in_words, truncated

    model = predictor.model
    cut = truncated(predictor.task, rows, model.tokenizer, model.labels, model.max_length)
    long = [f"{in_words(rows.source, cut, model.max_length)}. Shorten or split the texts."] if cut else []
    return [*(f"{rows.source}: {warning}" for warning in rows.warnings), *long]


def score_rows(predictor: Predictor, rows: Sequence[Row], metric: str | None = None) -> Scored:
    """Score a model on labelled rows by its task's metric.

    Args:
        predictor: the model.
        rows: rows as the task's `prepare` returns them.
        metric: a number that the metric must give; by default the metric's own.

    Raises:
        TrialError: the rows cannot be predicted, or the metric does not give ``metric``.
    """
    from adaptkit.engine.evaluate import score

    task, predictions = predictor.task, predictor.predictions(rows)
    scores = score(task, predictions, rows, metric or task.metric.name)
    found = score_intervals(task.metric, predictions, rows, scores.values)
    return Scored(scores=scores, intervals=found.ends, no_interval=found.missing)
