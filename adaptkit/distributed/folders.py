"""The folder of a local Ray: made for each, and removed after it, also if its driver was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

SHORT = Path("/tmp")  # noqa: S108 (mkdtemp makes a folder of its own there)
PREFIX, LOCK = "adaptkit-ray-", "driver.lock"


class RayFolder:
    """A folder of its own, locked as long as this process uses it."""

    def __init__(self) -> None:
        """Make the folder; remove those of drivers that were killed."""
        # Not below TMPDIR: the path of a socket in it may have 107 bytes.
        above = SHORT if SHORT.is_dir() else Path(tempfile.gettempdir())
        for folder in left_behind(above):
            shutil.rmtree(folder, ignore_errors=True)
        self.path = tempfile.mkdtemp(prefix=PREFIX, dir=above)
        self._lock = locked(Path(self.path) / LOCK)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def locked(path: Path) -> IO[str]:
    """A new file that is locked from the moment on that it has its name. No other process inherits it."""
    unnamed = path.with_suffix(".new")
    lock = unnamed.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed.rename(path)
    return lock


def left_behind(above: Path) -> Iterator[Path]:
    """The folders whose driver has ended without removing them, of this user."""
    for folder in above.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and _is_free(folder / LOCK):
                yield folder


def _is_free(lock: Path) -> bool:
    with lock.open() as opened, suppress(BlockingIOError):
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
