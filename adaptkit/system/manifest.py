"""``manifest.json``: the size and the SHA-256 of the files beside it.

A safetensors file notices when it has been cut short, not when a bit has flipped; this does.
It guards against broken disks and broken copies, not against anyone who can write the manifest too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from adaptkit.errors import StudyError
from adaptkit.system.files import write_json

MANIFEST = "manifest.json"
NEXT_STEP = "Copy the folder again from where it came from, or run the study again to write it anew."


def write_manifest(folder: Path, names: Iterable[str] | None = None) -> None:
    """Write the manifest of the named files of the folder, or of all that are in it, at any depth."""
    chosen = _all_names(folder) if names is None else sorted(names)
    write_entries(folder, {name: entry_of(folder / name) for name in chosen})


def write_entries(folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the manifest with these entries: name → `entry_of` the file."""
    write_json(folder / MANIFEST, {"files": dict(sorted(entries.items()))})


def entry_of(path: Path) -> dict[str, Any]:
    """A file's line in the manifest: its size in bytes and its SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's entries, by file name; raises StudyError if it is missing or is none."""
    path = folder / MANIFEST
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = {
            str(name): {"bytes": int(one["bytes"]), "sha256": str(one["sha256"])}
            for name, one in files.items()
        }
    except FileNotFoundError as error:
        raise StudyError(f"{folder} has no {MANIFEST}", next_step=NEXT_STEP) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StudyError(f"{path} is no manifest: {error}", next_step=NEXT_STEP) from error
    outside = [
        name for name in entries if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
    ]
    if outside:
        raise StudyError(f"{path} names files outside its folder: {outside}", next_step=NEXT_STEP)
    return entries


def verify(folder: Path, names: Iterable[str] | None = None) -> None:
    """Compare the named files, or all it has, with the manifest; one StudyError names each that differs.

    Files the manifest does not know are left alone, unless they are among the names.
    """
    entries = read_manifest(folder)
    chosen = entries if names is None else names
    problems = [
        f"{name} {what}" for name in chosen if (what := _difference(folder / name, entries.get(name)))
    ]
    if problems:
        raise StudyError(f"{folder} is damaged: {'; '.join(problems)}", next_step=NEXT_STEP)


def _difference(path: Path, entry: Mapping[str, Any] | None) -> str:
    """What is wrong with the file, in words; empty if nothing is."""
    if entry is None:
        return f"is not in {MANIFEST}"
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != entry["bytes"]:
        return f"has {size} bytes instead of {entry['bytes']}"
    return "" if entry_of(path) == entry else "has other contents than were written (its SHA-256 differs)"


def _all_names(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST)
