"""Reads parallel files: premises in ``s1.dev``, hypotheses in ``s2.dev``, labels in ``labels.dev``.

Lines with the same number form a row.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from adaptkit import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from adaptkit import Row

COLUMNS = {"s1": "premise", "s2": "hypothesis", "labels": "label"}
"""The name of each file without its suffix, and the column that it contains."""

SUFFIXES = (".train", ".dev", ".valid", ".val", ".test")


def parallel_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of the parallel files, of which ``path`` is any one.

    Without a file of labels, the rows have no labels. Raises ValueError for a file with another name, for a
    missing file, and for files of different lengths.
    """
    files = {column: path.with_name(f"{name}{path.suffix}") for name, column in COLUMNS.items()}
    if path not in files.values():
        raise ValueError(f"unknown file name {path.name!r}; expected one of {_names(files.values())}")
    if not files["label"].exists():
        del files["label"]
    missing = [file for file in files.values() if not file.exists()]
    if missing:
        raise ValueError(f"{_names(missing)} is missing; expected it in the same folder")
    lines = zip_longest(*map(numbered_lines, files.values()))
    for number, line in enumerate(lines, 1):
        ended = [file for file, found in zip(files.values(), line, strict=True) if found is None]
        if ended:
            raise ValueError(
                f"line {number}: {_names(ended)} ends before this line; expected files of equal length"
            )
        yield number, {column: text for column, (_, text) in zip(files, line, strict=True)}


def _names(files: Iterable[Path]) -> str:
    return ", ".join(repr(file.name) for file in files)
