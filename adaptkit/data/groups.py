"""Groups of rows that belong together, such as the questions about one text: one split and one fold each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adaptkit.data.duplicates import plain, question_of
from adaptkit.data.rows import listed
from adaptkit.errors import DataError, TaskError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.data.rows import RawRow, Rows
    from adaptkit.task import Row, Task

SPLIT_VERSION = 3
"""How dev rows and folds are split off: 1 row by row, as in version 0.1.0; 2 by the task's groups, if any;
3 also takes rows that occur more than once as dev rows, the copies of a row together."""


def column_group(task: Task, raw: RawRow, row: Row, column: str) -> str:
    """The group of a row by a column of the file. Copies of a row without a value are a group of their own.

    Args:
        task: the task of the row.
        raw: the row as it was read.
        row: the same row in the task's standard form.
        column: the file's column.

    Raises:
        DataError: the row does not have this column.
    """
    if column not in raw.values:
        raise DataError(
            f"{raw.origin}: no column {column!r} to group by; the columns are {listed(raw.values)}",
            expected="the column in every row, where it may be empty",
            next_step="Name one of these columns with --group, or leave the option out",
            code="no-group-column",
        )
    value = raw.values[column]
    return f"\n{question_of(task)(row)}" if value is None or value == "" else str(value)


def task_groups(task: Task, rows: Rows) -> Rows:
    """The rows in the groups of `Task.group_by`, unless they are in groups already or the task has none."""
    if rows.groups or task.group_by is None:
        return rows
    texts = [_checked(task, task.group_by(row)) for row in rows.values]
    return replace(rows, groups=list(map(plain, texts)), grouped_by=_column_of(rows.values, texts))


def group_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split with rows whose group is also in train, beyond copies of training rows."""
    question, train = question_of(task), splits["train"]
    if not train.groups:
        return []
    groups, questions = set(train.groups), set(map(question, train.values))
    warnings = []
    for name in sorted(splits.keys() - {"train"}):
        rows = splits[name]
        shared = [
            place
            for place, group, row in zip(rows.origins, rows.groups, rows.values, strict=True)
            if group in groups and question(row) not in questions
        ]
        if shared:
            have = "has" if len(shared) == 1 else "have"
            warnings.append(
                f"{len(shared):,} of the {len(rows):,} {name} rows {have} the same "
                f"{train.grouped_by} as training rows, so scores on them may be too high; the first: "
                f"{shared[0]}"
            )
    return warnings


def _checked(task: Task, group: object) -> str:
    if not isinstance(group, str):
        raise TaskError(
            f"the task {task.name!r} returned {group!r:.80} as a group",
            expected="a group that is a string",
            next_step="Report this to the author of the task: group_by should return str",
            code="group-type",
        )
    return group


def _column_of(rows: Sequence[Row], groups: Sequence[str]) -> str:
    """What the rows of a group share, for messages: the column that is the group, if there is one."""
    is_group = (
        name
        for name in rows[0]
        if all(row.get(name) == group for row, group in zip(rows, groups, strict=True))
    )
    return next(is_group, "group")
