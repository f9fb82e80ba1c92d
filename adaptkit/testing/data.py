"""Checks of the optional parts that read rows alone: forms of data, audit, pairs of texts, baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adaptkit.data.checks import prepare_rows
from adaptkit.data.sources import one_split
from adaptkit.errors import DataError
from adaptkit.task import DataWarning, Form
from adaptkit.testing.compare import alike
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import Fixtures


def forms(fixtures: Fixtures) -> None:
    """The example of each form can be read and prepared, as a file of its suffix."""
    task = fixtures.task
    if not task.forms:
        raise NotApplicable("the task declares no forms")
    for number, form in enumerate(task.forms):
        path = fixtures.folder / f"form-{number}{form.suffix}"
        path.write_text(form.example, encoding="utf-8", newline="\n")
        try:
            split = one_split(str(path), "train", task, ())
            prepare_rows(task, split, columns={}, skip_bad_rows=False)
        except DataError as error:
            raise _unreadable(form, error) from error


def audit(fixtures: Fixtures) -> None:
    """The audit accepts the rows, and each of its warnings belongs to one of them."""
    if fixtures.task.audit is None:
        raise NotApplicable("the task has no audit")
    for warning in fixtures.task.audit(fixtures.rows):
        if not isinstance(warning, DataWarning) or not 0 <= warning.row < len(fixtures.rows):
            raise Nonconformity(
                f"audit gave {warning!r:.200} for {len(fixtures.rows)} rows",
                expected="a DataWarning with the position of a row",
                next_step="Let audit return DataWarning(problem=..., row=...) for each kind of problem.",
            )


def text_pair(fixtures: Fixtures) -> None:
    """The two columns exist and hold texts, in every prepared row, labelled or not."""
    columns = fixtures.task.text_pair
    if not columns:
        raise NotApplicable("the task does not compare two texts")
    for row in [*fixtures.rows, *fixtures.unlabelled]:
        wrong = [name for name in columns if not isinstance(row.get(name), str)]
        if wrong or len(set(columns)) < len(columns):
            raise Nonconformity(
                f"text_pair = {list(columns)}, and a prepared row is {dict(row)!r:.120}",
                expected="two different columns of every prepared row, each with a text",
                next_step="Name in Task.text_pair the two columns that prepare gives the texts.",
            )


def baseline(fixtures: Fixtures) -> None:
    """A baseline gives one prediction per row, which the metric accepts, and the same ones each time."""
    task, rows = fixtures.task, fixtures.rows
    if task.baseline is None:
        raise NotApplicable("the task has no baseline")
    unanswered = [{name: one for name, one in row.items() if name not in task.target_columns} for row in rows]
    found = [task.baseline(rows, unanswered, fixtures.labels) for _ in range(2)]
    _refuse_other_predictions(*found, rows=len(rows))
    for name, predictions in found[0].items():
        try:
            _ = task.metric.compute(predictions, rows).values[task.metric.name]
        except Exception as error:
            raised = f"{type(error).__name__}: {error}"
            raise Nonconformity(
                f"the metric fails on the predictions of the baseline {name!r}: {raised}",
                expected="predictions in the form that the metric takes",
                next_step="Let the baseline return predictions in the form that apply_calibration returns.",
            ) from error


def _unreadable(form: Form, error: DataError) -> Nonconformity:
    return Nonconformity(
        f"the example of the form {form.name!r} cannot be used: {error.problem}",
        expected="an example that the task's readers and prepare accept",
        next_step="Correct the example or its suffix, or accept this form in readers or prepare.",
    )


def _refuse_other_predictions(
    first: Mapping[str, Sequence[Any]], again: Mapping[str, Sequence[Any]], *, rows: int
) -> None:
    if not first:
        raise Nonconformity(
            "baseline returned no predictions",
            expected="the predictions of at least one baseline by its name",
            next_step="Return {name: predictions}, or give the Task no baseline.",
        )
    for name, predictions in first.items():
        if len(predictions) != rows:
            raise Nonconformity(
                f"the baseline {name!r} gave {len(predictions)} predictions for {rows} rows",
                expected="one prediction for each row",
                next_step="Let the baseline predict every row, in order.",
            )
        if name not in again or not alike(list(predictions), list(again[name])):
            raise Nonconformity(
                f"the baseline {name!r} gave other predictions for the same rows",
                expected="the same predictions each time",
                next_step="Use a fixed seed in the baseline, and do not change the rows.",
            )
