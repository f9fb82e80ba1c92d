"""``adaptkit studies``: lists the studies in a folder. Only reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from adaptkit.cli.parameters import json_option, studies_option

WIDEST = 10_000
"""Columns of a line. A terminal wraps it itself, so that names stay in one piece and can be copied."""


@click.command(short_help="List the studies.")
@studies_option
@json_option
def studies(studies_dir: Path, as_json: bool) -> None:
    """List the studies, the last updated first."""
    from adaptkit.errors import StudyError
    from adaptkit.study.find import list_studies

    rows = []
    for folder in list_studies(studies_dir):
        try:
            rows.append(_row(folder))
        except StudyError as error:
            rows.append({"name": folder.name, "state": "unreadable", "problem": str(error)})
    if as_json:
        click.echo(json.dumps({"studies": rows}))
        return
    if not rows:
        click.echo(f"no studies in {studies_dir}; 'adaptkit tune' starts one", err=True)
        return
    _print(rows)


def _row(folder: Any) -> dict[str, Any]:
    from adaptkit.report import facts

    summary, trials = folder.summary_as_it_stands(), folder.read_trials()
    if summary is None:
        return {"name": folder.name, "state": "not begun"}
    best = facts.winner(summary, trials)
    return {
        "name": folder.name,
        "state": summary.state,
        "task": summary.task,
        "strategy": summary.strategy,
        "trials": sum(not trial.interrupted for trial in trials),
        "total": summary.trials,
        "metric": summary.metric,
        "best": None if best is None else best.score,
        "updated": summary.updated,
        "path": str(folder.path),
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adaptkit.report.escaping import visible
    from adaptkit.report.formatting import score

    table = Table(box=None, pad_edge=False)
    for head in ("study", "state", "trials", "best", "updated"):
        table.add_column(head, justify="right" if head == "trials" else "left", overflow="fold")
    for row in rows:
        trials = f"{row['trials']}/{row['total']}" if "total" in row else ""
        best = f"{row['metric']} {score(row['best'])}" if row.get("best") is not None else ""
        cells = (row["name"], row["state"], trials, best, row.get("updated", "")[:16].replace("T", " "))
        table.add_row(*(Text(visible(str(cell))) for cell in cells))
    widest = Console(width=WIDEST)
    Console(highlight=False, width=widest.measure(table).maximum).print(table, soft_wrap=True)
