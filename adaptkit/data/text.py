"""Reads text files and checks them: UTF-8 without NUL, lines of limited length."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE_BYTES = 16 * 2**20
"""The most bytes of a line: far more than any text for a model, far less than the memory."""

_NEW_LINE = b"\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAVE_AS_UTF8 = "Save the file as UTF-8 text and run the command again"


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 text file without their line ends, numbered from 1.

    A byte order mark and CRLF are accepted. Raises DataError, with file, line and byte offset, for bytes
    that are not UTF-8, for NUL, and for a line of more than 16 MiB, which is not read completely.
    """
    with path.open("rb") as file:
        offset = 0
        for number in count(1):
            line = file.readline(MAX_LINE_BYTES + 1)
            if not line:
                return
            if len(line) > MAX_LINE_BYTES:
                raise _line_too_long(path, number)
            text = _decoded(line, path, offset, number)
            yield number, text.removesuffix("\n").removesuffix("\r")
            offset += len(line)


def whole_text(path: Path) -> str:
    """The content of a UTF-8 text file, for formats that are not read line by line, such as JSON documents.

    A byte order mark is removed. Raises DataError as `numbered_lines` does, but lines may have any length.
    """
    return _decoded(path.read_bytes(), path, 0, 1)


def _decoded(raw: bytes, path: Path, offset: int, line: int) -> str:
    """The text of ``raw``, which starts at byte ``offset`` of the file, in line ``line``."""
    if b"\0" in raw:
        raise _bad_byte(path, raw, raw.index(b"\0"), offset, line)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad_byte(path, raw, error.start, offset, line) from None
    return text.removeprefix(_BYTE_ORDER_MARK.decode()) if offset == 0 else text


def _bad_byte(path: Path, raw: bytes, at: int, offset: int, line: int) -> DataError:
    what = "NUL" if raw[at] == 0 else "not UTF-8"
    place = f"{path}:{line + raw.count(_NEW_LINE, 0, at)}"
    return DataError(
        f"{place}: byte 0x{raw[at]:02x} at byte offset {offset + at} is {what}",
        expected="text in UTF-8",
        next_step=_SAVE_AS_UTF8,
        code="not-utf8",
    )


def _line_too_long(path: Path, number: int) -> DataError:
    return DataError(
        f"{path}:{number}: this line is longer than {MAX_LINE_BYTES:,} bytes",
        expected="one row per line",
        next_step="Put each row on a separate line, or remove this line",
        code="line-too-long",
    )
