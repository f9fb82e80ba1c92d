"""``adaptkit cache``: shows or removes the features that are kept for later studies. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from adaptkit.cli.parameters import json_option

ROOM_FOR_MODEL = 20
WIDTH_OF_THE_REST = 56
"""The width of all columns except the data's, with the spaces between them."""


@click.command(short_help="Show or clear the kept features.")
@click.option("--clear", is_flag=True, help="Remove all kept features, and print their size.")
@json_option
def cache(clear: bool, as_json: bool) -> None:
    """Show the features of frozen encoders that are kept for later studies of the same data.

    The folder is ADAPTKIT_CACHE (default: ~/.cache/adaptkit). Its size is limited by ADAPTKIT_CACHE_LIMIT
    (default: 4G; 0 keeps nothing): the features that were not used for the longest time are removed first.
    You can remove them at any time; a study then reads its data again.
    """
    from adaptkit.cache.entries import Cache
    from adaptkit.report.formatting import size

    kept = Cache.from_environment()
    removed = sum(entry.bytes for entry in kept.clear()) if clear else None
    entries = kept.entries()
    rows, total = _rows(entries), sum(entry.bytes for entry in entries)
    if as_json:
        where = {"folder": str(kept.folder), "bytes": total, "limit_bytes": kept.limit}
        click.echo(json.dumps({**where, "removed_bytes": removed, "entries": rows}))
        return
    if removed is not None:
        click.echo(f"{size(removed)} removed from {kept.folder}", err=True)
        return
    if rows:
        _print(rows)
    click.echo(f"{size(total)} of at most {size(kept.limit)} in {kept.folder}", err=not rows)


def _rows(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """The entries by model and data, the last used first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        model, data = (str(entry.about.get(name, "")) for name in ("model", "data"))
        used = datetime.fromtimestamp(entry.last_used, UTC).isoformat("T", "seconds")
        new = {"model": model, "data": data, "examples": 0, "bytes": 0, "last_used": used}
        row = rows.setdefault((model, data), new)
        row["examples"] += entry.shape[0] if entry.shape else 0
        row["bytes"] += entry.bytes
    return list(rows.values())


def _print(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adaptkit.report.escaping import encodable, end_of, visible
    from adaptkit.report.formatting import count, size

    console = Console(highlight=False)
    room = max(console.width - WIDTH_OF_THE_REST, ROOM_FOR_MODEL)
    table = Table(box=None, pad_edge=False)
    for head in ("encoder", "data", "examples", "size", "last used"):
        table.add_column(head, justify="right" if head in ("examples", "size") else "left", overflow="fold")
    for row in rows:
        model = end_of(visible(row["model"]), ROOM_FOR_MODEL)
        data = end_of(visible(row["data"]), room)
        cells = (model, data, count(row["examples"]), size(row["bytes"]), row["last_used"][:10])
        table.add_row(*(Text(encodable(cell, console.encoding)) for cell in cells))
    console.print(table)
