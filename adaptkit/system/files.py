"""Atomic files and folders: after a crash at any point, either the old or the new content is complete.

A file is written under a temporary name, flushed to the disk, and then renamed. The temporary name is
fixed, so killed processes leave at most one such file, and the next writer overwrites it. There must be
only one writer at a time; the study's lock ensures this. Where a user names the path, `new_folder` and
`write_user_text` take a temporary name that no file has, and never touch what is beside the path.

A folder cannot be renamed over another folder, so `atomic_folder` takes these steps::

    .best.new is written and flushed ── best → .best.old ── .best.new → best ── .best.old is deleted

At the next start `repair_folder` completes the steps that a killed process did not finish.
"""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from adaptkit.errors import StudyError


def write_bytes(path: Path, content: bytes) -> None:
    """Write the file atomically. Raises StudyError; the previous content is then intact."""
    if path.exists() and not path.is_file():  # a terminal or a pipe cannot be replaced by renaming
        with explained(path):
            path.write_bytes(content)
        return
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write the file atomically, in UTF-8. Raises StudyError; the previous content is then intact."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write the value as JSON. Numbers that are not finite become null, as JSON cannot represent them."""
    text = json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode("utf-8", "backslashreplace"))  # of a half of a surrogate pair


def write_user_text(path: Path, text: str) -> None:
    """Write a file that the user named, in UTF-8. Raises StudyError; the previous content is then intact."""
    content = text.encode("utf-8", "backslashreplace")
    if path.exists() and not path.is_file():  # a terminal or a pipe cannot be replaced by renaming
        with explained(path):
            path.write_bytes(content)
        return
    with _replaced(path, _unused_beside(path)) as partial:
        partial.write_bytes(content)


def atomic_file(path: Path) -> AbstractContextManager[Path]:
    """Give a temporary path beside the file; rename it to the file if the block succeeds.

    Raises StudyError if it cannot be written. In any case the file is either the old or the new one.
    """
    return _replaced(path, path.with_name(f".{path.name}.partial"))


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder; if the block succeeds, rename it to the folder: a missing or empty one.

    Nothing else is changed. Raises StudyError if it cannot be written. A killed process leaves the temporary
    folder, ``.adaptkit-*.partial``.
    """
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = _unused_beside(folder)
        partial.mkdir()
        try:
            yield partial
            flush_tree(partial)
            os.rename(partial, folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _flush(folder.parent)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder beside the folder; rename it to the folder if the block succeeds.

    Raises StudyError if it cannot be written. If the process is killed, the old or the new folder is
    complete: `current_folder` finds it, and `repair_folder` moves it to its place.
    """
    repair_folder(folder)
    old, new = _old(folder), _new(folder)
    with explained(folder):
        try:
            new.mkdir(parents=True)
            yield new
            flush_tree(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if folder.exists():
            os.rename(folder, old)
        os.rename(new, folder)
        _flush(folder.parent)
        shutil.rmtree(old, ignore_errors=True)


def repair_folder(folder: Path) -> None:
    """Finish or undo an interrupted replacement. Called by the only writer, at its start."""
    old, new = _old(folder), _new(folder)
    with explained(folder):
        if old.exists() and not folder.exists():  # the new one was complete before the old one was moved
            os.rename(new if new.exists() else old, folder)
            _flush(folder.parent)
        for leftover in (old, new):
            if leftover.exists():
                shutil.rmtree(leftover)


def current_folder(folder: Path) -> Path:
    """The folder to read from: the folder itself, or the old one that a killed writer has moved away."""
    return _old(folder) if _old(folder).exists() and not folder.exists() else folder


def flush_tree(folder: Path) -> None:
    """Flush the folder and everything in it to the disk; raises OSError."""
    for path in folder.rglob("*"):
        _flush(path)
    _flush(folder)


OF_LIBRARIES = {
    "No space left on device": errno.ENOSPC,
    "I/O error: No such file or directory": errno.ENOENT,
}
"""Libraries written in Rust, such as safetensors, raise their own error with the system's message."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system error about writing to the path into a StudyError."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error), error.errno) from error
    except Exception as error:
        number = next((number for text, number in OF_LIBRARIES.items() if text in str(error)), None)
        if number is None:
            raise
        raise _unwritable(path, os.strerror(number), number) from OSError(number, os.strerror(number))


def _unwritable(path: Path, what: str, number: int | None) -> StudyError:
    if number in (errno.ENOSPC, errno.EDQUOT):
        next_step = "Free some space and run the same command again; the previous content is intact."
    else:
        next_step = "Check the path and its permissions, or choose another folder."
    return StudyError(f"{path} cannot be written: {what}", next_step=next_step, code="cannot-write")


@contextmanager
def _replaced(path: Path, partial: Path) -> Iterator[Path]:
    """Give the path ``partial`` to write to; rename it to ``path`` if the block succeeds."""
    with explained(path):
        try:
            yield partial
            _flush(partial)
            os.replace(partial, path)
            _flush(path.parent)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


def _unused_beside(path: Path) -> Path:
    """A path beside this one that no file or folder has."""
    return path.with_name(f".adaptkit-{secrets.token_hex(8)}.partial")


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _new(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def finite(value: Any) -> Any:
    """The value, with null for numbers that are not finite: JSON cannot represent them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    return [finite(inner) for inner in value] if isinstance(value, list | tuple) else value
