"""A row and its prediction as lines of text, for `adaptkit predict` and `adaptkit errors`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptkit.task import Row, Task

OF_THE_BEST = ("probability", "score")
"""The number of the best answer, in the predictions of tasks."""

PLACES_OF_WORDS = "spans"
"""The column in which tasks on words keep where each word is in the text."""


def question_in(task: Task, row: Row) -> Row:
    """The row without its answer."""
    return {name: value for name, value in row.items() if name not in task.target_columns}


def words_in(task: Task, row: Row) -> Sequence[str]:
    """The words of a row of a task on words; empty for other tasks."""
    words = row.get("tokens") if task.word_level else None
    return words if isinstance(words, (list, tuple)) and all(isinstance(one, str) for one in words) else ()


def input_of(row: Row, words: Sequence[str]) -> Mapping[str, Any]:
    """The values of a row that are shown: its words as one text."""
    if not words:
        return row
    left_out = {PLACES_OF_WORDS, *(name for name, value in row.items() if value is words and "text" in row)}
    joined = {name: " ".join(words) if value is words else value for name, value in row.items()}
    return {name: value for name, value in joined.items() if name not in left_out}


def news_in(predicted: Mapping[str, Any], row: Row, words: Sequence[str]) -> Mapping[str, Any]:
    """What the prediction says besides the row.

    The probability or the score of the best answer is left out where it is among those of several answers.
    """
    known = {**row, **({"text": " ".join(words)} if words else {})}
    news = {
        name: value
        for name, value in predicted.items()
        if name not in known or str(value) != str(known[name])
    }
    several = [number for value in news.values() for number in _numbers_in(value)]
    return {name: value for name, value in news.items() if name not in OF_THE_BEST or value not in several}


def _numbers_in(value: Any) -> Iterator[float]:
    """The numbers in a mapping, or in a list of mappings."""
    mappings = value if isinstance(value, (list, tuple)) else [value]
    for one in mappings:
        if isinstance(one, Mapping):
            yield from (number for number in one.values() if isinstance(number, float))


def indented(prefix: str, values: Mapping[str, Any], longest: int) -> list[str]:
    """Names and values as lines of text, indented; each name has the prefix, longer values are truncated."""
    return [
        f"  {'' if line.startswith(' ') else prefix}{line}" for line in in_lines(values, longest)
    ]  # a line that starts with a space belongs to the one before it


def in_lines(values: Mapping[str, Any], longest: int) -> list[str]:
    """Names and values as lines of text, without control characters; longer ones are truncated."""
    return [line for key, value in values.items() for line in _lines(key, value, longest)]


def _lines(key: str, value: Any, longest: int) -> list[str]:
    from adaptkit.report.escaping import visible

    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
        return [f"{visible(key)}:", *(f"  {visible(_flat(one), longest)}" for one in value)]
    return [visible(f"{key}: {_flat(value)}", longest)]


def _flat(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_flat(inner) for inner in value) or "none"
    return str(value)
