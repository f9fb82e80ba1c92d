"""Loads data sets with the `datasets` library: a saved folder, or a data set of the hub.

A data set in the local cache is used without a network call. Otherwise the hub is first checked with a
timeout of seconds, because `datasets` waits for minutes if the hub does not answer.
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
    """The splits of a folder written by `save_to_disk`, by name; a single data set is ``"train"``."""
    import datasets

    try:
        return _by_split(datasets.load_from_disk(str(folder)))
    except Exception as error:  # damaged files cause many kinds of errors
        raise DataError(
            f"{folder}: cannot be read as a saved data set: {_first_line(error)}",
            expected="a folder written by datasets' save_to_disk",
            next_step="Save the data set again",
            code="unreadable-file",
        ) from error


def hub_splits(identifier: str) -> Mapping[str, Any]:
    """The splits of a hub data set, by name. ``"owner/name:configuration"`` chooses a configuration.

    Raises DataError if the data set is not in the cache and cannot be loaded from the hub.
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
    except Exception as error:  # the library raises many kinds of errors
        raise DataError(
            f"data set {identifier!r}: {_first_line(error)}",
            expected="the id of a data set on the hub, as owner/name or owner/name:configuration",
            next_step="Check the id and your access to it",
            code="hub-failed",
        ) from error


def _by_split(loaded: Any) -> Mapping[str, Any]:
    return loaded if isinstance(loaded, dict) else {"train": loaded}


@contextmanager
def _offline() -> Iterator[None]:
    """Turn on the offline setting of `datasets`, which otherwise takes effect only at import."""
    import datasets

    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _unreachable(identifier: str) -> DataError:
    return DataError(
        f"data set {identifier!r}: there is no such file or folder, it is not in the local cache, "
        "and the hub does not answer",
        expected="a file, a folder, or a data set that can be reached",
        next_step="Check the network; or give a file, a folder with train.*, dev.* and test.* files, "
        "or a folder written by datasets' save_to_disk",
        code="hub-unreachable",
    )


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
