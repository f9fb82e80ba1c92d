"""Makes texts from data, plugins and users safe to show: labels, file names, reasons.

The result of `visible` has no control character, no escape sequence, no bidirectional control and no line
break. It may contain markup: the terminal uses `Text` objects, HTML escapes automatically, and for Markdown
there are `code` and `prose`.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, chop_cells

JOINERS = "\u200c\u200d"  # zero-width, but emoji, Persian and the Indic scripts need them
HIDDEN = frozenset({"Cc", "Cf", "Cs"})  # control, format (bidirectional marks too), half of a surrogate pair

LONGEST_WARNING = 1000
"""The most characters of a warning that are shown."""

# One ASCII character for each of ours, so that columns stay aligned in an ASCII terminal.
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
    """The text on one line of at most ``limit`` characters, with hidden characters written as ``\\x1b``."""
    start = str(text)[: 8 * limit]  # a reason may quote a text of many megabytes
    shown = "".join(map(_shown, " ".join(start.split())))
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def visible_lines(text: str) -> list[str]:
    """The lines of a text as they are, with tabs as spaces and hidden characters written as ``\\x1b``."""
    return ["".join(map(_shown, line.expandtabs(8))) for line in text.rstrip("\n").split("\n")]


def end_of(text: str, room: int) -> str:
    """The text, or its end if it is wider than ``room`` columns: paths differ most at their ends."""
    return text if cell_len(text) <= room else "…" + chop_cells(text[::-1], room - 1)[0][::-1]


def encodable(text: str, encoding: str) -> str:
    """The text in characters that the encoding has: substitutes for our own symbols, escapes for others."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(IN_ASCII).encode("ascii", "backslashreplace").decode("ascii")
    return text


def code(text: str) -> str:
    """The text as a Markdown code span, safe in a table, and without mentions and links on GitHub."""
    shown = visible(text) or "(empty)"
    if any(character in shown for character in "`|\\<"):
        return f"<code>{_entities(shown)}</code>"
    return f"`{shown}`"


def prose(text: str, limit: int = 300) -> str:
    """The text as Markdown on one line, with every special character escaped."""
    return _entities(visible(text, limit))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN or character in JOINERS:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _entities(text: str) -> str:
    return re.sub(r"[&<>|`*_\[\]\\~$@#!]|:(?=//)|(?<=www)\.", lambda match: f"&#{ord(match[0])};", text)
