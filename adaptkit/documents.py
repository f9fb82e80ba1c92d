"""Reads JSON and TOML files of limited size and depth. Imports nothing of adaptkit."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_BYTES = 64 * 2**20
"""The most bytes of a document: far more than any that adaptkit writes, far less than the memory."""


def read_json(path: Path) -> Any:
    """The content of a JSON file; raises OSError, or ValueError that says what is wrong."""
    if path.exists() and not path.is_file():  # a device or a pipe may never end, or never begin
        raise ValueError("it is not a file")
    return _read(path, json.loads)


def read_json_or_pipe(path: Path) -> Any:
    """The content of a JSON file, device or pipe; raises OSError, or ValueError that says what is wrong."""
    return _read(path, json.loads)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file, device or pipe; raises OSError, or ValueError that says what is wrong."""
    document: dict[str, Any] = _read(path, tomllib.loads)
    return document


def _read(path: Path, parse: Callable[[str], Any]) -> Any:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    try:
        return parse(content.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
