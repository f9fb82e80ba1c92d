"""The lock on a study: one process at a time may write to it.

The lock is the operating system's (``flock``, taken by filelock) on the open file, not the existence of
the file. It is released when its process ends, even if it is killed. adaptkit never removes the file; the
folder is locked as well, so that the study stays locked if someone else removes it.
The lock works between the processes of one machine. It works between machines if the file system supports
``flock``, as NFS does since Linux 2.6.12.

The holder writes its pid, host and start time into the file, so that other processes can name it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from adaptkit.documents import read_json
from adaptkit.errors import StudyError
from adaptkit.system.files import explained

ATTEMPTS = 3


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


class HeldLock:
    """The lock while this process holds it: on the lock file, and on its folder if the file system allows it.

    The lock on the folder keeps other processes out while someone has removed the lock file.
    """

    def __init__(self, path: Path, file: FileLock, folder: int) -> None:
        self.path = path
        self._file = file
        self._folder = folder
        """The open descriptor of the folder."""

        self._is = _identity(path)

    def check(self) -> None:
        """Take the lock again if someone has removed its file.

        Raises:
            StudyError: the folder was removed or replaced, or another process has taken the lock since.
        """
        if _identity(self.path.parent) != _identity(self._folder):
            raise _removed(self.path.parent)
        if _identity(self.path) != self._is:
            self._file.release(force=True)
            self._file = _locked(self.path)
            self._is = _identity(self.path)

    def release(self) -> None:
        """Give the lock up, and clear this process's note in its file."""
        with suppress(OSError):  # the file may have been removed
            if _identity(self.path) == self._is:
                os.truncate(self.path, 0)
        self._file.release(force=True)
        os.close(self._folder)


@contextmanager
def study_lock(path: Path) -> Iterator[HeldLock]:
    """Hold the lock on the file while the block runs.

    Raises:
        StudyError: another process holds the lock, or this process already does; or the file cannot be
            written or locked.
    """
    folder = _locked_folder(path)
    try:
        lock = HeldLock(path, _locked(path), folder)
    except BaseException:
        os.close(folder)
        raise
    try:
        yield lock
    finally:
        lock.release()


def make_again(folder: Path) -> None:
    """Make a folder inside a study if someone has removed it.

    Raises:
        StudyError: the folder around it has neither a lock file nor a study.toml, so it is not the study:
            the study was removed or replaced. Or the folder cannot be made.
    """
    if folder.exists():
        return
    if not any((folder.parent / name).exists() for name in ("lock", "study.toml")):
        raise _removed(folder.parent)
    with explained(folder):
        folder.mkdir(exist_ok=True)


def written_in(folder: Path, write: Callable[[], None]) -> None:
    """Write to a folder inside a study, which is made if it is missing.

    If someone removes the folder, or what is in it, while ``write`` writes, it is called again.

    Raises:
        StudyError: as `make_again`, or the last one that ``write`` raised.
    """
    for attempt in range(1, ATTEMPTS + 1):
        make_again(folder)
        try:
            write()
            break
        except StudyError as error:
            if attempt == ATTEMPTS or not isinstance(error.__cause__, FileNotFoundError):
                raise


def _removed(folder: Path) -> StudyError:
    return StudyError(
        f"the folder {folder} was removed or replaced while this process wrote to it",
        next_step="Restore the folder if you can, and run the same command again.",
        code="study-removed",
    )


def _locked(path: Path) -> FileLock:
    """The lock on the file that has this path; raises StudyError."""
    taken: list[tuple[int, int] | None] = []

    def on_acquired(descriptor: int) -> None:
        taken.append(_identity(descriptor))
        _write_holder(path, descriptor)

    while True:
        with explained(path):
            path.touch()
        lock = FileLock(path, blocking=False, fallback_to_soft=False, on_acquired=on_acquired)
        try:
            lock.acquire()
        except Timeout as error:
            raise _in_use(path) from error
        except OSError as error:
            raise StudyError(
                f"{path} cannot be locked: {error.strerror}",
                next_step="Choose a folder on a file system that supports file locks, with --studies.",
                code="study-not-lockable",
            ) from error
        if taken[-1] == _identity(path):
            return lock
        lock.release(force=True)  # the file was removed in between: the lock is on a file without a name


def _locked_folder(path: Path) -> int:
    """A descriptor of the lock file's folder, locked where folders can be; raises StudyError."""
    with explained(path.parent):
        descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise _in_use(path) from error
    except OSError:  # NFS locks no folders
        pass
    return descriptor


def _in_use(path: Path) -> StudyError:
    return StudyError(
        f"the study {path.parent.name!r} is in use by {_holder_in_words(path)}",
        next_step="Wait until that process ends, or stop it. To run another study, choose another name"
        " with --study.",
        code="study-in-use",
    )


def _identity(path: Path | int) -> tuple[int, int] | None:
    """What tells the file or folder apart from others: device and inode; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
        values = read_json(path)
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
