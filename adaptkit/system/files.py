"""Files and folders that are there as a whole or not at all.

A file is written aside, flushed to the disk, and renamed into its place; the name of the file
written aside is fixed, so that killed processes leave one such file behind at most, and the next
writer takes it over. That asks for one writer at a time, which the study's lock sees to.

A folder cannot be renamed over another one, so `atomic_folder` takes three steps::

    .best.new is written and flushed ── best → .best.old ── .best.new → best ── .best.old is deleted

and `repair_folder`, at the next start, finishes what a killed process left half done. This module
knows nothing of what the files hold.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from adaptkit.errors import StudyError


def write_bytes(path: Path, content: bytes) -> None:
    """Write the file as a whole; raises StudyError, with what was there before intact."""
    if path.exists() and not path.is_file():  # a terminal, a pipe: nothing that could be renamed over
        with explained(path):
            path.write_bytes(content)
        return
    with atomic_file(path) as aside:
        aside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write the file as a whole, in UTF-8; raises StudyError, with what was there before intact."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write the value as JSON; numbers that are not finite become null, for JSON has no others."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, f"{text}\n")


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a path to write to, beside the file; put it into the file's place if the block succeeds.

    Raises StudyError if it cannot be written; whatever happens, the file is the old or the new one.
    """
    aside = path.with_name(f".{path.name}.partial")
    with explained(path):
        try:
            yield aside
            _flush(aside)
            os.replace(aside, path)
            _flush(path.parent)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, beside the folder; put it into its place if the block succeeds.

    Raises StudyError if it cannot be written. After a kill at any point the old or the new folder
    is there as a whole: `current_folder` finds it, `repair_folder` puts it into its place.
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
    """Finish or take back a replacement that was cut short. For the one writer, at its start."""
    old, new = _old(folder), _new(folder)
    with explained(folder):
        if old.exists() and not folder.exists():  # the new one was whole before the old one was moved
            os.rename(new if new.exists() else old, folder)
            _flush(folder.parent)
        for rest in (old, new):
            if rest.exists():
                shutil.rmtree(rest)


def current_folder(folder: Path) -> Path:
    """Where a reader, who may not repair, finds the folder: in its place, or as a killed writer left it."""
    return _old(folder) if _old(folder).exists() and not folder.exists() else folder


def flush_tree(folder: Path) -> None:
    """Flush the folder and all that is in it to the disk; raises OSError."""
    for path in folder.rglob("*"):
        _flush(path)
    _flush(folder)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about writing to the path into a StudyError."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error), error.errno) from error
    except Exception as error:
        # Libraries written in Rust, such as safetensors, pass the system's words on in their own error.
        if "No space left on device" not in str(error):
            raise
        raise _unwritable(path, "No space left on device", errno.ENOSPC) from error


def _unwritable(path: Path, what: str, number: int | None) -> StudyError:
    if number in (errno.ENOSPC, errno.EDQUOT):
        next_step = "Free some space and run the same command again; what was there is intact."
    else:
        next_step = "Make it writable, or choose another folder."
    return StudyError(f"{path} cannot be written: {what}", next_step=next_step)


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


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
