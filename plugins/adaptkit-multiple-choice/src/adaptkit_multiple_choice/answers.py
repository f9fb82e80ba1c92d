"""Which choice an answer means: by name, text, letter or number, never by guessing. Knows no files."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit_multiple_choice.choices import Offered


def answer_of(name: str, value: object, offered: Offered, *, first: int | None) -> int:
    """The position, from 0, of the choice that an answer means.

    The choices' own names come first: with them a letter or a number is one of these. Else it is the text
    of a choice, its letter, or its number, counted from ``first``.
    Raises ValueError where an answer means no choice, or may mean either of two.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{name} = {value!r:.80}; expected the letter, the number or the text of a choice")
    said = str(value).strip()
    if list(offered.names).count(said) == 1:
        return list(offered.names).index(said)
    meant = set(_by_text(said, offered.choices)) if isinstance(value, str) else set()
    meant |= _by_letter(said, offered.choices)
    meant |= _by_number(name, said, offered, first)
    if len(meant) == 1:
        return meant.pop()
    if meant:
        raise ValueError(
            f"{name} = {value!r:.80} may be any of the choices {sorted(meant)} (from 0); expected one that "
            "is the text, the letter or the number of a single choice"
        )
    low, count = first or 0, len(offered.choices)
    raise ValueError(
        f"{name} = {value!r:.80} is none of the {count} choices; expected the text, the letter or the number "
        f"of one, from {low} to {low + count - 1}; where numbers begin at 1, say --option first=1"
    )


def _by_text(said: str, choices: Sequence[str]) -> list[int]:
    return [position for position, choice in enumerate(choices) if choice.strip() == said]


def _by_letter(said: str, choices: Sequence[str]) -> set[int]:
    position = ascii_uppercase.find(said) if len(said) == 1 else -1
    return {position} if 0 <= position < len(choices) else set()


def _by_number(name: str, said: str, offered: Offered, first: int | None) -> set[int]:
    if not (said.isascii() and said.isdecimal()):
        return set()
    if first is None and (offered.columns_from == 1 or offered.lettered):
        columns = "lettered columns" if offered.lettered else "columns numbered from 1"
        raise ValueError(
            f"{name} = {said!r:.80} with choices in {columns} may count from 0 or from 1; "
            "say which with --option first=0 or --option first=1"
        )
    position = int(said) - (first or 0)
    return {position} if 0 <= position < len(offered.choices) else set()
