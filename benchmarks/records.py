"""The results of a benchmark as JSON lines, which it continues where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
