"""What was annotated on one row, in the same form for every annotation tool, and the columns for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOLDS = 0.5
"""The value from which on a category of spaCy holds."""


def class_columns(classes: Sequence[str]) -> dict[str, Any]:
    """The columns of the classes of a row; ``label`` is the class itself if it is the only one."""
    return {"labels": list(classes), "label": classes[0] if len(classes) == 1 else list(classes)}


def category_columns(categories: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of spaCy's ``cats``, a number for each class."""
    return class_columns(
        [name for name, value in categories.items() if isinstance(value, (int, float)) and value >= HOLDS]
    )


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """One row of an annotation tool."""

    tool: str
    """The name of the tool, for messages."""

    values: Mapping[str, Any]
    """The columns of the row: its data, and everything that was exported with it."""

    marks: Sequence[Mapping[str, Any]] | None = None
    """The marked spans, each with start, end and label; None if none could be marked."""

    choices: Sequence[str] | None = None
    """The chosen classes; None if none could be chosen."""

    number: float | None = None
    left_out: str = ""
    """Why the annotations do not count, such as that they were rejected; empty if they do."""

    others: Mapping[str, Any] = field(default_factory=dict)
    """More columns, such as the annotations under the name of each control."""

    def columns(self) -> dict[str, Any]:
        """The row for a task. The tool's own columns stay, unless a column of tasks has their name."""
        columns = {**self.others, **self.values}
        if self.marks is not None:
            columns["entities"] = list(self.marks)
        if self.choices is not None:
            columns |= class_columns(self.choices)
        if self.number is not None:
            columns["score"] = self.number
            if self.choices is None:
                columns["label"] = self.number
        return columns
