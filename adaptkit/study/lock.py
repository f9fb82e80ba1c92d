"""The lock on a study: one process at a time may write to it.

The lock is the operating system's (``flock``, taken by filelock) on the open file, not the existence of
the file. The file is never removed, and the lock is released when its process ends, even if it is killed.
The lock works between the processes of one machine. It works between machines if the file system supports
``flock``, as NFS does since Linux 2.6.12.

The holder writes its pid, host and start time into the file, so that other processes can name it.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from adaptkit.errors import StudyError
from adaptkit.system.files import explained


@dataclass(frozen=True)
class Holder:
    """The process that holds the lock, as it describes itself in the lock file."""

    pid: int
    host: str
    started: str
    """UTC, ISO 8601."""

    @property
    def alive(self) -> bool:
        """Whether the process still runs; True on another host, where that cannot be checked."""
        return self.host != socket.gethostname() or _runs(self.pid)


@contextmanager
def study_lock(path: Path) -> Iterator[None]:
    """Hold the lock on the file while the block runs.

    Raises:
        StudyError: another process holds the lock, or this process already does; or the file cannot be
            written or locked.
    """
    with explained(path):
        path.touch()
    lock = FileLock(path, blocking=False, fallback_to_soft=False, on_acquired=partial(_write_holder, path))
    try:
        lock.acquire()
    except Timeout as error:
        raise StudyError(
            f"the study {path.parent.name!r} is in use by {_holder_in_words(path)}",
            next_step="Wait until that process ends, or stop it. To run another study, choose another name"
            " with --study.",
            code="study-in-use",
        ) from error
    except OSError as error:
        raise StudyError(
            f"{path} cannot be locked: {error.strerror}",
            next_step="Choose a folder on a file system that supports file locks, with --studies.",
            code="study-not-lockable",
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # the folder may have been removed
            os.truncate(path, 0)
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a running process holds the lock, according to the note in the file. Takes no lock."""
    holder = _read_holder(path)
    return holder is not None and holder.alive


def _write_holder(path: Path, descriptor: int) -> None:
    """Write this process's note into the locked file; raises StudyError."""
    holder = Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat("T", "seconds"))
    with explained(path):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)


def _read_holder(path: Path) -> Holder | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(values["pid"]), str(values["host"]), str(values.get("started", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _holder_in_words(path: Path) -> str:
    """Who holds the lock.

    Tries again while the note is missing or is a dead process's: the holder may be about to write its own.
    """
    for _ in range(10):
        holder = _read_holder(path)
        if holder is not None and holder.alive:
            return f"process {holder.pid} on {holder.host!r} since {holder.started}"
        time.sleep(0.02)
    return "another process"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs, under another user
        return True
    return True
