"""``manifest.json``: the size and the SHA-256 of the files in its folder.

safetensors detects a truncated file, but not a flipped bit; the manifest detects both. It protects against
broken disks and incomplete copies, not against someone who can also change the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from adaptkit.documents import read_json
from adaptkit.errors import StudyError
from adaptkit.system.files import write_json

MANIFEST = "manifest.json"
NEXT_STEP = "Copy the folder again from its source, or run the study again to write it again."


def write_manifest(folder: Path, names: Iterable[str] | None = None) -> None:
    """Write the manifest of the named files of the folder; by default of all its files, at any depth."""
    chosen = _all_names(folder) if names is None else sorted(names)
    write_entries(folder, {name: entry_of(folder / name) for name in chosen})


def write_entries(folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the manifest with these entries: file name → `entry_of` the file."""
    write_json(folder / MANIFEST, {"files": dict(sorted(entries.items()))})


def entry_of(path: Path) -> dict[str, Any]:
    """A file's entry in the manifest: its size in bytes and its SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's entries by file name; raises StudyError if it is missing or invalid."""
    path = folder / MANIFEST
    try:
        files = read_json(path)["files"]
        entries = {
            str(name): {"bytes": int(one["bytes"]), "sha256": str(one["sha256"])}
            for name, one in files.items()
        }
    except FileNotFoundError as error:
        raise StudyError(f"{folder} has no {MANIFEST}", next_step=NEXT_STEP, code="no-manifest") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise StudyError(
            f"{path} is not a valid manifest: {error}", next_step=NEXT_STEP, code="bad-manifest"
        ) from error
    outside = [
        name for name in entries if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
    ]
    if outside:
        raise StudyError(
            f"{path} names files outside its folder: {outside}",
            expected="names of files in the folder",
            next_step=NEXT_STEP,
            code="outside-folder",
        )
    return entries


def verify(folder: Path, names: Iterable[str] | None = None) -> None:
    """Compare files with the manifest. Raises one StudyError that names every file that differs.

    Args:
        folder: the folder with the manifest.
        names: the files to check; by default all files in the manifest. Other files are ignored.
    """
    entries = read_manifest(folder)
    chosen = entries if names is None else names
    problems = [
        f"{name} {what}" for name in chosen if (what := _difference(folder / name, entries.get(name)))
    ]
    if problems:
        raise StudyError(
            f"{folder} is damaged: {'; '.join(problems)}", next_step=NEXT_STEP, code="damaged-folder"
        )


def _difference(path: Path, entry: Mapping[str, Any] | None) -> str:
    """A description of what is wrong with the file; empty if it is intact."""
    if entry is None:
        return f"is not in {MANIFEST}"
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != entry["bytes"]:
        return f"has {size} bytes instead of {entry['bytes']}"
    try:
        same = entry_of(path) == entry
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if same else "has changed since it was written (its SHA-256 differs)"


def _all_names(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST)
