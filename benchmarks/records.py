"""The results of a benchmark as JSON lines, which it continues where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any


def read(path: Path) -> list[dict[str, Any]]:
    """The records so far; none if the file does not exist."""
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def add(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record, and show it."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")
    print(record, flush=True)


def add_missing(
    path: Path, wanted: Iterable[Mapping[str, Any]], run: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    """Do what the records do not hold yet. A run that has failed, with "error", is shown and not added."""
    for one in wanted:
        if one not in [{name: old.get(name) for name in one} for old in read(path)]:
            record = run(one)
            if "error" in record:
                print(record, flush=True)
            else:
                add(path, record)
