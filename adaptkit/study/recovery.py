"""Puts a study's files that cannot be read aside, so that they can be written again and none is lost."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Collection
from pathlib import Path

from adaptkit.errors import StudyError
from adaptkit.study.checked import newer_version, own_version
from adaptkit.study.folder import StudyFolder, newer_study
from adaptkit.system.files import explained

RECORD = re.compile(r"\d{4,}\.json")


def put_unreadable_aside(study: StudyFolder) -> list[str]:
    """Rename the summary and the records that cannot be read. Call it while holding the study's lock.

    Returns:
        What was renamed and why, for the user, and a warning if a newer version of adaptkit wrote the study.

    Raises:
        StudyError: one of them cannot be read because a newer version wrote it. Nothing was renamed.
    """
    found = {**_unreadable_summary(study), **_unreadable_records(study)}
    newer = newer_version(study.versions())
    if found and newer:
        raise newer_study(next(iter(found.values())), newer)
    notes = [f"{problem}; it is kept as {_put_aside(path)}" for path, problem in found.items()]
    if newer:
        notes.append(f"this study was written by adaptkit {newer}, and this is adaptkit {own_version()}")
    return notes


def missing_records(study: StudyFolder, numbers: Collection[int]) -> set[int]:
    """The trials of these that have no record on disk."""
    names = set(os.listdir(study.trials)) if study.trials.is_dir() else set()
    return {number for number in numbers if f"{number:04d}.json" not in names}


def _unreadable_summary(study: StudyFolder) -> dict[Path, str]:
    try:
        study.read_summary()
    except StudyError as error:
        if error.code == "newer-study":
            raise
        return {study.summary: error.problem}
    return {}


def _unreadable_records(study: StudyFolder) -> dict[Path, str]:
    found = study.unreadable_files()
    return {path: f"{path}: {problem}" for path, problem in found.items() if RECORD.fullmatch(path.name)}


def _put_aside(path: Path) -> Path:
    asides = (path.with_name(f"{path.name}.broken-{number}") for number in itertools.count(1))
    aside = next(aside for aside in asides if not os.path.lexists(aside))
    with explained(path):
        path.rename(aside)
    return aside
