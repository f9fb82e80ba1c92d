"""Finds rows that occur in more than one split, and rows that differ in their answers only."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from adaptkit.data.differing import differing
from adaptkit.data.rows import counted, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

QUESTION, WORDS = 0, 1
"""The places of the numbers of a row."""

_NOT_WORDS = {ord(character): None for character in string.punctuation + string.whitespace}


def with_asked(task: Task, rows: Rows) -> Rows:
    """The rows with a number for what each asks, by which rows that are alike are found quickly."""
    return replace(rows, asked=_asked_by(task, rows.values))


def duplicate_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split with rows whose question (see `question_of`) is also in train."""
    train = splits["train"]
    others = {name: rows for name, rows in splits.items() if name != "train"}
    return [
        _leaked(name, rows, train, copies)
        for name, rows in others.items()
        if (copies := _copies(task, rows, train))
    ]


def _copies(task: Task, rows: Rows, train: Rows) -> list[tuple[int, int]]:
    """The place of each row that is also in train, and the first such place there."""
    import numpy as np

    ours, theirs = _numbers(task, rows)[:, QUESTION], _numbers(task, train)[:, QUESTION]  # [rows] each
    likely = np.flatnonzero(np.isin(ours, theirs)).tolist()
    if not likely:
        return []
    digest = _digest_of(question_of(task))
    first: dict[bytes, int] = {}
    for place in np.flatnonzero(np.isin(theirs, ours[likely])).tolist():
        first.setdefault(digest(train.values[place]), place)
    digests = ((place, digest(rows.values[place])) for place in likely)
    return [(place, first[one]) for place, one in digests if one in first]


def conflict_warnings(task: Task, split: str, rows: Rows) -> list[str]:
    """A warning if rows are equal but for their answers. Case and punctuation count; spaces do not."""
    conflicts = _conflicts(task, rows)
    if not conflicts:
        return []
    first, others = next(iter(conflicts.items()))
    texts = counted(len(conflicts), "input")
    return [
        f"{split}: {texts} occur{'s' if len(conflicts) == 1 else ''} more than once with different answers; "
        f"the first: {_conflict(task, rows, first, others[0])}. A model cannot learn both: correct these "
        "rows, or leave one of each out."
    ]


def _conflicts(task: Task, rows: Rows) -> Mapping[int, Sequence[int]]:
    """The position of the first row of an input → those of the rows that give it another answer."""
    digest = _digest_of(lambda row: _words_of(_asked(task, row)))
    firsts: dict[bytes, int] = {}
    conflicts: dict[int, list[int]] = {}
    for position in _repeated(_numbers(task, rows)[:, WORDS]):
        row = rows.values[position]
        first = firsts.setdefault(digest(row), position)
        if _answer(task, rows.values[first]) != _answer(task, row):
            conflicts.setdefault(first, []).append(position)
    return conflicts


def _conflict(task: Task, rows: Rows, first: int, second: int) -> str:
    """The places of two rows with their answers, or, for answers word by word, where they differ."""
    ours, theirs = _shown(task, rows.values[first]), _shown(task, rows.values[second])
    words = _words_beside(task, rows.values[first], ours)
    if not words or not isinstance(theirs, (list, tuple)) or len(theirs) != len(words):
        answers = zip((first, second), differing(ours, theirs), strict=True)
        return " and ".join(f"{rows.origins[place]} ({its})" for place, its in answers)
    differ = [place for place, one in enumerate(ours) if one != theirs[place]]
    at = differ[0]
    return (
        f"{rows.origins[first]} and {rows.origins[second]}, which differ at {len(differ):,} of "
        f"{counted(len(words), 'word')}, first at word {at + 1:,}, {shortened(words[at], 40)}: "
        f"{' and '.join(differing(ours[at], theirs[at], 40))}"
    )


def _words_beside(task: Task, row: Row, answer: Any) -> Sequence[Any]:
    """The words of a row whose answer has one element for each; empty for other answers."""
    if not isinstance(answer, (list, tuple)):
        return ()
    asked = (row[name] for name in _asking(tuple(row), tuple(task.target_columns)))
    lists = (its for its in asked if isinstance(its, (list, tuple)) and len(its) == len(answer))
    return next(lists, ())


