"""Looks for answers that begin or end inside a word: another occurrence of their text is probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit import DataWarning, cuts_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Row


def audit(rows: Sequence[Row]) -> list[DataWarning]:
    """A warning if answers begin or end inside a word of their context."""
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
