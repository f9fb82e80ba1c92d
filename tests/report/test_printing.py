from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adaptkit.report.printing import print_page


def printed(terminal: bool) -> str:
    table = Table.grid(expand=True)
    table.add_row("one", Text("a [text]"))
    file = io.StringIO()
    console = Console(file=file, width=40, force_terminal=terminal, color_system=None)
    print_page(console, table, 40)
    return file.getvalue()


def test_lines_in_a_file_do_not_end_in_spaces() -> None:
    lines = printed(terminal=False).split("\n")
    assert [line.rstrip() for line in lines] == lines
    assert "a [text]" in lines[0]


def test_a_terminal_gets_the_same_text() -> None:
    shown = [line.rstrip() for line in printed(terminal=True).split("\n")]
    assert shown == printed(terminal=False).split("\n")
