"""Finds places inside words, where a marked span of a text rarely begins or ends. For plugin authors."""

from __future__ import annotations

import unicodedata

WITHOUT_SPACES = (
    "CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN",
    "JAVANESE", "BALINESE", "YI", "TAI", "NEW TAI", "FULLWIDTH", "HALFWIDTH", "HENTAIGANA",
)  # fmt: skip
"""The first words of the names of letters whose scripts write words without spaces between them, or, as in
Korean, write particles without a space after a name."""


def cuts_word(text: str, position: int) -> bool:
    """Whether the place before ``text[position]`` is inside a word: between two letters or two digits.

    Letters of scripts without spaces between words, such as Chinese, Thai and Korean, have no such places.
    """
    if not 0 < position < len(text):
        return False
    kinds = [_kind(character) for character in text[position - 1 : position + 1]]
    if unicodedata.category(text[position]).startswith("M"):  # an accent belongs to the letter before it
        return kinds[0] != ""
    return kinds[0] != "" and kinds[0] == kinds[1]


def _kind(character: str) -> str:
    """ "L" for a letter with its accents, "N" for a digit, and nothing for other characters."""
    category = unicodedata.category(character)[0]
    if category == "N":
        return category
    if category in "LM" and not unicodedata.name(character, "").startswith(WITHOUT_SPACES):
        return "L"
    return ""
