"""The fingerprint of the rows, by which a study knows that its data have not changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from adaptkit.errors import TaskError

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows


def fingerprint_of(splits: Mapping[str, Rows]) -> str:
    """SHA-256, in hexadecimal, over the rows of all splits in canonical JSON."""
    digest = sha256()
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_as_text)
    for name in sorted(splits):
        digest.update(f"{name} {len(splits[name])}\n".encode())
        for row in splits[name].values:
            digest.update(encoder.encode(row).encode("ascii") + b"\n")
    return digest.hexdigest()


def _as_text(value: object) -> Any:
    """A value that JSON cannot represent, in a form that is the same in every run."""
    if isinstance(value, (bytes, date, datetime, time, timedelta, Decimal, UUID)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TaskError(
        f"a row contains a value of type {type(value).__name__}",
        expected="rows of text, numbers, lists and dictionaries after the task's prepare",
        next_step="Remove this column from the data, or report it to the author of the task",
        code="value-type",
    )
