"""Finds labels that are probably several labels with another separator between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit import DataWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Row

SEPARATORS = (",", ";", "|", "/", " ")
FEWEST = 3
"""As many labels have to be made of others; fewer may be names such as "food, drink"."""


def audit(rows: Sequence[Row]) -> list[DataWarning]:
    """A warning if labels are others with a separator between them, and the option that splits them."""
    labels = {label for row in rows for label in row["labels"]}
    for separator in SEPARATORS:
        made = {label for label in labels if _is_made_of(label, separator, labels)}
        if len(made) < FEWEST:
            continue
        place, first = next(
            (place, label) for place, row in enumerate(rows) for label in row["labels"] if label in made
        )
        return [
            DataWarning(
                problem=f"{len(made):,} of {len(labels):,} labels are other labels with {separator!r} "
                "between them",
                row=place,
                quoted=first,
                next_step=f"Pass --option separator={_written(separator)} if these are several labels",
            )
        ]
    return []


def _is_made_of(label: str, separator: str, labels: set[str]) -> bool:
    """Whether the label has the separator, and each of its parts is a label."""
    parts = [part.strip() for part in label.split(separator)]
    return len(parts) > 1 and all(part in labels for part in parts)


def _written(separator: str) -> str:
    """The separator as a shell takes it."""
    return separator if separator in ",/" else f"'{separator}'"
