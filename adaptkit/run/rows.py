"""Keeps rows that were given in Python in the study's folder: the study can be continued without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adaptkit.data.in_memory import MemoryRows, is_reference
from adaptkit.errors import StudyError
from adaptkit.system.files import explained, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from adaptkit.config import DataConfig
    from adaptkit.study.folder import StudyFolder

SPLITS = ("train", "dev", "test")


def rows_by_reference(
    folder: StudyFolder, config: DataConfig, given: Sequence[MemoryRows]
) -> Mapping[str, MemoryRows]:
    """The rows that the configuration refers to: those given now, or else those that the study keeps.

    Raises:
        StudyError: rows were not given, and the study does not keep them, or not undamaged.
    """
    found = {rows.reference: rows for rows in given}
    for split in SPLITS:
        source = getattr(config, split)
        if is_reference(source) and source not in found:
            found[source] = _kept(folder, split, source)
    return found


def keep_rows(folder: StudyFolder, config: DataConfig, rows: Mapping[str, MemoryRows]) -> None:
    """Write the rows to the study's folder, unless they are there. Call it while holding the study's lock.

    A study that exists keeps only the rows that it was started with. Raises StudyError if a file cannot be
    written.
    """
    known = folder.read_config().data if folder.toml.exists() else config
    for split in SPLITS:
        source = getattr(known, split)
        if source in rows and not _is_intact(folder.rows(split), source):
            with explained(folder.path):
                folder.rows(split).parent.mkdir(exist_ok=True)
            write_text(folder.rows(split), "".join(f"{line}\n" for line in rows[source].lines))


def _kept(folder: StudyFolder, split: str, reference: str) -> MemoryRows:
    path = folder.rows(split)
    rows = _read(path, split)
    if rows is not None and rows.reference == reference:
        return rows
    state = "has changed" if path.exists() else "does not exist"
    raise StudyError(
        f"the {split} rows were given in Python, and {path}, where the study keeps them, {state}",
        expected="the file as adaptkit wrote it",
        next_step="Restore the file, or give the same rows from Python again.",
        code="rows-lost",
    )


def _is_intact(path: Path, reference: str) -> bool:
    rows = _read(path, "")
    return rows is not None and rows.reference == reference


def _read(path: Path, split: str) -> MemoryRows | None:
    try:
        return MemoryRows(split, path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return None
