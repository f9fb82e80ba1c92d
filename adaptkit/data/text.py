"""Reads text files and checks them: UTF-8 or a given encoding, without NUL, lines of limited length."""

from __future__ import annotations

import codecs
import io
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING

from adaptkit.data.compressed import opened_bytes
from adaptkit.data.encodings import count_lines
from adaptkit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE_BYTES = 16 * 2**20
"""The most bytes of a line: far more than any text for a model, far less than the memory."""

_NEW_LINE = b"\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAVE_AS_UTF8 = "Save the file as UTF-8 text, or name its encoding, for example --encoding utf-16"
_NAME_ENCODING = "Name the file's encoding, for example --encoding cp1252, or save the file as UTF-8"

_encoding: ContextVar[str | None] = ContextVar("encoding", default=None)
"""The encoding that the user named for the files that are being read; None for UTF-8."""


@contextmanager
def reading_as(encoding: str | None) -> Iterator[None]:
    """While the block runs, text files are read in this encoding, also by the readers of plugins."""
    token = _encoding.set(encoding)
    try:
        yield
    finally:
        _encoding.reset(token)


def check_encoding(name: str | None) -> None:
    """Raise ConfigError if the name is not that of a text encoding."""
    try:
        "".encode(name or "utf-8")
    except LookupError:
        raise ConfigError(
            f"encoding {name!r:.80} is unknown",
            expected="the name of a text encoding, such as utf-8, cp1252, latin-1 or utf-16",
            next_step="Change --encoding, or leave it out",
            code="unknown-encoding",
        ) from None


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file without their line ends, numbered from 1.

    The file is UTF-8 unless the user named another encoding, and may be compressed. A byte order mark and
    CRLF are accepted. Raises DataError, with file, line and byte offset, for bytes that are not UTF-8, for
    NUL, and for a line of more than 16 MiB, which is not read completely.
    """
    encoding = named_encoding()
    if encoding != "utf-8":
        yield from _lines_in(path, encoding)
        return
    with opened_bytes(path) as file:
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
    """The content of a text file, for formats that are not read line by line, such as JSON documents.

    A byte order mark is removed. Raises DataError as `numbered_lines` does, but lines may have any length.
    """
    encoding = named_encoding()
    with opened_bytes(path) as file:
        raw = file.read()
    return _decoded(raw, path, 0, 1) if encoding == "utf-8" else _decoded_as(raw, encoding, path)


def named_encoding() -> str:
    """The encoding that text files are read in at the moment."""
    return codecs.lookup(_encoding.get() or "utf-8").name


def _lines_in(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file in another encoding than UTF-8."""
    with opened_bytes(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="\n") as file:
        for number in count(1):
            try:
                line = file.readline(MAX_LINE_BYTES + 1)
            except UnicodeError as error:
                raise _not_in(encoding, f"{path}:{number}", error) from None
            if not line:
                return
            if len(line) > MAX_LINE_BYTES:
                raise _line_too_long(path, number)
            if "\0" in line:
                raise _not_in(encoding, f"{path}:{number}", "it has a NUL character")
            text = line.removeprefix("\ufeff") if number == 1 else line
            yield number, text.removesuffix("\n").removesuffix("\r")


def _decoded_as(raw: bytes, encoding: str, path: Path) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeError as error:
        raise _not_in(encoding, str(path), error) from None
    if "\0" in text:
        raise _not_in(encoding, str(path), "it has a NUL character")
    return text.removeprefix("\ufeff")


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
    place = f"{path}:{line + raw.count(_NEW_LINE, 0, at)}"
    byte = f"{place}: byte 0x{raw[at]:02x} at byte offset {offset + at} is"
    if raw[at] == 0:
        problem, next_step = f"{byte} NUL", _SAVE_AS_UTF8
    else:
        problem, next_step = f"{byte} not UTF-8", _NAME_ENCODING
        if path.is_file():
            problem, next_step = _with_counts(problem, path)
    return DataError(problem, expected="text in UTF-8", next_step=next_step, code="not-utf8")


def _with_counts(problem: str, path: Path) -> tuple[str, str]:
    """The problem with the number of lines that have it, and the next step."""
    counts = count_lines(path)
    problem = f"{problem}; {counts.in_words}"
    if not counts.mixed:
        return problem, _NAME_ENCODING
    more = counts.other - len(counts.first)
    lines = f"{', '.join(f'{number:,}' for number in counts.first)}{f' and {more:,} more' if more else ''}"
    which = "this line" if counts.other == 1 else "these lines"
    return (
        f"{problem}, but {counts.utf8:,} {'has' if counts.utf8 == 1 else 'have'} characters beyond ASCII in "
        "UTF-8: the file mixes encodings",
        f"Convert {which} to UTF-8: {lines}; or convert each of the files that it was joined from, and join "
        "them again. --encoding would garble the other lines",
    )


def _not_in(encoding: str, place: str, error: object) -> DataError:
    return DataError(
        f"{place}: not text in {encoding}: {error}",
        expected=f"text in {encoding}",
        next_step="Name another encoding with --encoding, or save the file as UTF-8",
        code="not-in-encoding",
    )


def _line_too_long(path: Path, number: int) -> DataError:
    return DataError(
        f"{path}:{number}: this line is longer than {MAX_LINE_BYTES:,} bytes",
        expected="one row per line",
        next_step="Put each row on a separate line, or remove this line",
        code="line-too-long",
    )
