"""Tables on standard output, one line for each row however wide the terminal is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

WIDEST = 10_000
"""Columns of a line. A terminal wraps it itself, so that names stay in one piece and can be copied."""


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[int]) -> None:
    """Print a table without borders.

    Args:
        heads: of the columns.
        rows: the cells of each row. Hidden characters are shown as escapes.
        right: the positions of the columns that are aligned to the right.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adaptkit.report.escaping import visible

    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(Text(visible(head)), justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    widest = Console(width=WIDEST)
    Console(highlight=False, width=widest.measure(table).maximum).print(table, soft_wrap=True)
