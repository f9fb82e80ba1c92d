"""``adaptkit evaluate``: scores an exported model on labelled rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from adaptkit.cli.parameters import (
    column_option,
    delimiter_option,
    device_option,
    encoding_option,
    json_option,
    pairs,
    plugin_output_on_stderr,
    skip_option,
    studies_option,
)


@click.command(short_help="Score a model on labelled rows.")
@click.argument("study_or_model", metavar="STUDY|MODEL_DIR")
@click.option("--data", required=True, help="The labelled rows: a file, a folder or a hub id.")
@column_option
@delimiter_option
@encoding_option
@skip_option
@device_option
@studies_option
@json_option
def evaluate(
    study_or_model: str, data: str, columns: Sequence[str], delimiter: str | None, encoding: str | None,
    skip_bad_rows: bool, device: str, studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Score a study's winner, or an exported model, on labelled rows."""
    from adaptkit.cli.predict import load_predictor, print_left_out, print_read_as
    from adaptkit.data.load import read_labelled
    from adaptkit.data.options import ReadOptions

    named = pairs(columns, "--column")
    options = ReadOptions(columns=named, delimiter=delimiter, encoding=encoding)
    options.check()
    with plugin_output_on_stderr():
        predictor = load_predictor(study_or_model, studies_dir, device)
        rows = read_labelled(
            predictor.task, data,
            labels=predictor.description.labels, columns=named, skip_bad_rows=skip_bad_rows,
            options=options,
        )  # fmt: skip
        print_read_as(rows)
        print_left_out(rows)
        scores = predictor.score(rows.values)
    if as_json:
        counts = {"rows": len(rows), "skipped": len(rows.skipped)}
        click.echo(json.dumps({**counts, "values": scores.values, "groups": scores.groups}))
        return
    from adaptkit.report.escaping import visible
    from adaptkit.report.formatting import figure

    click.echo(f"{len(rows):,} rows of {visible(rows.source)}")
    for name, value in scores.values.items():
        click.echo(f"  {visible(name)}: {figure(name, value)}")
    for group, numbers in scores.groups.items():
        values = ", ".join(f"{visible(name)} {figure(name, value)}" for name, value in numbers.items())
        click.echo(f"  {visible(group)}: {values}")
