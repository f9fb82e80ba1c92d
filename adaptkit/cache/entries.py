"""The cache folder: what one study keeps for the next, whole or not at all, and bounded. Knows no torch.

An entry is a folder named by what its contents depend on: a file of features, ``about.json`` for people,
and a manifest by which a damaged entry is found out. Entries are written aside, flushed and renamed, so
that processes that share the folder never see half of one. The least recently used ones make room.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptkit.errors import ConfigError, StudyError
from adaptkit.system.files import explained, flush_tree, write_json
from adaptkit.system.manifest import verify, write_manifest

FEATURES, ABOUT = "features.f16", "about.json"

DEFAULT_LIMIT = 4 * 2**30
MOST_ENTRIES = 1000
LEFT_FREE = 2**30
"""Bytes of the disk that are no cache's to take."""

ABANDONED_SECONDS = 3600
"""What was written aside and not touched for so long, a killed process has left behind."""

WHOLE = re.compile(r"[0-9a-f]{64}")
ASIDE = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{8}\.partial")

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry, as it lies there; not looked into beyond what it says about itself."""

    path: Path
    bytes: int
    last_used: float
    """Seconds since 1970."""

    about: Mapping[str, Any]
    """``model``, ``data`` and ``shape``; empty if it cannot be read."""

    @property
    def shape(self) -> list[int]:
        """Of the features, ``[examples, ..., tokens, width]``; empty if that cannot be read."""
        shape = self.about.get("shape")
        return shape if isinstance(shape, list) and all(isinstance(one, int) for one in shape) else []


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The entries in a folder."""

    folder: Path
    limit: int
    """Bytes, of all entries together; 0 keeps nothing."""

    @classmethod
    def from_environment(cls) -> Cache:
        """The user's cache: by ADAPTKIT_CACHE and ADAPTKIT_CACHE_LIMIT, else where caches are by custom.

        Raises:
            ConfigError: the limit is no size.
        """
        home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        root = os.environ.get("ADAPTKIT_CACHE") or os.path.join(home, "adaptkit")
        limit = os.environ.get("ADAPTKIT_CACHE_LIMIT")
        folder = Path(root).expanduser() / "features"
        return cls(folder=folder, limit=DEFAULT_LIMIT if limit is None else size_of(limit))

    def entries(self) -> list[Entry]:
        """All entries, the last used one first."""
        found = [entry for path in self._folders(WHOLE) if (entry := _entry(path))]
        return sorted(found, key=lambda entry: (-entry.last_used, entry.path.name))

    def find(self, key: str) -> Entry | None:
        """The entry, marked as used; None if there is none, or a damaged one, which is removed.

        Its whole contents are read, to know that they are what was written.
        """
        path = self.folder / key
        if not path.is_dir():
            return None
        try:
            verify(path, [FEATURES, ABOUT])
        except (StudyError, OSError):
            shutil.rmtree(path, ignore_errors=True)
            return None
        with suppress(OSError):  # of a folder that is only read, too
            os.utime(path)
        return _entry(path)

    def make_room(self, size: int, spared: Set[str]) -> str:
        """Removes what was not used for longest until ``size`` bytes more are allowed.

        Returns why they never will be, in words, and has removed nothing then; else an empty string. What
        is ``spared``, by key, stays.
        """
        entries = self.entries()
        staying = [entry for entry in entries if entry.path.name in spared]
        if sum(entry.bytes for entry in staying) + size > self.limit or len(staying) >= MOST_ENTRIES:
            return "they are more than the cache may hold; ADAPTKIT_CACHE_LIMIT says how much"
        if shutil.disk_usage(_existing(self.folder)).free < size + LEFT_FREE:
            return "the disk is nearly full"
        leaving = [entry for entry in reversed(entries) if entry.path.name not in spared]
        total, count = sum(entry.bytes for entry in entries), len(entries)
        for entry in leaving:
            if total + size <= self.limit and count < MOST_ENTRIES:
                break
            shutil.rmtree(entry.path, ignore_errors=True)
            total, count = total - entry.bytes, count - 1
        return ""

    def aside(self, key: str) -> Path:
        """An empty folder to write an entry into; raises OSError. For `put`, or to be removed again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        path = self.folder / f".{key}.{secrets.token_hex(4)}.partial"
        path.mkdir()
        return path

    def put(self, aside: Path, key: str, about: Mapping[str, Any]) -> None:
        """Makes what was written aside the entry, unless another process was quicker with the same.

        Raises OSError or StudyError.
        """
        write_json(aside / ABOUT, about)
        write_manifest(aside, [FEATURES, ABOUT])
        flush_tree(aside)
        try:
            os.rename(aside, self.folder / key)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise

    def clear(self) -> list[Entry]:
        """Removes all entries, and returns them; raises StudyError for one that cannot be removed."""
        self._sweep()
        entries = self.entries()
        for entry in entries:
            with explained(entry.path):
                shutil.rmtree(entry.path)
        return entries

    def _folders(self, name: re.Pattern[str]) -> list[Path]:
        """What lies in the folder under such names; whatever else does is not ours."""
        try:
            return [path for path in self.folder.iterdir() if name.fullmatch(path.name)]
        except OSError:  # none yet, or not to be read
            return []

    def _sweep(self) -> None:
        """Removes what killed processes have left written aside."""
        for path in self._folders(ASIDE):
            with suppress(OSError, ValueError):  # another process may be sweeping too
                touched = max(one.stat().st_mtime for one in (path, *path.iterdir()))
                if time.time() - touched > ABANDONED_SECONDS:
                    shutil.rmtree(path)


def _entry(path: Path) -> Entry | None:
    """The entry in this folder; None if it is gone, or no folder."""
    try:
        size = sum(file.stat().st_size for file in path.iterdir())
        last_used = path.stat().st_mtime
    except OSError:
        return None
    try:
        about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        about = {}
    return Entry(path=path, bytes=size, last_used=last_used, about=about if isinstance(about, dict) else {})


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def size_of(text: str) -> int:
    """The bytes of a size such as ``500M`` or ``4G``, by powers of 1024.

    Raises:
        ConfigError: it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise ConfigError(
            f"ADAPTKIT_CACHE_LIMIT is {text!r}",
            expected="a size such as 500M or 4G, or 0 for no cache",
            next_step="Change this environment variable.",
        )
    return int(float(match[1]) * UNITS[match[2].upper()])
