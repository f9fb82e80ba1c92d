"""Strangers' strings made safe to show: labels, file names, texts, reasons.

A string that has been through `visible` holds no control character, no escape sequence, no
bidirectional control and no line break. Markup is the affair of whoever draws: the terminal uses
`Text` objects, HTML escapes by itself, and Markdown has `code` and `prose` here.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, chop_cells

JOINERS = "\u200c\u200d"  # zero-width, but emoji, Persian and the Indic scripts cannot be written without
HIDDEN = frozenset({"Cc", "Cf", "Cs"})  # control, format (bidirectional marks too), half of a surrogate pair

# One ASCII character for each of ours, so that columns stay in line where the terminal knows only ASCII.
IN_ASCII = str.maketrans(
    {
        **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*%#", strict=True)),
        **dict(zip("▏▎▍▌▋▊▉", "   ####", strict=True)),
        "\u2013": "-",
        "·": "|",
        "…": "~",
        "★": "*",
    }
)


def visible(text: str, limit: int = 300) -> str:
    """The text on one line, its hidden characters written as ``\\x1b``; ``limit`` characters at most."""
    start = str(text)[: 8 * limit]  # a reason may quote a text of a hundred megabytes
    shown = "".join(map(_shown, " ".join(start.split())))
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def end_of(text: str, room: int) -> str:
    """The end of a text that is wider than ``room`` columns: paths and names differ most in their ends."""
    return text if cell_len(text) <= room else "…" + chop_cells(text[::-1], room - 1)[0][::-1]


def encodable(text: str, encoding: str) -> str:
    """The text as the encoding can hold it: plain substitutes for our own signs, escapes for the rest."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(IN_ASCII).encode("ascii", "backslashreplace").decode("ascii")
    return text


def code(text: str) -> str:
    """The text as a Markdown code span that is safe in a table; GitHub makes no mention or link of it."""
    shown = visible(text) or "(empty)"
    if "`" in shown or "|" in shown or "\\" in shown:
        return f"<code>{_entities(shown)}</code>"
    return f"`{shown}`"


def prose(text: str) -> str:
    """The text as Markdown that means nothing but itself, on one line."""
    return _entities(visible(text))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN or character in JOINERS:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _entities(text: str) -> str:
    return re.sub(r"[&<>|`*_\[\]\\~$@#!]|:(?=//)|(?<=www)\.", lambda match: f"&#{ord(match[0])};", text)
