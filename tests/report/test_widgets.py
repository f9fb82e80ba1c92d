from __future__ import annotations

import io

from rich.console import Console, RenderableType

from adaptkit.report.widgets import Widgets

WIDGETS = Widgets(40, "ascii")


def printed(renderable: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=40, color_system=None).print(renderable)
    return file.getvalue()


def test_texts_are_safe_and_in_the_encoding() -> None:
    assert WIDGETS.text("a[b]\x1b").plain == "a[b]\\x1b"
    assert Widgets(40, "utf-8").bar(1, 3).plain == "███"
    assert WIDGETS.bar(1, 3).plain.isascii()


def test_items_break_between_parts() -> None:
    assert Widgets(40, "utf-8").items(["one", "two", "three four"]).plain == "one · two\nthree four"


def test_a_section_indents_its_body() -> None:
    table = WIDGETS.grid("right", "fill", heads=["n", "why"])
    table.add_row("1", "a")
    lines = printed(WIDGETS.section("Title", table, note="note")).splitlines()
    assert lines[1].rstrip() == "Title  note"
    assert [line.split() for line in lines[2:]] == [["n", "why"], ["1", "a"]]
    assert all(line.startswith("  ") for line in lines[2:])
