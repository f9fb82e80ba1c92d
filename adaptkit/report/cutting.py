"""Cuts texts to the width of a terminal's cells."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells


def middle_cut(name: str, room: int) -> str:
    """The name, without its middle if it is too long: long names often differ at their ends."""
    if cell_len(name) <= room:
        return name
    head, tail = chop_cells(name, room // 2)[0], chop_cells(name[::-1], room - room // 2 - 1)[0][::-1]
    return f"{head}…{tail}"
