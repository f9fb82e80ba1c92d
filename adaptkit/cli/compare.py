"""``adaptkit compare``: scores several models on the same labelled rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptkit.cli.parameters import (
    column_option,
    delimiter_option,
    device_option,
    encoding_option,
    json_option,
    plugin_output_on_stderr,
    reader_option,
    skip_option,
    studies_option,
)

if TYPE_CHECKING:
    from adaptkit.data.options import ReadOptions
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor
    from adaptkit.run.comparison import ComparedModel, Comparison


@click.command(short_help="Compare models on the same rows.")
@click.argument("models", metavar="STUDY|MODEL_DIR...", nargs=-1, required=True)
@click.option("--data", required=True, help="The labelled rows: a file, a folder or a hub id.")
@column_option
@delimiter_option
@encoding_option
@reader_option
@skip_option
@device_option
@studies_option
@json_option
def compare(
    models: Sequence[str], data: str, columns: Sequence[str], delimiter: str | None, encoding: str | None,
    reader: str | None, skip_bad_rows: bool, device: str, studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Score several models on the same labelled rows, and compare each with the first one.

    The difference of two scores has a 95% interval over the rows, paired by row: if it does not contain 0,
    one of the two is better on rows like these. Use rows that none of the models was trained on, and that
    none was chosen by.
    """
    from adaptkit.api.comparison import names_of
    from adaptkit.cli.predict import load_predictor, read_options
    from adaptkit.data.sources import refuse_missing
    from adaptkit.run.comparison import compare_models, refuse_other_tasks

    if len(models) < 2:
        raise click.UsageError("Give two studies or models, or more. 'adaptkit evaluate' scores one.")
    given = read_options(columns, delimiter, encoding, reader)
    refuse_missing(data)
    with plugin_output_on_stderr():
        loaded = [load_predictor(model, studies_dir, device, None) for model in models]
        named = dict(zip(names_of(models), loaded, strict=True))
        refuse_other_tasks(named)
        found = compare_models(named, _rows(loaded, data, given, skip_bad_rows))
    if as_json:
        click.echo(json.dumps({**vars(found), "models": [vars(one) for one in found.models]}))
        return
    _print(found, data)


def _rows(models: Sequence[Predictor], data: str, given: ReadOptions, skip_bad_rows: bool) -> list[Rows]:
    """The rows as each model reads them. Standard error says what is to be known of them, once."""
    from adaptkit.cli.evaluate import read_rows
    from adaptkit.cli.predict import as_in_training, print_left_out, print_read_as
    from adaptkit.data.trained_columns import with_trained_columns
    from adaptkit.report.escaping import visible
    from adaptkit.run.scoring import row_warnings

    first, *others = models
    rows = [read_rows(first, data, as_in_training(first, data, given), skip_bad_rows=skip_bad_rows)]
    print_read_as(rows[0])
    print_left_out(rows[0])
    for predictor in others:
        options = with_trained_columns(predictor.task, data, given, predictor.description.columns)
        rows.append(read_rows(predictor, data, options, skip_bad_rows=skip_bad_rows))
    found = (one for its in zip(models, rows, strict=True) for one in row_warnings(*its))
    for warning in dict.fromkeys(found):
        click.echo(f"warning: {visible(warning, 2000)}", err=True)
    return rows


def _print(found: Comparison, data: str) -> None:
    from adaptkit.cli.tables import print_table
    from adaptkit.report.escaping import visible
    from adaptkit.report.intervals import INTERVAL

    click.echo(f"{found.rows:,} rows of {visible(data)}, by {visible(found.metric)}")
    if found.left_out:
        were = "1 more was" if found.left_out == 1 else f"{found.left_out:,} more were"
        click.echo(f"{were} left out, with labels that not all of the models have.")
    heads = ("model", found.metric, INTERVAL, "difference", INTERVAL, "rows/s")
    cells = (_cells(one, found.metric, first=not place) for place, one in enumerate(found.models))
    print_table(heads, cells, right={1, 3, 5})
    for one in found.models[1:]:
        click.echo(_verdict(one, found.models[0].name))


def _cells(one: ComparedModel, metric: str, *, first: bool) -> list[str]:
    from adaptkit.report.formatting import NONE, figure
    from adaptkit.report.intervals import span

    ends = one.difference_interval
    between = NONE if ends is None else f"{ends[0]:+.4f} to {ends[1]:+.4f}"
    change = ["", ""] if first else [f"{one.difference:+.4f}", between]
    score = [figure(metric, one.score), span(metric, one.interval)]
    return [one.name, *score, *change, f"{one.rows_per_second:,.0f}"]


def _verdict(one: ComparedModel, first: str) -> str:
    """What follows from the interval of the difference."""
    from adaptkit.report.escaping import visible

    its, other = visible(one.name), visible(first)
    if one.better is not None:
        return (
            f"{its} is {'better' if one.better else 'worse'} than {other}: the interval does not contain 0."
        )
    if one.difference_interval is None:
        return f"{its} and {other}: the difference has no interval, so it may be chance."
    return f"{its} and {other} do not clearly differ on these rows: the interval contains 0."
