"""``adaptkit studies``: lists the studies in a folder. Only reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from adaptkit.cli.parameters import json_option, studies_option


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
    from adaptkit.cli.tables import print_table

    print_table(("study", "state", "trials", "best", "updated"), map(_cells, rows), right={2})


def _cells(row: dict[str, Any]) -> list[str]:
    from adaptkit.report.formatting import score

    trials = f"{row['trials']}/{row['total']}" if "total" in row else ""
    best = f"{row['metric']} {score(row['best'])}" if row.get("best") is not None else ""
    return [row["name"], str(row["state"]), trials, best, row.get("updated", "")[:16].replace("T", " ")]
