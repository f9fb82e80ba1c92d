"""What a report in a terminal is made of: safe texts, bars, sections and tables without rules.

Texts are passed to rich as `Text`, never as markup. If the terminal's encoding lacks a symbol, the report has
a substitute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from adaptkit.report import formatting
from adaptkit.report.escaping import encodable, visible


@dataclass(frozen=True)
class Widgets:
    """Makes what is printed for a width, in characters that an encoding has."""

    width: int
    encoding: str

    def text(self, value: str, style: str = "", limit: int = 300) -> Text:
        """Any text, made safe to show."""
        return Text(encodable(visible(value, limit), self.encoding), style)

    def bar(self, part: float, width: int) -> Text:
        """A bar; a ``part`` of 1 is ``width`` characters long."""
        return Text(encodable(formatting.bar(part, width), self.encoding), "cyan")

    def items(self, parts: Sequence[str]) -> Text:
        """The parts with dots between them. Lines break between parts only."""
        lines = [""]
        for part in parts:
            longer = f"{lines[-1]} · {part}" if lines[-1] else part
            if cell_len(longer) <= self.width - 28 or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(part)
        return Text("\n").join(self.text(line) for line in lines)

    def section(self, title: str, *body: RenderableType, note: str = "") -> RenderableType:
        """A title with a note beside it, and the body below, indented."""
        head = Text.assemble(self.text(title, "bold"), "  ", self.text(note, "dim"))
        head.rstrip()
        return Group(Text(""), head, *(Padding(part, (0, 0, 0, 2), expand=False) for part in body))

    def grid(self, *columns: str, heads: Sequence[str] = ()) -> Table:
        """A table without rules. A column is "left", "right", or "fill", which wraps its text."""
        table = Table(
            box=None, show_header=bool(heads), header_style="dim", padding=(0, 2, 0, 0), pad_edge=False
        )
        for position, kind in enumerate(columns):
            table.add_column(
                self.text(heads[position]) if heads else Text(""),
                justify="right" if kind == "right" else "left",
                no_wrap=kind != "fill",
                overflow="fold" if kind == "fill" else "crop",
                ratio=1 if kind == "fill" else None,
            )
        table.expand = "fill" in columns
        return table
