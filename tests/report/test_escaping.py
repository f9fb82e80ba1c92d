from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from adaptkit.report.escaping import code, encodable, end_of, prose, visible, visible_lines
from tests.helpers.studies import HOSTILE


def test_every_hidden_character_becomes_visible_ascii() -> None:
    for number in range(0x110000):
        character = chr(number)
        if (
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
            and character not in "\u200c\u200d"
        ):
            shown = visible(f"a{character}b")
            assert shown == "a b" if character.isspace() else shown.isascii(), hex(number)
            assert len(shown) > 2


@pytest.mark.parametrize(
    "text",
    ["Straße", "東京", "नमस्ते", "می\u200c\u062e\u0648\u0627\u0647\u0645", "👩\u200d🔬", "[bold]x[/bold]"],
)
def test_ordinary_text_of_any_script_is_unchanged(text: str) -> None:
    assert visible(text) == text


def test_long_texts_are_cut_with_an_ellipsis() -> None:
    assert visible("x" * 10**7, 40) == "x" * 39 + "…"
    assert len(visible("\x1b" * 1000, 40)) == 40


def test_characters_the_encoding_lacks_are_replaced() -> None:
    assert encodable("▁█ 0.5 · ★ \u2013 …", "ascii") == "_# 0.5 | * - ~"
    assert encodable("Straße 東京", "ascii") == "Stra\\xdfe \\u6771\\u4eac"
    assert encodable("Straße", "latin-1") == "Straße"
    assert encodable("東京", "no-such-encoding") == "\\u6771\\u4eac"


def test_markdown_of_a_hostile_text_has_no_markup() -> None:
    for shown in (prose(HOSTILE), code(HOSTILE).removeprefix("<code>").removesuffix("</code>")):
        assert not set("<>|`*_[]@\\\n\x1b") & set(shown)
    assert code("B-PER") == "`B-PER`"
    assert code("") == "`(empty)`"
    assert "://" not in prose("see http://example.org")


@pytest.mark.parametrize("text", ["/a/very/long/path/to/train.csv", "東京" * 20, "short"])
@pytest.mark.parametrize("room", [6, 11, 24, 80])
def test_a_text_that_is_too_wide_keeps_its_end(text: str, room: int) -> None:
    cut = end_of(text, room)
    assert cell_len(cut) <= room
    assert (cut == text) == (cell_len(text) <= room)
    assert text.endswith(cut.removeprefix("…"))
    assert cell_len(cut) >= min(cell_len(text), room - 1)


def test_lines_keep_their_spaces() -> None:
    text = "a:\n  - b\x1b[31m\n\nWord\tTag\n"
    assert visible_lines(text) == ["a:", "  - b\\x1b[31m", "", "Word    Tag"]
    assert all(line.isprintable() for line in visible_lines(HOSTILE))
