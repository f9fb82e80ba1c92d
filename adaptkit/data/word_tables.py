"""Tables with one word and its tag per row, for tasks on words: the rows of a sentence become one row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import RawRow, listed
from adaptkit.tasks.written import is_written_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adaptkit.task import Row, Task

WORDS = ("word", "token", "words", "tokens", "form")
TAGS = (
    "tag",
    "ner_tag",
    "ner_tags",
    "ner",
    "tags",
    "label",
    "labels",
    "entity",
    "iob",
    "bio",
    "pos_tag",
    "pos",
)
SENTENCES = (
    "sentence #", "sentence", "sentence_id", "sentence_idx", "sentence_number", "sentence id", "sentenceid",
    "sentence no", "sentence no.", "sent_id", "sent", "sentid", "text_id", "doc_id", "document",
)  # fmt: skip
"""The usual names of the three columns, in lower case, the likeliest first."""

NAMES = (*WORDS, *TAGS, *SENTENCES)

OF_TASKS = ("tags", "labels")
"""What tasks on words call their column of tags."""

LONGEST_ALONE = 200
"""The most words of a table that is one sentence."""

_LINE = re.compile(r"(.*):(\d+)")


@dataclass(frozen=True, kw_only=True)
class WordColumns:
    """The columns of a table with one word per row."""

    word: str
    tag: str
    sentences: tuple[str, ...]
    """The columns that say which sentence, and which document, the word is in; empty if blank lines do."""


def word_columns(names: Collection[str], task: Task, columns: Mapping[str, str]) -> WordColumns | None:
    """The columns of a table with one word per row; None if the names are those of another table.

    Args:
        names: the names in the header.
        task: the task.
        columns: the task's column → the file's column, as the user named them; ``sentence`` is the third.
    """
    own = next((name for name in OF_TASKS if name in task.columns), None)
    if not task.word_level or "tokens" not in task.columns or own is None or "text" in names:
        return None
    word = columns.get("tokens") or _named(names, WORDS)
    tag = columns.get(own) or _named([name for name in names if name != word], TAGS)
    if not word or not tag or not {word, tag} <= set(names) or {word, tag} == {"tokens", own}:
        return None
    named = columns.get("sentence")
    left = [name for name in names if name not in (word, tag) and _folded(name) in SENTENCES]
    return WordColumns(word=word, tag=tag, sentences=(named,) if named else tuple(left))


def grouped(rows: Iterable[RawRow], task: Task, columns: Mapping[str, str]) -> Iterator[RawRow]:
    """The rows; those of a table with one word per row as one row for each sentence.

    The words and tags have the names ``tokens`` and ``tags``, and those of the file too.
    """
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    found = word_columns(first.values.keys(), task, columns)
    if found is None or not _is_one_word(first.values, found):
        yield first
        yield from iterator
        return
    sentence, several = [first], False
    for raw in iterator:
        if _starts(raw, sentence, found):
            yield _sentence(sentence, found)
            sentence, several = [], True
        if not _is_blank(raw.values):
            sentence.append(raw)
    if sentence:
        unseparated = not several and not found.sentences and len(sentence) > LONGEST_ALONE
        yield _sentence(sentence, found) if not unseparated else _unseparated(sentence, found)


def _is_one_word(row: Row, columns: WordColumns) -> bool:
    """Whether a row has one word and one tag, and not lists of them, which may be written as text."""
    word, tag = row[columns.word], row[columns.tag]
    if not isinstance(word, (str, int, float)) or (is_written_list(tag) and not is_written_list(word)):
        return False
    return len(str(word).split()) < 2 or len(str(tag).split()) < 2


def _named(names: Iterable[str], usual: Iterable[str]) -> str:
    by_name = {_folded(name): name for name in names}
    return next((by_name[name] for name in usual if name in by_name), "")


def _folded(name: str) -> str:
    return name.strip().casefold()


def _starts(raw: RawRow, sentence: list[RawRow], columns: WordColumns) -> bool:
    """Whether a row is the first of a sentence, by the column of sentences or by the blank line before it."""
    if not sentence:
        return False
    if columns.sentences:
        first = sentence[0].values
        given = ((raw.values.get(name), first.get(name)) for name in columns.sentences)
        return any(value not in (None, "", before) for value, before in given)
    if _is_blank(raw.values):
        return not raw.problem
    before, here = _LINE.fullmatch(sentence[-1].origin), _LINE.fullmatch(raw.origin)
    return bool(before and here) and int(here[2]) > int(before[2]) + 1  # type: ignore[index]


def _is_blank(values: Row) -> bool:
    return all(value is None or str(value).strip() == "" for value in values.values()) and bool(values)


def _sentence(rows: list[RawRow], columns: WordColumns) -> RawRow:
    """The row of a sentence; a bad row if one of its words is bad."""
    problems = [
        raw.problem if raw is rows[0] else f"{raw.origin}: {raw.problem}" for raw in rows if raw.problem
    ]
    words = [raw.values.get(columns.word) for raw in rows]
    tags = [raw.values.get(columns.tag) for raw in rows]
    empty = next(
        (raw for raw, word in zip(rows, words, strict=True) if word is None or str(word) == ""), None
    )
    if empty is not None and not problems:
        problems = [f"no word in the column {columns.word!r} of {empty.origin}"]
    notes = (*rows[0].notes, _in_words(columns))
    if problems:
        return RawRow(rows[0].origin, {}, problems[0], notes=notes)
    read: dict[str, Any] = {"tokens": list(map(_text, words)), "tags": list(map(_text, tags))}
    return RawRow(
        rows[0].origin,
        {**rows[0].values, columns.word: read["tokens"], columns.tag: read["tags"], **read},
        notes=notes,
    )


def _unseparated(rows: list[RawRow], columns: WordColumns) -> RawRow:
    """A bad row for a table that does not say where sentences end."""
    return RawRow(
        rows[0].origin,
        {},
        f"{len(rows):,} rows with one word each, in {columns.word!r}, and nothing says where sentences end; "
        "expected a column with the number of the sentence, which --column sentence=COLUMN names, or a blank "
        "line after each sentence",
    )


def _text(value: object) -> str:
    """A word or a tag as text; Excel and Parquet may hold numbers."""
    return "" if value is None else str(value)


def _in_words(columns: WordColumns) -> str:
    by = f"sentences by {listed(columns.sentences)}" if columns.sentences else "sentences by blank lines"
    return f"one word per row in {listed([columns.word, columns.tag])}, {by}"
