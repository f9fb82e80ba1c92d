"""Finds studies by name, by path, or the last updated one; rejects invalid names and unwritable folders.

A folder is a study if it has a ``study.toml``.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path

from adaptkit.errors import ConfigError, StudyError
from adaptkit.study.folder import StudyFolder

MOST_NAMES = 8
"""The most studies that an error names if none has a similar name."""

SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def study_folder(studies_dir: Path, name: str) -> StudyFolder:
    """The folder of the study with this name, whether or not it exists.

    Raises:
        ConfigError: the name is not safe as the name of a folder.
    """
    if not SAFE_NAME.fullmatch(name):
        shown = name if len(name) <= 60 else f"{name[:60]}…"
        raise ConfigError(
            f"--study {shown!r} is not a valid study name",
            expected="1 to 100 letters (a to z), digits, dots, dashes and underscores,"
            " starting with a letter, a digit or an underscore",
            next_step="Choose another name with --study.",
            code="invalid-study-name",
        )
    return StudyFolder(studies_dir / name)


def refuse_unwritable(folder: Path) -> None:
    """Raise StudyError if the folder cannot be written to, or cannot be created. Writes nothing."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        problem = f"{existing} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        problem = f"{existing} cannot be written to"
    else:
        return
    raise StudyError(
        problem,
        next_step="Choose another folder with --studies."
        if not existing.is_dir()
        else "Make it writable, or choose another folder with --studies.",
        code="studies-not-writable",
    )


def list_studies(studies_dir: Path) -> list[StudyFolder]:
    """The studies in the folder, the last updated first."""
    found = [StudyFolder(path.parent) for path in studies_dir.glob("*/study.toml")]
    return sorted(found, key=lambda study: (-study.updated, study.name))


def find_study(studies_dir: Path, study: str | None = None) -> StudyFolder:
    """The study with this name or path; by default the last updated one.

    Raises:
        StudyError: there is no such study.
    """
    studies = list_studies(studies_dir)
    if study is None and studies:
        return studies[0]
    by_name = [one for one in studies if one.name == study]
    if by_name:
        return by_name[0]
    if study and os.path.exists(Path(study, "study.toml")):
        return StudyFolder(Path(study).absolute())
    names = [one.name for one in studies]
    shown = get_close_matches(study or "", names, n=3) or names[:MOST_NAMES]
    more = f" ({len(names) - len(shown)} more: 'adaptkit studies' lists them)" if shown != names else ""
    problem = (
        f"there is no study {study!r} in {studies_dir}" if study else f"there is no study in {studies_dir}"
    )
    raise StudyError(
        problem,
        expected=f"one of {', '.join(map(repr, shown))}{more}, or the path of a study" if studies else "",
        next_step="Give the folder of your studies with --studies, or start a study with 'adaptkit tune'.",
        code="study-not-found",
    )
