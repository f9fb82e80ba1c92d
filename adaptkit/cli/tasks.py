"""``adaptkit tasks``: lists the installed tasks from metadata alone; loads one only when asked for it."""

from __future__ import annotations

import json
from typing import Any

import click

from adaptkit.cli.parameters import json_option


@click.command(short_help="List the installed tasks.")
@click.argument("name", required=False)
@json_option
def tasks(name: str | None, as_json: bool) -> None:
    """List the installed tasks. With NAME, load that task and show what it wants and gives."""
    if name is None:
        _list(as_json)
    else:
        _show(name, as_json)


def _list(as_json: bool) -> None:
    from adaptkit.registry import available

    rows = [
        {
            "name": one.full_name if one.duplicate else one.name,
            "distribution": one.distribution,
            "version": one.version,
            "entry_point": one.value,
        }
        for one in available()
    ]
    if as_json:
        click.echo(json.dumps({"tasks": rows}))
        return
    if not rows:
        click.echo("no tasks installed; try: pip install adaptkit-ner adaptkit-text-classification", err=True)
        return
    _print(["name", "distribution", "version", "entry point"], [list(row.values()) for row in rows])


def _show(name: str, as_json: bool) -> None:
    from adaptkit import registry
    from adaptkit.options import described, options_of

    task = registry.load(name)
    options = {key: described(option) for key, option in options_of(registry.factory_of(name)).items()}
    about: dict[str, Any] = {
        "name": task.name,
        "head": task.head if isinstance(task.head, str) else "its own module",
        "columns": dict(task.columns),
        "metric": task.metric.name,
        "direction": task.metric.direction,
        "also reported": list(task.metric.others),
        "file formats": sorted(suffix or "any other" for suffix in task.readers),
        "options": options,
        "a sample": task.sample is not None,
    }
    if as_json:
        click.echo(json.dumps(about))
        return
    _print(["", ""], [[key, _in_words(value)] for key, value in about.items()])


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {inner}" for key, inner in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _print(heads: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adaptkit.report.clean import visible

    table = Table(box=None, pad_edge=False, show_header=any(heads))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text("\n".join(visible(line) for line in str(cell).split("\n"))) for cell in row))
    Console(highlight=False).print(table)
