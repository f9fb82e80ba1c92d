"""``adaptkit plugins``: lists tasks, strategies, metrics and readers, or checks one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.parameters import json_option, pairs, plugin_output_on_stderr
from adaptkit.cli.tasks import print_findings, print_table

if TYPE_CHECKING:
    from adaptkit.tasks.entry_points import Kind, Listing
    from adaptkit.testing import Finding

NAMES = ("tasks", "strategies", "metrics", "readers")


@click.command(short_help="List the installed plugins, or check one.")
@click.option("--kind", type=click.Choice(NAMES), help="Only this kind of plugin. [default: all]")
@click.option("--check", "checked", metavar="NAME", help="Run the conformance kit on this plugin.")
@click.option("--task", help="With --check, for a metric: the task whose predictions it scores.")
@click.option("--data", help="With --check: rows for a task or a metric, or the file for a reader.")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="With --check: an option of the plugin."
)
@json_option
def plugins(
    kind: str | None, checked: str | None, task: str | None, data: str | None, options: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """List the installed tasks, strategies, metrics and readers, those of adaptkit and those of plugins.

    With --check, run the conformance kit on a plugin. The output has a line for each check, and for a failed
    check how to fix it. The exit code is 2 if a check fails.
    """
    if checked is None and (task or data or options):
        raise click.UsageError("--task, --data and --option need --check.")
    if checked is None:
        _list(kind, as_json)
        return
    listing = _find(checked, kind)
    with plugin_output_on_stderr():
        findings = _checked(listing, pairs(options, "--option"), task, data)
    print_findings({"plugin": listing.full_name}, findings, as_json)


def _kinds() -> dict[str, Kind]:
    from adaptkit.strategies.registry import STRATEGIES
    from adaptkit.tasks.metrics import METRICS
    from adaptkit.tasks.readers import READERS
    from adaptkit.tasks.registry import TASKS

    return dict(zip(NAMES, (TASKS, STRATEGIES, METRICS, READERS), strict=True))


def _list(kind: str | None, as_json: bool) -> None:
    from adaptkit.tasks.entry_points import available, missing

    rows: list[dict[str, Any]] = [
        {
            "kind": one.kind.noun,
            "name": one.full_name if one.duplicate else one.name,
            "distribution": one.distribution,
            "version": one.version,
            "entry_point": one.value,
            "problem": missing(one),
        }
        for name, each in _kinds().items()
        if kind in (None, name)
        for one in available(each)
    ]
    if as_json:
        click.echo(json.dumps({"plugins": rows}))
        return
    shown = ("kind", "name", "distribution", "version")
    lines = [
        [*(row[n] for n in shown), f"broken: {row['problem']}" if row["problem"] else ""] for row in rows
    ]
    print_table([*shown, ""], lines)


def _find(name: str, kind: str | None) -> Listing:
    """The only plugin of this name, of the given kind or of any; an error names the kinds that have it."""
    from adaptkit.errors import ConfigError
    from adaptkit.tasks.entry_points import available, find

    kinds = _kinds()
    if kind is not None:
        return find(kinds[kind], name)
    short = name.rpartition(":")[2]
    having = [each for each, one in kinds.items() if any(found.name == short for found in available(one))]
    counts = Counter(having)
    if len(counts) != 1:
        raise ConfigError(
            f"no plugin {name!r} is installed" if not counts else f"{name!r} is the name of several plugins",
            expected="the name of one plugin" + (f", with --kind {' or '.join(counts)}" if counts else ""),
            next_step="List the plugins with `adaptkit plugins`.",
            code="unknown-plugin" if not counts else "ambiguous-plugin",
        )
    return find(kinds[having[0]], name)


def _checked(listing: Listing, options: dict[str, str], task: str | None, data: str | None) -> list[Finding]:
    from adaptkit import testing
    from adaptkit.tasks import registry

    name = listing.full_name
    if listing.kind.noun == "strategy":
        from adaptkit.strategies.registry import load

        return testing.check_strategy(load(name, options))
    if listing.kind.noun == "reader":
        from adaptkit.tasks import readers

        if data is None:
            raise click.UsageError("Give the file to read with --data.")
        return testing.check_reader(readers.load(name), Path(data))
    if listing.kind.noun == "metric":
        from adaptkit.tasks import metrics

        if task is None:
            raise click.UsageError("Give the task whose predictions the metric scores with --task.")
        scored = registry.load(task)
        return testing.check_metric(metrics.load(name, options), scored, _rows(scored, data))
    made = registry.load(name, options)
    return testing.check(made, _rows(made, data))


def _rows(task: Any, data: str | None) -> Any:
    from adaptkit.testing.fixtures import rows_from

    return None if data is None else rows_from(task, data)
