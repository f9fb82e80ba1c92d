"""Looks for answers that begin or end inside a word, and for questions that are truncated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit import DataWarning, cuts_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Row


def audit(rows: Sequence[Row], *, max_question_length: int) -> list[DataWarning]:
    """Warnings about answers that begin or end inside a word, and about questions that are too long."""
    return [*_cut_words(rows), *_long_questions(rows, max_question_length)]


def _cut_words(rows: Sequence[Row]) -> list[DataWarning]:
    answers = [(position, row["context"], one) for position, row in enumerate(rows) for one in row["answers"]]
    cut = [
        (position, one["text"])
        for position, context, one in answers
        if cuts_word(context, one["start"]) or cuts_word(context, one["start"] + len(one["text"]))
    ]
    if not cut:
        return []
    begin = "begins or ends" if len(cut) == 1 else "begin or end"
    return [
        DataWarning(
            problem=f"{len(cut):,} of {len(answers):,} answers {begin} inside a word of the context",
            row=cut[0][0],
            quoted=cut[0][1],
            next_step="The text may be meant where it occurs as a word: correct the start, unless parts of "
            "words are meant",
        )
    ]


def _long_questions(rows: Sequence[Row], most: int) -> list[DataWarning]:
    """A question has at least as many tokens as words, so these are certainly truncated."""
    words = [len(row["question"].split()) for row in rows]
    long = [position for position, count in enumerate(words) if count > most]
    if not long:
        return []
    have = "question has" if len(long) == 1 else "questions have"
    return [
        DataWarning(
            problem=f"{len(long):,} {have} more than {most:,} words and so more tokens than are read, the "
            f"longest {max(words):,} words; the end is truncated",
            row=long[0],
            next_step="Raise --option max_question_length, or shorten the questions",
        )
    ]