def repeat_warnings(task: Task, split: str, rows: Rows) -> list[str]:
    """A warning if rows have the question of an earlier row; see `question_of`.

    Rows that `conflict_warnings` warns of do not count.
    """
    import numpy as np

    firsts = first_copies(task, rows)  # [rows]
    places = np.flatnonzero(firsts != np.arange(len(rows))).tolist()
    conflicting = {place for others in _conflicts(task, rows).values() for place in others} if places else ()
    repeated = [place for place in places if place not in conflicting]
    if not repeated:
        return []
    place, source = repeated[0], firsts[repeated[0]]
    repeat = "repeats" if len(repeated) == 1 else "repeat"
    return [
        f"{split}: {len(repeated):,} of the {len(rows):,} rows {repeat} the input of an earlier row "
        f"(ignoring case, spaces and punctuation); the first: {rows.origins[place]}, as "
        f"{rows.origins[source]}. Repeated rows count as often as they occur: leave them out if that is not "
        "meant."
    ]


def first_copies(task: Task, rows: Rows) -> NDArray[np.int64]:
    """``[rows]``: the position of the first row with the question of the row, often its own."""
    import numpy as np

    digest = _digest_of(question_of(task))
    firsts = np.arange(len(rows), dtype=np.int64)  # [rows]
    known: dict[bytes, int] = {}
    for place in _repeated(_numbers(task, rows)[:, QUESTION]):
        firsts[place] = known.setdefault(digest(rows.values[place]), place)
    return firsts


def occur_once(task: Task, rows: Rows) -> NDArray[np.bool_]:
    """``[rows]``: whether no other row has the question of the row; see `question_of`."""
    import numpy as np

    firsts = first_copies(task, rows)
    once: NDArray[np.bool_] = np.bincount(firsts, minlength=len(rows))[firsts] == 1
    return once


def question_of(task: Task) -> Callable[[Row], str]:
    """A function that returns a row without its answer as one text, without case, spaces and punctuation.

    Values that a task keeps besides its columns, such as a context, are part of it; a row's id is not.
    """

    def question(row: Row) -> str:
        return plain(_asked(task, row))

    return question


def _numbers(task: Task, rows: Rows) -> NDArray[np.int64]:
    """``[rows, 2]``: equal numbers for equal questions, and for equal words."""
    return rows.asked if rows.asked is not None else _asked_by(task, rows.values)


def _asked_by(task: Task, rows: Sequence[Row]) -> NDArray[np.int64]:
    """``[rows, 2]``; the numbers are the same within one process only, and rarely for different texts."""
    import numpy as np

    asked = (_asked(task, row) for row in rows)
    both = ((hash(plain(text)), hash(_words_of(text))) for text in asked)
    return np.fromiter(both, dtype=np.dtype((np.int64, 2)), count=len(rows))


def _repeated(numbers: NDArray[np.int64]) -> list[int]:
    """The places of the numbers ``[rows]`` that occur more than once, in ascending order."""
    import numpy as np

    order = np.argsort(numbers, kind="stable")
    equal = numbers[order][1:] == numbers[order][:-1]  # [rows - 1]
    repeated = np.zeros(len(numbers), dtype=np.bool_)
    repeated[order[1:][equal]] = True
    repeated[order[:-1][equal]] = True
    return [int(place) for place in np.flatnonzero(repeated)]


def plain(text: str) -> str:
    """The text without case, spaces and punctuation; unchanged if it has nothing else."""
    return text.casefold().translate(_NOT_WORDS) or text


def _asked(task: Task, row: Row) -> str:
    names = _asking(tuple(row), tuple(task.target_columns))
    return "\n".join([_text(row[name]) for name in names])


@lru_cache(maxsize=64)
def _asking(names: tuple[str, ...], targets: tuple[str, ...]) -> Sequence[str]:
    """The columns of a row that are part of its question."""
    return sorted({*names} - {*targets, "id"})


def _words_of(asked: str) -> str:
    """What a row asks, with single spaces, in composed characters."""
    return unicodedata.normalize("NFC", " ".join(asked.split()))


def _answer(task: Task, row: Row) -> Any:
    return [row.get(name) for name in task.target_columns]


def _shown(task: Task, row: Row) -> Any:
    """The row's answer for a message: the value itself if it is a single one."""
    given = [row[name] for name in task.target_columns if row.get(name) is not None]
    return given[0] if len(given) == 1 else given


def _leaked(name: str, rows: Rows, train: Rows, copies: Sequence[tuple[int, int]]) -> str:
    place, source = copies[0]
    are = "is also a training row" if len(copies) == 1 else "are also training rows"
    return (
        f"{len(copies):,} of the {len(rows):,} {name} rows {are} "
        "(ignoring case, spaces and punctuation), so scores on them are too high; the first: "
        f"{rows.origins[place]}, as {train.origins[source]}. Remove them from one of the two."
    )


def _digest_of(text: Callable[[Row], str]) -> Callable[[Row], bytes]:
    """16 bytes in place of a text of any length: a million rows are compared in little memory."""
    return lambda row: blake2b(text(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return " ".join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)
