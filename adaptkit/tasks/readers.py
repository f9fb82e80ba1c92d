"""Readers of plugins, in the group ``adaptkit.readers``: found by a file's suffix, or by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from adaptkit.errors import ConfigError, TaskError
from adaptkit.reader import FileReader
from adaptkit.tasks import entry_points
from adaptkit.tasks.calls import Guarded, no_exit
from adaptkit.tasks.entry_points import Kind, fail, made, refuse_contract

READERS = Kind(
    group="adaptkit.readers",
    noun="reader",
    option="--reader",
    made="a FileReader",
    install="adaptkit-vertical",
)


def load(name: str) -> FileReader:
    """The reader of this name (or ``distribution:name``).

    Raises:
        TaskError: the name is unknown or ambiguous, or the plugin fails or returns no valid reader.
    """
    listing = entry_points.find(READERS, name)
    reader, _ = made(listing, {})
    if not isinstance(reader, FileReader):
        fail(listing, f"returned {reader!r:.80}, not a FileReader")
    refuse_contract(listing, reader.contract, 1)
    suffixes = reader.suffixes
    if not callable(reader.read) or isinstance(suffixes, str) or not all(map(_is_suffix, suffixes)):
        fail(listing, f"returned an invalid FileReader: read {reader.read!r:.80}, suffixes {suffixes!r:.80}")
    distribution = f"{listing.distribution} {listing.version}"
    return dataclasses.replace(reader, read=Guarded(reader.read, no_exit), distribution=distribution)


def by_suffix() -> Mapping[str, list[tuple[str, FileReader]]]:
    """Suffix → the names of the readers for it, with the readers. A broken reader has no suffix."""
    found: dict[str, list[tuple[str, FileReader]]] = {}
    for listing in entry_points.available(READERS):
        try:
            reader = load(listing.full_name)
        except TaskError:  # it is named by `adaptkit plugins`, and where it is asked for
            continue
        for suffix in dict.fromkeys(reader.suffixes):
            found.setdefault(suffix, []).append((listing.full_name, reader))
    return found


def for_suffix(suffix: str) -> FileReader | None:
    """The only reader of a plugin for this suffix; None if there is none. Raises ConfigError for several."""
    found = by_suffix().get(suffix, [])
    if len(found) > 1:
        names = [name for name, _ in found]
        raise ConfigError(
            f"files with the suffix {suffix!r} have {len(names)} readers",
            expected="one of " + ", ".join(names),
            next_step=f"Name the reader: --reader {names[0]}.",
            code="several-readers",
        )
    return found[0][1] if found else None


def _is_suffix(suffix: object) -> bool:
    return isinstance(suffix, str) and suffix.startswith(".") and suffix == suffix.lower()
