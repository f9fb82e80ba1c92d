"""Finds the choice that an answer means, by name, text, letter or number. Ambiguous answers are refused."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit_multiple_choice.choices import Offered


def answer_of(name: str, value: object, offered: Offered, *, first: int | None) -> int:
    """The position, from 0, of the choice that an answer means.

    The names of the choices in the data take precedence. Otherwise the answer is the text of a choice, its
    letter, or its number, counted from ``first``. Raises ValueError if the answer means no choice, or more
    than one.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{name} = {value!r:.80}; expected the letter, the number or the text of a choice")
    text = str(value).strip()
    if list(offered.names).count(text) == 1:
        return list(offered.names).index(text)
    found = set(_by_text(text, offered.choices)) if isinstance(value, str) else set()
    found |= _by_letter(text, offered.choices)
    found |= _by_number(name, text, offered, first)
    if len(found) == 1:
        return found.pop()
    if found:
        raise ValueError(
            f"{name} = {value!r:.80} may be any of the choices {sorted(found)} (from 0); expected one that "
            "is the text, the letter or the number of a single choice"
        )
    low, count = first or 0, len(offered.choices)
    raise ValueError(
        f"{name} = {value!r:.80} is none of the {count} choices; expected the text, the letter or the number "
        f"of one, from {low} to {low + count - 1}"
        + ("" if first else "; if numbers start at 1, use --option first=1")
    )


def _by_text(text: str, choices: Sequence[str]) -> list[int]:
    return [position for position, choice in enumerate(choices) if choice.strip() == text]


def _by_letter(text: str, choices: Sequence[str]) -> set[int]:
    position = ascii_uppercase.find(text) if len(text) == 1 else -1
    return {position} if 0 <= position < len(choices) else set()


def _by_number(name: str, text: str, offered: Offered, first: int | None) -> set[int]:
    if not (text.isascii() and text.isdecimal()):
        return set()
    if first is None and (offered.columns_from == 1 or offered.lettered):
        columns = "lettered columns" if offered.lettered else "columns numbered from 1"
        raise ValueError(
            f"{name} = {text!r:.80} with choices in {columns} may count from 0 or from 1; "
            "expected --option first=0 or --option first=1"
        )
    position = int(text) - (first or 0)
    return {position} if 0 <= position < len(offered.choices) else set()
