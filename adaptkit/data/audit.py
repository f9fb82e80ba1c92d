"""Audits rows: warns of what can be trained on but is probably not meant, and names a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.duplicates import conflict_warnings, repeat_warnings
from adaptkit.data.encodings import wrong_encoding_warnings
from adaptkit.data.missing import missing_label_warnings
from adaptkit.data.rows import sentence_of
from adaptkit.data.shares import share_warnings
from adaptkit.data.spellings import spelling_warnings
from adaptkit.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task


def audit_warnings(task: Task, splits: Mapping[str, Rows], encoding: str | None = None) -> list[str]:
    """Warnings about labels written in several ways or missing, the task's own, equal rows with different
    answers, labels that are far more frequent in one split, rows that occur more than once, and texts that
    look like UTF-8 that was read in this encoding.

    Raises TaskError if the task's own audit fails.
    """
    surveyed = [f"{name}: {warning}" for name, rows in splits.items() for warning in rows.warnings]
    own = [warning for name, rows in splits.items() for warning in _own(task, name, rows)]
    conflicts = [warning for name, rows in splits.items() for warning in conflict_warnings(task, name, rows)]
    spellings = spelling_warnings(task, "train", splits["train"])
    repeats = [warning for name, rows in splits.items() for warning in repeat_warnings(task, name, rows)]
    garbled = [one for name, rows in splits.items() for one in wrong_encoding_warnings(name, rows, encoding)]
    missing = [one for name, rows in splits.items() for one in missing_label_warnings(task, name, rows)]
    found = [*spellings, *missing, *surveyed, *own, *conflicts]
    return [*found, *share_warnings(task, splits), *repeats, *garbled]


def _own(task: Task, split: str, rows: Rows) -> list[str]:
    if task.audit is None:
        return []
    try:
        return [f"{split}: {sentence_of(one, rows.origins[one.row])}" for one in task.audit(rows.values)]
    except Exception as error:
        raise TaskError(
            f"the task {task.name!r} could not audit the {split} rows: {type(error).__name__}: {error}",
            expected="a list of DataWarning, each with the position of a row",
            next_step="Report this to the author of the task",
            code="audit-failed",
        ) from error
