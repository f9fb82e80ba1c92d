"""The program's standard streams and arguments: closed or full streams, and bytes that are not UTF-8."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, cast

from adaptkit.errors import ConfigError, DataError, OutputError

OUTPUT_ERRORS = "backslashreplace"
"""How characters are written that the terminal's encoding lacks."""

READER_GONE = "reader-gone"
"""The code of the error that the program which reads standard output has ended, as `head` does."""


def run_in_utf8() -> None:
    """If file names are not UTF-8 in this process, start it again in Python's UTF-8 mode; the pid stays.

    Then texts and paths mean the same under any locale. Standard output keeps the locale's encoding.
    """
    if sys.getfilesystemencoding() == "utf-8" or sys.flags.utf8_mode:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    kept = {"PYTHONIOENCODING": f"{encoding}:{OUTPUT_ERRORS}", **os.environ}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], kept)  # noqa: S606


def prepare_streams() -> None:
    """Give closed streams a file descriptor, and make errors in writing to standard output name it.

    Without a descriptor of its own for a closed stream, the next file that is opened would take its place.
    """
    closed = [descriptor for descriptor in (0, 1, 2) if _is_closed(descriptor)]
    for _ in closed:  # each takes the lowest free descriptor
        os.open(os.devnull, os.O_RDWR)
    if 1 in closed:
        sys.stdout = _text_stream(_Output(1, "it is closed"), "utf-8")
    elif _is_descriptor(sys.stdout, 1):
        sys.stdout = _text_stream(_Output(1), sys.stdout.encoding)
    if 2 in closed or _is_descriptor(sys.stderr, 2):
        sys.stderr = _text_stream(_Messages(2), getattr(sys.stderr, "encoding", "utf-8"))


def refuse_other_encodings(arguments: Sequence[str]) -> None:
    """Raise ConfigError if an argument or the current folder is not UTF-8, with the offset of the byte.

    The libraries that read and write weights take only paths that are UTF-8.
    """
    named = {f"argument {number}": argument for number, argument in enumerate(arguments, 1)}
    with suppress(OSError):  # the current folder may have been removed
        named["the path of the current folder"] = os.getcwd()
    for name, text in named.items():
        try:
            os.fsencode(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{name} is not UTF-8: byte 0x{error.object[error.start]:02x} at byte offset"
                f" {error.start} of {text!r:.200}",
                expected="text and file names in UTF-8",
                next_step="Convert the text with iconv, or rename the file or folder.",
                code="argument-not-utf8",
            ) from None
        except UnicodeEncodeError:  # not from a command line
            continue


def input_is_terminal() -> bool:
    """Whether a person types standard input; raises ConfigError if it is closed."""
    return _standard_input().isatty()


def input_lines() -> Iterator[str]:
    """The lines of standard input, without their ends. They are limited as those of a file are.

    Raises:
        ConfigError: standard input is closed.
        DataError: it cannot be read, a line is too long, or it is not UTF-8.
    """
    from adaptkit.data.text import MAX_LINE_BYTES

    stream, number, offset = _standard_input(), 0, 0
    while line := _read_line(stream, MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise DataError(
                f"standard input, line {number}: it is longer than {MAX_LINE_BYTES:,} bytes",
                expected="one text per line",
                next_step="Put each text on a separate line.",
                code="line-too-long",
            )
        text = _decoded(line, number, offset)
        yield (text.removeprefix("\ufeff") if number == 1 else text).rstrip("\r\n")
        offset += len(line)


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed:
        raise ConfigError(
            "standard input is closed",
            expected="texts as arguments, --file, or one text per line on standard input",
            next_step="Give texts or --file, or open standard input, for example with < FILE.",
            code="input-closed",
        )
    return sys.stdin.buffer


def _read_line(stream: BinaryIO, most: int) -> bytes:
    try:
        return stream.readline(most)
    except OSError as error:
        raise DataError(
            f"standard input cannot be read: {error.strerror or error}",
            next_step="Give texts as arguments, or name a file with --file.",
            code="input-unreadable",
        ) from error


def _decoded(line: bytes, number: int, offset: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"standard input, line {number}: byte 0x{line[error.start]:02x} at byte offset"
            f" {offset + error.start} is not UTF-8",
            expected="text in UTF-8",
            next_step="Convert it to UTF-8, for example with iconv.",
            code="not-utf8",
        ) from None


class _Output(io.RawIOBase):
    """Standard output. After an error nothing more is written, so that the error is reported once."""

    def __init__(self, descriptor: int, problem: str = "") -> None:
        self.descriptor = descriptor
        self.problem = problem
        self.code = "output-unwritable"
        self.reported = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def isatty(self) -> bool:
        return os.isatty(self.descriptor)

    def write(self, content: bytes | memoryview) -> int:  # type: ignore[override]
        if not self.problem:
            try:
                return os.write(self.descriptor, content)
            except BrokenPipeError as error:
                self.problem, self.code = str(error.strerror), READER_GONE
            except OSError as error:
                self.problem = error.strerror or str(error)
        return self._refused(len(content))

    def _refused(self, size: int) -> int:
        if self.reported:
            return size
        self.reported = True
        raise OutputError(
            f"standard output cannot be written: {self.problem}",
            next_step="What was printed is incomplete; files are complete. Direct the output elsewhere, and"
            " print it again: for a study, with 'adaptkit report'.",
            code=self.code,
        )


class _Messages(_Output):
    """Standard error. Nothing depends on it, so errors in writing to it are ignored."""

    def _refused(self, size: int) -> int:
        return size


def _text_stream(raw: _Output, encoding: str) -> io.TextIOWrapper:
    buffered = io.BufferedWriter(cast("io.RawIOBase", raw))
    return io.TextIOWrapper(buffered, encoding=encoding, errors=OUTPUT_ERRORS, line_buffering=raw.isatty())


def _is_descriptor(stream: object, descriptor: int) -> bool:
    """Whether it is Python's own stream on this descriptor, not one that a caller has put in its place."""
    if not isinstance(stream, io.TextIOWrapper):
        return False
    with suppress(OSError, ValueError):
        stream.flush()
        return stream.fileno() == descriptor
    return False


def _is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False
