"""Opens files that may be compressed, and recognises what a file is by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAGIC: dict[bytes, Callable[[Path], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""The first bytes of a compressed file, and the function that opens it."""

SUFFIXES = (".gz", ".bz2", ".xz")

DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
"""What the decompression of a damaged file raises, besides OSError."""

PARQUET, ZIP = b"PAR1", b"PK\x03\x04"

TAR, TAR_AT = b"ustar", 257
"""The mark of a tar archive, and where it is."""

OTHER_FILES = {
    TAR: ("a tar archive", "Extract the data file from it, and name that file"),
    b"\x28\xb5\x2f\xfd": ("a file compressed with Zstandard", "Decompress it, for example with: zstd -d"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "Extract the data file from it, and name that file"),
    b"Rar!": ("a RAR archive", "Extract the data file from it, and name that file"),
    b"\xd0\xcf\x11\xe0": ("an Excel file of the old format .xls", "Save it as .xlsx, or as CSV UTF-8"),
    b"version https://git-lfs": ("a pointer of Git LFS, not the file", "Fetch the file itself: git lfs pull"),
    b"<!DOCTYPE html": ("a web page", "Download the file itself; the address may need a login"),
    b"<!doctype html": ("a web page", "Download the file itself; the address may need a login"),
    b"<html": ("a web page", "Download the file itself; the address may need a login"),
    b"%PDF": ("a PDF document", "Choose a file of rows, such as CSV or JSON Lines"),
    b"SQLite format 3": ("an SQLite database", "Export the rows as CSV or JSON Lines"),
    b"\x89HDF": ("an HDF5 file", "Export the rows as CSV, JSON Lines or Parquet"),
    b"\x93NUMPY": ("a NumPy array", "Export the rows as CSV, JSON Lines or Parquet"),
    b"\x80\x04\x95": (
        "a Python pickle, which adaptkit does not open",
        "Export the rows as CSV or JSON Lines",
    ),
    b"\x80\x05\x95": (
        "a Python pickle, which adaptkit does not open",
        "Export the rows as CSV or JSON Lines",
    ),
}
"""The first bytes of files without rows of text, what such a file is, and what to do with it."""


@contextmanager
def opened_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file for reading, decompressed if its first bytes say that it is compressed.

    Raises DataError, in the block too, if it is compressed and damaged.
    """
    try:
        with _open(path) as file:
            yield file
    except DAMAGED as error:
        raise DataError(
            f"{path}: the compressed file is damaged or incomplete: {error}",
            expected="a complete .gz, .bz2 or .xz file",
            next_step="Compress or download the file again",
            code="unreadable-file",
        ) from error


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        start = file.read(6)
    for magic, opened in MAGIC.items():
        if start.startswith(magic):
            return cast("BinaryIO", opened(path))
    return path.open("rb")


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file's content; fewer if it is damaged or cannot be read."""
    try:
        with opened_bytes(path) as file:
            return file.read(count)
    except (OSError, DataError):
        return b""


def plain_path(path: Path) -> Path:
    """The path without the suffix of a compression: ``train.csv`` of ``train.csv.gz``."""
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path


def refuse_other_files(path: Path, start: bytes) -> None:
    """Raise DataError that says what the file is, if its first bytes show a known format without rows."""
    for magic, (what, next_step) in OTHER_FILES.items():
        if start.startswith(magic) or (magic == TAR and start[TAR_AT:].startswith(TAR)):
            raise DataError(
                f"{path}: this is {what}",
                expected="a file of rows, such as CSV, JSON Lines or Parquet, also as .gz, .bz2 or .xz",
                next_step=next_step,
                code="not-rows",
            )
