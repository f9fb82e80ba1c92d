"""The files of weights in a folder of a study, each listed in the folder's manifest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptkit.study.lock import written_in
from adaptkit.system.files import atomic_file, explained
from adaptkit.system.manifest import MANIFEST, entry_of, read_manifest, verify, write_entries


@dataclass(frozen=True)
class KeptWeights:
    """The weights in a folder, given by its path."""

    folder: Path

    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Keep a file: ``write`` is called with the path to write it to. Raises StudyError."""
        written_in(self.folder, lambda: self._write(name, write))

    def _write(self, name: str, write: Callable[[Path], None]) -> None:
        path = self.folder / name
        with atomic_file(path) as aside:
            write(aside)
        with explained(path):
            entries = {**self._entries(), name: entry_of(path)}
        write_entries(self.folder, entries)

    def find(self, name: str) -> Path | None:
        """The file; None if it is not listed. Raises StudyError if it is damaged."""
        if name not in self._entries():
            return None
        verify(self.folder, [name])
        return self.folder / name

    def listed(self) -> set[str]:
        """The names in the manifest. Raises StudyError if it is invalid."""
        return set(self._entries())

    def on_disk(self) -> set[str]:
        """The names of the files of weights in the folder, listed or not."""
        return {path.name for path in self.folder.glob("*.safetensors")}

    def drop(self, names: Collection[str]) -> None:
        """Take the names off the manifest, then delete the files of weights among them. Raises StudyError."""
        entries = self._entries()
        left = {name: entry for name, entry in entries.items() if name not in names}
        if left != entries:
            write_entries(self.folder, left)
        for name in self.on_disk().intersection(names):
            with explained(self.folder / name):
                (self.folder / name).unlink(missing_ok=True)

    def _entries(self) -> dict[str, dict[str, Any]]:
        return read_manifest(self.folder) if (self.folder / MANIFEST).exists() else {}
