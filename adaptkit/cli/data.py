"""``adaptkit data``: reads the rows as `tune` does, and shows what they are and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.configured import configured
from adaptkit.cli.parameters import json_option, options_of_data, plugin_output_on_stderr

if TYPE_CHECKING:
    from adaptkit.data.overview import DataOverview

MOST_LABELS, MOST_LEFT_OUT = 30, 10
"""So many of them are shown; --json has all."""


@click.command(short_help="Check labelled rows before training.")
@options_of_data
@click.option("--seed", type=int, help="Splits the dev rows off, as in tune. [default: 0]")
@json_option
def data(as_json: bool, **given: Any) -> None:
    """Read labelled rows as 'adaptkit tune' does with these options, and show what they are.

    That is the rows of each split, how they were read, the labels, the lengths, and all that tune would
    warn of before it loads the model: labels in several spellings, rows that contradict each other, rows in
    two splits, rare labels, and what the task finds. How many rows are longer than the model reads, and
    whether it knows their tokens, only tune says: that needs the model's tokenizer. Nothing is trained, and
    no model is loaded. Without data, the task's sample is read.
    """
    from adaptkit.data.load import load
    from adaptkit.data.overview import overview
    from adaptkit.tasks import registry

    command = click.get_current_context().command
    config = configured(None, given, command.params)
    with plugin_output_on_stderr():
        task = registry.load(config.task, config.options)
        found = overview(task, load(task, config.data, config.seed))
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    _print(found)


def _print(found: DataOverview) -> None:
    from adaptkit.report.escaping import visible

    _print_splits(found)
    for line in _sources(found):
        click.echo(visible(line, 2000))
    if found.splits["train"].labels:
        click.echo()
        _print_labels(found)
        for line in _without_label(found):
            click.echo(line)
    click.echo()
    for line in [*_warnings(found), *_left_out(found.left_out)]:
        click.echo(visible(line, 2000))


def _print_splits(found: DataOverview) -> None:
    """A line for each split."""
    from adaptkit.cli.tables import print_table
    from adaptkit.report.formatting import NONE

    rows = []
    for name, one in found.splits.items():
        its = one.characters
        lengths = [f"{its.median:,}", f"{its.percentile_95:,}", f"{its.longest:,}"] if its else [NONE] * 3
        rows.append([name, f"{one.rows:,}", f"{one.left_out:,}", *lengths])
    heads = ["split", "rows", "left out", "characters: median", "95% up to", "longest"]
    print_table(heads, rows, right=range(1, 6))


def _sources(found: DataOverview) -> Iterator[str]:
    """Where each split is from, how it was read, its numbers, and where its longest row is."""
    for name, one in found.splits.items():
        parts = [f"{name}: {one.source}"]
        if name == "dev" and found.dev_from_train:
            parts = ["dev: split off the training rows"]
        elif one.read_as:
            parts.append(f"read as {one.read_as}")
        if its := one.numbers:
            parts.append(f"{its.column}: {its.least:g} to {its.greatest:g}, median {its.median:g}")
        if one.characters:
            place = one.characters.longest_row.removeprefix(one.source)
            where = f"line {place[1:]}" if place.startswith(":") else place.strip()
            parts.append(f"the longest row: {where}")
        yield "; ".join(parts)


def _print_labels(found: DataOverview) -> None:
    """A line for each of the most frequent labels, with the rows that have it."""
    from adaptkit.cli.tables import print_table

    counts = {name: one.labels for name, one in found.splits.items()}
    every = dict.fromkeys(label for its in counts.values() for label in its)
    order = sorted(every, key=lambda label: -counts["train"].get(label, 0))
    rows = [[label, *(f"{its.get(label, 0):,}" for its in counts.values())] for label in order[:MOST_LABELS]]
    if len(order) > MOST_LABELS:
        rare = [sum(its.get(label, 0) for label in order[MOST_LABELS:]) for its in counts.values()]
        rows.append([f"{len(order) - MOST_LABELS:,} rarer ones, together", *(f"{count:,}" for count in rare)])
    heads = [f"{len(order):,} labels: rows with it", *counts]
    print_table(heads, rows, right=range(1, len(heads)))


def _without_label(found: DataOverview) -> Iterator[str]:
    counts = {name: one.without_label for name, one in found.splits.items()}
    if any(counts.values()):
        parts = [f"{count:,} in {name}" for name, count in counts.items()]
        yield f"rows with none of the labels: {', '.join(parts)}"


def _warnings(found: DataOverview) -> Iterator[str]:
    if not found.warnings:
        yield "No warnings."
    elif found.dev_from_train:
        rows = sum(found.splits[name].rows for name in ("train", "dev"))
        yield f"Warnings about train count its {rows:,} rows before dev was split off."
    for warning in found.warnings:
        yield f"warning: {warning}"


def _left_out(reasons: Sequence[str]) -> Iterator[str]:
    """The first row of each of the most frequent reasons."""
    from adaptkit.data.refusals import kinds_of

    kinds = kinds_of(reasons, [reason.partition(": ")[2] for reason in reasons])
    for alike in kinds[:MOST_LEFT_OUT]:
        yield f"left out: {f'{len(alike):,} rows like ' if len(alike) > 1 else ''}{alike[0]}"
    if len(kinds) > MOST_LEFT_OUT:
        yield f"left out: {sum(map(len, kinds[MOST_LEFT_OUT:])):,} rows for other reasons"
    if len(reasons) > len(kinds[:MOST_LEFT_OUT]):
        yield "--json lists all rows that were left out."
