"""Prints a page: in a file or a pipe, no line ends in the spaces that rich fills it with."""

from __future__ import annotations

from rich.console import Console, RenderableType


def print_page(console: Console, page: RenderableType, width: int) -> None:
    """Print the page in so many columns."""
    if console.is_terminal:
        console.print(page, width=width)
        return
    with console.capture() as printed:
        console.print(page, width=width)
    lines = (line.rstrip(" ") for line in printed.get().split("\n"))
    console.out("\n".join(lines), end="", highlight=False)
