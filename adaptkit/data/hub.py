"""Data sets through the `datasets` library: a folder it saved, or a hub id. Knows nothing of tasks or rows.

A data set that is in the local cache is used without any network call. `datasets` itself waits minutes for
a hub that does not answer, so the hub is first asked for one answer within seconds.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adaptkit.errors import DataError
from adaptkit.system.hub import hub_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def saved_splits(folder: Path) -> Mapping[str, Any]:
    """The splits of a folder that `save_to_disk` wrote, by name; a single data set is ``"train"``."""
    import datasets

    try:
        return _by_split(datasets.load_from_disk(str(folder)))
    except Exception as error:  # damaged files fail in whatever part of the library meets them
        raise DataError(
            f"{folder}: cannot be read as a saved data set: {_first_line(error)}",
            expected="a folder written by datasets' save_to_disk",
            next_step="Save the data set again",
        ) from error


def hub_splits(identifier: str) -> Mapping[str, Any]:
    """The splits of a hub data set, by name. ``"owner/name:configuration"`` chooses a configuration.

    Raises DataError for a data set that is neither cached nor on a hub that answers within seconds.
    """
    import datasets

    name, _, configuration = identifier.partition(":")
    try:
        with _offline():
            return _by_split(datasets.load_dataset(name, configuration or None))
    except Exception:  # not in the cache, or not this configuration of it
        if datasets.config.HF_HUB_OFFLINE or not hub_answers():
            raise _unreachable(identifier) from None
    try:
        return _by_split(datasets.load_dataset(name, configuration or None))
    except Exception as error:  # the library raises what its many parts raise
        raise DataError(
            f"data set {identifier!r}: {_first_line(error)}",
            expected="the id of a data set on the hub, as owner/name or owner/name:configuration",
            next_step="Check the id and your access to it",
        ) from error


def _by_split(loaded: Any) -> Mapping[str, Any]:
    return loaded if isinstance(loaded, dict) else {"train": loaded}


@contextmanager
def _offline() -> Iterator[None]:
    """`datasets` with its documented offline setting on, which it reads only when it is imported."""
    import datasets

    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _unreachable(identifier: str) -> DataError:
    return DataError(
        f"data set {identifier!r}: there is no such file or folder here, it is not in the local cache, "
        "and the hub does not answer",
        expected="a file, a folder, or a data set that can be reached",
        next_step="Offline, name a file, a folder with train.*, dev.* and test.* files, "
        "or a folder written by datasets' save_to_disk",
    )


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
