"""``adaptkit tasks``: lists the installed tasks without importing them, checks one, or creates a new one."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.parameters import json_option, pairs, plugin_output_on_stderr

if TYPE_CHECKING:
    from adaptkit.task import Form
    from adaptkit.testing import Finding


@click.command(short_help="List the installed tasks, check one, or create a new one.")
@click.argument("name", required=False)
@click.option("--check", "checked", metavar="NAME", help="Run the conformance kit on this task.")
@click.option("--data", help="With --check: rows to check the task with. [default: its sample]")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="With --check: an option of the task."
)
@click.option("--new", metavar="NAME", help="Create a plugin for a new task.")
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --new: the folder to create it in. [default: .]",
)
@json_option
def tasks(
    name: str | None,
    checked: str | None,
    data: str | None,
    options: Sequence[str],
    new: str | None,
    to: Path | None,
    as_json: bool,
) -> None:
    """List the installed tasks. With NAME, show that task: its columns, metrics, options and forms of data.

    With --check, run the conformance kit on a task. The output has a line for each check, and for a failed
    check how to fix it. The exit code is 2 if a check fails.

    With --new, create the folder adaptkit-NAME: a small plugin that can be installed, tested and tuned.
    """
    if sum(one is not None for one in (name, checked, new)) > 1:
        raise click.UsageError("Give only one of NAME, --check and --new.")
    if to is not None and new is None:
        raise click.UsageError("--to needs --new.")
    if (data is not None or options) and checked is None:
        raise click.UsageError("--data and --option need --check.")
    if new is not None:
        _write_new(new, to or Path(), as_json)
    elif checked is not None:
        _check(checked, data, pairs(options, "--option"), as_json)
    elif name is None:
        _list(as_json)
    else:
        _show(name, as_json)


def _list(as_json: bool) -> None:
    from adaptkit.tasks.registry import available, missing

    rows: list[dict[str, Any]] = [
        {
            "name": one.full_name if one.duplicate else one.name,
            "distribution": one.distribution,
            "version": one.version,
            "entry_point": one.value,
            "problem": missing(one),
        }
        for one in available()
    ]
    if as_json:
        click.echo(json.dumps({"tasks": rows}))
        return
    if not rows:
        click.echo("no tasks are installed; for example, run: pip install adaptkit-ner", err=True)
        return
    lines = [
        [
            row["name"],
            row["distribution"],
            row["version"],
            f"broken: {row['problem']}" if row["problem"] else "",
        ]
        for row in rows
    ]
    print_table(["name", "distribution", "version", ""], lines)


def _show(name: str, as_json: bool) -> None:
    from adaptkit.tasks import registry
    from adaptkit.tasks.options import described, options_of

    task = registry.load(name)
    options = {key: described(option) for key, option in options_of(registry.factory_of(name)).items()}
    about: dict[str, Any] = {
        "name": task.name,
        "head": task.head if isinstance(task.head, str) else "the task's own",
        "columns": dict(task.columns),
        "metric": task.metric.name,
        "metric is": task.metric.description or task.metric.name,
        "direction": task.metric.direction,
        "also reported": list(task.metric.others),
        "own file formats": sorted(suffix or "any other" for suffix in task.readers),
        "options": options,
        "a sample": task.sample is not None,
    }
    if as_json:
        click.echo(json.dumps({**about, "forms": [dataclasses.asdict(form) for form in task.forms]}))
        return
    about["options"] = "\n".join(options.values()) or "none"
    print_table(["", ""], [[key, _in_words(value)] for key, value in about.items()])
    _print_forms(task.forms)


def _print_forms(forms: Sequence[Form]) -> None:
    """Print each form of the data, with its example below it."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from adaptkit.report.escaping import encodable, visible, visible_lines

    console = Console(highlight=False)
    for number, form in enumerate(forms):
        head = "\nThe data may have any of these forms:\n" if number == 0 else ""
        name = encodable(visible(f"{form.name} ({form.suffix})"), console.encoding)
        console.print(f"{head}\n{name}", markup=False, emoji=False)
        for line in visible_lines(form.example):
            shown = Text(encodable(line or " ", console.encoding), "cyan", overflow="fold")
            console.print(Padding(shown, (0, 0, 0, 4), expand=False))


def _check(name: str, data: str | None, options: dict[str, str], as_json: bool) -> None:
    from adaptkit.tasks import registry
    from adaptkit.testing import check
    from adaptkit.testing.fixtures import rows_from

    task = registry.load(name, options)
    with plugin_output_on_stderr():
        findings = check(task, None if data is None else rows_from(task, data))
    print_findings({"task": task.name}, findings, as_json)


def print_findings(about: dict[str, str], findings: Sequence[Finding], as_json: bool) -> None:
    """Print what a kit found, and end with the exit code 2 if a check failed."""
    counts = Counter(finding.state for finding in findings)
    if as_json:
        found = [dataclasses.asdict(finding) for finding in findings]
        click.echo(json.dumps({**about, "conforms": not counts["failed"], "checks": found}))
    else:
        for finding in findings:
            _print_finding(finding)
        click.echo(", ".join(f"{counts[state]} {state}" for state in ("passed", "failed", "skipped")))
    if counts["failed"]:
        sys.exit(2)


def _print_finding(finding: Finding) -> None:
    """Print a line for a check. If it failed, print below what failed and how to fix it."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from adaptkit.report.escaping import encodable, visible

    console = Console(highlight=False)
    style = {"passed": "green", "failed": "red", "skipped": "dim"}[finding.state]
    reason = f" ({finding.problem})" if finding.state == "skipped" else ""
    console.print(Text.assemble((f"{finding.state:<7}", style), f"  {finding.check}", (reason, "dim")))
    for line in (finding.problem, finding.fix) if finding.state == "failed" else ():
        shown = Text(encodable(visible(line, 1000), console.encoding), overflow="fold")
        console.print(Padding(shown, (0, 0, 0, 9), expand=False))


def _write_new(name: str, to: Path, as_json: bool) -> None:
    from adaptkit.errors import ConfigError
    from adaptkit.tasks.registry import available
    from adaptkit.tasks.scaffold import write_plugin

    taken = [one for one in available() if one.name == name]
    if taken:
        raise ConfigError(
            f"the task {name!r} already exists, in {taken[0].distribution} {taken[0].version}",
            next_step="Choose another name.",
            code="task-exists",
        )
    files = write_plugin(name, to)
    folder = to / f"adaptkit-{name}"
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "files": [str(file) for file in files]}))
        return
    for file in files:
        click.echo(file)
    click.echo(
        f"\nNext:\n  pip install -e {folder}\n  adaptkit tasks --check {name}\n  adaptkit tune --task {name}"
    )


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {inner}" for key, inner in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def print_table(heads: list[str], rows: list[list[str]]) -> None:
    """Print a table; the cells may have several lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adaptkit.report.escaping import visible

    table = Table(box=None, pad_edge=False, show_header=any(heads))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text("\n".join(visible(line) for line in str(cell).split("\n"))) for cell in row))
    Console(highlight=False).print(table)
