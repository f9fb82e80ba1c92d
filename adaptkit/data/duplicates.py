"""Rows that stand in two splits. Knows nothing of files or labels."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

_NOT_WORDS = {ord(character): None for character in string.punctuation + string.whitespace}


def duplicate_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split with rows whose question, as `question_of` gives it, is in train too."""
    question = question_of(task)
    in_train = {question(row) for row in splits["train"].values}
    others = {name: rows for name, rows in splits.items() if name != "train"}
    counts = {name: sum(question(row) in in_train for row in rows.values) for name, rows in others.items()}
    return [
        f"{count:,} of the {len(others[name]):,} {name} rows stand in the training rows too "
        "(case, spaces and punctuation aside), so scores on them flatter"
        for name, count in counts.items()
        if count
    ]


def question_of(task: Task) -> Callable[[Row], str]:
    """A function that gives a row without its answer as one text, case, spaces and punctuation aside.

    What a task keeps beside its columns, such as a context, is of the question; a row's own id is not.
    """
    left_out = {*task.answers, "id"}

    def question(row: Row) -> str:
        text = "\n".join(_text(row[name]) for name in sorted(row) if name not in left_out)
        return text.casefold().translate(_NOT_WORDS) or text

    return question


def _text(value: Any) -> str:
    return " ".join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)
