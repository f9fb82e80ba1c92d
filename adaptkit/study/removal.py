"""Removes a new study again if its run was refused before the first trial: then nothing is left of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from adaptkit.errors import StudyError, UserError
from adaptkit.study.folder import StudyFolder

FILES = ("study.toml", "study.db", "study.db-journal", "summary.json", "left-out.txt", "report.html", "lock")
"""What a run may have written before its first trial, besides the folder of the records."""


def removed_if_refused(study: StudyFolder) -> AbstractContextManager[None]:
    """A block that removes the study if it is new, and is refused before a trial has ended.

    Call it before the study's lock creates the folder, and enter it after the lock is held: then no other
    process can open the study while it is removed. Files that adaptkit did not write stay.
    """
    path = study.path.absolute()
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    return nullcontext() if study.toml.exists() else _removed_if_refused(study, new)


@contextmanager
def _removed_if_refused(study: StudyFolder, new: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except StudyError:  # such as a full disk: the study can be continued
        raise
    except UserError:
        if not _has_trials(study):
            _remove(study, new)
        raise


def _has_trials(study: StudyFolder) -> bool:
    return bool(study.read_trials() or study.unreadable_trials())


def _remove(study: StudyFolder, folders: Sequence[Path]) -> None:
    for name in FILES:
        with suppress(OSError):
            (study.path / name).unlink()
    shutil.rmtree(study.path / "trials", ignore_errors=True)
    for split in ("train", "dev", "test"):
        with suppress(OSError):
            study.rows(split).unlink()
    folders = [study.rows("train").parent, *folders]
    for folder in folders:
        with suppress(OSError):  # another process may have put something into it
            folder.rmdir()
