"""Audits rows: warns of what can be trained on but is probably not meant, and names a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.duplicates import conflict_warnings
from adaptkit.data.rows import sentence_of
from adaptkit.data.shares import share_warnings
from adaptkit.data.spellings import spelling_warnings
from adaptkit.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task


def audit_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """Warnings about labels written in several ways, the task's own, equal rows with different answers, and
    labels that are far more frequent in one split.

    Raises TaskError if the task's own audit fails.
    """
    surveyed = [f"{name}: {warning}" for name, rows in splits.items() for warning in rows.warnings]
    own = [warning for name, rows in splits.items() for warning in _own(task, name, rows)]
    conflicts = [warning for name, rows in splits.items() for warning in conflict_warnings(task, name, rows)]
    spellings = spelling_warnings(task, "train", splits["train"])
    return [*spellings, *surveyed, *own, *conflicts, *share_warnings(task, splits)]


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
