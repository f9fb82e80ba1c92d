"""Optuna's storage, one SQLite file: opens it, tests it for damage, and replaces it by a rebuilt one."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from adaptkit.errors import StudyError

STUDY_NAME = "adaptkit"
"""The name of the only study in the file. It is not the folder's name, because folders may be renamed."""


def open_storage(path: Path) -> RDBStorage:
    """Open the file, or create it.

    Raises:
        StudyError: the file cannot be written.
        ValueError: the file is not Optuna's.
    """
    with writing(path):
        connect = _Connections(path)
        engine = {"creator": connect, "poolclass": NullPool}  # no pool: no open connection
        try:
            storage = RDBStorage("sqlite:///study.db", engine_kwargs=engine)
        except (RuntimeError, AssertionError, AttributeError) as error:
            raise ValueError(str(error)) from error
        connect.may_create = False
        return storage


def close_storage(storage: RDBStorage) -> None:
    """Close all connections."""
    storage.remove_session()
    storage.engine.dispose()


def open_study(storage: RDBStorage, direction: str) -> optuna.Study:
    """The study in the storage, created if it does not exist."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=STUDY_NAME,
        direction=StudyDirection[direction.upper()],
        load_if_exists=True,
    )


def damage_of(path: Path) -> str:
    """What is wrong with the file, in words; empty if nothing is, or if there is no file.

    An unfinished transaction of a killed process is not damage: SQLite rolls it back here.
    """
    if not path.exists():
        return ""
    with writing(path):
        connection = sqlite3.connect(path)
        try:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            return str(error)
        finally:
            connection.close()
    return "" if answer == "ok" else str(answer).splitlines()[-1]


def rebuild(
    path: Path, direction: str, trials: Iterable[FrozenTrial], attributes: Mapping[str, str]
) -> Path | None:
    """Replace the file by a new one with these trials, and keep a copy of the old one.

    The study in it has these user attributes.

    If the process is killed in between, call it again.

    Returns:
        The copy of the old file; None if there was none.
    """
    new = path.with_name(f".{path.name}.new")
    with writing(path):
        for rest in (new, _journal(new)):
            rest.unlink(missing_ok=True)
        storage = open_storage(new)
        try:
            study = open_study(storage, direction)
            study.add_trials(trials)
            for name, value in attributes.items():
                study.set_user_attr(name, value)
        finally:
            close_storage(storage)
        aside = _copy_aside(path) if path.exists() else None
        # SQLite would apply the journal that a killed process left for the old file to the new one.
        _journal(path).unlink(missing_ok=True)
        new.replace(path)
    return aside


class _Connections:
    """Makes connections by path, not by URL, because a path may contain any character.

    SQLite does not wait for the disk. A killed process loses nothing by that. After a power failure, a
    damaged file is rebuilt from the records, which are flushed to the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.may_create = True
        """Whether a missing file is created. Once it has been opened, someone must have removed it."""

    def __call__(self) -> sqlite3.Connection:
        if not self.may_create and not self.path.exists():
            raise sqlite3.OperationalError("it was removed while it was in use")
        connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA synchronous = OFF")
        return connection


def _copy_aside(path: Path) -> Path:
    asides = (path.with_name(f"{path.name}.broken-{number}") for number in itertools.count(1))
    aside = next(aside for aside in asides if not aside.exists())
    for source, target in ((path, aside), (_journal(path), _journal(aside))):
        if source.exists():
            shutil.copy2(source, target)
    return aside


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error in using the storage into a StudyError."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, SQLAlchemyError, StorageInternalError) as error:
        cause = error.__cause__ or error
        what = getattr(cause, "orig", None) or getattr(cause, "strerror", None) or cause
        raise StudyError(
            f"{path} cannot be used: {what}",
            next_step="Check that there is disk space and that the folder is writable, then run the same"
            " command again. No finished trial is lost.",
            code="storage-not-usable",
        ) from error
