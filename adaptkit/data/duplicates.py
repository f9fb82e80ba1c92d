"""Finds rows that occur in more than one split."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

_NOT_WORDS = {ord(character): None for character in string.punctuation + string.whitespace}


def duplicate_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split with rows whose question (see `question_of`) is also in train."""
    question = question_of(task)
    in_train = {question(row) for row in splits["train"].values}
    others = {name: rows for name, rows in splits.items() if name != "train"}
    counts = {name: sum(question(row) in in_train for row in rows.values) for name, rows in others.items()}
    return [
        f"{count:,} of the {len(others[name]):,} {name} rows are also training rows "
        "(ignoring case, spaces and punctuation), so scores on them are too high"
        for name, count in counts.items()
        if count
    ]


def question_of(task: Task) -> Callable[[Row], str]:
    """A function that returns a row without its answer as one text, without case, spaces and punctuation.

    Values that a task keeps besides its columns, such as a context, are part of it; a row's id is not.
    """
    left_out = {*task.answers, "id"}

    def question(row: Row) -> str:
        text = "\n".join(_text(row[name]) for name in sorted(row) if name not in left_out)
        return plain(text)

    return question


def plain(text: str) -> str:
    """The text without case, spaces and punctuation; unchanged if it has nothing else."""
    return text.casefold().translate(_NOT_WORDS) or text


def _text(value: Any) -> str:
    return " ".join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)
