"""The lock on a study: one writer at a time, found out by name, released by death.

It is the operating system's lock on the open file (``flock``), not the file itself: the file stays
where it is, and says nothing once its process is gone. It holds between the processes of one
machine, and between machines where the file system passes ``flock`` on, as NFS does since Linux 2.6.12.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adaptkit.errors import StudyError
from adaptkit.system.files import explained


@contextmanager
def study_lock(path: Path) -> Iterator[None]:
    """Hold the lock on the file while the block runs.

    Raises StudyError, naming the holder's pid and host, if another process has it, or this one already.
    """
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, path)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
            # By word and not by closing alone: a forked worker may still have the file open.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process has the lock, as far as its note in the file tells; takes no lock itself."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return holder["host"] != socket.gethostname() or _alive(int(holder["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _acquire(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StudyError(
            f"the study {path.parent.name!r} is in use by {_holder(path)}",
            next_step="Wait for it to end or stop it, or choose another name with --study.",
        ) from error
    except OSError as error:
        raise StudyError(
            f"{path} cannot be locked: {error.strerror}",
            next_step="Choose a folder on a file system with locks, with --studies.",
        ) from error
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat("T", "seconds"),
    }
    with explained(path):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(path: Path) -> str:
    """Who has the lock, in words. Its first words may not be written yet, or be those of a dead one."""
    for _ in range(10):
        try:
            holder = json.loads(path.read_text(encoding="utf-8"))
            pid, host, started = int(holder["pid"]), str(holder["host"]), str(holder["started"])
        except (OSError, ValueError, KeyError, TypeError):
            time.sleep(0.02)
            continue
        if host != socket.gethostname() or _alive(pid):
            return f"process {pid} on {host!r} since {started}"
        time.sleep(0.02)
    return "another process"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
