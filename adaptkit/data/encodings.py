"""Finds lines of a file that are not UTF-8, and texts of rows that were read in a wrong encoding."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.data.compressed import opened_bytes
from adaptkit.data.rows import counted, shortened, texts_in

if TYPE_CHECKING:
    from pathlib import Path

    from adaptkit.data.rows import Rows

MOST_BYTES = 2**28
"""So much of a file is read to count its lines."""

MOST_LINE_BYTES = 2**20
"""A longer line is read in parts."""

LINES_NAMED = 5
LEAST_SHARE = 0.05
"""Of the lines or rows with characters beyond ASCII, so many must be UTF-8: a few are by chance."""


@dataclass
class LineCounts:
    """The lines of a file by their bytes. Lines in ASCII alone are neither UTF-8 nor other."""

    lines: int = 0
    utf8: int = 0
    other: int = 0
    first: tuple[int, ...] = ()
    """The numbers of the first lines that are not UTF-8."""

    complete: bool = True
    """Whether they are all lines of the file."""

    @property
    def mixed(self) -> bool:
        """Whether the file has UTF-8 and another encoding."""
        return min(self.other, self.utf8) > 0 and self.utf8 >= LEAST_SHARE * (self.utf8 + self.other)

    @property
    def in_words(self) -> str:
        """How many lines are not UTF-8."""
        if self.lines == 1:
            return f"its {'only' if self.complete else 'first'} line is not UTF-8"
        of = f"{'' if self.complete else 'first '}{counted(self.lines, 'line')}"
        return f"{self.other:,} of the {of} {'is' if self.other == 1 else 'are'} not UTF-8"

    def add(self, line: LineBytes) -> None:
        """Count a line."""
        self.lines += 1
        if line.ascii:
            return
        if line.utf8:
            self.utf8 += 1
            return
        self.other += 1
        if len(self.first) < LINES_NAMED:
            self.first = (*self.first, self.lines)


@dataclass(slots=True)
class LineBytes:
    """What the bytes of a line are, which are added in parts."""

    ascii: bool = True
    utf8: bool = True
    rest: bytes = b""
    """The start of a character whose end is in the next part."""

    def add(self, part: bytes, *, final: bool = False) -> None:
        """Add a part; ``final`` if the line ends with it."""
        if not self.utf8 or (self.ascii and part.isascii()):
            return
        self.ascii = False
        part = self.rest + part
        try:
            _, read = codecs.utf_8_decode(part, "strict", final)
        except UnicodeDecodeError:
            self.utf8 = False
        else:
            self.rest = part[read:]


def count_lines(path: Path) -> LineCounts:
    """The lines of a text file, of its first 256 MiB if it is larger."""
    counts, line, size, started = LineCounts(), LineBytes(), 0, False
    with opened_bytes(path) as file:
        while size <= MOST_BYTES and (part := file.readline(MOST_LINE_BYTES)):
            size += len(part)
            line.add(part)
            started = not part.endswith(b"\n")
            if not started:
                counts.add(line)
                line = line if line.ascii else LineBytes()
        counts.complete = not file.read(1)
    if started:
        line.add(b"", final=counts.complete)
        counts.add(line)
    return counts


def wrong_encoding_warnings(split: str, rows: Rows, encoding: str | None) -> list[str]:
    """A warning if texts of the rows look like UTF-8 that was read in this encoding, such as ``cafÃ©``."""
    if encoding is None or codecs.lookup(encoding).name.startswith("utf"):
        return []
    beyond = wrong = 0
    first: tuple[int, str, str] | None = None
    for place, row in enumerate(rows.values):
        texts = [text for text in texts_in(row) if not text.isascii()]
        beyond += bool(texts)
        read = next(filter(None, (_as_utf8(text, encoding) for text in texts)), None)
        if read is not None:
            wrong += 1
            first = first or (place, *read)
    if first is None or wrong < LEAST_SHARE * beyond:
        return []
    place, shown, meant = first
    look = "looks" if wrong == 1 else "look"
    return [
        f"{split}: {wrong:,} of the {counted(len(rows), 'row')} {look} like UTF-8 that was read as "
        f"{encoding}, such as {shortened(shown, 40)} for {shortened(meant, 40)}; the first: "
        f"{rows.origins[place]}. Leave --encoding out; if lines of the file are not UTF-8, the error "
        "names them."
    ]


def _as_utf8(text: str, encoding: str) -> tuple[str, str] | None:
    """The first word beyond ASCII, and what it is in UTF-8; None if the text is not UTF-8 read wrongly."""
    try:
        raw = text.encode(encoding)
        if raw.isascii():  # an encoding with 7 bits, such as iso2022_jp
            return None
        raw.decode("utf-8")
        words = (word for word in text.split(" ") if not word.isascii())
        return next((word, word.encode(encoding).decode("utf-8")) for word in words)
    except UnicodeError:
        return None
