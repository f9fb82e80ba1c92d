"""Reads the choices of a row in any of the common forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING

from adaptkit import read_written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Row

LISTS = ("choices", "options", "endings")
_COLUMN = re.compile(
    r"(?:choice|option|ending|answer|sol|solution)[_ ]?(?:([0-9]+)|([A-Z])|(?<=[_ ])([a-z]))|([A-Z])"
)
"""The name of a column with one choice: ending0, choice_1, optionA, answer_b, A."""

MOST = len(ascii_uppercase)
"""The most choices of a row: as many as there are letters."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """The choices of a row."""

    choices: Sequence[str]
    names: Sequence[str] = ()
    """The name of each choice in the data, such as A, B and C; empty if there are none."""

    columns_from: int | None = None
    """The number of the first column, if each choice is in a numbered column."""

    lettered: bool = False
    """Whether each choice is in a column with a letter."""


def offered_in(row: Row) -> Offered:
    """The choices of a row: a list, a list of texts with labels, or one column each.

    Raises ValueError if there are fewer than two, if one is empty, or if one is not a string.
    """
    offered = _listed(row) or _in_columns(row)
    if offered is None:
        raise ValueError("no choices; expected a list of them, or columns such as choice0, choice1, ...")
    for position, text in enumerate(offered.choices):
        if not isinstance(text, str):
            raise ValueError(f"choice {position} (from 0) = {text!r:.80}; expected a string")
        if not text.strip():
            raise ValueError(f"choice {position} (from 0) is empty; expected a text")
    if not 2 <= len(offered.choices) <= MOST:
        raise ValueError(f"{len(offered.choices)} choices; expected 2 to {MOST}")
    return offered


def _listed(row: Row) -> Offered | None:
    """``["x", "y"]``; ARC's ``{"text": [...], "label": [...]}``; CommonsenseQA's ``[{"text", "label"}]``."""
    question = row.get("question")
    places = [question, row] if isinstance(question, Mapping) else [row]
    given = ((place[name], name) for place in places for name in LISTS if place.get(name) is not None)
    found = read_written(*next(given, (None, "choices")))
    if found is None:
        return None
    if isinstance(found, Mapping):
        texts, labels = _lists(found.get("text"), found.get("label"))
        return Offered(choices=texts, names=[str(label) for label in labels])
    if isinstance(found, str) and _in_columns(row):  # the answer, from a control named "choices"
        return None
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"choices = {found!r:.80}; expected a list")
    if found and all(isinstance(one, Mapping) for one in found):
        names = [str(one.get("label", "")) for one in found]
        return Offered(choices=[one.get("text") for one in found], names=names)
    return Offered(choices=list(found))


def _lists(texts: object, labels: object) -> tuple[Sequence[str], Sequence[object]]:
    if isinstance(texts, (list, tuple)) and isinstance(labels, (list, tuple)) and len(texts) == len(labels):
        return texts, labels
    raise ValueError(
        f"choices with text = {texts!r:.80} and label = {labels!r:.80}; expected lists of one length"
    )


def _in_columns(row: Row) -> Offered | None:
    """One column for each choice, in order, without empty columns at the end.

    Raises ValueError if a column in between is missing.
    """
    marks = {match[match.lastindex or 0].upper(): name for name in row if (match := _COLUMN.fullmatch(name))}
    if not marks:
        return None
    ordered = sorted(marks, key=lambda mark: (len(mark), mark))
    first = ordered[0]
    expected = [
        str(int(first) + n) if first.isdecimal() else chr(ord(first) + n) for n in range(len(ordered))
    ]
    if ordered != expected or first not in ("0", "1", "A"):
        names = ", ".join(repr(marks[mark]) for mark in ordered)
        raise ValueError(
            f"choices in the columns {names:.200}; expected them numbered from 0 or 1, or from A"
        )
    while ordered and not str(row[marks[ordered[-1]]] or "").strip():
        ordered.pop()
    return Offered(
        choices=[row[marks[mark]] for mark in ordered],
        names=[marks[mark] for mark in ordered] if first.isdecimal() else ordered,
        columns_from=int(first) if first.isdecimal() else None,
        lettered=not first.isdecimal(),
    )
