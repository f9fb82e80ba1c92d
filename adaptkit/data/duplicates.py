"""Finds rows that occur in more than one split, and rows that differ in their answers only."""

from __future__ import annotations

import string
import unicodedata
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import counted, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

_NOT_WORDS = {ord(character): None for character in string.punctuation + string.whitespace}


def duplicate_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split with rows whose question (see `question_of`) is also in train."""
    question, train = question_of(task), splits["train"]
    in_train: dict[bytes, int] = {}
    for position, row in enumerate(train.values):
        in_train.setdefault(_digest(question(row)), position)
    warnings = []
    for name, rows in splits.items():
        digests = [_digest(question(row)) for row in rows.values] if name != "train" else []
        copies = [(place, in_train[one]) for place, one in enumerate(digests) if one in in_train]
        if copies:
            warnings.append(_leaked(name, rows, train, copies))
    return warnings


def conflict_warnings(task: Task, split: str, rows: Rows) -> list[str]:
    """A warning if rows are equal but for their answers. Case and punctuation count; spaces do not."""
    firsts: dict[bytes, int] = {}
    conflicts: dict[bytes, tuple[int, int]] = {}
    for position, row in enumerate(rows.values):
        text = _digest(_words_of(task, row))
        first = firsts.setdefault(text, position)
        if text not in conflicts and _answer(task, rows.values[first]) != _answer(task, row):
            conflicts[text] = first, position
    if not conflicts:
        return []
    places = " and ".join(
        f"{rows.origins[place]} ({shortened(_shown(task, rows.values[place]), 60)})"
        for place in next(iter(conflicts.values()))
    )
    texts = counted(len(conflicts), "input")
    return [
        f"{split}: {texts} occur{'s' if len(conflicts) == 1 else ''} more than once with different answers; "
        f"the first: {places}. A model cannot learn both: correct these rows, or leave one of each out."
    ]


def occur_once(task: Task, rows: Sequence[Row]) -> NDArray[np.bool_]:
    """``[rows]``: whether no other row has the question of the row; see `question_of`.

    Questions are compared by 64 bits of a digest: of a million different ones, two are alike with a
    probability of 3e-8.
    """
    import numpy as np

    question = question_of(task)
    digests = np.fromiter(
        (int.from_bytes(_digest(question(row))[:8], "big") for row in rows), dtype=np.uint64, count=len(rows)
    )  # [rows]
    _, which, times = np.unique(digests, return_inverse=True, return_counts=True)
    return np.asarray(times[which] == 1)


def question_of(task: Task) -> Callable[[Row], str]:
    """A function that returns a row without its answer as one text, without case, spaces and punctuation.

    Values that a task keeps besides its columns, such as a context, are part of it; a row's id is not.
    """

    def question(row: Row) -> str:
        return plain(_asked(task, row))

    return question


def plain(text: str) -> str:
    """The text without case, spaces and punctuation; unchanged if it has nothing else."""
    return text.casefold().translate(_NOT_WORDS) or text


def _asked(task: Task, row: Row) -> str:
    left_out = {*task.target_columns, "id"}
    return "\n".join(_text(row[name]) for name in sorted(row) if name not in left_out)


def _words_of(task: Task, row: Row) -> str:
    """The row without its answer, with single spaces, in composed characters."""
    return unicodedata.normalize("NFC", " ".join(_asked(task, row).split()))


def _answer(task: Task, row: Row) -> Any:
    return [row.get(name) for name in task.target_columns]


def _shown(task: Task, row: Row) -> object:
    """The row's answer for a message: the value itself if it is a single one."""
    given = [row[name] for name in task.target_columns if row.get(name) is not None]
    return given[0] if len(given) == 1 else given


def _leaked(name: str, rows: Rows, train: Rows, copies: Sequence[tuple[int, int]]) -> str:
    place, source = copies[0]
    return (
        f"{len(copies):,} of the {len(rows):,} {name} rows are also training rows "
        "(ignoring case, spaces and punctuation), so scores on them are too high; the first: "
        f"{rows.origins[place]}, as {train.origins[source]}. Remove them from one of the two."
    )


def _digest(text: str) -> bytes:
    """16 bytes in place of a text of any length: a million rows are compared in little memory."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _text(value: Any) -> str:
    return " ".join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)
