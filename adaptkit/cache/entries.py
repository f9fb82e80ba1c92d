"""The cache folder and its entries: written atomically, checked when read, and limited in size.

An entry is a folder named by the fingerprint of everything its content depends on. It holds a file of
features, ``about.json`` for people, and a manifest that reveals damage. Entries are written under a temporary
name, flushed and renamed, so processes that share the folder never see an incomplete one. When the cache is
full, the least recently used entries are removed.
"""

from __future__ import annotations

import errno
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

from adaptkit.documents import read_json
from adaptkit.errors import ConfigError, StudyError
from adaptkit.system.files import explained, flush_tree, write_json
from adaptkit.system.manifest import verify, write_manifest

FEATURES, ABOUT = "features.npy", "about.json"

DEFAULT_LIMIT = 4 * 2**30
MOST_ENTRIES = 1000
LEFT_FREE = 2**30
"""Bytes of the disk that the cache leaves free."""

ABANDONED_SECONDS = 3600
"""An unfinished entry that has not changed for this long was left by a killed process."""

FINISHED = re.compile(r"[0-9a-f]{64}")
UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{8}\.partial")

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry and its description. Its features have not been checked."""

    path: Path
    bytes: int
    last_used: float
    """Seconds since 1970."""

    about: Mapping[str, Any]
    """``model``, ``data`` and ``shape``; empty if they cannot be read."""

    @property
    def shape(self) -> list[int]:
        """The shape of the features, ``[examples, ..., tokens, width]``; empty if it cannot be read."""
        shape = self.about.get("shape")
        return shape if isinstance(shape, list) and all(isinstance(one, int) for one in shape) else []


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The entries in a folder."""

    folder: Path
    limit: int
    """The most bytes of all entries together; 0 turns the cache off."""

    @classmethod
    def from_environment(cls) -> Cache:
        """The user's cache, from ADAPTKIT_CACHE and ADAPTKIT_CACHE_LIMIT or the usual place for caches.

        Raises:
            ConfigError: the limit is not a size.
        """
        home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        root = os.environ.get("ADAPTKIT_CACHE") or os.path.join(home, "adaptkit")
        limit = os.environ.get("ADAPTKIT_CACHE_LIMIT")
        folder = Path(os.path.expanduser(root)) / "features"
        return cls(folder=folder, limit=DEFAULT_LIMIT if limit is None else size_of(limit))

    def entries(self) -> list[Entry]:
        """All entries, the most recently used one first."""
        found = [entry for path in self._folders(FINISHED) if (entry := _entry(path))]
        return sorted(found, key=lambda entry: (-entry.last_used, entry.path.name))

    def find(self, key: str) -> Entry | None:
        """The entry with this key, marked as used; None if there is none.

        All of its content is read and compared with the manifest. A damaged entry is removed.
        """
        path = self.folder / key
        try:
            if not path.is_dir():
                return None
            verify(path, [FEATURES, ABOUT])
        except (StudyError, OSError):  # OSError: the folder cannot be accessed
            shutil.rmtree(path, ignore_errors=True)
            return None
        with suppress(OSError):  # the folder may be read-only
            os.utime(path)
        return _entry(path)

    def make_room(self, size: int, spared: Set[str]) -> str:
        """Remove the least recently used entries until ``size`` more bytes are allowed.

        Args:
            size: the bytes of the new entry.
            spared: the keys of entries that must not be removed.

        Returns:
            An empty string; or the reason why there can be no room, in which case nothing was removed.
        """
        entries = self.entries()
        staying = [entry for entry in entries if entry.path.name in spared]
        if sum(entry.bytes for entry in staying) + size > self.limit or len(staying) >= MOST_ENTRIES:
            return "they are larger than the cache may be; increase ADAPTKIT_CACHE_LIMIT"
        if shutil.disk_usage(_existing(self.folder)).free < size + LEFT_FREE:
            return "the disk is nearly full"
        removable = [entry for entry in reversed(entries) if entry.path.name not in spared]
        total, count = sum(entry.bytes for entry in entries), len(entries)
        for entry in removable:
            if total + size <= self.limit and count < MOST_ENTRIES:
                break
            shutil.rmtree(entry.path, ignore_errors=True)
            total, count = total - entry.bytes, count - 1
        return ""

    def new_folder(self, key: str) -> Path:
        """An empty temporary folder to write an entry into, for `put`; raises OSError.

        The caller removes it if the entry is not put.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned()
        path = self.folder / f".{key}.{secrets.token_hex(4)}.partial"
        path.mkdir()
        return path

    def put(self, folder: Path, key: str, about: Mapping[str, Any]) -> None:
        """Make the temporary folder an entry. If another process has put the same entry, keep that one.

        Raises OSError or StudyError.
        """
        write_json(folder / ABOUT, about)
        write_manifest(folder, [FEATURES, ABOUT])
        flush_tree(folder)
        try:
            os.rename(folder, self.folder / key)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise

    def clear(self) -> list[Entry]:
        """Remove all entries and return them; raises StudyError if one cannot be removed."""
        self._remove_abandoned()
        entries = self.entries()
        for entry in entries:
            with explained(entry.path):
                shutil.rmtree(entry.path)
        return entries

    def _folders(self, name: re.Pattern[str]) -> list[Path]:
        """The folders with such names. Other files in the cache folder are not the cache's."""
        try:
            return [path for path in self.folder.iterdir() if name.fullmatch(path.name)]
        except OSError:  # the folder does not exist yet, or cannot be read
            return []

    def _remove_abandoned(self) -> None:
        """Remove unfinished entries that killed processes have left."""
        for path in self._folders(UNFINISHED):
            with suppress(OSError, ValueError):  # another process may remove it at the same time
                touched = max(one.stat().st_mtime for one in (path, *path.iterdir()))
                if time.time() - touched > ABANDONED_SECONDS:
                    shutil.rmtree(path)


def _entry(path: Path) -> Entry | None:
    """The entry in this folder; None if the folder does not exist."""
    try:
        size = sum(file.stat().st_size for file in path.iterdir())
        last_used = path.stat().st_mtime
    except OSError:
        return None
    try:
        about = read_json(path / ABOUT)
    except (OSError, ValueError):
        about = {}
    return Entry(path=path, bytes=size, last_used=last_used, about=about if isinstance(about, dict) else {})


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def size_of(text: str) -> int:
    """The bytes of a size such as ``500M`` or ``4G``, in powers of 1024.

    Raises:
        ConfigError: the text is not a size.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise ConfigError(
            f"ADAPTKIT_CACHE_LIMIT is {text!r:.100}",
            expected="a size such as 500M or 4G, or 0 for no cache",
            next_step="Change this environment variable.",
            code="bad-size",
        )
    return int(float(match[1]) * UNITS[match[2].upper()])
