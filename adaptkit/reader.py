"""The contract of readers: file formats of any task, as plugins in the group ``adaptkit.readers``.

A plugin's entry point is a factory without required arguments that returns a `FileReader`. Files with one of
its suffixes are read by it; others, and files of formats that adaptkit reads itself, with ``--reader NAME``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class RowNumber(int):
    """The number that a reader gives a row which has no line of its own: messages then say "row 7"."""


@dataclass(frozen=True, kw_only=True)
class FileReader:
    """A file format."""

    read: Callable[[Path], Iterator[tuple[int, Mapping[str, Any]]]]
    """``(path) -> (line number, row)...``; raises ValueError("line 7: ...") for a line that is not a row.
    Rows without lines of their own have a `RowNumber`."""

    suffixes: Sequence[str] = ()
    """The suffixes of such files, in lower case: ``(".vrt",)``."""

    description: str = ""
    """The format in a few words."""

    distribution: str = ""
    """The distribution that the reader comes from, and its version. adaptkit sets it."""

    contract: int = 1
